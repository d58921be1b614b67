"""The Jacobian of a branch of fields as a ball in the spectral norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flint import arb_mat

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.branches import field_value
from stabcheck.checker.fields.gated_feed_forward import KIND as GATED
from stabcheck.checker.fields.scored_attention import KIND as SCORED
from stabcheck.checker.fields.scored_attention import scored_jacobian
from stabcheck.checker.fields.token_wise import NORMS
from stabcheck.checker.float64.attention import attention_jacobian
from stabcheck.checker.float64.guard import check_finite, check_rows
from stabcheck.checker.float64.midpoint_radius import from_arb
from stabcheck.checker.float64.norm_ball import NormBall, in_norm, multiply
from stabcheck.checker.float64.token_wise import (
    feed_forward_jacobians,
    gated_jacobians,
    normalisation_jacobians,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def field_jacobian(ctx: Context, index: int, state: arb_mat) -> NormBall:
    """Enclose the Jacobian of one field; diagonal blocks of a token-wise one."""
    field = ctx.field(index)
    shape = (state.nrows(), state.ncols())
    if shape != (field["tokens"], field["features"]):
        raise ClaimRejected(
            f"a {field['kind']} field was applied to a state of shape {shape}"
        )
    if field["kind"] == "attention":
        check_rows(shape[0] * shape[1])
        enclosure = attention_jacobian(ctx, index, state)
    elif field["kind"] == "feed-forward":
        enclosure = feed_forward_jacobians(ctx, index, state)
    elif field["kind"] == SCORED:
        check_rows(shape[0] * shape[1])
        size = shape[0] * shape[1]
        entries = scored_jacobian(ctx, index, state).entries()
        enclosure = from_arb(entries, (size, size))
    elif field["kind"] == GATED:
        enclosure = gated_jacobians(ctx, index, state)
    elif field["kind"] in NORMS:
        enclosure = normalisation_jacobians(ctx, index, state)
    else:
        raise ClaimRejected(f"a field of kind {field['kind']} has no Jacobian")
    ball = in_norm(enclosure)
    check_finite(ball.midpoint, ball.radius, what=f"the Jacobian of a {field['kind']}")
    return ball


def branch_jacobian(ctx: Context, branch: Sequence[int], state: arb_mat) -> NormBall:
    """Enclose the Jacobian of a branch, fields applied first to last."""
    result = field_jacobian(ctx, branch[0], state)
    for index, before in zip(branch[1:], branch, strict=False):
        state = field_value(ctx, before, state)
        result = multiply(field_jacobian(ctx, index, state), result)
    return result
