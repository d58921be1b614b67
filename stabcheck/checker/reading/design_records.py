"""Checks a certificate about a design: caps on weights, a layer, a depth, claims."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.design_field_records import domain_of, field_of, one_of
from stabcheck.checker.reading.values import (
    check_prose,
    count,
    index_of,
    keys,
    list_of,
    object_of,
    positive,
    rational,
    string_of,
    tableau,
    words,
)
from stabcheck.checker.rules import THEOREMS

DESIGN_SCHEMA = "stabcheck-design/1"
MODULE_PREFIX = "designs."
"""The modules of rules whose theorems a design may use."""
MOST_FIELDS = 16
MOST_PARTS = 64
MOST_STAGES = 64
MOST_DEPTH = 1 << 20

METRICS = ("token-max", "frobenius")
LAYERS = {
    "composition": ("", 1, MOST_PARTS),
    "reversible": ("", 2, 2),
    "leapfrog": ("frequency", 1, 1),
    "momentum": ("gamma", 1, 1),
    "sphere": ("", 1, 1),
}
"""The key beside `kind` and `parts` of each layer, and how many parts it has."""

QUANTITIES = {
    "field": ("lipschitz", "log-norm", "spectrum-upper", "spectrum-lower"),
    "part": ("growth", "shrink", "contractive-step", "invertible-step"),
    "layer": ("growth", "shrink"),
    "depth": ("growth", "shrink", "start-radius-squared"),
    "every-depth": ("growth", "shrink"),
}
"""The quantities of each subject."""


def check_design_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document, validated: rationals as `Fraction`."""
    keys(
        "the document",
        document,
        "schema statement provenance metric domain fields methods layer depth claims",
    )
    check_prose(document)
    one_of("metric", document["metric"], METRICS)
    count("depth", document["depth"], 1, MOST_DEPTH)
    found = document | {
        "domain": domain_of(object_of("domain", document["domain"])),
        "fields": _each(document, "fields", field_of, MOST_FIELDS),
        "methods": _each(document, "methods", _method, MOST_FIELDS),
    }
    layer = _layer(object_of("layer", document["layer"]), found)
    claims = list_of("claims", document["claims"])
    if not claims:
        raise Malformed("the certificate makes no claim: there is nothing to check")
    found["layer"] = layer
    found["claims"] = [
        _claim(f"claims[{place}]", object_of(f"claims[{place}]", claim), place, found)
        for place, claim in enumerate(claims)
    ]
    return found


def _each(
    document: dict[str, Any],
    key: str,
    check: Callable[[str, dict[str, Any]], dict[str, Any]],
    most: int,
) -> list[dict[str, Any]]:
    records = list_of(key, document[key])
    if len(records) > most:
        raise Malformed(f"{key} has {len(records)} records; at most {most}")
    return [
        check(f"{key}[{place}]", object_of(f"{key}[{place}]", record))
        for place, record in enumerate(records)
    ]


def _method(where: str, record: dict[str, Any]) -> dict[str, Any]:
    keys(where, record, "name A b")
    words(f"{where}.name", record["name"])
    A, b = tableau(where, record, MOST_STAGES)
    return record | {"A": A, "b": b}


def _layer(record: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    kind = one_of("layer.kind", record.get("kind"), tuple(LAYERS))
    extra, least, most = LAYERS[kind]
    keys("layer", record, f"kind parts {extra}")
    parts = list_of("layer.parts", record["parts"])
    if not least <= len(parts) <= most:
        raise Malformed(f"layer.parts has to have {least} to {most} parts")
    found: dict[str, Any] = record | {
        "parts": [
            _part(f"layer.parts[{place}]", object_of("a part", part), document)
            for place, part in enumerate(parts)
        ]
    }
    if extra:
        found[extra] = positive(f"layer.{extra}", record[extra])
    if kind == "momentum" and found["gamma"] >= 1:
        raise Malformed("layer.gamma has to lie between 0 and 1")
    if kind != "composition":
        _check_plain_parts(found, document)
    if (kind == "sphere") != (document["domain"]["kind"] == "sphere"):
        raise Malformed(
            "a layer of kind sphere and a domain of kind sphere go together"
        )
    return found


def _part(where: str, record: dict[str, Any], document: dict) -> dict[str, Any]:
    keys(where, record, "field scale leak method step")
    index_of(f"{where}.field", record["field"], len(document["fields"]))
    index_of(f"{where}.method", record["method"], len(document["methods"]))
    return record | {
        "scale": rational(f"{where}.scale", record["scale"], Fraction(0)),
        "leak": rational(f"{where}.leak", record["leak"], Fraction(0)),
        "step": positive(f"{where}.step", record["step"]),
    }


def _check_plain_parts(layer: dict[str, Any], document: dict[str, Any]) -> None:
    for place, part in enumerate(layer["parts"]):
        method = document["methods"][part["method"]]
        if part["leak"] != 0 or method["A"] != [[0]] or method["b"] != [1]:
            raise Malformed(
                f"layer.parts[{place}]: a layer of kind {layer['kind']} has no leak "
                "and names forward Euler"
            )


def _claim(
    where: str, record: dict[str, Any], place: int, document: dict[str, Any]
) -> dict[str, Any]:
    keys(where, record, "theorem quantity subject premises bound", "parameters")
    theorem = string_of(f"{where}.theorem", record["theorem"])
    if not THEOREMS.get(theorem, "").startswith(MODULE_PREFIX):
        raise Malformed(f"{where}.theorem {theorem[:60]!r} has no rule for designs")
    for premise in list_of(f"{where}.premises", record["premises"]):
        index_of(f"{where}.premises", premise, place)
    subject = _subject(f"{where}.subject", record["subject"], document)
    (about,) = subject
    one_of(f"{where}.quantity", record["quantity"], QUANTITIES[about])
    parameters = object_of(f"{where}.parameters", record.get("parameters", {}))
    for key in parameters:
        words(f"a key of {where}.parameters", key)
    return record | {
        "subject": subject,
        "bound": rational(f"{where}.bound", record["bound"]),
        "parameters": {
            key: _parameter(f"{where}.parameters.{key}", value)
            for key, value in parameters.items()
        },
        "tier": "exact",
    }


def _subject(where: str, value: Any, document: dict[str, Any]) -> dict[str, Any]:
    subject = object_of(where, value)
    if len(subject) != 1 or next(iter(subject)) not in QUANTITIES:
        raise Malformed(f"{where} has to be one of {', '.join(QUANTITIES)}")
    ((about, inner),) = subject.items()
    if about == "field":
        index_of(f"{where}.field", inner, len(document["fields"]))
    elif about == "part":
        index_of(f"{where}.part", inner, len(document["layer"]["parts"]))
    elif about in ("depth", "every-depth") and (
        type(inner) is not int or inner != document["depth"]
    ):
        raise Malformed(f"{where}.{about} is not the depth of the design")
    elif about == "layer" and inner is not True:
        raise Malformed(f"{where}.layer has to be true")
    return subject


def _parameter(where: str, value: Any) -> Any:
    """A rational, or a list of rationals."""
    if type(value) is list and value and type(value[0]) is list:
        return [rational(where, item) for item in value]
    return rational(where, value)
