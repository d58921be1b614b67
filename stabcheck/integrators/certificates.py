r"""The certificate of the facts of one method, for the checker to decide anew.

It holds the coefficients and claims only: an interval or a radius as two rationals, at
the first of which a property holds and at the second of which it fails.  The checker
recomputes the stability function, polynomials, forms and trees that decide them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.record import tableau_record
from stabcheck.integrators.runge_kutta.stabilised import StabilisedMethod
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.step_methods import MOST_DEGREE

SCHEMA = "stabcheck-method/1"
WIDTH = Fraction(1, 2**52)
"""How far apart the two rationals of a number are: about 2e-16."""
MOST_ORDER = 10
"""Higher orders are not claimed: the trees are too many for the checker."""

MOST_STAGES = 64
"""Of a tableau, or the degree of a stability function: the checker reads no more."""

AXIS = "axis-interval-by-sturm"
LEFT = "a-stability-by-e-polynomial"

OF_THE_FUNCTION = {
    "real-interval": ("real_stability_interval", AXIS),
    "imaginary-interval": ("imaginary_stability_interval", AXIS),
    "largest-disc": ("largest_disc_radius", "disc-in-stability-region"),
    "A-stable": ("is_A_stable", LEFT),
    "L-stable": ("is_L_stable", LEFT),
}
"""Attribute and theorem of each fact that the stability function decides."""

OF_ANY_TABLEAU = {
    "circle-contractivity": (
        "circle_contractivity_radius",
        "circle-contractivity-radius",
    ),
    "algebraically-stable": ("is_algebraically_stable", "algebraic-stability"),
}
"""The same of each fact that needs the coefficients, rational or not."""

OF_THE_TABLEAU = OF_ANY_TABLEAU | {
    "absolute-monotonicity": (
        "absolute_monotonicity_radius",
        "absolute-monotonicity-by-resolvent",
    ),
}
"""The same of each fact that is claimed of rational coefficients."""


def certificate(
    method: OneStepMethod | LinearMultistep, width: Fraction = WIDTH
) -> dict[str, Any]:
    """The certificate of a method as a JSON value.

    Of a method without a tableau in one number field it is about the stability function
    only; of one whose stability function is irrational, about the tableau only.

    **Arguments:** `method`, of one step or linear multistep; `width`, of the intervals
    that hold numbers.

    **Raises:** `InvalidInput` for a method without one stability function, for one
    with neither a tableau in one number field nor a rational stability function, and
    for coefficients published in decimals only.
    """
    if isinstance(method, LinearMultistep):
        return _multistep(method, width)
    _check_kind(method)
    tableau = _exact_tableau(method)
    R = _rational_function(method)
    if tableau is None and R is None:
        raise _no_certificate(method)
    about = "facts" if tableau else "facts of the stability function"
    return {
        "schema": SCHEMA,
        "statement": f"{about} of {method.name}",
        "provenance": {"source": " ".join(method.source.split())},
        "method": {"name": method.name, **(R or {})}
        if tableau is None
        else tableau_record(tableau) | {"name": method.name},
        "claims": _claims(method, tableau, R, width),
    }


def _check_kind(method: Any) -> None:
    if not isinstance(method, OneStepMethod):
        raise InvalidInput(
            f"asked for a certificate of {method.name}; only methods with one "
            "stability function and linear multistep methods have one"
        )
    if getattr(method, "published_order", None) is not None:
        raise InvalidInput(
            f"asked for a certificate of {method.name}, found coefficients published "
            "in decimals only; its facts are conditional and have none"
        )


def _no_certificate(method: OneStepMethod) -> InvalidInput:
    R = method.stability_function
    degree = max(len(R.P), len(R.Q)) - 1
    if degree > MOST_STAGES:
        found = f"of degree {degree}; a certificate holds degrees up to {MOST_STAGES}"
    else:
        found = (
            "with irrational coefficients, and no tableau in one number field; a "
            "certificate holds one or the other"
        )
    return InvalidInput(
        f"asked for a certificate of {method.name}, found a stability function {found}"
    )


def _rational_function(method: OneStepMethod) -> dict[str, Any] | None:
    """P and Q in JSON; `None` where they are irrational or of too high a degree."""
    R = method.stability_function
    small = max(len(R.P), len(R.Q)) - 1 <= MOST_STAGES
    if not small or not _are_rational((*R.P, *R.Q)):
        return None
    return {"P": [_rational(x) for x in R.P], "Q": [_rational(x) for x in R.Q]}


def _exact_tableau(method: OneStepMethod) -> ButcherTableau | None:
    """The tableau of a method, written out where it is a program; `None` if none."""
    if isinstance(method, StabilisedMethod) and method.stages <= MOST_STAGES:
        method = method.tableau
    if not isinstance(method, ButcherTableau) or len(method.b) > MOST_STAGES:
        return None
    number_field = method.number_field
    return (
        method if number_field is None or number_field.degree <= MOST_DEGREE else None
    )


def _are_rational(numbers: Iterable[Any]) -> bool:
    return all(isinstance(x, Fraction) for x in numbers)


def _claims(
    method: OneStepMethod,
    tableau: ButcherTableau | None,
    R: dict[str, Any] | None,
    width: Fraction,
) -> list[dict[str, Any]]:
    claims = []
    if R is not None:
        claims.append(_claim("stability-function-rational", "stability-function", R))
    if tableau is not None and method.order <= MOST_ORDER:
        claims.append(_claim("order-by-rooted-trees", "order", {"order": method.order}))
    facts = {} if R is None else dict(OF_THE_FUNCTION)
    if tableau is not None:
        facts |= OF_THE_TABLEAU if tableau.number_field is None else OF_ANY_TABLEAU
    for quantity, (attribute, theorem) in facts.items():
        found = getattr(method, attribute)
        answer = {"holds": found} if isinstance(found, bool) else _between(found, width)
        claims.append(_claim(theorem, quantity, answer))
    return claims


def _multistep(method: LinearMultistep, width: Fraction) -> dict[str, Any]:
    """The certificate of a multistep method; a wedge where the axis is stable."""
    if method.advance != 1:
        raise InvalidInput(
            f"asked for a certificate of {method.name}, found levels {method.advance} "
            "steps apart; a certificate holds methods whose levels are one step apart"
        )
    zero_stable = {"holds": method.is_zero_stable}
    claims = [
        _claim("root-condition-in-half-plane", "zero-stable", zero_stable),
    ]
    if method.order <= MOST_ORDER:
        order = {"order": method.order}
        claims.append(_claim("multistep-order-conditions", "multistep-order", order))
    if method.real_stability_interval == INFINITY:
        wedge = _between(_squared_tangent(method.A_alpha_degrees), width)
        claims.append(_claim("multistep-wedge", "squared-wedge-tangent", wedge))
    found = method.g_stability
    # A method whose oldest coefficients vanish has a smaller matrix: of another record.
    if found is not None and len(found.G) == method.steps:
        G = [_rational(entry) for row in found.G for entry in row]
        claims.append(_claim("one-leg-g-norm", "G-stable", {"G": G}))
    return {
        "schema": SCHEMA,
        "statement": f"facts of {method.name}",
        "provenance": {"source": " ".join(method.source.split())},
        "method": {
            "name": method.name,
            "alpha": [_rational(x) for x in method.alpha],
            "beta": [_rational(x) for x in method.beta],
        },
        "claims": claims,
    }


def _squared_tangent(degrees: ExactReal) -> ExactReal | Infinity:
    return (
        degrees.squared_tangent
        if isinstance(degrees, Angle)
        else (INFINITY if degrees == 90 else Algebraic.of(0))
    )


def _claim(theorem: str, quantity: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"theorem": theorem, "quantity": quantity} | value


def _between(value: ExactReal | Infinity, width: Fraction) -> dict[str, Any]:
    """Two rationals on a dyadic grid, the number at or above the first."""
    if isinstance(value, Infinity):
        return {"lower": "infinity", "upper": "infinity"}
    if value.rational is not None:
        lower = value.rational
        return {"lower": _rational(lower), "upper": _rational(lower + width)}
    low, high = value.enclosure(width / 2)
    grid = 4 / width
    lower = max(Fraction(0), math.floor(low * grid) / grid)
    return {
        "lower": _rational(lower),
        "upper": _rational(math.ceil(high * grid) / grid),
    }


def _rational(value: Any) -> list[int]:
    return [value.numerator, value.denominator]
