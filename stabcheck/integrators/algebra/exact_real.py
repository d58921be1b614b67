r"""Exact real numbers: digits, comparisons and floats from rational enclosures.

A number is exact if rationals as close together as one likes can be put around it, and
if equality is decided by algebra.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from fractions import Fraction
from functools import total_ordering
from numbers import Rational
from typing import Any

from flint import arb, fmpq

from stabcheck.errors import InvalidInput

FLOAT_DIGITS = 25
"""More digits than a float64 holds, so that rounding them once more is harmless."""

APART = Fraction(1, 2**80)
"""Numbers whose enclosures of this relative width overlap are tested for equality."""


def narrowest(number: Any, width: Fraction) -> tuple[Fraction, Fraction]:
    """The narrowest enclosure asked for so far, or a new one if it is too wide.

    **Arguments:** `number`, with ends `lower`, `upper` and a method `_narrowed`.
    """
    lower, upper = number.__dict__.get("_narrowest", (number.lower, number.upper))
    if upper - lower > width:
        lower, upper = number._narrowed(lower, upper, width)
        number.__dict__["_narrowest"] = lower, upper
    return lower, upper


@total_ordering
class ExactReal(ABC):
    """A real number known by enclosures of any width."""

    @abstractmethod
    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number."""

    @abstractmethod
    def is_equal(self, other: ExactReal) -> bool:
        """Whether two numbers whose narrow enclosures overlap are equal, by algebra."""

    @property
    @abstractmethod
    def rational(self) -> Fraction | None:
        """The number itself if it is rational, else `None`."""

    @property
    @abstractmethod
    def degree_bound(self) -> int:
        """At least the degree of the number, or of the one that defines it."""

    @property
    @abstractmethod
    def minimal_polynomial(self) -> tuple[int, ...]:
        """Irreducible, coprime integers, the last one positive; constant term first."""

    def decimal(self, digits: int = 15) -> str:
        """The number rounded to that many significant digits."""
        if digits < 1:
            raise InvalidInput(f"asked for {digits} digits; give at least 1")
        if self.rational is not None:
            return rounded(self.rational, digits)
        lower, upper = self.enclosure(Fraction(1))
        width = max(abs(lower), abs(upper), Fraction(1)) / 2 ** math.ceil(3.33 * digits)
        while True:
            lower, upper = self.enclosure(width / 16)
            texts = rounded(lower, digits), rounded(upper, digits)
            if texts[0] == texts[1]:
                return texts[0]
            width /= 2**20

    def ball(self, bits: int) -> arb:
        """A ball around the number, of relative accuracy about `bits` bits."""
        size = max(map(abs, self.enclosure(Fraction(1))))
        while True:
            lower, upper = self.enclosure(size / 2**bits)
            if lower == 0 == upper or lower * upper > 0:
                break
            size /= 2**bits
        return hull(lower, upper)

    def __float__(self) -> float:
        return float(self.decimal(FLOAT_DIGITS))

    def __eq__(self, other: object) -> bool:
        comparison = self.compare(other)
        return NotImplemented if comparison is None else comparison == 0

    def __lt__(self, other: object) -> bool:
        comparison = self.compare(other)
        return NotImplemented if comparison is None else comparison < 0

    __hash__ = None

    def __str__(self) -> str:
        return self.decimal()

    def compare(self, other: object) -> int | None:
        """-1, 0 or 1 as this number is below, equal to or above the other."""
        if isinstance(other, float) and not math.isfinite(other):
            return None if math.isnan(other) else (-1 if other > 0 else 1)
        if isinstance(other, Rational | float):
            # A float is a dyadic rational: the conversion is exact.
            other = self.of(Fraction(other))
        if not isinstance(other, ExactReal):
            return None
        width = Fraction(1)
        distinct = False
        while True:
            mine, theirs = self.enclosure(width), other.enclosure(width)
            if mine[1] < theirs[0]:
                return -1
            if theirs[1] < mine[0]:
                return 1
            if not distinct and width <= APART * max(Fraction(1), abs(mine[1])):
                if self.is_equal(other):
                    return 0
                distinct = True
            width /= 2**16

    @staticmethod
    @abstractmethod
    def of(value: Fraction | int) -> ExactReal:
        """A rational as such a number."""


def dyadic(point: arb) -> Fraction:
    """The value of an exact ball."""
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def hull(lower: Fraction, upper: Fraction) -> arb:
    """A ball around two rationals, at the working precision."""
    ends = [arb(fmpq(x.numerator, x.denominator)) for x in (lower, upper)]
    return ends[0].union(ends[1])


def rounded(value: Fraction, digits: int) -> str:
    """A rational rounded half up to significant digits; trailing zeros go if exact."""
    if value == 0:
        return "0"
    size = abs(value)
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    while size >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while size < Fraction(10) ** exponent:
        exponent -= 1
    scale = digits - 1 - exponent
    integer = math.floor(size * Fraction(10) ** scale + Fraction(1, 2))
    if integer == 10**digits:  # rounded up to the next power of ten
        scale, integer = scale - 1, 10 ** (digits - 1)
    text = str(integer).rjust(scale + 1, "0") if scale >= 0 else str(integer)
    if scale > 0:
        text = f"{text[:-scale]}.{text[-scale:]}"
        if integer == size * Fraction(10) ** scale:
            text = text.rstrip("0").rstrip(".")
    elif scale < 0:
        text += "0" * -scale
    return text if value > 0 else f"-{text}"
