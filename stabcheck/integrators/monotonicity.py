r"""Radii of absolute monotonicity, exactly (Kraaijevanger, BIT 31 (1991) 482-528).

With $K$ the stage matrix bordered by the weights, the radius is the largest $r$ with
$I + \rho K$ invertible, $K(I + \rho K)^{-1} \ge 0$ and $(I + \rho K)^{-1}\mathbb 1 \ge
0$ entrywise for all $\rho \le r$.  It equals the SSP coefficient.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.integrators.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.roots import first_failure, polynomial, positive_roots
from stabcheck.integrators.stability_function import StabilityFunction


def absolute_monotonicity_radius(
    A: Sequence[Sequence[Fraction]], b: Sequence[Fraction]
) -> Algebraic | Infinity:
    """The radius of a tableau: infinite only for methods of order one."""
    rows = [[*row, Fraction(0)] for row in (*A, b)]
    K = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in rows])
    determinant, adjugate = _resolvent(K)
    size = range(len(rows))
    ones = fmpq_mat([[1]] * len(rows))
    entries = [
        fmpq_poly([(K * matrix)[i, j] for matrix in adjugate])
        for i in size
        for j in size
    ]
    entries += [fmpq_poly([(matrix * ones)[i, 0] for matrix in adjugate]) for i in size]
    radius = min((root for root, _ in positive_roots(determinant)), default=INFINITY)
    return min([radius, *map(first_failure, entries)])


def linear_absolute_monotonicity_radius(
    R: StabilityFunction,
) -> Algebraic | Infinity | None:
    """The radius of a polynomial stability function: all derivatives at -r >= 0."""
    if not R.is_polynomial:
        return None
    radius: Algebraic | Infinity = INFINITY
    derivative = polynomial(R.P)
    while derivative.degree() >= 0:
        radius = min(radius, first_failure(derivative(fmpq_poly([0, -1]))))
        derivative = derivative.derivative()
    return radius


def _resolvent(K: fmpq_mat) -> tuple[fmpq_poly, list[fmpq_mat]]:
    r"""$\det(I + rK)$, and the adjugate as matrices by power of $r$.

    Faddeev-LeVerrier for $-K$.
    """
    size = K.nrows()
    identity = fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])
    coefficients, adjugate = [fmpq(1)], [identity]
    for k in range(1, size + 1):
        product = -K * adjugate[-1]
        trace = sum((product[i, i] for i in range(size)), start=fmpq(0))
        coefficients.append(-trace / k)
        adjugate.append(product + identity * coefficients[-1])
    return fmpq_poly(coefficients), adjugate[:-1]
