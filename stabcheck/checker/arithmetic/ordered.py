r"""Matrices over an ordered field: rationals, or numbers of one real field.

Every answer is exact.  Of rationals the kernel decides; of irrational numbers the
pivots of a symmetric elimination do: a congruence keeps the signs of the eigenvalues
(Sylvester), and a zero pivot of a semidefinite matrix has a zero row.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from stabcheck.checker.arithmetic.judgements import Exactly, keep
from stabcheck.checker.kernel import psd_exact

__all__ = ["inverse", "is_semidefinite"]

Rows = Sequence[Sequence[Any]]


def is_semidefinite(rows: Rows) -> bool:
    """Decide whether a symmetric matrix is positive semidefinite, singular or not."""
    if all(isinstance(x, Fraction | int) for row in rows for x in row):
        common = lcm(*(entry.denominator for row in rows for entry in row))
        integers = [[int(entry * common) for entry in row] for row in rows]
        holds = psd_exact(integers)
        if holds:
            keep(Exactly(integers, common))
        return holds
    rest = [list(row) for row in rows]
    while rest:
        *rest, last = rest
        pivot = last[-1]
        if pivot < 0 or (pivot == 0 and any(last[:-1])):
            return False
        rest = [row[:-1] for row in rest]
        if pivot == 0:
            continue
        for i, row in enumerate(rest):
            if last[i]:
                share = last[i] / pivot
                for j in range(i + 1):
                    row[j] = rest[j][i] = row[j] - share * last[j]
    return True


def inverse(rows: Rows) -> list[list[Any]]:
    """The inverse, by Gauss and Jordan.  **Raises:** `ZeroDivisionError`."""
    size = len(rows)
    rest = [
        [*row, *(Fraction(int(i == j)) for j in range(size))]
        for i, row in enumerate(rows)
    ]
    for k in range(size):
        place = next((i for i in range(k, size) if rest[i][k]), None)
        if place is None:
            raise ZeroDivisionError("the matrix is singular")
        rest[k], rest[place] = rest[place], rest[k]
        pivot = rest[k][k]
        rest[k] = [entry / pivot for entry in rest[k]]
        for i, row in enumerate(rest):
            if i != k and row[k]:
                share = row[k]
                rest[i] = [x - share * y for x, y in zip(row, rest[k], strict=True)]
    return [row[size:] for row in rest]
