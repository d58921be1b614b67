r"""Weights of a softmax row that saturate, and quotients of exponentials, in balls."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, power_of_two

CELLS = 64
"""Cells of $[-H, H]$ for the excess of a weight over its first order."""
SMALL = power_of_two(-30)
"""Below this quotients of exponentials are replaced by their limits times $e^x$."""


def saturated(weight: arb, move: arb) -> arb:
    r"""$g_p(x) = 1/(p + (1-p)e^{-x/(1-p)})$, at most $1/p$."""
    most = 1 / weight
    rest = 1 - weight
    if not rest > 0:
        return most
    value = 1 / (weight + rest * (-move / rest).exp())
    return value.min(most) if value.is_finite() else most


def excess_of_exponential(x: arb) -> arb:
    r"""$(e^x - 1 - x)/x^2$ for $x \ge 0$; at most $e^x/2$ near 0."""
    if x > SMALL:
        return (x.exp() - 1 - x) / (x * x)
    return arb(x.upper()).exp() / 2


def growth_of_exponential(x: arb) -> arb:
    """(e^x - 1)/x for x >= 0; at most e^x near 0."""
    if x > SMALL:
        return (x.exp() - 1) / x
    return arb(x.upper()).exp()


def highest(weight: arb, move: arb, share: arb) -> arb:
    r"""The largest $\min(e^x, g_p(x)) - \lambda x$ over $|x| \le H$."""
    # The exponential less a line is convex: its largest value is at an end.
    ends = (move.exp() - share * move).max((-move).exp() + share * move)
    places = [move * (arb(2 * k) / CELLS - 1) for k in range(CELLS + 1)]
    cells = [
        saturated(weight, right) - share * left for left, right in pairwise(places)
    ]
    return ends.min(largest(cells))


def curvature(
    weight: Sequence[arb], total: Sequence[arb], least: Sequence[arb], psi: arb
) -> arb:
    r"""Bound $\sum_kp_k|p'_k/p_k - 1 - \tilde h_k|$ where $|\tilde h_k| \le H_k$.

    With $x = \tilde h - \psi'$ it is the mean distance of $f_k = e^{x_k} - 1 - x_k$
    from its mean $\psi' \le \psi$: at most $2(1 - P)\sum_Sp_kf_k$ where $f_k >
    \psi'$ on $S$ and $P = \sum_Sp_k$.  The sum is at most $\psi$, and $\theta P +
    \sum_kp_k(\hat f_k - \theta)_+$ for every $\theta > 0$, $f_k \le \hat f_k$.
    """
    tops = []
    for p, x, low in zip(weight, total, least, strict=True):
        rise = saturated(p, x)
        # f grows away from 0: e^x is at most `rise` and at least `low`.
        tops.append((rise - 1 - rise.log()).max(low - 1 - low.log()))
    best = 2 * psi
    for level in tops:
        if not level > 0:
            continue
        pairs = zip(weight, tops, strict=True)
        rest = sum((p * (f - level).max(arb(0)) for p, f in pairs), arb(0))
        top = psi.min((level + rest) / 2)
        best = best.min(2 * top * (level + rest - top) / level)
    return best
