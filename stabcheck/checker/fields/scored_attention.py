r"""Attention with rotary positions or a soft cap, in balls: value and derivative.

Per head, with $R_i$ the turn of position $i$ (or the identity), $s$ the scale and
$\phi(u) = c\tanh(u/c)$ (or $u$),

$$q_i = R_i(W_Q^{\mathsf T}x_i + b_Q),\quad k_j = R_j(W_K^{\mathsf T}x_j + b_K),\quad
p_{ij} = \operatorname{softmax}_j\bigl(\phi(s\,q_i\cdot k_j) + B_{ij}\bigr) .$$

A key bias is part of the slopes here: turned, it is no constant of the row.  With the
slopes $t_{ij} = \phi'(s\,q_i\cdot k_j) = 1 - \tanh^2$ the derivative in the direction
$w$ is, before the output matrix,

$$\sum_jp_{ij}W_V^{\mathsf T}w_j + \sum_jp_{ij}(v_j - \bar v_i)\,s\,t_{ij}\bigl(q_i
\cdot R_jW_K^{\mathsf T}w_j + R_iW_Q^{\mathsf T}w_i\cdot k_j\bigr) .$$
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.fields.attention import (
    Head,
    attention_weights,
    centred,
    head_weights,
    plus_row,
    values_from_mean,
)
from stabcheck.checker.fields.rotary import Turns, turns_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "KIND",
    "ScoredHead",
    "cap_of",
    "scaled_rows",
    "scored_head",
    "scored_jacobian",
    "scored_jvp",
    "scored_turns",
    "scored_value",
    "turned_back",
]

KIND = "scored-attention"

Table = list[list[arb]]


@dataclass(frozen=True)
class ScoredHead:
    """Turned queries and keys with their biases, values, weights, slopes of the cap.

    `logit` are the scores before the cap, `slope` its slopes there.
    """

    query: arb_mat
    key: arb_mat
    value: arb_mat
    weight: arb_mat
    logit: Table
    slope: Table


def scored_turns(ctx: Context, index: int) -> Turns | None:
    """Enclose the turns of field `index` once."""
    key = ("turns", index)
    if key not in ctx.cache:
        ctx.cache[key] = turns_of(ctx, ctx.field(index))
    return ctx.cache[key]


def _slope_of_cap(logit: arb, cap: arb | None) -> arb:
    r"""Enclose $1 - \tanh^2(u/c)$, or 1 without a cap."""
    if cap is None:
        return arb(1)
    # As a reciprocal square it does not cancel where tanh is close to 1.
    return 1 / (logit / cap).cosh() ** 2


def cap_of(field: dict) -> arb | None:
    """The cap of a field, if it has one."""
    return ball(field["soft_cap"]) if "soft_cap" in field else None


def _turned(turns: Turns | None, rows: arb_mat) -> arb_mat:
    return rows if turns is None else turns.turned(rows)


def scored_head(ctx: Context, index: int, head: Head, state: arb_mat) -> ScoredHead:
    """Enclose what one head of field `index` makes of a state."""
    field, weights = ctx.field(index), attention_weights(ctx, index)
    turns, cap = scored_turns(ctx, index), cap_of(field)
    query = _turned(turns, plus_row(state * head.query, head.query_bias))
    key = _turned(turns, plus_row(state * head.key, head.key_bias))
    logit = ((query * key.transpose()) * weights.scale).tolist()
    seen = logit
    if cap is not None:
        seen = [[cap * (u / cap).tanh() for u in row] for row in logit]
    return ScoredHead(
        query=query,
        key=key,
        value=state * head.value,
        weight=head_weights(weights, head, seen),
        logit=logit,
        slope=[[_slope_of_cap(u, cap) for u in row] for row in logit],
    )


def scored_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the field's value, of shape (n, d)."""
    weights = attention_weights(ctx, index)
    parts = []
    for head in weights.heads:
        at = scored_head(ctx, index, head, state)
        parts.append(plus_row(at.weight * at.value, head.value_bias) * head.output)
    return plus_row(reduce(add, parts), weights.output_bias)


def _times(first: Table, second: arb_mat) -> arb_mat:
    return arb_mat(
        [
            [a * b for a, b in zip(left, right, strict=True)]
            for left, right in zip(first, second.tolist(), strict=True)
        ]
    )


def scored_jvp(ctx: Context, index: int, state: arb_mat, direction: arb_mat) -> arb_mat:
    """Enclose the derivative at `state` in `direction`, both of shape (n, d)."""
    weights, turns = attention_weights(ctx, index), scored_turns(ctx, index)
    parts = []
    for head in weights.heads:
        at = scored_head(ctx, index, head, state)
        logits = at.query * _turned(turns, direction * head.key).transpose()
        logits = logits + _turned(turns, direction * head.query) * at.key.transpose()
        turn = centred(_times(at.slope, logits * weights.scale), at.weight)
        parts.append(
            (at.weight * (direction * head.value) + turn * at.value) * head.output
        )
    return reduce(add, parts)


def scored_jacobian(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the Jacobian, of shape (n d, n d), token-major rows and columns.

    Block (i, j) is the sum over heads of p_ij U + s t_ij W_O^T p_ij (v_j - mean_i)
    (W_K R_j^T q_i)^T and, on the diagonal, W_O^T Cov_i(v, s t_i k) R_i W_Q^T.
    """
    weights, tokens = attention_weights(ctx, index), state.nrows()
    heads = [(head, scored_head(ctx, index, head, state)) for head in weights.heads]
    turns = scored_turns(ctx, index)
    through = [(head.value * head.output).transpose() for head, _ in heads]
    # pulled[h][j][i] is W_K R_j^T q_i.
    pulled = [
        [
            (turned_back(turns, at.query, j) * head.key.transpose()).tolist()
            for j in range(tokens)
        ]
        for head, at in heads
    ]
    rows: Table = []
    for i in range(tokens):
        blocks = [arb_mat(state.ncols(), state.ncols()) for _ in range(tokens)]
        for h, (head, at) in enumerate(heads):
            left = values_from_mean(at.value, at.weight, i)
            outward = (left * head.output * weights.scale).tolist()
            for j in range(tokens):
                slopes = [at.slope[i][j] * entry for entry in pulled[h][j][i]]
                rank_one = arb_mat([outward[j]]).transpose() * arb_mat([slopes])
                blocks[j] = blocks[j] + through[h] * at.weight[i, j] + rank_one
            keys = turned_back(turns, scaled_rows(at.key, at.slope[i]), i)
            blocks[i] = (
                blocks[i]
                + head.output.transpose()
                * (left.transpose() * keys * weights.scale)
                * head.query.transpose()
            )
        listed = [block.tolist() for block in blocks]
        rows.extend(
            [entry for block in listed for entry in block[a]]
            for a in range(state.ncols())
        )
    return arb_mat(rows)


def turned_back(turns: Turns | None, rows: arb_mat, position: int) -> arb_mat:
    """Turn every row of a table back by the angles of one position."""
    return rows if turns is None else turns.turned_back(rows, position)


def scaled_rows(rows: arb_mat, factors: list[arb]) -> arb_mat:
    """Multiply each row of a table by a factor of its own."""
    return arb_mat(
        [
            [factor * entry for entry in row]
            for factor, row in zip(factors, rows.tolist(), strict=True)
        ]
    )
