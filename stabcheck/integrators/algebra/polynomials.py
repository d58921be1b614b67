r"""Exact polynomials in one variable: over the rationals, or over a number field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.coefficient import Coefficient, number_field_of
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.field_polynomial import FieldPolynomial
from stabcheck.integrators.algebra.roots import fraction, polynomial

MIRRORED = fmpq_poly([0, -1])
SQUARE = fmpq_poly([0, 0, 1])


def exact_polynomial(coefficients: Iterable[Coefficient | fmpq | int]) -> Any:
    """A polynomial from its coefficients, constant term first.

    **Returns:** an `fmpq_poly`, or a `FieldPolynomial` if some are irrational.
    """
    terms = list(coefficients)
    if terms and all(type(c) is fmpq for c in terms):
        return fmpq_poly(terms)
    field = number_field_of("a polynomial", terms)
    if field is None:
        return polynomial(terms)
    return FieldPolynomial(field, [_in_generator(c) for c in terms])


def exact_coefficients(f: Any) -> tuple[Coefficient, ...]:
    """The coefficients of such a polynomial, rational ones as `Fraction`."""
    return tuple(exact_number(c) for c in f.coeffs())


def exact_number(value: Any) -> Coefficient:
    """A number of python-flint or of a field as a coefficient."""
    if isinstance(value, FieldElement):
        return value if value.rational is None else value.rational
    return fraction(value) if isinstance(value, fmpq) else Fraction(value)


def in_one_ring(f: Any, g: Any) -> tuple[Any, Any]:
    """Two polynomials, both over a number field if one of them is."""
    fields = {p.field for p in (f, g) if isinstance(p, FieldPolynomial)}
    if not fields:
        return f, g
    zero = FieldPolynomial(fields.pop(), [])
    return zero + f, zero + g


def on_imaginary_axis(coefficients: Sequence[Coefficient]) -> Any:
    r"""$|p(iy)|^2$ as a polynomial in $y^2$."""
    even = [(-1) ** k * c for k, c in enumerate(coefficients[::2])]
    odd = [(-1) ** k * c for k, c in enumerate(coefficients[1::2])]
    real, imaginary = exact_polynomial(even), exact_polynomial(odd)
    return real * real + fmpq_poly([0, 1]) * (imaginary * imaginary)


def _in_generator(value: Coefficient | int) -> fmpq_poly:
    if isinstance(value, FieldElement):
        return value.polynomial
    return polynomial([value])
