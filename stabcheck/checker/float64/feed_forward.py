r"""`feed-forward-tube` in floating point: no witness, the same statement.

The value at the centre is proved for one (d, d) matrix a token; over the tube the
Jacobian moves by at most $\lVert\operatorname{diag}(\sqrt\delta)W_2\rVert\,
\lVert\operatorname{diag}(\sqrt\delta)W_1^{\mathsf T}\rVert$ with the changes $\delta$
of the slopes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from stabcheck.checker.arithmetic.balls import ball, upper_end
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.token_wise import (
    feed_forward_weights,
    gelu_derivative_deviation,
    hidden_values,
)
from stabcheck.checker.float64.decide import decide
from stabcheck.checker.float64.definite import sharp_norm
from stabcheck.checker.float64.guard import check_finite, verified_arithmetic
from stabcheck.checker.float64.jacobian import field_jacobian
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    float_at_least,
    gamma,
    outward,
)
from stabcheck.checker.float64.norms import frobenius
from stabcheck.checker.hypotheses import (
    float_text,
    no_premises,
    quantity_of,
    single_field,
    tube_of,
)

if TYPE_CHECKING:
    from flint import arb, arb_mat

    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")


def check(ctx: Context, claim: dict, premises: Sequence[dict]) -> None:
    """Check norm or logarithmic norm over the tube: centre plus deviation."""
    no_premises(premises)
    quantity = quantity_of(claim, QUANTITIES)
    index = single_field(ctx, claim, ["feed-forward"])
    field = ctx.field(index)
    centre, radius = tube_of(ctx, claim, field)
    value = claim["parameters"].get("centre")
    if not isinstance(value, Fraction):
        raise ClaimRejected("parameter centre, the value at the centre, is missing")
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    with verified_arithmetic():
        key = ("float64-deviation", index, centre, radius)
        if key not in ctx.cache:
            ctx.cache[key] = _deviation(ctx, index, state, radius)
        moved = ctx.cache[key]
        sign = -1 if quantity == "log-norm-lower" else 1
        if not moved <= sign * (claim["bound"] - value):
            raise ClaimRejected(
                f"the deviation over the tube is {float_text(moved)}, more than the "
                "claim leaves beyond the value at the centre"
            )
        # One slot: the Jacobians of many centres would fill the memory.
        held, jacobian = ctx.cache.get("float64-blocks", (None, None))
        if held != (index, centre):
            jacobian = field_jacobian(ctx, index, state)
            ctx.cache["float64-blocks"] = ((index, centre), jacobian)
        decide(jacobian, quantity, value, "the value at the centre")


def _deviation(ctx: Context, index: int, state: arb_mat, radius: Fraction) -> Fraction:
    """Bound the change of the Jacobian over the tube, worst token."""
    field = ctx.field(index)
    first = ctx.array(field["W_1"]).astype(np.float64)
    second = ctx.array(field["W_2"]).astype(np.float64)
    squares = (first * first).sum(axis=0) * (1 + 3 * gamma(len(first)))
    columns = outward(np.sqrt(outward(squares + len(first) * SMALLEST)))
    check_finite(columns, what="the first matrix of the field")
    reach = [ball(Fraction(float(column))) * ball(radius) for column in columns]
    moves = []
    for row in hidden_values(feed_forward_weights(ctx, index), state):
        changes = [
            gelu_derivative_deviation(z, move)
            for z, move in zip(row, reach, strict=True)
        ]
        roots = outward(np.sqrt(np.array([_upper(change) for change in changes])))
        moved = _weighted_norm(first.T, roots) * _weighted_norm(second, roots)
        moves.append(float(outward(moved)))
    check_finite(np.array(moves), what="the deviation over the tube")
    return Fraction(max(moves))


def _upper(value: arb) -> float:
    end = upper_end(value)
    return np.inf if end is None else float_at_least(end)


def _weighted_norm(matrix: np.ndarray, weights: np.ndarray) -> float:
    """Bound the norm of diag(weights) times a matrix."""
    scaled = weights[:, None] * matrix
    # Each product is rounded once.
    rounding = 2 * UNIT_ROUNDOFF * frobenius(scaled) + scaled.size * SMALLEST
    return float(outward(sharp_norm(scaled) + rounding))
