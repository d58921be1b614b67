r"""$A(\alpha)$-stability: the widest wedge $|\arg(-z)| \le \alpha$ inside $S$, exactly.

On the ray $z = -x(1 + it)$, $t = \tan\alpha$,
$$E(x, t^2) = |Q(z)|^2 - |P(z)|^2$$
is a polynomial in $x \ge 0$ and $t^2$, nonnegative with no pole inside exactly while
the wedge lies in $S$ (Hairer, Wanner, *Solving ODEs II*, IV.3, Definition 3.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from flint import acb, arb, ctx, fmpq

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.threshold import largest_parameter
from stabcheck.integrators.runge_kutta.intervals import (
    is_A_stable,
    real_stability_interval,
)
from stabcheck.integrators.runge_kutta.poles import BITS, poles
from stabcheck.integrators.runge_kutta.squared_modulus import excess, on_ray
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def A_alpha_degrees(R: StabilityFunction) -> ExactReal:
    r"""The largest $\alpha$ with $A(\alpha)$-stability, in degrees: 90 if A-stable."""
    if is_A_stable(R):
        return Algebraic.of(90)
    squared_tangent = largest_squared_tangent(R)
    return Algebraic.of(0) if squared_tangent == 0 else Angle(squared_tangent)


def largest_squared_tangent(R: StabilityFunction) -> ExactReal | Infinity:
    r"""$\tan^2\alpha$ of the widest wedge, infinite for an A-stable method."""
    if is_A_stable(R):
        return INFINITY
    if real_stability_interval(R) != INFINITY:
        return Algebraic.of(0)
    return largest_parameter(ray_family(R))


def ray_family(R: StabilityFunction) -> PolynomialFamily:
    r"""$E(x, t^2)$ and the poles of $R$."""
    return PolynomialFamily.stripped(
        [exact_polynomial(row) for row in excess(R, on_ray)],
        partial(_is_free_of_poles, poles(R)),
    )


def _is_free_of_poles(balls: Sequence[acb], squared_tangent: Fraction | arb) -> bool:
    r"""Whether no pole has $\Re z < 0$ and $(\Im z)^2 \le t^2(\Re z)^2$."""
    bound = squared_tangent
    if isinstance(bound, Fraction):
        bound = arb(fmpq(bound.numerator, bound.denominator))
    with ctx.workprec(BITS):
        return all(z.real > 0 or z.imag**2 > bound * z.real**2 for z in balls)
