"""Rational points before, between and after algebraic numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from stabcheck.integrators.algebra.algebraic import Algebraic

WIDTH = Fraction(1, 16)
"""Roots of one polynomial are rarely closer; closer ones are refined further."""


def gaps(
    roots: Sequence[Algebraic],
) -> Iterator[tuple[Algebraic, Fraction, Algebraic | None]]:
    """The gaps on the positive half-line, each with a rational inside.

    **Arguments:** `roots`, distinct positive numbers, ascending.

    **Returns:** for each gap its lower end (first 0), the rational, its upper end
    (last `None`).
    """
    ends = [Algebraic.of(0), *roots]
    for lower, upper in pairwise(ends):
        yield lower, between(lower, upper), upper
    yield ends[-1], ends[-1].enclosure(WIDTH)[1] + 1, None


def between(lower: Algebraic, upper: Algebraic) -> Fraction:
    """A rational strictly between two numbers, the simplest in half of their gap."""
    width = WIDTH
    while True:
        left, right = lower.enclosure(width)[1], upper.enclosure(width)[0]
        if left < right:
            quarter = (right - left) / 4
            return simplest(left + quarter, right - quarter)
        width /= 2**8


def simplest(lower: Fraction, upper: Fraction) -> Fraction:
    """The rational of least denominator in a closed interval of positive numbers."""
    floor = lower.numerator // lower.denominator
    if floor == lower:
        return lower
    if floor + 1 <= upper:
        return Fraction(floor + 1)
    return floor + 1 / simplest(1 / (upper - floor), 1 / (lower - floor))
