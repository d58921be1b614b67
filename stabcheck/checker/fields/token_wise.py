r"""Token-wise fields in balls: GELU feed-forward, LayerNorm, RMSNorm.

Their Jacobian is block diagonal, one (d, d) matrix per token.  With
$\hat z = (x - \bar x)/(s\sqrt d)$, $s = \sqrt{\operatorname{var} + \epsilon}$ and
$\Pi = I - \mathbb 1\mathbb 1^{\mathsf T}/d$, LayerNorm has
$\operatorname{diag}(\gamma)(\Pi - \hat z\hat z^{\mathsf T})/s$; RMSNorm has the same
with $\Pi = I$ and no mean.  The vector $\hat z$ is shorter than 1 when
$\epsilon > 0$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, root
from stabcheck.checker.failures import ClaimUndecided
from stabcheck.checker.fields.activations import (
    ACTIVATIONS,
    gelu,
    gelu_derivative,
    slope_deviation,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "NORMS",
    "FeedForward",
    "Normalised",
    "feed_forward_weights",
    "gelu",
    "gelu_derivative",
    "gelu_derivative_deviation",
    "hidden_slopes",
    "hidden_values",
    "normalise_jvp",
    "normalise_value",
    "normalised_token",
    "token_matrix",
]

NORMS = ("layer-norm", "rms-norm")


@dataclass(frozen=True)
class FeedForward:
    """Weights (d, m), (m,), (m, d), (d,) of a feed-forward field."""

    first: arb_mat
    first_bias: list[arb]
    second: arb_mat
    second_bias: list[arb]


@dataclass(frozen=True)
class Normalised:
    r"""One token under a norm: $\hat z$, the scale $s$ and the gains $\gamma$."""

    direction: list[arb]
    scale: arb
    gains: list[arb]
    centred: bool


def gelu_derivative_deviation(z: arb, radius: arb, middle: arb | None = None) -> arb:
    r"""Enclose $\sup_{|t|\le r} |g(z + t) - g(z)|$ for the derivative $g$ of GELU.

    `middle` is $g(z)$, where it is known.
    """
    return slope_deviation(ACTIVATIONS["gelu"], z, radius, middle)


def feed_forward_weights(ctx: Context, index: int) -> FeedForward:
    """Read the weights of feed-forward field `index` once and keep them."""
    cached = ctx.cache.get(("feed-forward-weights", index))
    if cached is not None:
        return cached
    field = ctx.field(index)
    features, hidden = field["features"], field["hidden"]
    weights = FeedForward(
        first=ctx.arb_matrix(field["W_1"], features, hidden),
        first_bias=ctx.arb_matrix(field["b_1"], 1, hidden).entries(),
        second=ctx.arb_matrix(field["W_2"], hidden, features),
        second_bias=ctx.arb_matrix(field["b_2"], 1, features).entries(),
    )
    ctx.cache[("feed-forward-weights", index)] = weights
    return weights


def hidden_values(weights: FeedForward, state: arb_mat) -> list[list[arb]]:
    """Enclose x W_1 + b_1, one list of hidden values per token."""
    return [
        [a + b for a, b in zip(row, weights.first_bias, strict=True)]
        for row in (state * weights.first).tolist()
    ]


def hidden_slopes(
    ctx: Context, index: int, state: arb_mat
) -> list[list[tuple[arb, arb]]]:
    """Enclose every hidden value and the slope there, token by token.

    One slot a field: the claims at one centre come together.
    """
    key = ("hidden-slopes", index)
    held, rows = ctx.cache.get(key, (None, None))
    if held is not state:
        rows = [
            [(z, gelu_derivative(z)) for z in row]
            for row in hidden_values(feed_forward_weights(ctx, index), state)
        ]
        ctx.cache[key] = (state, rows)
    return rows


def feed_forward_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose gelu(x W_1 + b_1) W_2 + b_2, of shape (n, d)."""
    weights = feed_forward_weights(ctx, index)
    active = [[gelu(z) for z in row] for row in hidden_values(weights, state)]
    return arb_mat(
        [
            [a + b for a, b in zip(row, weights.second_bias, strict=True)]
            for row in (arb_mat(active) * weights.second).tolist()
        ]
    )


