"""A tableau as certificates hold it: rationals, or powers of one generator."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

WIDTH = Fraction(1, 2**64)
"""Of the interval that tells the root of a polynomial from the others."""


def tableau_record(method: ButcherTableau) -> dict[str, Any]:
    """Name, A and b; of irrational coefficients also the generator of their field."""
    number_field = method.number_field
    if number_field is None:
        return {
            "name": method.name,
            "A": [[_rational(a) for a in row] for row in method.A],
            "b": [_rational(b) for b in method.b],
        }
    zero = 0 * number_field.generator

    def entry(value: Coefficient) -> list[list[int]]:
        return [_rational(x) for x in (value + zero).coordinates]

    lower, upper = number_field.root.enclosure(WIDTH)
    return {
        "name": method.name,
        "A": [[entry(a) for a in row] for row in method.A],
        "b": [entry(b) for b in method.b],
        "generator": {
            "polynomial": [[c, 1] for c in number_field.minimal_polynomial],
            "lower": _rational(lower),
            "upper": _rational(upper),
        },
    }


def _rational(value: Any) -> list[int]:
    return [value.numerator, value.denominator]
