r"""The largest disc $\{|z + r| \le r\}$ inside the stability region, exactly.

With $w = 2r/z$ the disc is the half-plane $\Re w \le -1$, its boundary $w = -1 + it$.
The disc of radius $r$ lies in $S$ while
$$E(t^2, r) = |\tilde Q(w)|^2 - |\tilde P(w)|^2, \qquad
\tilde P(w) = \sum_k p_k (2r)^k w^{s-k},$$
is nonnegative for all $t$: a pole that enters the disc crosses its boundary first,
where $E < 0$.  Between two consecutive roots $r$ of the discriminant, the leading
coefficient and the value at $t = 0$ of $E$'s squarefree part nothing changes sign, so
one exact test in each gap decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm

from flint import Ordering, fmpq, fmpq_poly, fmpz_mpoly, fmpz_mpoly_ctx, fmpz_poly

from stabcheck.integrators.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.roots import is_nonnegative, positive_roots
from stabcheck.integrators.stability_function import StabilityFunction

RING = fmpz_mpoly_ctx.get(("T", "r"), Ordering.lex)
"""Polynomials in $T = t^2$ and the radius $r$ with integer coefficients."""


def largest_disc_radius(R: StabilityFunction) -> Algebraic | Infinity:
    r"""The largest $r$ with $\{|z + r| \le r\} \subset S$ (von Neumann).

    It bounds a step with a frozen Jacobian only (`von-neumann-disc`); for nonlinear
    steps see `circle_contractivity_radius`, which is never larger.
    """
    E = _boundary_form(R)
    if E == 0:
        return INFINITY
    critical = [radius for radius, _ in positive_roots(_critical_polynomial(E))]
    reached = Algebraic.of(0)
    for radius, sample in zip(
        [*critical, INFINITY], _samples_between(critical), strict=True
    ):
        if not is_nonnegative(_at_radius(E, sample)):
            return reached
        reached = radius
    return reached


def _boundary_form(R: StabilityFunction) -> fmpz_mpoly:
    """E in the variables T and r, times a positive integer."""
    degree = max(len(R.P), len(R.Q)) - 1
    scale = lcm(*(c.denominator for c in (*R.P, *R.Q)))
    powers = _powers_of_w(degree)
    return _square(R.Q, scale, powers) - _square(R.P, scale, powers)


def _powers_of_w(degree: int) -> list[tuple[fmpz_mpoly, fmpz_mpoly]]:
    r"""$(a_m, b_m)$ in $T$ with $(-1 + it)^m = a_m + it\,b_m$."""
    T = RING.gen(0)
    real, imaginary = RING.constant(1), RING.constant(0)
    powers = [(real, imaginary)]
    for _ in range(degree):
        real, imaginary = -real - T * imaginary, real - imaginary
        powers.append((real, imaginary))
    return powers


def _square(
    coefficients: Sequence[Fraction],
    scale: int,
    powers: list[tuple[fmpz_mpoly, fmpz_mpoly]],
) -> fmpz_mpoly:
    T, r = RING.gens()
    real, imaginary = RING.constant(0), RING.constant(0)
    for k, c in enumerate(coefficients):
        a, b = powers[len(powers) - 1 - k]
        factor = int(c * scale) * (2 * r) ** k
        real += factor * a
        imaginary += factor * b
    return real * real + T * imaginary * imaginary


def _critical_polynomial(E: fmpz_mpoly) -> fmpq_poly:
    """A polynomial in r that vanishes wherever the signs of E may change."""
    moving, product = RING.constant(1), RING.constant(1)
    for factor, _ in E.factor_squarefree()[1]:
        if factor == RING.gen(0):
            continue  # T >= 0 changes no sign
        if factor.degrees()[0]:
            moving *= factor
        else:
            product *= factor
    degree = moving.degrees()[0]
    if degree:
        product *= _coefficient_of_T(moving, degree) * _coefficient_of_T(moving, 0)
    if degree > 1:
        product *= moving.discriminant("T")
    return fmpq_poly(_in_r(product))


def _coefficient_of_T(E: fmpz_mpoly, power: int) -> fmpz_mpoly:
    return RING.from_dict(
        {(0, j): c for (i, j), c in E.to_dict().items() if i == power}
    )


def _in_r(E: fmpz_mpoly) -> fmpz_poly:
    terms = {j: c for (_, j), c in E.to_dict().items()}
    return fmpz_poly([terms.get(j, 0) for j in range(max(terms) + 1)])


def _at_radius(E: fmpz_mpoly, radius: Fraction) -> fmpq_poly:
    r = fmpq(radius.numerator, radius.denominator)
    coefficients = [fmpq(0)] * (E.degrees()[0] + 1)
    for (i, j), c in E.to_dict().items():
        coefficients[i] += c * r**j
    return fmpq_poly(coefficients)


def _samples_between(radii: list[Algebraic]) -> list[Fraction]:
    """Rationals before, between and after ascending positive numbers."""
    if not radii:
        return [Fraction(1)]
    ends = [(Fraction(0), Fraction(0))]
    for radius in radii:
        width = Fraction(1)
        while (enclosure := radius.enclosure(width))[0] <= ends[-1][1]:
            # The earlier number may have been enclosed too widely: tighten both.
            width /= 4
            if len(ends) > 1:
                ends[-1] = radii[len(ends) - 2].enclosure(width)
        ends.append(enclosure)
    gaps = [(a[1] + b[0]) / 2 for a, b in pairwise(ends)]
    return [*gaps, ends[-1][1] + 1]
