"""Hypotheses about premises: what they bound, of which subject, on which tube."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import tube_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["Tube", "check_covers", "check_premise", "check_quantities", "tube_at"]


@dataclass(frozen=True)
class Tube:
    """Every token within `radius` of the token of the array `centre`; convex."""

    centre: str
    radius: Fraction


def tube_at(ctx: Context, claim: dict, index: int) -> Tube:
    """Return a claim's tube (a point: radius 0), of the shape of field `index`."""
    return Tube(*tube_of(ctx, claim, ctx.field(index)))


def check_quantities(
    premises: Sequence[dict], allowed: Sequence[Sequence[str]]
) -> list[str]:
    """Return the premises' quantities if they are one of the allowed lists."""
    found = [premise["quantity"] for premise in premises]
    if found not in [list(option) for option in allowed]:
        options = " or ".join(f"[{', '.join(option)}]" for option in allowed)
        raise ClaimRejected(
            f"this theorem has the premises {options}, the claim names "
            f"[{', '.join(found)}]"
        )
    return found


def check_premise(premise: dict, subject: dict) -> None:
    """Refuse a premise about another subject."""
    if premise["subject"] != subject:
        raise ClaimRejected(
            f"a premise on {premise['quantity']} is about another subject than this "
            "theorem needs"
        )


def check_covers(premise: Tube, needed: Tube, what: str) -> None:
    """Refuse a premise whose tube has another centre or is smaller than needed."""
    if premise.centre != needed.centre:
        raise ClaimRejected(
            f"a premise is about a tube round {premise.centre!r}, {what} is round "
            f"{needed.centre!r}"
        )
    if premise.radius < needed.radius:
        raise ClaimRejected(f"a premise is about a smaller tube than {what}")
