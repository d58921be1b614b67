r"""Coefficients of the classical multistep formulas, from their generating functions.

In backward differences $t = \nabla$ and $h\,\mathrm d/\mathrm dx = -\log(1 - t)$
(HNW III.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

Coefficients = list[Fraction]


def integral_series(right: Sequence[int], terms: int) -> Coefficients:
    r"""$g_m$ with $-\log(1 - t)\sum_m g_mt^m = t\sum_m r_mt^m$.

    **Arguments:** `right`, $r_0, r_1, \dots$, of which the last one repeats.
    """
    g: Coefficients = []
    for m in range(terms):
        known = sum((g[i] / (m + 1 - i) for i in range(m)), start=Fraction(0))
        g.append(right[min(m, len(right) - 1)] - known)
    return g


def of_differences(weights: Sequence[Fraction], steps: int) -> Coefficients:
    r"""The coefficients of $\sum_m w_m\nabla^mu_{n+k}$ at $u_n, \dots, u_{n+k}$."""
    found = [Fraction(0)] * (steps + 1)
    for m, weight in enumerate(weights):
        for back in range(m + 1):
            found[steps - back] += weight * (-1) ** back * comb(m, back)
    return found


def adams_bashforth(steps: int) -> tuple[Coefficients, Coefficients]:
    r"""$y_{n+k} - y_{n+k-1} = h\sum_{m<k}\gamma_m\nabla^mf_{n+k-1}$."""
    weights = integral_series([1], steps)
    return _jump(steps, 1), [*of_differences(weights, steps - 1), Fraction(0)]


def adams_moulton(steps: int) -> tuple[Coefficients, Coefficients]:
    r"""$y_{n+k} - y_{n+k-1} = h\sum_{m\le k}\gamma^*_m\nabla^mf_{n+k}$."""
    weights = integral_series([1, 0], steps + 1)
    return _jump(steps, 1), of_differences(weights, steps)


def nystrom(steps: int) -> tuple[Coefficients, Coefficients]:
    r"""$y_{n+k} - y_{n+k-2} = h\sum_{m<k}\kappa_m\nabla^mf_{n+k-1}$."""
    weights = integral_series([2, 1], steps)
    return _jump(steps, 2), [*of_differences(weights, steps - 1), Fraction(0)]


def milne_simpson(steps: int) -> tuple[Coefficients, Coefficients]:
    r"""$y_{n+k} - y_{n+k-2} = h\sum_{m\le k}\kappa^*_m\nabla^mf_{n+k}$."""
    weights = integral_series([2, -1, 0], steps + 1)
    return _jump(steps, 2), of_differences(weights, steps)


def backward_difference(steps: int) -> tuple[Coefficients, Coefficients]:
    r"""$\sum_{1\le m\le k}\frac1m\nabla^my_{n+k} = hf_{n+k}$."""
    weights = [Fraction(0), *(Fraction(1, m) for m in range(1, steps + 1))]
    return of_differences(weights, steps), [Fraction(0)] * steps + [Fraction(1)]


def extrapolation(steps: int) -> Coefficients:
    r"""$(1 - \nabla^k)u_{n+k}$: the value extrapolated from the $k$ older ones."""
    return of_differences([Fraction(1), *[Fraction(0)] * (steps - 1), -1], steps)


def _jump(steps: int, back: int) -> Coefficients:
    r"""$y_{n+k} - y_{n+k-b}$."""
    alpha = [Fraction(0)] * (steps + 1)
    alpha[-1], alpha[-1 - back] = Fraction(1), Fraction(-1)
    return alpha
