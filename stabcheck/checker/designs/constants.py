r"""What the rules about fields of a design share: caps, hypotheses, decisions.

$v$ caps the values, $\alpha$ the logits over the states; every number is decided in
rationals, a square root by its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import ball, root
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, no_premises, quantity_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

NORM = ("lipschitz", "log-norm")
"""What a bound of the norm of the Jacobian bounds."""
EVERY_QUANTITY = (*NORM, "spectrum-upper", "spectrum-lower")
BOTH = ("token-max", "frobenius")


def field_of(
    ctx: Context,
    claim: dict,
    premises: list[dict],
    kinds: Sequence[str],
    metrics: Sequence[str],
    quantities: Sequence[str],
) -> dict:
    """The field that a claim is about, where the theorem speaks about it."""
    no_premises(premises)
    quantity_of(claim, quantities)
    if claim["parameters"]:
        raise ClaimRejected("this theorem takes no parameters")
    if "field" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a field, not about a "
            f"{' and '.join(claim['subject'])}"
        )
    field, metric = ctx.field(claim["subject"]["field"]), ctx.document["metric"]
    if field["kind"] not in kinds:
        raise ClaimRejected(
            f"this theorem holds for {' or '.join(kinds)}, not for {field['kind']}"
        )
    if metric not in metrics:
        raise ClaimRejected(
            f"this theorem holds in the metric {' or '.join(metrics)}, not in {metric}"
        )
    return field


def normalised_as(field: dict, allowed: Sequence[str]) -> None:
    """Refuse a field with another normalisation."""
    if field["normalisation"] not in allowed:
        raise ClaimRejected(
            f"this theorem holds for the normalisation {' or '.join(allowed)}, not for "
            f"{field['normalisation']}"
        )


def tied_as(field: dict, tie: str) -> None:
    """Refuse a field with another tie between the values and the logits."""
    if field["tie"] != tie:
        raise ClaimRejected(
            f"this theorem holds for the tie {tie}, not for {field['tie']}"
        )


def radius_squared_of(ctx: Context, field: dict) -> Fraction:
    """The square of the norm that a token has at most where logits are formed."""
    domain = ctx.document["domain"]
    if field.get("normalisation", "none") != "none":
        return field["radius_squared"]
    if domain["kind"] == "ball":
        return domain["radius_squared"]
    if domain["kind"] == "sphere":
        return Fraction(1)
    raise ClaimRejected(
        "without a normalisation this theorem holds on a ball or a sphere, not on "
        f"the domain {domain['kind']}"
    )


def alpha_of(ctx: Context, field: dict) -> Fraction:
    """The cap on the logits, the norm of A times the square of the radius."""
    return field["query_key_norm"] * radius_squared_of(ctx, field)


def decide(claim: dict, needed: Fraction) -> None:
    """Accept an upper bound at least the number needed."""
    if claim["bound"] < needed:
        raise ClaimRejected(
            f"the {claim['quantity']} of the family is {float_text(needed)}, the "
            f"claim is {float_text(claim['bound'])}"
        )


def decide_root(claim: dict, rest: Fraction, square: Fraction) -> None:
    r"""Accept an upper bound at least rest + sqrt(square), both nonnegative."""
    room = claim["bound"] - rest
    if room < 0 or room * room < square:
        value = (ball(rest) + root(ball(square))).str(9, radius=False)
        raise ClaimRejected(
            f"the {claim['quantity']} of the family is {value}, the claim is "
            f"{float_text(claim['bound'])}"
        )


def decide_spectrum(claim: dict, least: Fraction, most: Fraction) -> None:
    """Decide any quantity of symmetric Jacobians with eigenvalues in a range."""
    if claim["quantity"] == "spectrum-lower":
        if claim["bound"] > least:
            raise ClaimRejected(
                f"the least eigenvalue of the family is {float_text(least)}, the "
                f"claim is {float_text(claim['bound'])}"
            )
    elif claim["quantity"] == "lipschitz":
        decide(claim, max(abs(least), abs(most)))
    else:
        decide(claim, most)
