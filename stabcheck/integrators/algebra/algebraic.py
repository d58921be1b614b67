r"""Real algebraic numbers, and infinity beside them.

A stability fact is a root of a polynomial with integer coefficients.  `Algebraic`
keeps such a polynomial and a rational interval that holds no other root of it, so that
any number of digits and every comparison follow without rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly, fmpz_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic, hull, narrowest
from stabcheck.integrators.algebra.isolation import sign_at


class Infinity(float):
    """Positive infinity, with the printing of an exact number."""

    def decimal(self, digits: int = 15) -> str:
        """`inf`, whatever the number of digits."""
        return "inf"


INFINITY = Infinity(math.inf)


@dataclass(frozen=True, eq=False)
class Algebraic(ExactReal):
    r"""A real algebraic number.

    **Arguments:** `polynomial`, integer coefficients with the constant term first;
    `lower`, `upper`, rationals between which it has this one root.

    **Raises:** `InvalidInput` if the interval does not bracket a sign change.
    """

    polynomial: tuple[int, ...]
    lower: Fraction
    upper: Fraction

    def __post_init__(self) -> None:
        ends = self._sign(self.lower), self._sign(self.upper)
        exact = self.lower == self.upper and ends[0] == 0
        if not exact and ends[0] * ends[1] >= 0:
            raise InvalidInput(
                f"asked for a root of {self.polynomial} between {self.lower} "
                f"and {self.upper}, found no change of sign; bracket one root"
            )

    @staticmethod
    def of(value: Fraction | int) -> Algebraic:
        """A rational as an algebraic number of degree one."""
        value = Fraction(value)
        return Algebraic((-value.numerator, value.denominator), value, value)

    @cached_property
    def minimal_polynomial(self) -> tuple[int, ...]:
        """Irreducible, coprime integers, the last one positive; constant term first."""
        if len(self.polynomial) == 2:
            return self.polynomial
        return next(
            integer_coefficients(factor)
            for factor, _ in fmpz_poly(list(self.polynomial)).factor()[1]
            if sign_at(factor, self.lower) * sign_at(factor, self.upper) <= 0
        )

    @property
    def degree_bound(self) -> int:
        """At least the degree of the number."""
        return len(self.polynomial) - 1

    @cached_property
    def rational(self) -> Fraction | None:
        """The number itself if it is rational, else `None`."""
        if self.lower == self.upper:
            return self.lower
        if len(self.minimal_polynomial) > 2:
            return None
        constant, leading = self.minimal_polynomial
        return Fraction(-constant, leading)

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number."""
        return narrowest(self, width)

    def is_equal(self, other: ExactReal) -> bool:
        """Whether the greatest common divisor of the polynomials has the root."""
        if not isinstance(other, Algebraic):
            return other.is_equal(self)
        mine, theirs = (fmpz_poly(list(x.polynomial)) for x in (self, other))
        common = mine.gcd(theirs)
        if common.degree() < 1:
            return False
        common //= common.gcd(common.derivative())
        width = Fraction(1)
        a, b = self.enclosure(width), other.enclosure(width)
        ends = max(a[0], b[0]), min(a[1], b[1])
        # In both intervals each polynomial has its one root, so a root here is both.
        return ends[0] <= ends[1] and (
            sign_at(common, ends[0]) * sign_at(common, ends[1]) <= 0
        )

    def __hash__(self) -> int:
        rational = self.rational
        return hash(self.minimal_polynomial if rational is None else rational)

    def _sign(self, at: Fraction) -> int:
        return sign_at(fmpz_poly(list(self.polynomial)), at)

    def _narrowed(
        self, lower: Fraction, upper: Fraction, width: Fraction
    ) -> tuple[Fraction, Fraction]:
        """Newton's interval method where it converges, bisection where not."""
        f = fmpz_poly(list(self.polynomial))
        rising = sign_at(f, lower) < 0
        while upper - lower > width:
            middle = (lower + upper) / 2
            step = _newton_step(f, lower, upper, middle, width)
            if step is not None and step[1] - step[0] < (upper - lower) / 4:
                lower, upper = max(lower, step[0]), min(upper, step[1])
                continue
            sign = sign_at(f, middle)
            if sign == 0:
                return middle, middle
            if (sign < 0) == rising:
                lower = middle
            else:
                upper = middle
        return lower, upper


def exact(number: ExactReal | Infinity) -> Fraction | float | None:
    """The rational or infinite value, `None` for an irrational number."""
    return number.rational if isinstance(number, ExactReal) else math.inf


def integer_coefficients(polynomial: fmpz_poly | fmpq_poly) -> tuple[int, ...]:
    """Coprime integers in the ratio of the coefficients, the last one positive."""
    if isinstance(polynomial, fmpq_poly):
        polynomial = polynomial.numer()
    content = polynomial.content()
    scale = content if polynomial.leading_coefficient() > 0 else -content
    return tuple(int(c // scale) for c in polynomial.coeffs())


def _newton_step(
    f: fmpz_poly, lower: Fraction, upper: Fraction, middle: Fraction, width: Fraction
) -> tuple[Fraction, Fraction] | None:
    r"""$m - f(m)/f'([a, b])$, an enclosure of the root, if $f'$ has no zero there."""
    wanted = width.denominator.bit_length() + f.height_bits() + 64
    saved, ctx.prec = ctx.prec, wanted + 4 * f.degree()
    try:
        slope = arb_poly(f.derivative())(hull(lower, upper))
        if slope.contains(0):
            return None
        point = arb(fmpq(middle.numerator, middle.denominator))
        ball = point - arb_poly(f)(point) / slope
        return dyadic(ball.lower()), dyadic(ball.upper())
    finally:
        ctx.prec = saved
