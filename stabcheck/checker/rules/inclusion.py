r"""Rule for parts of a domain: what holds on the whole holds on the part.

With $\delta$ the move from the centre, the domains round a state are $|\delta_i|_2 \le
r$ for every token (tube), $|\delta_{ia}| \le r$ for every entry (box) and $\lVert\delta
\rVert_F \le r$ (Frobenius); a ball has tokens $|x_i|_2 \le r$.  All are decided in
integers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


KINDS = {"point", "ball", "tube", "box", "frobenius"}
"""Domains of one radius at most; those with radii of their own are not compared."""


def _squared_factor(part: str, whole: str, tokens: int, features: int) -> int:
    """The f with: radius r of the part needs radius sqrt(f) r of the whole."""
    if part == whole or part in ("point", "frobenius"):
        return 1
    if whole == "box":
        return 1
    if whole == "tube":
        return features
    return tokens if part == "tube" else tokens * features


def _largest_square(ctx: Context, centre: str) -> Fraction:
    """The largest squared norm of a token, exactly."""
    entries, exponent = ctx.tensor(centre).integers()
    width = ctx.tensor(centre).shape[1]
    rows = range(0, len(entries), width)
    largest = max(sum(x * x for x in entries[k : k + width]) for k in rows)
    return Fraction(largest, 1 << -2 * exponent)


def _within_ball(ctx: Context, part: dict, whole: dict) -> bool:
    shape = (whole["tokens"], whole["features"])
    radius = whole["radius"]
    if part["kind"] == "ball":
        return (part["tokens"], part["features"]) == shape and part["radius"] <= radius
    if ctx.tensor(part["centre"]).shape != shape:
        return False
    # |x| + s r <= R, with s^2 an integer: squared twice, no root is taken.
    square = _largest_square(ctx, part["centre"])
    factor = _squared_factor(part["kind"], "tube", *shape)
    reach = factor * part.get("radius", Fraction(0)) ** 2
    room = radius * radius - square - reach
    return room >= 0 and 4 * square * reach <= room * room


def is_part(ctx: Context, part: dict, whole: dict) -> bool:
    """Whether one domain lies inside another, as far as these inclusions say."""
    if not {part["kind"], whole["kind"]} <= KINDS:
        return False
    if whole["kind"] == "ball":
        return _within_ball(ctx, part, whole)
    if part["kind"] == "ball" or part["centre"] != whole["centre"]:
        return False
    if whole["kind"] == "point":
        return part.get("radius", Fraction(0)) == 0
    shape = ctx.tensor(whole["centre"]).shape
    factor = _squared_factor(part["kind"], whole["kind"], *shape)
    reach = factor * part.get("radius", Fraction(0)) ** 2
    return reach <= whole["radius"] ** 2


@rule("domain-inclusion")
def domain_inclusion(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that the claim is its premise on a part of the premise's domain."""
    if len(premises) != 1:
        raise ClaimRejected(
            f"this theorem has one premise, the claim names {len(premises)}"
        )
    (premise,) = premises
    if claim["quantity"].startswith("attained"):
        raise ClaimRejected("a value attained on a domain says nothing about a part")
    for key in ("quantity", "subject"):
        if premise[key] != claim[key]:
            raise ClaimRejected(f"the premise is about another {key}")
    part, whole = ctx.domain(claim["domain"]), ctx.domain(premise["domain"])
    if not is_part(ctx, part, whole):
        raise ClaimRejected(
            f"the {part['kind']} of the claim is not known to lie inside the "
            f"{whole['kind']} of the premise"
        )
    lower = claim["quantity"] in ("shrink", "log-norm-lower")
    if claim["bound"] != premise["bound"] and (
        (claim["bound"] > premise["bound"]) == lower
    ):
        raise ClaimRejected("the bound is stronger than that of the premise")
