"""Oracles in exact arithmetic for small float64 matrices."""

from __future__ import annotations

from fractions import Fraction
from operator import mul

import numpy as np

from stabcheck.checker.kernel import psd_exact

Rows = list[list[Fraction]]


def rows(matrix: np.ndarray) -> Rows:
    """The entries as the rationals that they are."""
    return [[Fraction(float(entry)) for entry in row] for row in matrix]


def product(a: Rows, b: Rows) -> Rows:
    columns = list(zip(*b, strict=True))
    return [[sum(map(mul, row, column)) for column in columns] for row in a]


def transpose(a: Rows) -> Rows:
    return [list(column) for column in zip(*a, strict=True)]


def is_psd(a: Rows) -> bool:
    """Whether a symmetric rational matrix is positive semidefinite."""
    scale = 1
    for row in a:
        for entry in row:
            scale = max(scale, entry.denominator)  # powers of two
    return psd_exact([[int(entry * scale) for entry in row] for row in a])


def shifted(a: Rows, constant: Fraction, sign: int) -> Rows:
    """constant I + sign a."""
    return [
        [sign * entry + (constant if i == j else 0) for j, entry in enumerate(row)]
        for i, row in enumerate(a)
    ]


def norm_is_at_most(matrix: np.ndarray, bound: Fraction) -> bool:
    exact = rows(matrix)
    gram = product(transpose(exact), exact)
    return bound >= 0 and is_psd(shifted(gram, bound * bound, -1))


def symmetric_part_is_at_most(matrix: np.ndarray, bound: Fraction) -> bool:
    exact = rows(matrix)
    twice = [
        [a + b for a, b in zip(row, column, strict=True)]
        for row, column in zip(exact, transpose(exact), strict=True)
    ]
    return is_psd(shifted(twice, 2 * bound, -1))


def singular_value_is_at_least(matrix: np.ndarray, bound: Fraction) -> bool:
    exact = rows(matrix)
    gram = product(transpose(exact), exact)
    return is_psd(shifted(gram, -bound * bound, 1))
