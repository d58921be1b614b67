r"""Contractivity of a Runge-Kutta method on nonlinear fields, decided exactly.

Everything is in the matrix $M = BA + A^TB - bb^T$, $B = \operatorname{diag}(b)$:
algebraic stability is $b \ge 0$ and $M \succeq 0$ (Burrage, Butcher 1979; Crouzeix
1979), contractivity on circles of radius $r$ is $b \ge 0$ and $M + B/r \succeq 0$
(Dahlquist, Jeltsch 1979).
"""

from __future__ import annotations

from collections.abc import Sequence

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.polynomials import MIRRORED
from stabcheck.integrators.algebra.resolvent import Matrix, characteristic
from stabcheck.integrators.algebra.roots import first_root


def contractivity_matrix(
    A: Matrix, b: Sequence[Coefficient]
) -> list[list[Coefficient]]:
    r"""$m_{ij} = b_ia_{ij} + b_ja_{ji} - b_ib_j$."""
    stages = range(len(b))
    return [
        [b[i] * A[i][j] + b[j] * A[j][i] - b[i] * b[j] for j in stages] for i in stages
    ]


def is_algebraically_stable(A: Matrix, b: Sequence[Coefficient]) -> bool:
    r"""Whether $b \ge 0$ and $M \succeq 0$."""
    return min(b) >= 0 and is_positive_semidefinite(contractivity_matrix(A, b))


def circle_contractivity_radius(
    A: Matrix, b: Sequence[Coefficient]
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
    scaled = [[M[i][j] / b[i] for j in kept] for i in kept]
    # det(I - zC) at z = -r vanishes where -1/r is an eigenvalue of C; the smallest
    # positive r belongs to the most negative one.
    return first_root(characteristic(scaled)(MIRRORED))


def is_positive_semidefinite(matrix: Matrix) -> bool:
    """Whether a symmetric matrix of exact numbers is, by its pivots."""
    return semidefinite_pivots(matrix) is not None


def semidefinite_pivots(matrix: Matrix) -> list[tuple[int, Coefficient]] | None:
    r"""The pivots of $P^TMP = LDL^T$ with the places where they stood.

    Elimination with the largest diagonal entry as pivot; `None` if the matrix is not
    positive semidefinite: an entry of the diagonal is negative, or zero and its row is
    not.
    """
    rows = [list(row) for row in matrix]
    places = list(range(len(rows)))
    pivots: list[tuple[int, Coefficient]] = []
    while rows:
        pivot = max(range(len(rows)), key=lambda k: rows[k][k])
        value, row = rows[pivot][pivot], rows[pivot]
        if value <= 0:
            return None if any(any(row) for row in rows) else pivots
        pivots.append((places.pop(pivot), value))
        rest = [k for k in range(len(rows)) if k != pivot]
        rows = [
            [rows[i][j] - rows[i][pivot] * row[j] / value for j in rest] for i in rest
        ]
    return pivots
