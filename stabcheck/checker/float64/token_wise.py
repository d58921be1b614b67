r"""Jacobians of token-wise fields in midpoint-radius arithmetic: (n, d, d) blocks.

Slopes, directions and scales are enclosed in balls and rounded to float64; only the
large products are made in floating point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat

from stabcheck.checker.fields.gated_feed_forward import gated_slopes
from stabcheck.checker.fields.token_wise import (
    hidden_slopes,
    normalised_token,
)
from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    add,
    blocked_product,
    exact,
    from_arb,
    gamma,
    multiply,
    outward,
    subtract,
    summation_length,
    upper_product,
)
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.norms import frobenius

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _factors(
    ctx: Context, index: int, state: arb_mat
) -> tuple[np.ndarray, MidpointRadius, np.ndarray]:
    r"""The exact $W_2^{\mathsf T}$, the slopes of every token, the exact W_1^T."""
    field = ctx.field(index)
    slopes = from_arb(
        [slope for row in hidden_slopes(ctx, index, state) for _, slope in row],
        (state.nrows(), field["hidden"], 1),
    )
    first = ctx.array(field["W_1"]).astype(np.float64).T
    return ctx.array(field["W_2"]).astype(np.float64).T, slopes, first


def feed_forward_jacobians(ctx: Context, index: int, state: arb_mat) -> MidpointRadius:
    r"""Enclose $W_2^{\mathsf T}\operatorname{diag}(g)W_1^{\mathsf T}$ per token."""
    second, slopes, first = _factors(ctx, index, state)
    inner = multiply(slopes, exact(first)[None])
    outer = accurate_product(second[None], inner.midpoint)
    spread = upper_product(np.abs(second)[None], inner.radius)
    return MidpointRadius(outer.midpoint, outward(outer.radius + spread))


def feed_forward_ball(ctx: Context, index: int, state: arb_mat) -> NormBall:
    r"""The same as a ball in norm, from one product instead of four.

    $|AB - \mathrm{fl}(AB)| \le \gamma|A||B| + k\eta$, in Frobenius norms: enough
    for a bound, not for a long product of Jacobians.
    """
    second, slopes, first = _factors(ctx, index, state)
    terms = second.shape[1]
    inner = slopes.midpoint * first
    midpoint = blocked_product(second, inner)
    # Each entry of the inner factor is rounded once, and the slopes have radii.
    rounding = (gamma(summation_length(terms)) + 2 * UNIT_ROUNDOFF) * frobenius(inner)
    wide = float(slopes.radius.max()) * frobenius(first) + first.size * SMALLEST
    error = frobenius(second) * (rounding + wide)
    underflow = len(second) * terms * SMALLEST
    return NormBall(midpoint, float(outward(error + underflow)))


def gated_jacobians(ctx: Context, index: int, state: arb_mat) -> MidpointRadius:
    r"""Enclose the Jacobian of a gated field per token."""
    field = ctx.field(index)
    shape = (state.nrows(), field["hidden"], 1)
    steep, value = (
        from_arb(list(part), shape) for part in gated_slopes(ctx, index, state)
    )
    gate, first = (
        exact(ctx.array(field[name]).astype(np.float64).T)[None]
        for name in ("W_g", "W_1")
    )
    inner = add(multiply(steep, gate), multiply(value, first))
    second = ctx.array(field["W_2"]).astype(np.float64).T
    outer = accurate_product(second[None], inner.midpoint)
    spread = upper_product(np.abs(second)[None], inner.radius)
    return MidpointRadius(outer.midpoint, outward(outer.radius + spread))


def normalisation_jacobians(ctx: Context, index: int, state: arb_mat) -> MidpointRadius:
    r"""Enclose $\operatorname{diag}(\gamma)(\Pi - \hat z\hat z^{\mathsf T})/s$."""
    tokens, features = state.nrows(), state.ncols()
    rows = [normalised_token(ctx, index, row) for row in state.tolist()]
    direction = from_arb(
        [z for row in rows for z in row.direction], (tokens, features, 1)
    )
    factor = from_arb(
        [gain / row.scale for row in rows for gain in row.gains], (tokens, features, 1)
    )
    part = arb(int(rows[0].centred)) / features
    plain = from_arb(
        [int(a == b) - part for a in range(features) for b in range(features)],
        (1, features, features),
    )
    inner = subtract(plain, multiply(direction, direction.transpose(0, 2, 1)))
    return multiply(factor, inner)
