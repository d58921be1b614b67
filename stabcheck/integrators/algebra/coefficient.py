"""Coefficients of methods: rationals, or elements of one number field."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from numbers import Rational
from typing import Any

from flint import fmpq

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.number_field import NumberField

Coefficient = Fraction | FieldElement


def coefficient(what: str, value: Any) -> Coefficient:
    """An exact coefficient: a `Fraction` if it is rational.

    **Raises:** `InvalidInput` for a float, whose decimals would be rounded silently.
    """
    if isinstance(value, FieldElement):
        return value if value.rational is None else value.rational
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, Rational | str) and not isinstance(value, bool):
        try:
            found = Fraction(value)
            # The integers of other libraries stay behind.
            return Fraction(int(found.numerator), int(found.denominator))
        except (ValueError, ZeroDivisionError):
            pass
    raise InvalidInput(
        f"asked for the coefficient {value!r} in {what}; write a fraction such as "
        "'1/2', or an element of a number field"
    )


def entries(what: str, values: Any) -> tuple[Any, ...]:
    """The entries of a list of coefficients or of rows.

    **Raises:** `InvalidInput` for a number, a text or `None` in its place.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidInput(f"asked for {what}, found {values!r}; give a list")
    return tuple(values)


def coefficient_row(what: str, values: Any) -> tuple[Coefficient, ...]:
    """A list of exact coefficients.

    **Raises:** `InvalidInput` for anything but a list, or for a float in it.
    """
    return tuple(coefficient(what, value) for value in entries(what, values))


def number_field_of(what: str, values: Iterable[Coefficient]) -> NumberField | None:
    """The field of irrational coefficients, `None` if all are rational.

    **Raises:** `InvalidInput` if they are of two fields.
    """
    field = None
    for value in values:
        if isinstance(value, FieldElement):
            if field is not None and value.field != field:
                raise InvalidInput(
                    f"asked for coefficients of {what} in one number field, found "
                    f"{field} and {value.field}; write all of them in one"
                )
            field = value.field
    return field


def algebraic(value: Coefficient) -> Algebraic:
    """The coefficient as an algebraic number."""
    return value.algebraic if isinstance(value, FieldElement) else Algebraic.of(value)
