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

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.token_wise import (
    gelu_derivative_deviation,
    hidden_slopes,
)
from stabcheck.checker.float64.decide import decide
from stabcheck.checker.float64.definite import sharp_norm
from stabcheck.checker.float64.guard import check_finite, verified_arithmetic
from stabcheck.checker.float64.jacobian import field_jacobian
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    float_at_most,
    from_arb,
    gamma,
    outward,
)
from stabcheck.checker.float64.norms import frobenius
from stabcheck.checker.float64.token_wise import feed_forward_ball
from stabcheck.checker.hypotheses import (
    float_text,
    no_premises,
    quantity_of,
    single_field,
    tube_of,
)

if TYPE_CHECKING:
    from flint import arb_mat

    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
NEARLY = 1 - 2.0**-20
"""A norm that much below the most allowed leaves room for the rounding of the rest."""


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
    sign = -1 if quantity == "log-norm-lower" else 1
    room = sign * (claim["bound"] - value)
    with verified_arithmetic():
        moved = _deviation(ctx, index, centre, radius, room)
        if not moved <= room:
            raise ClaimRejected(
                f"the deviation over the tube is {float_text(moved)}, more than the "
                "claim leaves beyond the value at the centre"
            )
        _check_centre(ctx, index, state, quantity, value)


def check_deviation(ctx: Context, claim: dict, premises: Sequence[dict]) -> None:
    """Check how far the Jacobian moves from the centre's over the tube."""
    no_premises(premises)
    quantity_of(claim, ["jacobian-deviation"])
    index = single_field(ctx, claim, ["feed-forward"])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    with verified_arithmetic():
        moved = _deviation(ctx, index, centre, radius, claim["bound"])
    if not moved <= claim["bound"]:
        raise ClaimRejected(
            f"the deviation over the tube is at most {float_text(moved)}, which does "
            f"not prove the claimed {float_text(claim['bound'])}"
        )


def _check_centre(
    ctx: Context, index: int, state: arb_mat, quantity: str, value: Fraction
) -> None:
    """Decide the value at the centre: roughly, and accurately where that fails."""
    # One slot: the Jacobians of many centres would fill the memory.
    held, jacobian = ctx.cache.get("float64-blocks", (None, None))
    if held is None or held[0] != index or held[1] is not state:
        jacobian = feed_forward_ball(ctx, index, state)
        ctx.cache["float64-blocks"] = ((index, state), jacobian)
    what = "the value at the centre"
    try:
        decide(jacobian, quantity, value, what)
    except (ClaimRejected, ClaimUndecided):
        decide(field_jacobian(ctx, index, state), quantity, value, what)


def _deviation(
    ctx: Context, index: int, centre: str, radius: Fraction, room: Fraction
) -> Fraction:
    """Bound the change of the Jacobian over the tube, only as sharply as is needed.

    First with the largest change of every hidden unit, then token by token.
    """
    key = ("float64-deviation", index, centre, radius)
    known = ctx.cache.get(key)
    if known is None or not known <= room:
        roots = _slope_roots(ctx, index, centre, radius)
        pooled = roots.max(axis=0, keepdims=True)
        known = _largest_move(ctx, index, pooled, room)
        if not known <= room:
            known = min(known, _largest_move(ctx, index, roots, room))
        ctx.cache[key] = known
    return known


def _slope_roots(ctx: Context, index: int, centre: str, radius: Fraction) -> np.ndarray:
    """Bound the roots of the changes of the slopes, of shape (n, m)."""
    field = ctx.field(index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    first = ctx.array(field["W_1"]).astype(np.float64)
    squares = (first * first).sum(axis=0) * (1 + 3 * gamma(len(first)))
    columns = outward(np.sqrt(outward(squares + len(first) * SMALLEST)))
    check_finite(columns, what="the first matrix of the field")
    reach = [ball(Fraction(float(column))) * ball(radius) for column in columns]
    changes = from_arb(
        (
            gelu_derivative_deviation(z, move, slope)
            for row in hidden_slopes(ctx, index, state)
            for (z, slope), move in zip(row, reach, strict=True)
        ),
        (field["tokens"], len(columns)),
    )
    return outward(np.sqrt(outward(np.abs(changes.midpoint) + changes.radius)))


def _largest_move(
    ctx: Context, index: int, roots: np.ndarray, room: Fraction
) -> Fraction:
    """Bound the product of both weighted norms over the rows of roots."""
    field = ctx.field(index)
    first = ctx.array(field["W_1"]).astype(np.float64).T
    second = ctx.array(field["W_2"]).astype(np.float64)
    moves = []
    for row in roots:
        left = _weighted_norm(first, row)
        enough = float_at_most(room / Fraction(left)) if 0 < left < np.inf else 0.0
        moves.append(float(outward(left * _weighted_norm(second, row, enough))))
    check_finite(np.array(moves), what="the deviation over the tube")
    return Fraction(max(moves))


def _weighted_norm(
    matrix: np.ndarray, weights: np.ndarray, enough: float = 0.0
) -> float:
    """Bound the norm of diag(weights) times a matrix, sharply beyond `enough`."""
    scaled = weights[:, None] * matrix
    # Each product is rounded once.
    rounding = 2 * UNIT_ROUNDOFF * frobenius(scaled) + scaled.size * SMALLEST
    return float(outward(sharp_norm(scaled, enough * NEARLY) + rounding))
