r"""Contractivity of a Runge-Kutta method on nonlinear fields, decided exactly.

Everything is in the matrix $M = BA + A^TB - bb^T$, $B = \operatorname{diag}(b)$:
algebraic stability is $b \ge 0$ and $M \succeq 0$ (Burrage, Butcher 1979; Crouzeix
1979), contractivity on circles of radius $r$ is $b \ge 0$ and $M + B/r \succeq 0$
(Dahlquist, Jeltsch 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.integrators.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.roots import positive_roots

Matrix = Sequence[Sequence[Fraction]]


def contractivity_matrix(A: Matrix, b: Sequence[Fraction]) -> list[list[Fraction]]:
    r"""$m_{ij} = b_ia_{ij} + b_ja_{ji} - b_ib_j$."""
    stages = range(len(b))
    return [
        [b[i] * A[i][j] + b[j] * A[j][i] - b[i] * b[j] for j in stages] for i in stages
    ]


def is_algebraically_stable(A: Matrix, b: Sequence[Fraction]) -> bool:
    r"""Whether $b \ge 0$ and $M \succeq 0$."""
    return min(b) >= 0 and is_positive_semidefinite(contractivity_matrix(A, b))


def circle_contractivity_radius(
    A: Matrix, b: Sequence[Fraction]
) -> Algebraic | Infinity:
    r"""The largest $r$ with $b \ge 0$ and $M + B/r \succeq 0$; 0 if there is none.

    On the stages of positive weight it is $-1/\lambda_{\min}(B^{-1}M)$, whose
    characteristic polynomial has real roots only.  A stage of weight zero has to have
    a zero row in $M$.
    """
    if min(b) < 0:
        return Algebraic.of(0)
    M = contractivity_matrix(A, b)
    if any(weight == 0 and any(row) for weight, row in zip(b, M, strict=True)):
        return Algebraic.of(0)
    kept = [i for i, weight in enumerate(b) if weight > 0]
    if not kept:
        return INFINITY
    scaled = [[_flint(M[i][j] / b[i]) for j in kept] for i in kept]
    characteristic = fmpq_mat(scaled).charpoly().coeffs()
    # lambda = -1/r: the smallest positive r belongs to the most negative eigenvalue.
    in_r = fmpq_poly([c * (-1) ** k for k, c in enumerate(reversed(characteristic))])
    roots = positive_roots(in_r)
    return roots[0][0] if roots else INFINITY


def is_positive_semidefinite(matrix: Matrix) -> bool:
    """Whether a symmetric rational matrix is, by elimination with diagonal pivots."""
    rows = [list(row) for row in matrix]
    while rows:
        pivot = max(range(len(rows)), key=lambda k: rows[k][k])
        value, row = rows[pivot][pivot], rows[pivot]
        if value <= 0:
            return not any(any(row) for row in rows)
        rows = [
            [
                rows[i][j] - rows[i][pivot] * row[j] / value
                for j in range(len(rows))
                if j != pivot
            ]
            for i in range(len(rows))
            if i != pivot
        ]
    return True


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
