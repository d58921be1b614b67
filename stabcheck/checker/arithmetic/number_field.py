r"""Exact numbers of a real number field, for coefficients such as $\sqrt 3$.

A field is a squarefree polynomial p with one root g in an interval.  A number is a
polynomial q in g modulo p.  It is 0 if q is; it is not if q and p have no common
factor, by Bezout's identity, and its sign is that of a ball narrow enough.  Nothing
rests on p being irreducible: a common factor is refused where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import total_ordering
from typing import Any

import flint
from flint import arb, arb_poly, fmpq, fmpq_poly

from stabcheck.checker.arithmetic.polynomials import count_roots, sign
from stabcheck.checker.arithmetic.polynomials import flint as exact
from stabcheck.checker.failures import Malformed

__all__ = ["Coefficient", "Number", "RealField", "rational_of"]

MOST_BITS = 1 << 16
"""No sign needs more: beyond it the coefficients are made to be slow."""


class RealField:
    """The polynomial, made monic, and the place of its root g.

    **Raises:** `Malformed` unless the polynomial is squarefree and has exactly one
    root between the two ends, and none at them.
    """

    def __init__(
        self, polynomial: Sequence[Fraction], lower: Fraction, upper: Fraction
    ) -> None:
        p = fmpq_poly([exact(c) for c in polynomial])
        low, high = exact(lower), exact(upper)
        if p.degree() < 1 or p.gcd(p.derivative()).degree() > 0:
            raise Malformed("the polynomial of a generator has to be squarefree")
        inside = low < high and p(low) * p(high) != 0 and count_roots(p, low, high)
        if inside != 1:
            raise Malformed(
                "the polynomial of a generator has to have one root between lower and "
                f"upper, and none at them: it has {int(inside)}"
            )
        self.modulus = p / p.leading_coefficient()
        self._low, self._high = low, high
        self._balls: dict[int, arb] = {}

    @property
    def degree(self) -> int:
        """The degree of the polynomial."""
        return self.modulus.degree()

    def number(self, coordinates: Sequence[Fraction]) -> Number | Fraction:
        """The number with these coefficients of 1, g, ...; a `Fraction` if constant."""
        q = fmpq_poly([exact(c) for c in coordinates]) % self.modulus
        return Number(self, q) if q.degree() > 0 else _fraction(q[0])

    def ball(self) -> arb:
        """The generator at the present precision, by bisection."""
        bits = flint.ctx.prec
        if bits not in self._balls:
            p, low, high = self.modulus, self._low, self._high
            below, width = sign(p(low)), fmpq(1, 1 << bits)
            while high - low > width:
                middle = (low + high) / 2
                found = sign(p(middle))
                if found == 0:
                    low = high = middle
                elif found == below:
                    low = middle
                else:
                    high = middle
            self._balls[bits] = arb(low).union(arb(high))
        return self._balls[bits]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


@total_ordering
class Number:
    """An exact real number of a field; it mixes with integers and fractions."""

    __slots__ = ("field", "polynomial")

    def __init__(self, field: RealField, polynomial: fmpq_poly) -> None:
        self.field = field
        self.polynomial = polynomial

    def ball(self) -> arb:
        """A ball that contains the number, at the present precision."""
        return arb_poly(self.polynomial)(self.field.ball())

    def sign(self) -> int:
        """-1, 0 or 1.  **Raises:** `Malformed` where p and q have a common factor."""
        if self.polynomial.degree() < 1:
            return sign(self.polynomial[0])
        found = self.ball()
        bits = flint.ctx.prec
        if not (found > 0 or found < 0):
            self._check_coprime()
        while not (found > 0 or found < 0):
            bits *= 2
            if bits > MOST_BITS:
                raise Malformed("the coefficients of a method lie too close together")
            with flint.ctx.workprec(bits):
                found = self.ball()
        return 1 if found > 0 else -1

    def inverse(self) -> Number:
        """One over the number.  **Raises:** `ZeroDivisionError` for 0."""
        if self.polynomial == 0:
            raise ZeroDivisionError("0 has no inverse")
        self._check_coprime()
        divisor, factor, _ = self.polynomial.xgcd(self.field.modulus)
        return Number(self.field, factor / divisor[0])

    def _check_coprime(self) -> None:
        if self.polynomial.gcd(self.field.modulus).degree() > 0:
            raise Malformed(
                "the polynomial of a generator is reducible: give the factor that has "
                "the root"
            )

    def _other(self, value: Any) -> fmpq_poly | None:
        if isinstance(value, Number):
            if value.field is not self.field:
                raise Malformed("numbers of two fields meet in one method")
            return value.polynomial
        return fmpq_poly([exact(value)]) if isinstance(value, int | Fraction) else None

    def _made(self, polynomial: fmpq_poly) -> Number:
        return Number(self.field, polynomial % self.field.modulus)

    def __add__(self, other: Any) -> Number:
        value = self._other(other)
        return NotImplemented if value is None else self._made(self.polynomial + value)

    def __mul__(self, other: Any) -> Number:
        value = self._other(other)
        return NotImplemented if value is None else self._made(self.polynomial * value)

    def __truediv__(self, other: Any) -> Number:
        value = self._other(other)
        return NotImplemented if value is None else self * self._made(value).inverse()

    def __rtruediv__(self, other: Any) -> Number:
        value = self._other(other)
        return NotImplemented if value is None else self._made(value) * self.inverse()

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Number:
        return self._made(-self.polynomial)

    def __sub__(self, other: Any) -> Number:
        return self + -other

    def __rsub__(self, other: Any) -> Number:
        return other + -self

    def __abs__(self) -> Number:
        return self if self.sign() >= 0 else -self

    def __bool__(self) -> bool:
        return self.sign() != 0

    def __eq__(self, other: object) -> bool:
        value = self._other(other)
        return NotImplemented if value is None else self._less(value).sign() == 0

    def __lt__(self, other: object) -> bool:
        value = self._other(other)
        return NotImplemented if value is None else self._less(value).sign() < 0

    def _less(self, value: fmpq_poly) -> Number:
        return self._made(self.polynomial - value)

    def __hash__(self) -> int:
        raise TypeError("numbers of a field have several forms: none is hashed")

    def __str__(self) -> str:
        return self.ball().str(9, radius=False)


Coefficient = Fraction | Number
"""A coefficient of a method."""


def rational_of(value: Coefficient) -> Fraction | None:
    """The fraction that a coefficient is written as; None where it is not constant."""
    if isinstance(value, Fraction):
        return value
    constant = value.polynomial.degree() < 1
    return _fraction(value.polynomial[0]) if constant else None
