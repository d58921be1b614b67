"""All stability facts of a method as one record of strings, for tables and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.catalogue import REGISTRY
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import digits_of, is_long
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

NUMBERS = (
    "real_stability_interval",
    "imaginary_stability_interval",
    "largest_disc_radius",
    "circle_contractivity_radius",
    "absolute_monotonicity_radius",
    "linear_absolute_monotonicity_radius",
    "ssp_coefficient",
    "A_alpha_degrees",
    "error_constant",
    "principal_error_norm",
    "order_residual",
)
PREDICATES = (
    "is_A_stable",
    "is_L_stable",
    "is_I_stable",
    "is_algebraically_stable",
    "is_zero_stable",
)

LONGEST_TEXT = 100
"""Characters of a minimal polynomial that a reader still takes in."""

LARGEST_DEGREE = 200
"""Minimal polynomials that may be of higher degree fill pages and are left out."""


def facts(method: Any, digits: int = 15) -> dict[str, Any]:
    """Every fact of a method.

    Numbers are decimal strings of so many digits, `inf` where unbounded, `None` where
    the notion does not apply (that of a multistep method, or of one stability function
    to a splitting); every finite one has its minimal polynomial, an angle that of its
    squared tangent, unless its degree may be above `LARGEST_DEGREE`.
    """
    record: dict[str, Any] = {
        "name": method.name,
        "family": method.family,
        "stages": method.stages,
        "order": method.order,
        "conditional_on_order": getattr(method, "conditional_on_order", None),
        "source": method.source,
        "aliases": REGISTRY.aliases(method.name),
        "stability_function": stability_text(method),
    }
    if isinstance(method, ButcherTableau):
        record["A"] = [[str(a) for a in row] for row in method.A]
        record["b"] = [str(b) for b in method.b]
        record["c"] = [str(c) for c in method.c or ()]
    polynomials = {}
    for key in (*NUMBERS, *PREDICATES, *getattr(method, "own_facts", ())):
        value = getattr(method, key, None)
        record[key] = _written(value, digits)
        if isinstance(value, ExactReal) and value.degree_bound <= LARGEST_DEGREE:
            polynomials[key] = polynomial_text(value.minimal_polynomial)
    return record | {"minimal_polynomials": polynomials}


def readable(method: Any, digits: int = 15) -> dict[str, Any]:
    """Every fact of a method for people: what is too long to read is rounded.

    The fractions of a method published in many decimals are exact in `facts`.
    """
    record = facts(method, digits)
    if isinstance(method, OneStepMethod):
        record["stability_function"] = method.stability_function.text(digits)
    for key in {"A", "b", "c"} & record.keys():
        record[key] = _shortened(record[key], digits)
    if record["order_residual"] is not None:
        record["order_residual"] = f"{float(record['order_residual']):.2g}"
    polynomials = record["minimal_polynomials"].items()
    short = {key: text for key, text in polynomials if len(text) <= LONGEST_TEXT}
    return record | {"minimal_polynomials": short}


def _shortened(entry: Any, digits: int) -> Any:
    if isinstance(entry, list):
        return [_shortened(part, digits) for part in entry]
    if "/" not in entry or not is_long(Fraction(entry)):
        return entry
    return Algebraic.of(Fraction(entry)).decimal(digits)


def listed(method: Any, keys: Iterable[str], digits: int = 6) -> dict[str, Any]:
    """A few facts of a method: a list of all methods leaves the costly ones out."""
    found = {key: _written(getattr(method, key, None), digits) for key in keys}
    return {"name": method.name} | found


def _written(value: Any, digits: int) -> Any:
    """A number as digits; whole numbers and predicates as they are."""
    is_number = isinstance(value, ExactReal | Infinity)
    return value.decimal(digits) if is_number else value


def stability_text(method: Any) -> str:
    """The stability function as text, in one argument for each field."""
    if isinstance(method, OneStepMethod):
        return str(method.stability_function)
    if hasattr(method, "stability_text"):
        return method.stability_text
    factors = []
    for substep in method.word:
        scaled = substep.field
        if substep.fraction != 1:
            scaled = f"({substep.fraction} {substep.field})"
        factors.append(
            f"({str(substep.method.stability_function).replace('z', scaled)})"
        )
    return " ".join(factors)


def polynomial_text(coefficients: tuple[int, ...]) -> str:
    """A polynomial in x with integer coefficients, highest power first."""
    terms = []
    for power in reversed(range(len(coefficients))):
        c = coefficients[power]
        if c == 0:
            continue
        variable = ("", "x")[power] if power < 2 else f"x^{power}"
        size = "" if abs(c) == 1 and variable else digits_of(abs(c))
        join = "*" if size and variable else ""
        terms.append(("- " if c < 0 else "+ ") + size + join + variable)
    # A minimal polynomial has a positive leading coefficient.
    return " ".join(terms).removeprefix("+ ")


def shown(value: ExactReal | Infinity | None, digits: int = 7) -> str:
    """A number for a table: `-` where the notion does not apply."""
    return "-" if value is None else value.decimal(digits)
