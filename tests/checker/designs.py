"""Small documents about designs, and what the rules say to their claims."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.reading.design_records import check_design_document
from stabcheck.checker.rules import rule_of
from stabcheck.integrators import get

Document = dict[str, Any]


def pair(value: Any) -> list[int]:
    """A rational as a document holds it."""
    exact = Fraction(value)
    return [exact.numerator, exact.denominator]


def attention(**changes: Any) -> dict[str, Any]:
    """Soft pre-norm attention with logits of 1/2 and values of 1."""
    record = {
        "kind": "attention",
        "normalisation": "soft",
        "radius_squared": [1, 1],
        "mask": "any",
        "tie": "none",
        "query_key_norm": [1, 2],
        "value_norm": [1, 1],
    }
    return record | changes


def plain_attention(**changes: Any) -> dict[str, Any]:
    """The same without a normalisation, for a ball."""
    return attention(normalisation="none", radius_squared=None) | changes


def method(name: str = "forward-euler") -> dict[str, Any]:
    """The record of a method of the registry."""
    found = get(name)
    return {
        "name": name,
        "A": [[pair(x) for x in row] for row in found.A],
        "b": [pair(x) for x in found.b],
    }


def part(**changes: Any) -> dict[str, Any]:
    """One step of size 1/4 of the first field."""
    record = {"field": 0, "scale": [1, 1], "leak": [0, 1], "method": 0, "step": [1, 4]}
    return record | changes


def claim(
    theorem: str,
    quantity: str,
    subject: Mapping[str, Any],
    bound: Any,
    *premises: int,
    **parameters: Any,
) -> dict[str, Any]:
    """A claim, its bound a rational."""
    record = {
        "theorem": theorem,
        "quantity": quantity,
        "subject": dict(subject),
        "premises": list(premises),
        "bound": pair(bound),
    }
    return record | ({"parameters": parameters} if parameters else {})


def document(*claims: dict[str, Any], **changes: Any) -> Document:
    """Four layers, each a forward Euler step of soft pre-norm attention."""
    base = {
        "schema": "stabcheck-design/1",
        "statement": "a design",
        "provenance": {},
        "metric": "token-max",
        "domain": {"kind": "all"},
        "fields": [attention()],
        "methods": [method()],
        "layer": {"kind": "composition", "parts": [part()]},
        "depth": 4,
        "claims": list(claims),
    }
    return copy.deepcopy(base | changes)


def decide(found: Document, place: int = -1) -> None:
    """Apply the rule of one claim.  **Raises:** what the rule does."""
    ctx = Context(check_design_document(copy.deepcopy(found)), {})
    one = ctx.document["claims"][place]
    premises = [ctx.claim(premise) for premise in one["premises"]]
    rule_of(one["theorem"])(ctx, one, premises)


def accepts(found: Document) -> bool:
    """Whether the rule of the last claim accepts it."""
    try:
        decide(found)
    except (ClaimRejected, ClaimUndecided):
        return False
    return True
