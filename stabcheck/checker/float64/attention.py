r"""The Jacobian of softmax attention in midpoint-radius arithmetic.

Queries, keys, values and attention weights are enclosed in balls and rounded to
float64; the blocks are then, with $\tilde v_{ij} = v_j - \sum_k p_{ik}v_k$ and
$\tilde k_{ij}$ alike (theorem `attention-jacobian`),

$$J_{ij} = \sum_h p_{ij} (W_VW_O)^{\mathsf T} + (s\,p_{ij}W_O^{\mathsf T}\tilde
v_{ij})(W_Kq_i)^{\mathsf T} + \delta_{ij}\,W_O^{\mathsf T}\Bigl(s\sum_k
p_{ik}\tilde v_{ik}k_k^{\mathsf T}\Bigr)W_Q^{\mathsf T}.$$
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import arb_mat

from stabcheck.checker.fields.attention import (
    Head,
    HeadState,
    Weights,
    attention_weights,
    head_state,
)
from stabcheck.checker.float64.accurate import accurate_enclosure, accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    MidpointRadius,
    add,
    exact,
    from_arb,
    multiply,
    subtract,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


@dataclass(frozen=True)
class _Matrices:
    """The exact weights of all heads as float64 arrays."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    output: np.ndarray


@dataclass(frozen=True)
class _Heads:
    """Everything of the heads at a state, leading axis the head.

    `left` (H, n, n, d) holds the columns s p_ij W_O^T v~_ij, `right` (H, n, d) the rows
    W_K q_i, `own` (H, n, d, d_k) the factors W_O^T Cov_i of the diagonal term.
    """

    weight: MidpointRadius
    left: MidpointRadius
    right: MidpointRadius
    own: MidpointRadius


def attention_jacobian(ctx: Context, index: int, state: arb_mat) -> MidpointRadius:
    """Enclose the Jacobian of attention field `index`, (n d, n d), token-major."""
    weights = attention_weights(ctx, index)
    matrices = _matrices(ctx, index)
    through = accurate_product(
        np.swapaxes(matrices.output, 1, 2), np.swapaxes(matrices.value, 1, 2)
    )
    heads = _enclose_heads(weights, matrices, state)
    tokens, features = state.nrows(), state.ncols()
    size = tokens * features
    result = exact(np.empty((size, size)))
    for token in range(tokens):
        rows = _rows(heads, matrices, through, token)
        place = slice(token * features, (token + 1) * features)
        result.midpoint[place] = rows.midpoint.reshape(features, size)
        result.radius[place] = rows.radius.reshape(features, size)
    return result


def _matrices(ctx: Context, index: int) -> _Matrices:
    field = ctx.field(index)
    query, key, value = (
        ctx.array(field[name]).astype(np.float64) for name in ("W_Q", "W_K", "W_V")
    )
    heads, features, width = value.shape
    if "W_O" in field:
        output = ctx.array(field["W_O"]).astype(np.float64)
    else:
        output = np.eye(features)
    return _Matrices(query, key, value, output.reshape(heads, width, features))


def _enclose_heads(weights: Weights, matrices: _Matrices, state: arb_mat) -> _Heads:
    scale = from_arb([weights.scale], ())
    parts = [
        _enclose_head(weights, head, state, scale, matrices.key[h], matrices.output[h])
        for h, head in enumerate(weights.heads)
    ]
    return _Heads(*(_stacked(group) for group in zip(*parts, strict=True)))


def _stacked(parts: tuple[MidpointRadius, ...]) -> MidpointRadius:
    return MidpointRadius(
        np.stack([part.midpoint for part in parts]),
        np.stack([part.radius for part in parts]),
    )


def _centred(rows: arb_mat) -> MidpointRadius:
    """Rows less their plain average: a common part would only cancel, inexactly."""
    count = rows.nrows()
    average = arb_mat(count, count, [1] * (count * count)) * rows / count
    return from_arb((rows - average).entries(), (count, rows.ncols()))


def _covariance(at: HeadState, token: int) -> arb_mat:
    r"""Enclose $\sum_j p_{ij} v_jk_j^{\mathsf T} - \bar v_i\bar k_i^{\mathsf T}$.

    In balls, whose precision outlasts the cancellation.
    """
    tokens = at.value.nrows()
    row = [at.weight[token, j] for j in range(tokens)]
    scaled = arb_mat(
        [[p * v for v in line] for p, line in zip(row, at.value.tolist(), strict=True)]
    )
    means = [arb_mat(1, tokens, row) * part for part in (at.value, at.key)]
    return scaled.transpose() * at.key - means[0].transpose() * means[1]


def _enclose_head(
    weights: Weights,
    head: Head,
    state: arb_mat,
    scale: MidpointRadius,
    key_matrix: np.ndarray,
    output_matrix: np.ndarray,
) -> tuple[MidpointRadius, ...]:
    at = head_state(weights, head, state)
    tokens = state.nrows()
    weight = from_arb(at.weight.entries(), (tokens, tokens))
    value = _centred(at.value)
    query = from_arb(at.query.entries(), (tokens, at.query.ncols()))
    mean = accurate_enclosure(weight, value)
    spread = subtract(value[None], mean[:, None])
    scaled = multiply(multiply(weight, scale)[:, :, None], spread)
    covariance = from_arb(
        [
            entry * weights.scale
            for token in range(tokens)
            for entry in _covariance(at, token).entries()
        ],
        (tokens, at.value.ncols(), at.key.ncols()),
    )
    output = exact(output_matrix)
    return (
        weight,
        accurate_enclosure(scaled, output),
        accurate_enclosure(query, exact(key_matrix.T)),
        accurate_enclosure(exact(output_matrix.T), covariance),
    )


def _rows(
    heads: _Heads, matrices: _Matrices, through: MidpointRadius, token: int
) -> MidpointRadius:
    """The block row of a token, as an array (d, n, d)."""
    count, features = through.shape[:2]
    weight = heads.weight[:, token].transpose(1, 0)
    tokens = weight.shape[0]
    flat = through.reshape(count, features * features)
    blocks = accurate_enclosure(weight, flat).reshape(tokens, features, features)
    left = heads.left[:, token].transpose(1, 2, 0)
    blocks = add(blocks, accurate_enclosure(left, heads.right[:, token][None]))
    own = heads.own[:, token].transpose(1, 0, 2).reshape(features, -1)
    query = exact(matrices.query.transpose(0, 2, 1).reshape(-1, features))
    diagonal = add(blocks[token], accurate_enclosure(own, query))
    blocks.midpoint[token] = diagonal.midpoint
    blocks.radius[token] = diagonal.radius
    return blocks.transpose(1, 0, 2)
