r"""Exact real numbers: algebraic numbers, and infinity beside them.

A stability fact is a root of a polynomial with integer coefficients.  `Algebraic`
keeps its minimal polynomial and a rational interval that holds no other root, so that
any number of digits and every comparison with a rational follow without rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from itertools import pairwise
from numbers import Rational

from flint import fmpq, fmpq_poly, fmpz_poly

from stabcheck.errors import InvalidInput

FLOAT_DIGITS = 25
"""More digits than a float64 holds, so that rounding them once more is harmless."""


class Infinity(float):
    """Positive infinity, with the printing of an exact number."""

    def decimal(self, digits: int = 15) -> str:
        """`inf`, whatever the number of digits."""
        return "inf"


INFINITY = Infinity(math.inf)


@total_ordering
@dataclass(frozen=True, eq=False)
class Algebraic:
    r"""A real algebraic number.

    **Arguments:** `minimal_polynomial`, irreducible with coprime integer
    coefficients, constant term first; `lower`, `upper`, rationals between which it
    has this one root.

    **Raises:** `InvalidInput` if the interval does not bracket a sign change.
    """

    minimal_polynomial: tuple[int, ...]
    lower: Fraction
    upper: Fraction

    def __post_init__(self) -> None:
        ends = _sign(self, self.lower), _sign(self, self.upper)
        exact = self.lower == self.upper and ends[0] == 0
        if not exact and ends[0] * ends[1] >= 0:
            raise InvalidInput(
                f"asked for a root of {self.minimal_polynomial} between {self.lower} "
                f"and {self.upper}, found no change of sign; bracket one root"
            )

    @classmethod
    def of(cls, value: Fraction | int) -> Algebraic:
        """A rational as an algebraic number of degree one."""
        value = Fraction(value)
        return cls((-value.numerator, value.denominator), value, value)

    @property
    def rational(self) -> Fraction | None:
        """The number itself if it is rational, else `None`."""
        if len(self.minimal_polynomial) > 2:
            return None
        constant, leading = self.minimal_polynomial
        return Fraction(-constant, leading)

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number; equal if it is one."""
        if self.rational is not None:
            return self.rational, self.rational
        lower, upper = self.lower, self.upper
        sign = _sign(self, lower)
        while upper - lower > width:
            middle = (lower + upper) / 2
            if _sign(self, middle) == sign:
                lower = middle
            else:
                upper = middle
        return lower, upper

    def decimal(self, digits: int = 15) -> str:
        """The number rounded to that many significant digits."""
        if digits < 1:
            raise InvalidInput(f"asked for {digits} digits; give at least 1")
        width = max(abs(self.lower), abs(self.upper)) / 10**digits
        while True:
            lower, upper = (_rounded(x, digits) for x in self.enclosure(width))
            if lower == upper:
                return lower
            width /= 16

    def __float__(self) -> float:
        return float(self.decimal(FLOAT_DIGITS))

    def __eq__(self, other: object) -> bool:
        comparison = self._compare(other)
        return NotImplemented if comparison is None else comparison == 0

    def __lt__(self, other: object) -> bool:
        comparison = self._compare(other)
        return NotImplemented if comparison is None else comparison < 0

    def __hash__(self) -> int:
        rational = self.rational
        return hash(self.minimal_polynomial if rational is None else rational)

    def __str__(self) -> str:
        return self.decimal()

    def _compare(self, other: object) -> int | None:
        """-1, 0 or 1 as this number is below, equal to or above the other."""
        if isinstance(other, float) and not math.isfinite(other):
            return None if math.isnan(other) else (-1 if other > 0 else 1)
        if isinstance(other, Rational | float):
            # A float is a dyadic rational: the conversion is exact.
            other = Algebraic.of(Fraction(other))
        if not isinstance(other, Algebraic):
            return None
        return self._compare_algebraic(other)

    def _compare_algebraic(self, other: Algebraic) -> int:
        mine, theirs = self, other
        width = max(self.upper - self.lower, other.upper - other.lower, Fraction(1))
        same = self.minimal_polynomial == other.minimal_polynomial
        while True:
            a, b = mine.enclosure(width), theirs.enclosure(width)
            if a[1] < b[0]:
                return -1
            if b[1] < a[0]:
                return 1
            # The hull of two overlapping isolating intervals of one polynomial holds
            # one root exactly where the signs at its ends differ and it has no more.
            if same and self._is_only_root_in(min(a[0], b[0]), max(a[1], b[1])):
                return 0
            width /= 16

    def _is_only_root_in(self, lower: Fraction, upper: Fraction) -> bool:
        if self.rational is not None:
            return lower <= self.rational <= upper
        return _count_roots(self.minimal_polynomial, lower, upper) == 1


def exact(number: Algebraic | Infinity) -> Fraction | float | None:
    """The rational or infinite value, `None` for an irrational number."""
    return number.rational if isinstance(number, Algebraic) else math.inf


def _sign(number: Algebraic, at: Fraction) -> int:
    polynomial = fmpz_poly(list(number.minimal_polynomial))
    value = polynomial(fmpq(at.numerator, at.denominator))
    return (value > 0) - (value < 0)


def _count_roots(
    coefficients: tuple[int, ...], lower: Fraction, upper: Fraction
) -> int:
    """Distinct real roots in an interval whose ends are none, by Sturm's theorem."""
    polynomial = fmpq_poly(list(coefficients))
    chain = [polynomial, polynomial.derivative()]
    while chain[-1].degree() > 0:
        chain.append(-(chain[-2] % chain[-1]))

    def variations(at: Fraction) -> int:
        values = [p(fmpq(at.numerator, at.denominator)) for p in chain]
        signs = [value > 0 for value in values if value != 0]
        return sum(a != b for a, b in pairwise(signs))

    return variations(lower) - variations(upper)


def _rounded(value: Fraction, digits: int) -> str:
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
