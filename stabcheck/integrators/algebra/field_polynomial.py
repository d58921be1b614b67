r"""Polynomials with coefficients in a number field, and their real roots.

They answer to the operators of python-flint's rational polynomials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.norm import norm
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.algebra.roots import distinct_positive_roots

ZERO = fmpq_poly([])


class FieldPolynomial:
    """A polynomial over a number field.

    **Arguments:** `field`; `coefficients`, polynomials in the generator, reduced,
    constant term first.
    """

    __slots__ = ("coefficients", "field")

    def __init__(self, field: NumberField, coefficients: Sequence[fmpq_poly]) -> None:
        kept = list(coefficients)
        while kept and kept[-1].degree() < 0:
            kept.pop()
        self.field = field
        self.coefficients = kept

    def degree(self) -> int:
        """The degree, -1 for zero."""
        return len(self.coefficients) - 1

    def coeffs(self) -> list[FieldElement]:
        """The coefficients, constant term first."""
        return [FieldElement(self.field, c) for c in self.coefficients]

    def derivative(self) -> FieldPolynomial:
        """The derivative."""
        return self._made([k * c for k, c in enumerate(self.coefficients)][1:])

    def norm(self) -> fmpq_poly:
        """The product of the conjugates, up to a rational factor."""
        return norm(self.field.modulus, self.coefficients)

    def __call__(self, at: Any) -> Any:
        """The value at an exact number, or the composition with a polynomial."""
        value: Any = self._made([]) if isinstance(at, fmpq_poly) else 0
        for c in reversed(self.coeffs()):
            value = value * at + c
        return value

    def __getitem__(self, power: int) -> FieldElement:
        found = self.coefficients[power : power + 1]
        return FieldElement(self.field, found[0] if found else ZERO)

    def __add__(self, other: Any) -> FieldPolynomial:
        terms = self._terms(other)
        pairs = zip_longest(self.coefficients, terms, fillvalue=ZERO)
        return self._made([a + b for a, b in pairs])

    __radd__ = __add__

    def __neg__(self) -> FieldPolynomial:
        return self._made([-c for c in self.coefficients])

    def __sub__(self, other: Any) -> FieldPolynomial:
        return self + -self._made(self._terms(other))

    def __rsub__(self, other: Any) -> FieldPolynomial:
        return -self + other

    def __mul__(self, other: Any) -> FieldPolynomial:
        terms = self._terms(other)
        if not terms or not self.coefficients:
            return self._made([])
        product = [ZERO] * (len(self.coefficients) + len(terms) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(terms):
                product[i + j] += a * b
        return self._made([c % self.field.modulus for c in product])

    __rmul__ = __mul__

    def divided(self, other: FieldPolynomial) -> tuple[FieldPolynomial, list[Any]]:
        """The quotient, and the coefficients of the remainder."""
        rest, divisor = self.coeffs(), other.coeffs()
        inverse = 1 / divisor[-1]
        quotient = [ZERO] * max(len(rest) - len(divisor) + 1, 0)
        while len(rest) >= len(divisor):
            factor = rest[-1] * inverse
            shift = len(rest) - len(divisor)
            quotient[shift] = factor.polynomial
            for k, c in enumerate(divisor[:-1]):
                rest[shift + k] = rest[shift + k] - factor * c
            rest.pop()
        return self._made(quotient), rest

    def __floordiv__(self, other: FieldPolynomial) -> FieldPolynomial:
        return self.divided(other)[0]

    def __truediv__(self, other: FieldElement) -> FieldPolynomial:
        return self * other.inverse()

    def gcd(self, other: FieldPolynomial | fmpq_poly) -> FieldPolynomial:
        """The greatest common divisor, up to a factor, by Euclid's algorithm."""
        a, b = self, self._made(self._terms(other))
        while b.coefficients:
            rest = a.divided(b)[1]
            a, b = b, self._made([c.polynomial for c in rest])
        return a

    def radical(self) -> FieldPolynomial:
        """The product of the distinct irreducible factors."""
        return self.divided(self.gcd(self.derivative()))[0]

    def sign_changes(self) -> Iterator[Algebraic]:
        """The positive roots of odd multiplicity, ascending."""
        for root in distinct_positive_roots(self.norm()):
            if self._changes_sign_at(root):
                yield root

    def _changes_sign_at(self, root: Algebraic) -> bool:
        if root.lower < root.upper:
            # No other root of the norm is between the two, hence none of this.
            return self(root.lower).sign() != self(root.upper).sign()
        multiplicity, derivative = 0, self
        while not derivative(root.lower):
            derivative = derivative.derivative()
            multiplicity += 1
        return multiplicity % 2 == 1

    def _terms(self, other: Any) -> list[fmpq_poly]:
        if isinstance(other, FieldPolynomial):
            return other.coefficients
        if isinstance(other, FieldElement):
            return [other.polynomial]
        if isinstance(other, fmpq_poly):
            return [fmpq_poly([c]) for c in other.coeffs()]
        if isinstance(other, Fraction):
            other = fmpq(other.numerator, other.denominator)
        return [fmpq_poly([other])]

    def _made(self, coefficients: Sequence[fmpq_poly]) -> FieldPolynomial:
        return FieldPolynomial(self.field, coefficients)
