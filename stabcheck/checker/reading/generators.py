"""Methods: their coefficients are rationals, or numbers of one generator's field."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stabcheck.checker.arithmetic.number_field import Coefficient, RealField
from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.values import (
    keys,
    list_of,
    object_of,
    rational,
    tableau,
    words,
)

__all__ = ["method_tableau", "multistep"]

MOST_DEGREE = 12
"""Of a generator: an exact sign costs more with every degree."""
MOST_BITS = 1024
"""Of the coefficients of an irrational method: exact pivots grow with them."""


def method_tableau(
    where: str, record: dict[str, Any], most: int
) -> tuple[list[list[Coefficient]], list[Coefficient]]:
    """A and b of a record `name A b`, or `name A b generator`."""
    keys(where, record, "name A b", "generator")
    words(f"{where}.name", record["name"])
    if "generator" not in record:
        return tableau(where, record, most)
    field = _generator(f"{where}.generator", record["generator"])

    def entry(where: str, value: Any) -> Coefficient:
        coordinates = [_short(where, x) for x in list_of(where, value)]
        if len(coordinates) != field.degree:
            raise Malformed(
                f"{where} has to hold {field.degree} rationals for each coefficient, "
                "those of 1, g, g^2, ..."
            )
        return field.number(coordinates)

    return tableau(where, record, most, entry)


def multistep(where: str, record: dict[str, Any], most: int) -> dict[str, Any]:
    """A record `name alpha beta`, the oldest coefficient first."""
    keys(where, record, "name alpha beta")
    words(f"{where}.name", record["name"])
    alpha, beta = (
        [rational(f"{where}.{key}", x) for x in list_of(f"{where}.{key}", record[key])]
        for key in ("alpha", "beta")
    )
    if not 2 <= len(alpha) == len(beta) <= most + 1 or alpha[-1] == 0:
        raise Malformed(
            f"{where}: alpha and beta of one length, 2 to {most + 1}, the last alpha "
            "not 0"
        )
    return record | {"alpha": alpha, "beta": beta}


def _generator(where: str, value: Any) -> RealField:
    record = keys(where, object_of(where, value), "polynomial lower upper")
    polynomial = [
        _short(f"{where}.polynomial", x)
        for x in list_of(f"{where}.polynomial", record["polynomial"])
    ]
    if not 3 <= len(polynomial) <= MOST_DEGREE + 1 or polynomial[-1] == 0:
        raise Malformed(
            f"{where}.polynomial has to be of degree 2 to {MOST_DEGREE}, the constant "
            "term first"
        )
    ends = [_short(f"{where}.{end}", record[end]) for end in ("lower", "upper")]
    return RealField(polynomial, *ends)


def _short(where: str, value: Any) -> Fraction:
    """A rational of few digits."""
    found = rational(where, value)
    if max(abs(found.numerator), found.denominator).bit_length() > MOST_BITS:
        raise Malformed(f"{where} has a number of more than {MOST_BITS} bits")
    return found
