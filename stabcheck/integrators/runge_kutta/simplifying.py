r"""Butcher's simplifying assumptions, exactly.

$B(p)$: $\sum_i b_ic_i^{k-1} = 1/k$; $C(q)$: $\sum_j a_{ij}c_j^{k-1} = c_i^k/k$; $D(r)$:
$\sum_i b_ic_i^{k-1}a_{ij} = b_j(1 - c_j^k)/k$, each for $k$ up to its argument (Hairer,
Wanner, *Solving ODEs II*, IV.5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.resolvent import Matrix

Vector = Sequence[Coefficient]


def quadrature_order(b: Vector, c: Vector) -> int:
    r"""The largest $p$ with $B(p)$."""
    return _largest(len(b), lambda k: _dot(b, _powers(c, k - 1)) == Fraction(1, k))


def collocation_order(A: Matrix, c: Vector) -> int:
    r"""The largest $q \le 2s$ with $C(q)$."""

    def holds(k: int) -> bool:
        powers = _powers(c, k - 1)
        return all(_dot(row, powers) == x**k / k for row, x in zip(A, c, strict=True))

    return _largest(len(c), holds)


def adjoint_order(A: Matrix, b: Vector, c: Vector) -> int:
    r"""The largest $r \le 2s$ with $D(r)$."""

    def holds(k: int) -> bool:
        weights = [x * y for x, y in zip(b, _powers(c, k - 1), strict=True)]
        columns = zip(*A, strict=True)
        return all(
            _dot(weights, column) == weight * (1 - x**k) / k
            for column, weight, x in zip(columns, b, c, strict=True)
        )

    return _largest(len(c), holds)


def stage_order(A: Matrix, b: Vector, c: Vector) -> int:
    r"""The largest $q$ with $B(q)$ and $C(q)$."""
    return min(quadrature_order(b, c), collocation_order(A, c))


def _largest(stages: int, holds: Callable[[int], bool]) -> int:
    """The largest k up to twice the stages with all assumptions up to it.

    No quadrature formula is exact to a higher order, and no stage needs to be.
    """
    order = 0
    while order < 2 * stages and holds(order + 1):
        order += 1
    return order


def _dot(left: Vector, right: Vector) -> Coefficient:
    return sum((x * y for x, y in zip(left, right, strict=True)), start=Fraction(0))


def _powers(c: Vector, k: int) -> Vector:
    return [x**k for x in c]
