r"""Rules in the largest-token norm: one forward Euler step, and a stack of them.

In $\lVert X\rVert_{\infty,2} = \max_i |x_i|$ a step is $(1 + hK)$-Lipschitz where $K$
bounds the mixed norm of the Jacobian, and at least $1 - hK$ is kept.  Since $\lVert
X\rVert_{\infty,2} \le \lVert X\rVert_F \le \sqrt n\lVert X\rVert_{\infty,2}$, a stack
pays $\sqrt n$ once.  The values of attention are averages, so a ball of radius $R$ goes
into the one of radius $R + h(vR + c)$.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import ball, upper_end
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.heads.ball import value_reach
from stabcheck.checker.hypotheses import float_text, maps_of, quantity_of
from stabcheck.checker.rules import rule
from stabcheck.checker.rules.families import KINDS, ball_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


@rule("family-euler-mixed")
def family_euler_mixed(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check 1 + hK for a forward Euler step of one attention field on a ball."""
    quantity_of(claim, ["mixed-growth"])
    if "step" not in claim["subject"]:
        raise ClaimRejected("this theorem speaks about a step, not about a field")
    step = claim["subject"]["step"]
    index = _euler_field(ctx, step)
    if len(premises) != 1:
        raise ClaimRejected("this theorem has one premise: the mixed norm on the ball")
    (norm,) = premises
    if norm["quantity"] != "mixed-norm":
        raise ClaimRejected(f"the premise bounds {norm['quantity']}, not mixed-norm")
    if norm["subject"] != {"branch": step["branch"]}:
        raise ClaimRejected("the premise bounds another field than the step's")
    if ball_of(ctx, norm, index) < ball_of(ctx, claim, index):
        raise ClaimRejected("the premise holds on a smaller ball than the claim's")
    needed = 1 + step["size"] * norm["bound"]
    if claim["bound"] < needed:
        raise ClaimRejected(f"the bound is below 1 + h K = {float_text(needed)}")


def _euler_field(ctx: Context, step: dict) -> int:
    """The one attention field of a forward Euler step."""
    method = ctx.integrator(step["integrator"])
    if method["A"] != [[0]] or method["b"] != [1]:
        raise ClaimRejected(
            f"this theorem holds for forward Euler, not for {method['name']}"
        )
    kinds = [ctx.field(index)["kind"] for index in step["branch"]]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise ClaimRejected(
            f"this theorem holds for one field of kind {' or '.join(KINDS)}, the "
            f"branch is {kinds}"
        )
    return step["branch"][0]


@rule("depth-mixed-norm")
def depth_mixed_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\sqrt n\prod G_l$, or $\prod(2 - G_l)/\sqrt n$, on a ball of states."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    first, last = maps_of(claim)
    if len(premises) != last - first:
        raise ClaimRejected(
            f"this theorem needs one step claim a map: {last - first} maps, "
            f"{len(premises)} premises"
        )
    reach = None
    for number, premise in zip(range(first, last), premises, strict=True):
        index = _piece(ctx, number, premise)
        if reach is None:
            reach = ball_of(ctx, claim, index)
        if reach > ball_of(ctx, premise, index):
            raise ClaimRejected(
                f"the states before map {number} leave the ball of its step claim"
            )
        reach = _reach_after(ctx, index, reach, ctx.maps[number]["size"])
    tokens = ctx.domain(claim["domain"])["tokens"]
    growths = [premise["bound"] for premise in premises]
    if quantity == "growth":
        # sqrt(n) enters squared: both sides are nonnegative.
        holds = claim["bound"] >= 0 and claim["bound"] ** 2 >= tokens * prod(
            growth * growth for growth in growths
        )
    else:
        holds = claim["bound"] <= 0 or (
            all(growth < 2 for growth in growths)
            and claim["bound"] ** 2 * tokens
            <= prod((2 - growth) ** 2 for growth in growths)
        )
    if not holds:
        raise ClaimRejected(
            "the bound is stronger than sqrt(n) and the product of the steps give"
        )


def _piece(ctx: Context, number: int, premise: dict) -> int:
    """The field of a map whose step claim the premise is."""
    map_ = ctx.maps[number]
    if map_["kind"] != "residual":
        raise ClaimRejected(f"map {number} is no residual step")
    step = premise["subject"].get("step")
    keys = ("branch", "integrator", "size")
    if premise["quantity"] != "mixed-growth" or step is None:
        raise ClaimRejected(f"the premise of map {number} is no mixed-growth of a step")
    if any(step[key] != map_[key] for key in keys):
        raise ClaimRejected(f"the premise of map {number} is about another step")
    return _euler_field(ctx, step)


def _reach_after(ctx: Context, index: int, reach: Fraction, size: Fraction) -> Fraction:
    if ctx.field(index)["kind"] == "attention-family":
        return reach * (1 + size * ctx.field(index)["value_norm"])
    slope, offset = value_reach(ctx, index)
    found = upper_end(ball(reach) + ball(size) * (slope * ball(reach) + offset))
    if found is None:
        raise ClaimUndecided("the values of a step are too large to enclose")
    return found
