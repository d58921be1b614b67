r"""The resolvent of a matrix of exact numbers, by Faddeev and Le Verrier.

For a square matrix $K$, $\det(I + rK)$ and $\operatorname{adj}(I + rK)$ are polynomials
in $r$; the adjugate is found by power of $r$ from traces, without a division by
anything but integers (Faddeev, Faddeeva, *Computational Methods of Linear Algebra*,
1963, section 47).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.integrators.algebra.coefficient import Coefficient, number_field_of
from stabcheck.integrators.algebra.polynomials import exact_polynomial

Matrix = Sequence[Sequence[Coefficient]]


def resolvent(K: Matrix) -> tuple[Any, list[list[list[Any]]]]:
    r"""$\det(I + rK)$, and the adjugate as matrices by power of $r$.

    **Returns:** a polynomial, and for each power of $r$ the rows of a matrix, whose
    entries are `fmpq` or, over a number field, coefficients.
    """
    if number_field_of("a matrix", (x for row in K for x in row)) is None:
        return _rational_resolvent(rational_matrix(K))
    size = range(len(K))
    identity = [[Fraction(int(i == j)) for j in size] for i in size]
    coefficients: list[Any] = [Fraction(1)]
    adjugate: list[Any] = [identity]
    for k in range(1, len(K) + 1):
        product = matrix_product(K, adjugate[-1])
        last = sum((product[i][i] for i in size), start=Fraction(0)) / k
        coefficients.append(last)
        adjugate.append(
            [[(last if i == j else 0) - product[i][j] for j in size] for i in size]
        )
    return exact_polynomial(coefficients), adjugate[:-1]


def matrix_product(left: Matrix, right: Matrix) -> list[list[Coefficient]]:
    """The product of two matrices of exact numbers, zeros on the left skipped."""
    columns = list(zip(*right, strict=True))
    sparse = [[(k, a) for k, a in enumerate(row) if a] for row in left]
    return [
        [sum((a * column[k] for k, a in row), start=Fraction(0)) for column in columns]
        for row in sparse
    ]


def _rational_resolvent(K: fmpq_mat) -> tuple[fmpq_poly, list[list[list[fmpq]]]]:
    size = K.nrows()
    identity = fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])
    coefficients, adjugate = [fmpq(1)], [identity]
    for k in range(1, size + 1):
        product = K * adjugate[-1]
        trace = sum((product[i, i] for i in range(size)), start=fmpq(0))
        coefficients.append(trace / k)
        adjugate.append(identity * coefficients[-1] - product)
    return fmpq_poly(coefficients), [matrix.tolist() for matrix in adjugate[:-1]]


def characteristic(matrix: Matrix) -> Any:
    r"""$\det(I - zM)$ as a polynomial in $z$."""
    if number_field_of("a matrix", (x for row in matrix for x in row)) is None:
        return fmpq_poly(rational_matrix(matrix).charpoly().coeffs()[::-1])
    return resolvent([[-x for x in row] for row in matrix])[0]


def rational_matrix(matrix: Matrix) -> fmpq_mat:
    """A rational matrix of python-flint."""
    return fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in matrix])