def feed_forward_jvp(
    ctx: Context, index: int, state: arb_mat, direction: arb_mat
) -> arb_mat:
    """Enclose the derivative in a direction, both of shape (n, d)."""
    weights = feed_forward_weights(ctx, index)
    slopes = [
        [gelu_derivative(z) * move for z, move in zip(values, moves, strict=True)]
        for values, moves in zip(
            hidden_values(weights, state),
            (direction * weights.first).tolist(),
            strict=True,
        )
    ]
    return arb_mat(slopes) * weights.second


def normalised_token(ctx: Context, index: int, row: list[arb]) -> Normalised:
    """Enclose the normalised direction and the scale of one token.

    **Raises:** `ClaimUndecided` if the scale is not provably positive.
    """
    field = ctx.field(index)
    features = field["features"]
    centred = field["kind"] == "layer-norm"
    if centred:
        mean = sum(row, arb(0)) / features
        row = [entry - mean for entry in row]
    mean_square = sum((entry * entry for entry in row), arb(0)) / features
    scale = root(mean_square + ball(field["epsilon"]))
    if not scale > 0:
        raise ClaimUndecided(
            f"the {field['kind']} scale of a token is {scale.str(5)}, "
            "not provably positive"
        )
    length = scale * arb(features).sqrt()
    return Normalised(
        direction=[entry / length for entry in row],
        scale=scale,
        gains=ctx.arb_matrix(field["gamma"], 1, features).entries(),
        centred=centred,
    )


def normalise_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the LayerNorm or RMSNorm of every token, of shape (n, d)."""
    field = ctx.field(index)
    features = field["features"]
    width = arb(features).sqrt()
    shift = [arb(0)] * features
    if "beta" in field:
        shift = ctx.arb_matrix(field["beta"], 1, features).entries()
    rows = []
    for row in state.tolist():
        token = normalised_token(ctx, index, row)
        rows.append(
            [
                gain * z * width + offset
                for gain, z, offset in zip(
                    token.gains, token.direction, shift, strict=True
                )
            ]
        )
    return arb_mat(rows)


def normalise_jvp(
    ctx: Context, index: int, state: arb_mat, direction: arb_mat
) -> arb_mat:
    """Enclose the derivative in a direction, both of shape (n, d)."""
    rows = []
    for row, move in zip(state.tolist(), direction.tolist(), strict=True):
        token = normalised_token(ctx, index, row)
        along = sum((a * b for a, b in zip(token.direction, move, strict=True)), arb(0))
        mean = sum(move, arb(0)) / len(move) if token.centred else arb(0)
        rows.append(
            [
                gain * (v - mean - along * z) / token.scale
                for gain, v, z in zip(token.gains, move, token.direction, strict=True)
            ]
        )
    return arb_mat(rows)


def token_matrix(ctx: Context, index: int, row: list[arb]) -> arb_mat:
    """Enclose the (d, d) Jacobian of a token-wise field at one token."""
    field = ctx.field(index)
    features = field["features"]
    if field["kind"] == "feed-forward":
        weights = feed_forward_weights(ctx, index)
        slopes = [
            gelu_derivative(z)
            for z in hidden_values(weights, arb_mat(1, features, row))[0]
        ]
        scaled = [
            [slope * entry for entry in column]
            for slope, column in zip(
                slopes, weights.first.transpose().tolist(), strict=True
            )
        ]
        return weights.second.transpose() * arb_mat(scaled)
    token = normalised_token(ctx, index, row)
    part = arb(int(token.centred)) / features
    return arb_mat(
        [
            [
                gain / token.scale * (arb(int(a == b)) - part - left * right)
                for b, right in enumerate(token.direction)
            ]
            for a, (gain, left) in enumerate(
                zip(token.gains, token.direction, strict=True)
            )
        ]
    )
