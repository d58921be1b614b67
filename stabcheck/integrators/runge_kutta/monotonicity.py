r"""Radii of absolute monotonicity, exactly (Kraaijevanger, BIT 31 (1991) 482-528).

With $K$ the stage matrix bordered by the weights, the radius is the largest $r$ with
$I + \rho K$ invertible, $K(I + \rho K)^{-1} \ge 0$ and $(I + \rho K)^{-1}\mathbb 1 \ge
0$ entrywise for all $\rho \le r$.  It equals the SSP coefficient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.polynomials import MIRRORED, exact_polynomial
from stabcheck.integrators.algebra.resolvent import Matrix, matrix_product, resolvent
from stabcheck.integrators.algebra.roots import first_failure, first_root
from stabcheck.integrators.runge_kutta import rational_monotonicity
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def absolute_monotonicity_radius(
    A: Matrix, b: Sequence[Coefficient]
) -> Algebraic | Infinity:
    """The radius of a tableau: infinite only for methods of order one."""
    K = [[*row, Fraction(0)] for row in (*A, b)]
    if _fails_at_once(K):
        return Algebraic.of(0)
    determinant, adjugate = resolvent(K)
    radius = first_root(determinant)
    for entry in _entries(determinant, adjugate):
        radius = min(radius, first_failure(entry))
        if radius == 0:
            break
    return radius


def _fails_at_once(K: Matrix) -> bool:
    r"""Whether $K - rK^2 + \dots$ has a negative entry for all small $r$."""
    if any(x < 0 for row in K for x in row):
        return True
    square = matrix_product(K, K)
    return any(
        x == 0 and y != 0
        for row, image in zip(K, square, strict=True)
        for x, y in zip(row, image, strict=True)
    )


def _entries(determinant: Any, adjugate: Sequence[Sequence[Any]]) -> Iterator[Any]:
    r"""The polynomials of $K\operatorname{adj}$ and of $\operatorname{adj}\mathbb 1$.

    $rK\operatorname{adj}(I + rK) = \det(I + rK)\,I - \operatorname{adj}(I + rK)$.
    """
    size = range(len(adjugate[0]))
    for i in size:
        row = [exact_polynomial([m[i][j] for m in adjugate]) for j in size]
        yield sum(row, start=fmpq_poly([]))
        for j in size:
            yield (determinant if i == j else 0) - row[j]


def linear_absolute_monotonicity_radius(
    R: StabilityFunction,
) -> Algebraic | Infinity | None:
    """The largest r with all derivatives of R nonnegative at -r.

    `None` for a rational function where infinitely many of them are not decided.
    """
    if not R.is_polynomial:
        return rational_monotonicity.radius(R)
    radius: Algebraic | Infinity = INFINITY
    derivative = exact_polynomial(R.P)
    while derivative.degree() >= 0:
        radius = min(radius, first_failure(derivative(MIRRORED)))
        derivative = derivative.derivative()
    return radius
