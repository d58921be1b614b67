r"""The unit circle in rational coordinates.

$\zeta = (1 + it)/(1 - it)$ runs through the circle but $-1$ as $t$ runs through the
real numbers (Hairer, Wanner, BIT 59 (2019), doi:10.1007/s10543-019-00796-x).  Then
$(1 - it)^kp(\zeta) = E(t^2) + it\,O(t^2)$ with rational $E, O$ if $p$ is rational.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from flint import fmpq, fmpq_poly, fmpz_poly


@cache
def basis(degree: int) -> tuple[tuple[fmpz_poly, fmpz_poly], ...]:
    r"""$E, O$ of every power $\zeta^j$, $j \le k$, as polynomials in $T = t^2$."""
    T = fmpz_poly([0, 1])
    rows = []
    for power in range(degree + 1):
        even, odd = fmpz_poly([1]), fmpz_poly([])
        for sign in [1] * power + [-1] * (degree - power):
            even, odd = even - sign * T * odd, odd + sign * even
        rows.append((even, odd))
    return tuple(rows)


def on_circle(coefficients: Iterable[fmpq]) -> tuple[fmpq_poly, fmpq_poly]:
    """$E$ and $O$ of a polynomial in $\\zeta$, constant term first."""
    coefficients = list(coefficients)
    even, odd = fmpq_poly([]), fmpq_poly([])
    for c, (e, o) in zip(coefficients, basis(len(coefficients) - 1), strict=True):
        even += fmpq_poly(e) * c
        odd += fmpq_poly(o) * c
    return even, odd
