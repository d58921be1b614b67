"""Checks a certificate about one method: its coefficients and the claims about it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stabcheck.checker.arithmetic.polynomials import polynomial
from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.generators import method_tableau, multistep
from stabcheck.checker.reading.values import (
    check_prose,
    count,
    flag,
    keys,
    list_of,
    object_of,
    rational,
    string_of,
    words,
)

METHOD_SCHEMA = "stabcheck-method/1"
MOST_STAGES = 64
MOST_ORDER = 10
"""There are 1842 rooted trees of eleven nodes."""

FACTS = {
    "stability-function": "stability-function-rational",
    "order": "order-by-rooted-trees",
    "real-interval": "axis-interval-by-sturm",
    "imaginary-interval": "axis-interval-by-sturm",
    "largest-disc": "disc-in-stability-region",
    "A-stable": "a-stability-by-e-polynomial",
    "L-stable": "a-stability-by-e-polynomial",
    "circle-contractivity": "circle-contractivity-radius",
    "algebraically-stable": "algebraic-stability",
    "absolute-monotonicity": "absolute-monotonicity-by-resolvent",
    "multistep-order": "multistep-order-conditions",
    "zero-stable": "root-condition-in-half-plane",
    "squared-wedge-tangent": "multistep-wedge",
    "G-stable": "one-leg-g-norm",
}
"""The theorem that decides each quantity."""

VALUES = {
    "stability-function": "P Q",
    "order": "order",
    "A-stable": "holds",
    "L-stable": "holds",
    "algebraically-stable": "holds",
    "multistep-order": "order",
    "zero-stable": "holds",
    "G-stable": "G",
}
"""The keys of a claim that hold its value; the others are `lower` and `upper`."""


def check_method_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document, validated: rationals as `Fraction`, infinity as `None`."""
    keys("the document", document, "schema statement provenance method claims")
    check_prose(document)
    claims = list_of("claims", document["claims"])
    if not claims:
        raise Malformed("the certificate makes no claim: there is nothing to check")
    return document | {
        "method": _method(object_of("method", document["method"])),
        "claims": [_claim(f"claims[{k}]", claim) for k, claim in enumerate(claims)],
    }


def _method(record: dict[str, Any]) -> dict[str, Any]:
    if "A" in record:
        A, b = method_tableau("method", record, MOST_STAGES)
        return record | {"A": A, "b": b}
    if "alpha" in record:
        return multistep("method", record, MOST_STAGES)
    keys("method", record, "name P Q")
    words("method.name", record["name"])
    P, Q = (_coefficients(f"method.{key}", record[key]) for key in "PQ")
    if P[0] != Q[0] or Q[0] == 0:
        raise Malformed("method: P(0) and Q(0) have to be equal, and not 0")
    return record | {"P": P, "Q": Q}


def _claim(where: str, value: Any) -> dict[str, Any]:
    record = object_of(where, value)
    if "quantity" not in record:
        raise Malformed(f"{where} lacks the key 'quantity'")
    quantity = string_of(f"{where}.quantity", record["quantity"])
    if quantity not in FACTS:
        raise Malformed(f"{where}.quantity {quantity[:60]!r} is no fact of a method")
    keys(where, record, f"theorem quantity {VALUES.get(quantity, 'lower upper')}")
    if record["theorem"] != FACTS[quantity]:
        raise Malformed(f"{where}.theorem has to be {FACTS[quantity]!r}")
    read = {
        "P": _polynomial,
        "Q": _polynomial,
        "order": lambda where, value: count(where, value, 1, MOST_ORDER),
        "holds": flag,
        "G": _matrix,
        "lower": _end,
        "upper": _end,
    }
    found = {k: read[k](f"{where}.{k}", v) for k, v in record.items() if k in read}
    return record | found | {"tier": "exact", "premises": []}


def _end(where: str, value: Any) -> Fraction | None:
    """A rational that is not negative; None for infinity."""
    return None if value == "infinity" else rational(where, value, Fraction(0))


def _polynomial(where: str, value: Any) -> Any:
    return polynomial(_coefficients(where, value))


def _matrix(where: str, value: Any) -> list[Fraction]:
    """Its entries, row by row."""
    return [rational(where, x) for x in list_of(where, value)]


def _coefficients(where: str, value: Any) -> list[Fraction]:
    """Rationals, the constant term first."""
    found = [rational(where, x) for x in list_of(where, value)]
    if not 1 <= len(found) <= MOST_STAGES + 1:
        raise Malformed(f"{where} has to have 1 to {MOST_STAGES + 1} coefficients")
    return found
