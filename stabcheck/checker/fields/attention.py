r"""Softmax attention enclosed in balls: value, derivative, local quantities.

Per head, with rows as tokens and $s$ the scale,

$$q_i = x_i W_Q + b_Q,\quad k_j = x_j W_K,\quad v_j = x_j W_V,\qquad
p_{ij} = \operatorname{softmax}_j\bigl(s\, q_i\cdot(k_j + b_K) + B_{ij}\bigr)$$

over the admissible $j$ of row $i$ (mask and causality).  Keys and values are kept
without their biases: a query bias changes the derivative (it is part of $q_i$), a key
bias changes only the weights $p$, a value or output bias only the value.  The
derivative in the direction $w$ is, before the output matrix,

$$\sum_j p_{ij} W_V^{\mathsf T} w_j + \sum_j p_{ij}(v_j - \bar v_i)\,
s\,\bigl(q_i\cdot W_K^{\mathsf T} w_j + W_Q^{\mathsf T} w_i \cdot k_j\bigr),\qquad
\bar v_i = \sum_j p_{ij} v_j .$$
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from flint import arb, arb_mat, fmpq

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.failures import ClaimRejected

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "Head",
    "HeadState",
    "Weights",
    "attention_jacobian",
    "attention_jvp",
    "attention_value",
    "attention_weights",
    "centred",
    "head_state",
    "plus_row",
    "softmax",
    "values_from_mean",
]


@dataclass(frozen=True)
class Head:
    """One head: (d, dk), (d, dk), (d, dv), (dv, d) matrices, biases as one row."""

    query: arb_mat
    key: arb_mat
    value: arb_mat
    output: arb_mat
    query_bias: list[arb]
    key_bias: list[arb]
    value_bias: list[arb]
    logit_bias: list[list[arb]] | None


@dataclass(frozen=True)
class Weights:
    """The exact weights of an attention field; `admissible[i]` are the keys of i."""

    heads: list[Head]
    scale: arb
    output_bias: list[arb]
    admissible: list[list[int]]
    output_is_identity: bool


@dataclass(frozen=True)
class HeadState:
    """Queries with bias, keys and values without, weights (zero off the mask)."""

    query: arb_mat
    key: arb_mat
    value: arb_mat
    weight: arb_mat


def _row(ctx: Context, field: dict, key: str, rows: int, columns: int) -> arb_mat:
    if key in field:
        return ctx.arb_matrix(field[key], rows, columns)
    return arb_mat(rows, columns)


def _admissible(ctx: Context, field: dict) -> list[list[int]]:
    tokens = field["tokens"]
    mask = ctx.tensor(field["mask"]).mantissas if "mask" in field else None
    rows = [
        [
            j
            for j in range(i + 1 if field["causal"] else tokens)
            if mask is None or mask[i * tokens + j] != 0
        ]
        for i in range(tokens)
    ]
    if not all(rows):
        raise ClaimRejected(
            f"mask and causality leave token {rows.index([])} nothing to attend to"
        )
    return rows


def _logit_bias(ctx: Context, field: dict, head: int) -> list[list[arb]] | None:
    if "bias" not in field:
        return None
    tokens = field["tokens"]
    if len(ctx.tensor(field["bias"]).shape) == 3:
        return ctx.arb_slice(field["bias"], head).tolist()
    return ctx.arb_matrix(field["bias"], tokens, tokens).tolist()


def attention_weights(ctx: Context, index: int) -> Weights:
    """Read the weights of attention field `index` once and keep them."""
    cached = ctx.cache.get(("attention-weights", index))
    if cached is not None:
        return cached
    field = ctx.field(index)
    heads, features = field["heads"], field["features"]
    key_width, value_width = field["key_width"], field["value_width"]
    biases = [
        _row(ctx, field, name, heads, width).tolist()
        for name, width in (
            ("b_Q", key_width),
            ("b_K", key_width),
            ("b_V", value_width),
        )
    ]
    output_bias = _row(ctx, field, "b_O", 1, features).entries()
    if "W_O" in field:
        rows = ctx.arb_matrix(field["W_O"], heads * value_width, features).tolist()
    else:
        rows = [[arb(int(a == b)) for b in range(features)] for a in range(features)]
    weights = Weights(
        heads=[
            Head(
                query=ctx.arb_slice(field["W_Q"], h),
                key=ctx.arb_slice(field["W_K"], h),
                value=ctx.arb_slice(field["W_V"], h),
                output=arb_mat(rows[h * value_width : (h + 1) * value_width]),
                query_bias=biases[0][h],
                key_bias=biases[1][h],
                value_bias=biases[2][h],
                logit_bias=_logit_bias(ctx, field, h),
            )
            for h in range(heads)
        ],
        scale=_scale(field["scale"]),
        output_bias=output_bias,
        admissible=_admissible(ctx, field),
        output_is_identity="W_O" not in field,
    )
    ctx.cache[("attention-weights", index)] = weights
    return weights


def _scale(scale: dict) -> arb:
    if "rsqrt" in scale:
        return arb(fmpq(scale["rsqrt"])).rsqrt()
    return ball(scale["value"])


def plus_row(matrix: arb_mat, row: list[arb]) -> arb_mat:
    """Add one row to every row of a matrix."""
    return matrix + arb_mat(matrix.nrows(), 1, [arb(1)] * matrix.nrows()) * arb_mat(
        1, len(row), row
    )


def softmax(logits: list[list[arb]], admissible: list[list[int]]) -> arb_mat:
    """Enclose the softmax of each row over its admissible keys; 0 elsewhere."""
    rows = []
    for row, keys in zip(logits, admissible, strict=True):
        # Weights are those of logits minus any number: no infinity meets another.
        top = max(row[j].mid() for j in keys)
        powers = {j: (row[j] - top).exp() for j in keys}
        total = sum(powers.values(), arb(0))
        rows.append(
            [powers[j] / total if j in powers else arb(0) for j in range(len(row))]
        )
    return arb_mat(rows)


def head_state(weights: Weights, head: Head, state: arb_mat) -> HeadState:
    """Enclose queries, keys, values and attention weights of a head at a state."""
    query = plus_row(state * head.query, head.query_bias)
    key = state * head.key
    logits = (query * plus_row(key, head.key_bias).transpose()) * weights.scale
    return HeadState(
        query=query,
        key=key,
        value=state * head.value,
        weight=head_weights(weights, head, logits.tolist()),
    )


def head_weights(weights: Weights, head: Head, logits: list[list[arb]]) -> arb_mat:
    """Enclose the attention weights of a head whose logits, without bias, are given."""
    if head.logit_bias is not None:
        logits = [
            [a + b for a, b in zip(left, right, strict=True)]
            for left, right in zip(logits, head.logit_bias, strict=True)
        ]
    return softmax(logits, weights.admissible)


def attention_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the field's value, of shape (n, d)."""
    weights = attention_weights(ctx, index)
    parts = []
    for head in weights.heads:
        at = head_state(weights, head, state)
        parts.append(plus_row(at.weight * at.value, head.value_bias) * head.output)
    return plus_row(reduce(add, parts), weights.output_bias)


