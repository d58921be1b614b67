r"""Fields and their compositions enclosed in balls: value, derivative, Jacobian.

A branch is a list of field indices, applied first to last.  States and directions are
ball matrices of shape (n, d), rows are tokens; Jacobians are (n d, n d), token-major.
Everything is re-derived from the weights of the certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.attention import (
    attention_jacobian,
    attention_jvp,
    attention_value,
)
from stabcheck.checker.fields.gated_feed_forward import KIND as GATED
from stabcheck.checker.fields.gated_feed_forward import (
    gated_jvp,
    gated_token_matrix,
    gated_value,
)
from stabcheck.checker.fields.scored_attention import KIND as SCORED
from stabcheck.checker.fields.scored_attention import (
    scored_jacobian,
    scored_jvp,
    scored_value,
)
from stabcheck.checker.fields.token_wise import (
    NORMS,
    feed_forward_jvp,
    feed_forward_value,
    normalise_jvp,
    normalise_value,
    token_matrix,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "field_value",
    "forward",
    "is_token_wise",
    "jacobian",
    "jvp",
    "token_jacobian",
]


def is_token_wise(ctx: Context, branch: Sequence[int]) -> bool:
    """Say whether every field of the branch acts on each token by itself."""
    kinds = ("feed-forward", GATED, *NORMS)
    return all(ctx.field(index)["kind"] in kinds for index in branch)


def _check_shape(field: dict, state: arb_mat) -> None:
    expected = (field["tokens"], field["features"])
    if (state.nrows(), state.ncols()) != expected:
        raise ClaimRejected(
            f"a {field['kind']} field of shape {expected} was applied to a state of "
            f"shape {(state.nrows(), state.ncols())}"
        )


def _no_state(field: dict) -> ClaimRejected:
    return ClaimRejected(f"a field of kind {field['kind']} cannot be evaluated")


def field_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose one field at a state."""
    field = ctx.field(index)
    _check_shape(field, state)
    if field["kind"] == "attention":
        return attention_value(ctx, index, state)
    if field["kind"] == "feed-forward":
        return feed_forward_value(ctx, index, state)
    if field["kind"] in NORMS:
        return normalise_value(ctx, index, state)
    if field["kind"] == SCORED:
        return scored_value(ctx, index, state)
    if field["kind"] == GATED:
        return gated_value(ctx, index, state)
    raise _no_state(field)


def forward(ctx: Context, branch: Sequence[int], state: arb_mat) -> arb_mat:
    """Enclose the branch at a state, of shape (n, d)."""
    for index in branch:
        state = field_value(ctx, index, state)
    return state


def _field_jvp(ctx: Context, index: int, state: arb_mat, direction: arb_mat) -> arb_mat:
    field = ctx.field(index)
    _check_shape(field, state)
    _check_shape(field, direction)
    if field["kind"] == "attention":
        return attention_jvp(ctx, index, state, direction)
    if field["kind"] == "feed-forward":
        return feed_forward_jvp(ctx, index, state, direction)
    if field["kind"] in NORMS:
        return normalise_jvp(ctx, index, state, direction)
    if field["kind"] == SCORED:
        return scored_jvp(ctx, index, state, direction)
    if field["kind"] == GATED:
        return gated_jvp(ctx, index, state, direction)
    raise _no_state(field)


def jvp(
    ctx: Context, branch: Sequence[int], state: arb_mat, direction: arb_mat
) -> arb_mat:
    """Enclose the derivative of the branch at `state` in `direction`."""
    for position, index in enumerate(branch):
        direction = _field_jvp(ctx, index, state, direction)
        if position + 1 < len(branch):
            state = field_value(ctx, index, state)
    return direction


def token_jacobian(ctx: Context, index: int, state: arb_mat, token: int) -> arb_mat:
    """Enclose the (d, d) Jacobian of a token-wise field at one token of a state."""
    _check_shape(ctx.field(index), state)
    if not is_token_wise(ctx, [index]):
        raise _no_state(ctx.field(index))
    row = [state[token, a] for a in range(state.ncols())]
    if ctx.field(index)["kind"] == GATED:
        return gated_token_matrix(ctx, index, row)
    return token_matrix(ctx, index, row)


def _field_jacobian(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    field = ctx.field(index)
    _check_shape(field, state)
    if field["kind"] == "attention":
        return attention_jacobian(ctx, index, state)
    if field["kind"] == SCORED:
        return scored_jacobian(ctx, index, state)
    if not is_token_wise(ctx, [index]):
        raise _no_state(field)
    tokens, features = field["tokens"], field["features"]
    rows: list[list[arb]] = []
    for i in range(tokens):
        before = [arb(0)] * (i * features)
        after = [arb(0)] * ((tokens - 1 - i) * features)
        block = token_jacobian(ctx, index, state, i).tolist()
        rows.extend([*before, *row, *after] for row in block)
    return arb_mat(rows)


def jacobian(ctx: Context, branch: Sequence[int], state: arb_mat) -> arb_mat:
    """Enclose the Jacobian of the branch, of shape (n d, n d), token-major."""
    size = state.nrows() * state.ncols()
    result = None
    for position, index in enumerate(branch):
        factor = _field_jacobian(ctx, index, state)
        result = factor if result is None else factor * result
        if position + 1 < len(branch):
            state = field_value(ctx, index, state)
    if result is None:
        raise ClaimRejected(f"an empty branch has no Jacobian (state size {size})")
    return result
