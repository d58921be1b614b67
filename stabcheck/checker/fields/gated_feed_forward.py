r"""Gated feed-forward fields in balls: SwiGLU and GeGLU, and how their slopes move.

A token's value is $(\phi(u)\circ z)W_2$ with $u = xW_g$, $z = xW_1$, and its Jacobian
$W_2^{\mathsf T}(\operatorname{diag}(z\circ\phi'(u))W_g^{\mathsf T} +
\operatorname{diag}(\phi(u))W_1^{\mathsf T})$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, root, vector_norm
from stabcheck.checker.fields.activations import (
    ACTIVATIONS,
    Activation,
    slope_deviation,
)
from stabcheck.checker.fields.feed_forward_centre import exact_rows, weighted_norm

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "KIND",
    "gated_deviation_over_tube",
    "gated_jvp",
    "gated_slopes",
    "gated_token_matrix",
    "gated_value",
]

KIND = "gated-feed-forward"


@dataclass(frozen=True)
class Gated:
    """Weights (d, m), (d, m), (m, d) of a gated field, and its activation."""

    gate: arb_mat
    first: arb_mat
    second: arb_mat
    activation: Activation


def _gated(ctx: Context, index: int) -> Gated:
    key = ("gated-weights", index)
    if key not in ctx.cache:
        field = ctx.field(index)
        features, hidden = field["features"], field["hidden"]
        ctx.cache[key] = Gated(
            gate=ctx.arb_matrix(field["W_g"], features, hidden),
            first=ctx.arb_matrix(field["W_1"], features, hidden),
            second=ctx.arb_matrix(field["W_2"], hidden, features),
            activation=ACTIVATIONS[field["activation"]],
        )
    return ctx.cache[key]


def _hidden(weights: Gated, state: arb_mat) -> list[list[tuple[arb, arb]]]:
    """Enclose u and z of every unit, token by token."""
    gates, values = (state * weights.gate).tolist(), (state * weights.first).tolist()
    return [list(zip(*rows, strict=True)) for rows in zip(gates, values, strict=True)]


def gated_value(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose the field's value, of shape (n, d)."""
    weights = _gated(ctx, index)
    phi = weights.activation.value
    active = [[phi(u) * z for u, z in row] for row in _hidden(weights, state)]
    return arb_mat(active) * weights.second


def gated_jvp(ctx: Context, index: int, state: arb_mat, direction: arb_mat) -> arb_mat:
    """Enclose the derivative in a direction, both of shape (n, d)."""
    weights = _gated(ctx, index)
    phi, slope = weights.activation.value, weights.activation.slope
    rows = [
        [
            slope(u) * z * gate + phi(u) * value
            for (u, z), (gate, value) in zip(row, moves, strict=True)
        ]
        for row, moves in zip(
            _hidden(weights, state), _hidden(weights, direction), strict=True
        )
    ]
    return arb_mat(rows) * weights.second


def gated_token_matrix(ctx: Context, index: int, row: list[arb]) -> arb_mat:
    """Enclose the (d, d) Jacobian at one token."""
    weights = _gated(ctx, index)
    phi, slope = weights.activation.value, weights.activation.slope
    (hidden,) = _hidden(weights, arb_mat([row]))
    inner = [
        [slope(u) * z * a + phi(u) * b for a, b in zip(gate, first, strict=True)]
        for (u, z), gate, first in zip(
            hidden,
            weights.gate.transpose().tolist(),
            weights.first.transpose().tolist(),
            strict=True,
        )
    ]
    return weights.second.transpose() * arb_mat(inner)


def gated_slopes(
    ctx: Context, index: int, state: arb_mat
) -> tuple[list[arb], list[arb]]:
    r"""Enclose $z\phi'(u)$ and $\phi(u)$ of every unit, token after token."""
    weights = _gated(ctx, index)
    phi, slope = weights.activation.value, weights.activation.slope
    hidden = [pair for row in _hidden(weights, state) for pair in row]
    return [slope(u) * z for u, z in hidden], [phi(u) for u, _ in hidden]


def _reaches(ctx: Context, index: int, radius: Fraction) -> list[tuple[arb, arb]]:
    """Enclose how far u and z of each unit move in the tube."""
    key = ("gated-columns", index)
    if key not in ctx.cache:
        weights = _gated(ctx, index)
        ctx.cache[key] = [
            [vector_norm(column) for column in matrix.transpose().tolist()]
            for matrix in (weights.gate, weights.first)
        ]
    step = ball(radius)
    return [(a * step, b * step) for a, b in zip(*ctx.cache[key], strict=True)]


def _changes(
    activation: Activation, at: tuple[arb, arb], reach: tuple[arb, arb]
) -> tuple[arb, arb]:
    r"""Bound the changes of $z\phi'(u)$ and of $\phi(u)$ in the tube."""
    (u, z), (gate, value) = at, reach
    turn = slope_deviation(activation, u, gate)
    steep = abs(activation.slope(u))
    return turn * (abs(z) + value) + steep * value, gate * (steep + turn)


def gated_deviation_over_tube(
    ctx: Context, index: int, centre: str, radius: Fraction
) -> arb:
    r"""Bound the norm of the change of the Jacobian over the tube, worst token.

    With changes $\alpha$ of $z\phi'(u)$ and $\beta$ of $\phi(u)$: at most
    $\lVert\sqrt\alpha W_2\rVert\,\lVert\sqrt\alpha W_g^{\mathsf T}\rVert +
    \lVert\sqrt\beta W_2\rVert\,\lVert\sqrt\beta W_1^{\mathsf T}\rVert$, diagonal
    matrices before the others.
    """
    field, weights = ctx.field(index), _gated(ctx, index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    reach = _reaches(ctx, index, radius)
    second = exact_rows(ctx, field["W_2"], transposed=False)
    inputs = [exact_rows(ctx, field[name], transposed=True) for name in ("W_g", "W_1")]
    worst = arb(0)
    for row in _hidden(weights, state):
        changes = [
            _changes(weights.activation, at, moves)
            for at, moves in zip(row, reach, strict=True)
        ]
        moved = arb(0)
        for matrix, column in zip(inputs, zip(*changes, strict=True), strict=True):
            roots = [root(change) for change in column]
            left = weighted_norm(matrix, roots, None)
            moved = moved + left * weighted_norm(second, roots, None)
        worst = worst.max(moved)
    return worst
