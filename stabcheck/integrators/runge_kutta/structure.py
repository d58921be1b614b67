r"""Symplecticity, symmetry, adjoints and compositions of Runge-Kutta methods, exactly.

Hairer, Lubich, Wanner, *Geometric Numerical Integration*, 2nd ed. 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.resolvent import Matrix
from stabcheck.integrators.runge_kutta.contractivity import contractivity_matrix
from stabcheck.integrators.runge_kutta.reduction import Tableau, are_equivalent, reduced


def is_symplectic(A: Matrix, b: Sequence[Coefficient]) -> bool:
    r"""Whether quadratic invariants are kept: $b_ia_{ij} + b_ja_{ji} = b_ib_j$.

    Sufficient for every method (VI.4), necessary for irreducible ones (VI.7): therefore
    the method is reduced first.
    """
    return not any(any(row) for row in contractivity_matrix(*reduced(A, b)))


def is_symmetric(A: Matrix, b: Sequence[Coefficient]) -> bool:
    """Whether the method is its own adjoint (V.1, V.2)."""
    return are_equivalent((A, b), adjoint(A, b))


def adjoint(A: Matrix, b: Sequence[Coefficient]) -> Tableau:
    r"""The method with $\Phi_h^* = \Phi_{-h}^{-1}$ (II.3, V.2).

    $a^*_{ij} = b_{s+1-j} - a_{s+1-i,s+1-j}$, $b^*_j = b_{s+1-j}$.
    """
    last = len(b) - 1
    stages = range(len(b))
    A_adjoint = [[b[last - j] - A[last - i][last - j] for j in stages] for i in stages]
    return A_adjoint, [b[last - j] for j in stages]


def composed(parts: Sequence[tuple[Tableau, Fraction]]) -> Tableau:
    r"""One step of each method after the other, over fractions of the step (III.1).

    Stages of a part see their own matrix and the weights of all earlier parts.

    **Raises:** `InvalidInput` unless the fractions add up to 1.
    """
    if sum(fraction for _, fraction in parts) != 1:
        raise InvalidInput(
            "asked to compose steps over the fractions "
            f"{[str(fraction) for _, fraction in parts]}; they have to add up to 1"
        )
    total = sum(len(b) for (_, b), _ in parts)
    rows: list[list[Coefficient]] = []
    weights: list[Coefficient] = []
    for (A, b), fraction in parts:
        rest = total - len(weights) - len(b)
        rows += [
            [*weights, *(fraction * a for a in row), *[Fraction(0)] * rest] for row in A
        ]
        weights += [fraction * weight for weight in b]
    return rows, weights
