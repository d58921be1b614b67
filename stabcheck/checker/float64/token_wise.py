r"""Jacobians of token-wise fields in midpoint-radius arithmetic: (n, d, d) blocks.

Slopes, directions and scales are enclosed in balls and rounded to float64; only the
large products are made in floating point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat

from stabcheck.checker.fields.token_wise import (
    feed_forward_weights,
    gelu_derivative,
    hidden_values,
    normalised_token,
)
from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    MidpointRadius,
    exact,
    from_arb,
    multiply,
    outward,
    subtract,
    upper_product,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def feed_forward_jacobians(ctx: Context, index: int, state: arb_mat) -> MidpointRadius:
    r"""Enclose $W_2^{\mathsf T}\operatorname{diag}(g)W_1^{\mathsf T}$ per token."""
    field = ctx.field(index)
    hidden = hidden_values(feed_forward_weights(ctx, index), state)
    slopes = from_arb(
        [gelu_derivative(z) for row in hidden for z in row],
        (state.nrows(), field["hidden"], 1),
    )
    first = ctx.array(field["W_1"]).astype(np.float64).T
    second = ctx.array(field["W_2"]).astype(np.float64).T
    inner = multiply(slopes, exact(first)[None])
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
