"""The heads of attention at an enclosed state, rounded to float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import arb_mat

from stabcheck.checker.fields.attention import (
    Head as ExactHead,
)
from stabcheck.checker.fields.attention import (
    Weights,
    attention_weights,
    head_state,
)
from stabcheck.checker.float64.deep.arrays import Near, exactly, near, upward
from stabcheck.checker.float64.deep.attention import AttentionPart, Head
from stabcheck.checker.float64.midpoint_radius import from_arb

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def attention_part(
    ctx: Context, index: int, inside: arb_mat, inner: Near
) -> AttentionPart:
    """The part of attention field `index` at normalised tokens in balls."""
    weights = attention_weights(ctx, index)
    field = ctx.field(index)
    matrices = {
        name: ctx.array(field[name]).astype(np.float64) for name in ("W_K", "W_V")
    }
    width = field["value_width"]
    outputs = (
        ctx.array(field["W_O"]).astype(np.float64)
        if "W_O" in field
        else np.eye(field["features"])
    ).reshape(field["heads"], width, -1)
    heads = [
        _head(
            weights,
            head,
            inside,
            exactly(matrices["W_K"][number]),
            exactly(matrices["W_V"][number]),
            exactly(outputs[number]),
        )
        for number, head in enumerate(weights.heads)
    ]
    return AttentionPart(tuple(heads), inner)


def _head(
    weights: Weights,
    head: ExactHead,
    inside: arb_mat,
    key_matrix: Near,
    value_matrix: Near,
    output: Near,
) -> Head:
    at = head_state(weights, head, inside)
    tokens = inside.nrows()
    p = from_arb(at.weight.entries(), (tokens, tokens))
    seen = np.zeros((tokens, tokens), dtype=bool)
    for i, keys in enumerate(weights.admissible):
        seen[i, keys] = True
    scaled = (head.query * weights.scale).entries()
    return Head(
        near(from_arb(scaled, key_matrix.middle.shape)),
        key_matrix,
        value_matrix,
        output,
        near(p),
        np.where(seen, upward(p.midpoint + p.radius), 0.0),
        near(
            from_arb((at.query * weights.scale).entries(), (tokens, at.query.ncols()))
        ),
        _less_their_means(at.weight, at.key),
        _less_their_means(at.weight, at.value),
    )


def _less_their_means(weight: arb_mat, rows: arb_mat) -> Near:
    """r_j - sum_k p_ik r_k in balls, whose precision outlasts the cancellation."""
    means = (weight * rows).tolist()
    table = rows.tolist()
    entries = [
        entry - middle
        for mean in means
        for row in table
        for entry, middle in zip(row, mean, strict=True)
    ]
    return near(from_arb(entries, (len(means), len(table), rows.ncols())))
