r"""$|Q|^2 - |P|^2$ along a family of lines or circles, as exact polynomials.

On $z = \zeta x$ with real $x$, $|\sum_k p_k z^k|^2 = \sum_{j, k} p_jp_k\,x^{j+k}
\Re(\zeta^j\bar\zeta^k)$; the kernel $\Re(\zeta^j\bar\zeta^k)$ is a polynomial in a
parameter of the line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

from flint import fmpz_poly

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def excess(
    R: StabilityFunction, kernel: Callable[[int, int], fmpz_poly]
) -> list[list[Coefficient]]:
    r"""The coefficients of $|Q|^2 - |P|^2$ by the power of $x$ and the parameter.

    **Arguments:** `kernel`, $\Re(\zeta^j\bar\zeta^k)$ for $j \le k$.
    """
    degree = max(len(R.P), len(R.Q)) - 1
    table = [[Fraction(0)] * (degree + 1) for _ in range(2 * degree + 1)]
    for sign, coefficients in ((1, R.Q), (-1, R.P)):
        _add_square(table, coefficients, sign, kernel)
    return table


def _add_square(
    table: list[list[Coefficient]],
    coefficients: Sequence[Coefficient],
    sign: int,
    kernel: Callable[[int, int], fmpz_poly],
) -> None:
    for k, high in enumerate(coefficients):
        for j, low in enumerate(coefficients[: k + 1]):
            value = (sign if j == k else 2 * sign) * low * high
            if value:
                row = table[j + k]
                for power, c in enumerate(kernel(j, k).coeffs()):
                    row[power] += value * int(c)


@cache
def on_ray(j: int, k: int) -> fmpz_poly:
    r"""$\Re(\zeta^j\bar\zeta^k)$ for $\zeta = -(1 + it)$, in $t^2$, $j \le k$."""
    return (-1) ** (j + k) * fmpz_poly([1, 1]) ** j * real_power(k - j)


@cache
def real_power(power: int) -> fmpz_poly:
    r"""$\Re(1 + it)^d$ as a polynomial in $t^2$."""
    terms = (fmpz_poly([1, 1]) ** power).coeffs()[::2]
    return fmpz_poly([(-1) ** k * c for k, c in enumerate(terms)])
