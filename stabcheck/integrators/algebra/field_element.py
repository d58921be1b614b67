r"""Elements of a number field: exact arithmetic, zero test, sign and comparison."""

from __future__ import annotations

from fractions import Fraction
from functools import total_ordering
from typing import TYPE_CHECKING, Any

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly, fmpz

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic
from stabcheck.integrators.algebra.norm import norm
from stabcheck.integrators.algebra.roots import fraction, real_roots, root_inside

if TYPE_CHECKING:
    from stabcheck.integrators.algebra.number_field import NumberField

FIRST_BITS = 64
"""The accuracy at which a sign is tried first; it doubles until zero is excluded."""

ONE = fmpq_poly([1])


@total_ordering
class FieldElement:
    """An exact real number in a number field."""

    __slots__ = ("field", "polynomial")

    def __init__(self, field: NumberField, polynomial: fmpq_poly) -> None:
        self.field = field
        self.polynomial = polynomial

    @property
    def rational(self) -> Fraction | None:
        """The number itself if it is rational, else `None`."""
        if self.polynomial.degree() > 0:
            return None
        coefficients = self.polynomial.coeffs()
        return fraction(coefficients[0]) if coefficients else Fraction(0)

    @property
    def coordinates(self) -> tuple[Fraction, ...]:
        """The coefficients of $1, g, g^2, \\dots$."""
        found = [fraction(c) for c in self.polynomial.coeffs()]
        return tuple(found + [Fraction(0)] * (self.field.degree - len(found)))

    @property
    def algebraic(self) -> Algebraic:
        """The number with its minimal polynomial over the rationals."""
        if self.rational is not None:
            return Algebraic.of(self.rational)
        candidates = real_roots(norm(self.field.modulus, [-self.polynomial, ONE]))
        return root_inside(candidates, self.enclosure)

    def ball(self, bits: int = FIRST_BITS) -> arb:
        """A ball around the number, from the generator to that many bits."""
        with ctx.workprec(bits + 32):
            return arb_poly(self.polynomial)(self.field.ball(bits))

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number."""
        bits = FIRST_BITS + width.denominator.bit_length()
        while True:
            ball = self.ball(bits)
            # The ends are rounded to the working precision, which is 53 bits outside.
            with ctx.workprec(bits + 32):
                lower, upper = dyadic(ball.lower()), dyadic(ball.upper())
            if upper - lower <= width:
                return lower, upper
            bits *= 2

    def sign(self) -> int:
        """-1, 0 or 1."""
        if self.polynomial.degree() < 1:
            value = self.rational
            return (value > 0) - (value < 0)
        bits = FIRST_BITS
        while True:
            ball = self.ball(bits)
            if not ball.contains(0):
                return 1 if ball > 0 else -1
            bits *= 2

    def decimal(self, digits: int = 15) -> str:
        """The number rounded to that many significant digits."""
        return self.algebraic.decimal(digits)

    def inverse(self) -> FieldElement:
        """The reciprocal.

        **Raises:** `ZeroDivisionError` for zero.
        """
        if self.polynomial.degree() < 0:
            raise ZeroDivisionError("the zero of a number field has no reciprocal")
        divisor, factor, _ = self.polynomial.xgcd(self.field.modulus)
        return FieldElement(self.field, factor / divisor.coeffs()[0])

    def _other(self, value: Any) -> fmpq_poly | None:
        if isinstance(value, FieldElement):
            if value.field is not self.field and value.field != self.field:
                raise InvalidInput(
                    f"asked to combine numbers of {self.field} and {value.field}; "
                    "write both in one field"
                )
            return value.polynomial
        if isinstance(value, int | Fraction):
            return fmpq_poly([fmpq(value.numerator, value.denominator)])
        return fmpq_poly([value]) if isinstance(value, fmpq | fmpz) else None

    def _made(self, polynomial: fmpq_poly) -> FieldElement:
        return FieldElement(self.field, polynomial)

    def __add__(self, other: Any) -> FieldElement:
        value = self._other(other)
        return NotImplemented if value is None else self._made(self.polynomial + value)

    __radd__ = __add__

    def __neg__(self) -> FieldElement:
        return self._made(-self.polynomial)

    def __pos__(self) -> FieldElement:
        return self

    def __abs__(self) -> FieldElement:
        return self if self.sign() >= 0 else -self

    def __sub__(self, other: Any) -> FieldElement:
        value = self._other(other)
        return NotImplemented if value is None else self._made(self.polynomial - value)

    def __rsub__(self, other: Any) -> FieldElement:
        value = self._other(other)
        return NotImplemented if value is None else self._made(value - self.polynomial)

    def __mul__(self, other: Any) -> FieldElement:
        value = self._other(other)
        if value is None:
            return NotImplemented
        return self._made(self.polynomial * value % self.field.modulus)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> FieldElement:
        value = self._other(other)
        if value is None:
            return NotImplemented
        return self * self._made(value).inverse()

    def __rtruediv__(self, other: Any) -> FieldElement:
        value = self._other(other)
        return NotImplemented if value is None else self._made(value) * self.inverse()

    def __pow__(self, exponent: int) -> FieldElement:
        base = self if exponent >= 0 else self.inverse()
        power = self.field((1,))
        for _ in range(abs(exponent)):
            power = power * base
        return power

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FieldElement) and self.field != other.field:
            return self.algebraic == other.algebraic
        if isinstance(other, ExactReal | float):
            return self.algebraic == other
        value = self._other(other)
        return NotImplemented if value is None else self.polynomial == value

    def __lt__(self, other: object) -> bool:
        if isinstance(other, ExactReal | float):
            return self.algebraic < other
        value = self._other(other)
        if value is None:
            return NotImplemented
        return self._made(self.polynomial - value).sign() < 0

    def __hash__(self) -> int:
        return hash(self.algebraic)

    def __float__(self) -> float:
        return float(self.algebraic)

    def __bool__(self) -> bool:
        return self.polynomial.degree() >= 0

    def __str__(self) -> str:
        return self.decimal()

    def __repr__(self) -> str:
        return f"FieldElement({self.decimal(10)} in {self.field})"

    def __reduce__(self) -> tuple:
        return self.field, (self.coordinates,)
