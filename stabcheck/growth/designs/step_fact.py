"""What a theorem says about a step of a design: a rational number and its formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import arb, ctx

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.exact_real import dyadic
from stabcheck.integrators.algebra.field_element import FieldElement

if TYPE_CHECKING:
    from sympy import Expr

    from stabcheck.growth.designs.field_constants import FieldConstants

BITS = 72
"""A longer rational is rounded outward to so many bits."""
WORKING_BITS = 256
WIDTH = Fraction(1, 2**80)
"""Of the enclosures of irrational numbers, before they are rounded."""
LARGEST_EXPONENT = 3322
"""A growth above two to this power, ten to the power 1000, is not written."""
UPPER = ("growth",)
"""Quantities that are rounded upward; a shrink and a step are rounded downward."""


class GrowthTooLarge(ArithmeticError):
    """A bound of the growth is above 10^1000."""


@dataclass(frozen=True)
class StepFact:
    """A number that a theorem gives, ready to stand in a certificate.

    **Arguments:** `theorem`, its id; `quantity`, `growth`, `shrink`, `contractive-step`
    or `invertible-step`; `value`, rounded so that the checker's rule accepts it;
    `premises`, the names of the field's constants in the rule's order; `parameters` of
    the claim; `expression`, makes the formula in SymPy; `exact`, the number itself
    where it is known as an algebraic number.
    """

    theorem: str
    quantity: str
    value: Fraction
    premises: tuple[str, ...]
    parameters: Mapping[str, Any]
    expression: Callable[[], Expr]
    exact: Algebraic | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Unbounded:
    """Every step will do, by that theorem."""

    theorem: str
    premises: tuple[str, ...]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Inapplicable:
    """No step is known to do: the reason in words."""

    reason: str


def rounded(quantity: str, value: Fraction) -> Fraction:
    """The number itself if it is short, else moved outward to `BITS` bits."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= BITS:
        return value
    size = value.numerator.bit_length() - value.denominator.bit_length()
    unit = Fraction(2) ** (size - BITS)
    return unit * (-(-value // unit) if quantity in UPPER else value // unit)


def rounded_ball(quantity: str, compute: Callable[[], arb]) -> Fraction:
    """The outer end of an enclosure, computed at `WORKING_BITS`, rounded outward.

    What is below 10^-1000 and rounded downward is 0.

    **Raises:** `GrowthTooLarge` for a growth that is not known to be below 10^1000.
    """
    limit = arb(2) ** LARGEST_EXPONENT
    with ctx.workprec(WORKING_BITS):
        found = compute()
        if quantity in UPPER and not found < limit:
            raise GrowthTooLarge(
                "the growth is not known to be below 10^1000; take a shorter step, "
                "smaller caps or fewer layers"
            )
        if quantity not in UPPER and not found > 1 / limit:
            return Fraction(0)
        end = dyadic(found.upper() if quantity in UPPER else found.lower())
    return rounded(quantity, end)


def fact_of(
    theorem: str,
    quantity: str,
    value: Any,
    found: FieldConstants,
    parameters: Mapping[str, Any],
    expression: Callable[[], Expr],
) -> StepFact:
    """The fact with its value rounded outward, irrational or long as it may be."""
    exact = None
    if isinstance(value, FieldElement):
        value = value.enclosure(WIDTH)[1 if quantity in UPPER else 0]
    elif quantity not in ("growth", "shrink"):
        exact = Algebraic.of(value)
    value = rounded(quantity, value)
    return StepFact(
        theorem, quantity, value, found.premises, parameters, expression, exact
    )
