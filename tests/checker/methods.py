"""Certificates of methods in memory, and what a rule says to one claim of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.reading.method_records import check_method_document
from stabcheck.checker.rules import rule_of
from stabcheck.integrators.certificates import certificate

LITTLE = Fraction(1, 2**40)
"""Far more than the width of a claimed interval, far less than what it holds."""


def claim_of(document: Mapping[str, Any], quantity: str) -> dict[str, Any]:
    """The one claim about a quantity."""
    (found,) = (c for c in document["claims"] if c["quantity"] == quantity)
    return found


def changed(
    document: Mapping[str, Any], quantity: str, **values: Any
) -> dict[str, Any]:
    """A copy with the one claim about a quantity, changed."""
    claim = copy.deepcopy(claim_of(document, quantity)) | values
    return dict(copy.deepcopy(document)) | {"claims": [claim]}


def accepts(document: Mapping[str, Any]) -> bool:
    """Whether every claim is accepted by its rule."""
    ctx = Context(check_method_document(dict(copy.deepcopy(document))), {})
    try:
        for claim in ctx.document["claims"]:
            rule_of(claim["theorem"])(ctx, claim, [])
    except ClaimRejected:
        return False
    return True


def accepts_fact(method: Any, quantity: str, **values: Any) -> bool:
    """Whether the rule accepts the method's claim about a quantity, maybe changed."""
    return accepts(changed(certificate(method), quantity, **values))


def ends(method: Any, quantity: str) -> tuple[Fraction | None, Fraction | None]:
    """The claimed interval; None for infinity."""
    claim = claim_of(certificate(method), quantity)
    lower, upper = (
        None if claim[key] == "infinity" else Fraction(*claim[key])
        for key in ("lower", "upper")
    )
    return lower, upper


def no_longer_interval_is_accepted(method: Any, quantity: str) -> bool:
    """Whether a claim that reaches beyond the interval, or ends before, is refused."""
    lower, upper = ends(method, quantity)
    if lower is None or upper is None:
        return not accepts_fact(method, quantity, lower=[0, 1], upper=[1, 1])
    beyond = [upper.numerator, upper.denominator], upper + LITTLE
    longer = accepts_fact(
        method,
        quantity,
        lower=beyond[0],
        upper=[beyond[1].numerator, beyond[1].denominator],
    )
    shorter = accepts_fact(
        method,
        quantity,
        lower=[0, 1],
        upper=[lower.numerator, lower.denominator],
    )
    return not longer and not shorter
