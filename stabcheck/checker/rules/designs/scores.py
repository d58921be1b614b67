r"""Rules for attention with other scores on a ball, known by caps on its weights.

Where the slope of a logit depends on the key, mean and keys add up: $1 + 2\alpha$.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.designs.constants import (
    NORM,
    alpha_of,
    decide,
    decide_root,
    field_of,
    radius_squared_of,
)
from stabcheck.checker.hypotheses import decide_at_most
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _keyed(ctx: Context, claim: dict, premises: list[dict], kind: str) -> None:
    r"""Decide $v(1 + 2\alpha)$: the slope of a logit depends on the key."""
    field = field_of(ctx, claim, premises, [kind], ["token-max"], NORM)
    decide(claim, field["value_norm"] * (1 + 2 * alpha_of(ctx, field)))


@rule("rotary-attention-norm")
def rotary_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the norm of attention with rotary positions."""
    _keyed(ctx, claim, premises, "rotary-attention")


@rule("soft-cap-attention-norm")
def soft_cap_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the norm of attention with soft-capped logits."""
    _keyed(ctx, claim, premises, "soft-cap-attention")


@rule("sigmoid-attention-norm")
def sigmoid_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $nv\max(u + 2\alpha u(1 - u))$ over the weights u of the logits."""
    kinds = ["sigmoid-attention"]
    field = field_of(ctx, claim, premises, kinds, ["token-max"], NORM)
    alpha, bias = alpha_of(ctx, field), field["bias"]

    total = field["most_tokens"] * field["value_norm"]
    least, most = (1 / (1 + (-ball(bias + sign * alpha)).exp()) for sign in (-1, 1))
    weight = most
    if alpha > 0:
        peak = (1 + 2 * alpha) / (4 * alpha)
        if least >= ball(peak):
            weight = least
        elif not most <= ball(peak):
            decide(claim, total * peak * (1 + 2 * alpha * (1 - peak)))
            return
    value = ball(total) * weight * (1 + 2 * ball(alpha) * (1 - weight))
    decide_at_most(value, claim["bound"], f"the {claim['quantity']} of the family")


@rule("qk-norm-attention-norm")
def qk_norm_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $v(1 + gR(W_Q + W_K)/\sqrt\epsilon)$, values on a ball."""
    kinds = ["qk-norm-attention"]
    field = field_of(ctx, claim, premises, kinds, ["token-max"], NORM)
    v, square = field["value_norm"], radius_squared_of(ctx, field)
    slope = v * field["gain"] * (field["query_norm"] + field["key_norm"])
    decide_root(claim, v, slope * slope * square / field["epsilon"])
