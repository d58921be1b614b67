r"""The leak comparison of a Runge-Kutta step, exactly.

$f = -\lambda x + F$, $x = h\lambda$, $\kappa = hK$, $Z = (I + xA)^{-1}$: distances
grow by at most $G = |1 - xb^{\mathsf T}Z\mathbb 1| + \kappa|b^{\mathsf T}Z|(I -
\kappa|AZ|)^{-1}|Z\mathbb 1|$ and shrink by no more than $2R_- - G$, $R_-$ the first
term.  Theorem `leak-comparison`; coefficients may be irrational.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stabcheck.integrators.algebra.coefficient import Coefficient

Rows = Sequence[Sequence[Coefficient]]


@dataclass(frozen=True)
class Comparison:
    r"""A step: `residual` $R_-$, `growth` G, and how far the `stages` reach.

    With $|F(Y)| \le v|Y|$ and $\kappa = hv$ stages and end of a step from a state of
    norm R have norms at most R times `stages` and `growth`.
    """

    residual: Coefficient
    stages: tuple[Coefficient, ...]
    growth: Coefficient

    @property
    def shrink(self) -> Coefficient:
        r"""$2R_- - G$, of use where it is positive."""
        return 2 * self.residual - self.growth


def compare(method: Any, x: Fraction, kappa: Fraction) -> Comparison | None:
    r"""The comparison of a tableau's step, None where the stages are not known.

    They are where $\kappa|AZ|$ has a spectral radius below 1: where $(I -
    \kappa|AZ|)w = \mathbb 1$ has a positive solution.

    **Arguments:** `method`, with `A` and `b`; `x`, `kappa`, rationals.
    """
    A, b = method.A, method.b
    size = range(len(b))
    identity = [[Fraction(int(i == j)) for j in size] for i in size]
    shifted = [[identity[i][j] + x * A[i][j] for j in size] for i in size]
    Z = solve(shifted, identity)
    if Z is None:
        return None
    coupling = [[_size(_dot(A[i], [row[j] for row in Z])) for j in size] for i in size]
    system = [[identity[i][j] - kappa * coupling[i][j] for j in size] for i in size]
    start = [_size(sum(row, start=Fraction(0))) for row in Z]
    found = solve(system, [[Fraction(1), s] for s in start])
    if found is None or any(not row[0] > 0 for row in found):
        return None
    stages = tuple(row[1] for row in found)
    output = [_dot(b, [row[j] for row in Z]) for j in size]
    residual = _size(1 - x * sum(output, start=Fraction(0)))
    growth = residual + kappa * _dot([_size(w) for w in output], stages)
    return Comparison(residual, stages, growth)


def solve(matrix: Rows, right: Rows) -> list[list[Coefficient]] | None:
    """Solve for several right-hand sides by elimination; None if it is singular."""
    rows = [[*row, *other] for row, other in zip(matrix, right, strict=True)]
    size = len(matrix)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        head = rows[k][k]
        rows[k] = [entry / head for entry in rows[k]]
        for i in range(size):
            factor = rows[i][k]
            if i != k and factor != 0:
                rows[i] = [
                    entry - factor * other
                    for entry, other in zip(rows[i], rows[k], strict=True)
                ]
    return [row[size:] for row in rows]


def _dot(row: Sequence[Coefficient], column: Sequence[Coefficient]) -> Coefficient:
    return sum((a * c for a, c in zip(row, column, strict=True)), start=Fraction(0))


def _size(value: Coefficient) -> Coefficient:
    return value if value >= 0 else -value
