r"""The largest disc $\{|z + r| \le r\}$ inside the stability region, exactly.

With $w = 2r/z$ the disc is the half-plane $\Re w \le -1$, its boundary $w = -1 + it$.
The disc of radius $r$ lies in $S$ while no pole is inside and
$$E(t^2, r) = |\tilde Q(w)|^2 - |\tilde P(w)|^2, \qquad
\tilde P(w) = \sum_k p_k (2r)^k w^{s-k},$$
is nonnegative for all $t$.  By the maximum principle the discs that lie in $S$ are
those up to the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, partial

from flint import acb, arb, ctx, fmpq, fmpz_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Infinity
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.threshold import largest_parameter
from stabcheck.integrators.runge_kutta.intervals import is_A_stable
from stabcheck.integrators.runge_kutta.poles import BITS, poles
from stabcheck.integrators.runge_kutta.squared_modulus import excess, real_power
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def largest_disc_radius(R: StabilityFunction) -> ExactReal | Infinity:
    r"""The largest $r$ with $\{|z + r| \le r\} \subset S$ (von Neumann).

    It bounds a step with a frozen Jacobian only (`von-neumann-disc`); for nonlinear
    steps see `circle_contractivity_radius`, which is never larger.
    """
    if is_A_stable(R):
        return INFINITY
    return largest_parameter(boundary_family(R))


def boundary_family(R: StabilityFunction) -> PolynomialFamily:
    r"""$E(T, r)$, $T = t^2$, and the poles of $R$."""
    degree = max(len(R.P), len(R.Q)) - 1
    # By powers of r first, then of T; with |w|^2 = 1 + T.
    table = excess(R, partial(_on_circle, degree))
    columns = zip(*table, strict=True)
    in_r = [[2**m * c for m, c in enumerate(column)] for column in columns]
    return PolynomialFamily.stripped(
        [exact_polynomial(column) for column in in_r],
        partial(_is_free_of_poles, poles(R)),
    )


@cache
def _on_circle(degree: int, j: int, k: int) -> fmpz_poly:
    r"""$\Re(w^{s-j}\bar w^{s-k})$ for $w = -1 + it$, in $T = t^2$, $j \le k$."""
    return fmpz_poly([1, 1]) ** (degree - k) * (-1) ** (k - j) * real_power(k - j)


def _is_free_of_poles(balls: Sequence[acb], r: Fraction | arb) -> bool:
    r"""Whether no pole is in the disc: $|z|^2 + 2r\Re z > 0$ for all of them."""
    radius = r if isinstance(r, arb) else arb(fmpq(r.numerator, r.denominator))
    with ctx.workprec(BITS):
        return all(abs(z) ** 2 + 2 * radius * z.real > 0 for z in balls)
