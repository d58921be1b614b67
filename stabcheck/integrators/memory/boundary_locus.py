r"""The boundary locus $\rho(\zeta)/\sigma(\zeta)$, $|\zeta| = 1$, and what it limits.

A connected set on which the locus does not come is stable everywhere or nowhere.  With
$\zeta = (1 + it)/(1 - it)$ and $T = t^2$, up to one positive factor, $\Re z$, $\Im z/t$
and $|z|^2$ are polynomials in $T$ (Hairer, Wanner, BIT 59 (2019),
doi:10.1007/s10543-019-00796-x).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.circle import on_circle
from stabcheck.integrators.algebra.infimum import infimum

T = fmpq_poly([0, 1])


def least_angle(
    alpha: Sequence[Fraction], beta: Sequence[Fraction]
) -> Algebraic | Angle:
    r"""The least $|\arg(-z)|$ of the locus in the left half-plane, in degrees.

    90 if it does not come there: $\tan^2 = T(\Im z/t)^2/(\Re z)^2$.
    """
    (a, b), (c, d) = _on_circle(alpha), _on_circle(beta)
    real, imaginary = a * c + T * b * d, b * c - a * d
    if real == 0:
        return Algebraic.of(90)
    w = infimum(T * imaginary**2, real**2, below_zero=(real,))
    if w == INFINITY:
        return Algebraic.of(90)
    return w if w == 0 else Angle(w)


def largest_disc_radius(
    alpha: Sequence[Fraction], beta: Sequence[Fraction]
) -> Algebraic | Infinity:
    r"""The least $|z|^2/(-2\Re z)$ of the locus in the left half-plane.

    It is the radius of the circle through 0 and $z$ with its centre on the real axis.
    """
    (a, b), (c, d) = _on_circle(alpha), _on_circle(beta)
    real = a * c + T * b * d
    if real == 0:
        return INFINITY
    return infimum(a**2 + T * b**2, -2 * real, below_zero=(real,))


def _on_circle(coefficients: Sequence[Fraction]) -> tuple[fmpq_poly, fmpq_poly]:
    return on_circle([fmpq(c.numerator, c.denominator) for c in coefficients])