def centred(products: arb_mat, weight: arb_mat) -> arb_mat:
    """Return p_ij (t_ij - sum_k p_ik t_ik): the derivative of softmax along t."""
    rows = []
    for t, p in zip(products.tolist(), weight.tolist(), strict=True):
        mean = sum((a * b for a, b in zip(t, p, strict=True)), arb(0))
        rows.append([b * (a - mean) for a, b in zip(t, p, strict=True)])
    return arb_mat(rows)


def attention_jvp(
    ctx: Context, index: int, state: arb_mat, direction: arb_mat
) -> arb_mat:
    """Enclose the derivative at `state` in `direction`, both of shape (n, d)."""
    weights = attention_weights(ctx, index)
    parts = []
    for head in weights.heads:
        at = head_state(weights, head, state)
        logits = at.query * (direction * head.key).transpose()
        logits = logits + (direction * head.query) * at.key.transpose()
        turn = centred(logits * weights.scale, at.weight)
        parts.append(
            (at.weight * (direction * head.value) + turn * at.value) * head.output
        )
    return reduce(add, parts)


def attention_jacobian(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the Jacobian, of shape (n d, n d), token-major rows and columns.

    Block (i, j) is the sum over heads of p_ij U + s p_ij (v_j - mean_i) W_O (W_K q_i)^T
    and, on the diagonal, s W_O^T Cov_i(v, k) W_Q^T, with U = (W_V W_O)^T.
    """
    weights = attention_weights(ctx, index)
    tokens = state.nrows()
    states = [head_state(weights, head, state) for head in weights.heads]
    through = [(head.value * head.output).transpose() for head in weights.heads]
    pulled = [
        (at.query * head.key.transpose()).tolist()
        for at, head in zip(states, weights.heads, strict=True)
    ]
    rows: list[list[arb]] = []
    for i in range(tokens):
        left = [values_from_mean(at.value, at.weight, i) for at in states]
        outward = [
            (part * head.output * weights.scale).tolist()
            for part, head in zip(left, weights.heads, strict=True)
        ]
        right = arb_mat([pull[i] for pull in pulled])
        blocks = []
        for j in range(tokens):
            block = arb_mat([part[j] for part in outward]).transpose() * right
            for at, matrix in zip(states, through, strict=True):
                block = block + matrix * at.weight[i, j]
            if j == i:
                for at, part, head in zip(states, left, weights.heads, strict=True):
                    covariance = part.transpose() * at.key * weights.scale
                    block = block + (
                        head.output.transpose() * covariance * head.query.transpose()
                    )
            blocks.append(block.tolist())
        rows.extend(
            [entry for block in blocks for entry in block[a]]
            for a in range(state.ncols())
        )
    return arb_mat(rows)


def values_from_mean(value: arb_mat, weights: arb_mat, token: int) -> arb_mat:
    """Rows p_ij (v_j - sum_k p_ik v_k) for the token i: they sum to zero."""
    tokens = value.nrows()
    weight = [weights[token, j] for j in range(tokens)]
    mean = arb_mat(1, tokens, weight) * value
    spread = plus_row(value, (-mean).entries())
    diagonal = arb_mat(tokens, tokens)
    for j in range(tokens):
        diagonal[j, j] = weight[j]
    return diagonal * spread
