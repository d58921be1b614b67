r"""Rule `attention-pencil`: norms of one attention field round a state, float64 tier.

The claim's multipliers, subspace and weights are exact numbers of its arrays; every
positive choice gives a true bound.  With $Q$ and $R$ built from them, $\sup\lVert
J\rVert$ is at most the largest eigenvalue of $Q$, $R$ with the anchor beside them, and
$\sup\mu_2(J)$ that of $H(J_a) + \tfrac12(Q + R)$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from flint import arb

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.definite import is_symmetric_part_at_most
from stabcheck.checker.float64.guard import check_finite, verified_arithmetic
from stabcheck.checker.float64.midpoint_radius import (
    UNIT_ROUNDOFF,
    float_at_least,
    float_at_most,
    outward,
)
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.norms import frobenius
from stabcheck.checker.float64.pencil import matrices
from stabcheck.checker.float64.pencil.arrays import (
    HeadArrays,
    form_norm,
    head_arrays,
    steepness,
)
from stabcheck.checker.float64.pencil.first_order import pencil
from stabcheck.checker.float64.pencil.moved import Choice
from stabcheck.checker.float64.pencil.products import (
    Sides,
    row_products,
    summed,
)
from stabcheck.checker.hypotheses import (
    float64_only,
    float_text,
    no_premises,
    quantity_of,
    single_field,
)
from stabcheck.checker.pencil.domain import Moves, moves_of
from stabcheck.checker.pencil.heads import PencilHead, head_rows, pencil_heads
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context
    from stabcheck.checker.float64.norm_ball import NormBall

MOST_ROWS = 2048
MOST_VECTORS = 256


@dataclass(frozen=True)
class _Choices:
    """The free choices of a claim: multipliers (12, H, n), subspace (m, nd), weights.

    `scales` (m,) belong to the subspace, `weights` (nd,) to the entries of the state,
    `shares` (4, H, n) to the first orders of covariance, means, moved values and moved
    keys, the shifts (H, n, n) to the softmax weights.
    """

    multipliers: np.ndarray
    subspace: np.ndarray
    scales: np.ndarray
    weights: np.ndarray
    shares: np.ndarray
    shift_covariance: np.ndarray
    shift_means: np.ndarray


POSITIVE = ("multipliers", "scales", "weights")


def _choices(ctx: Context, claim: dict, field: dict) -> _Choices:
    tokens, features, heads = field["tokens"], field["features"], field["heads"]
    size = tokens * features
    if size > MOST_ROWS:
        raise ClaimRejected(
            f"the state has {size} entries; this rule forms matrices of at most "
            f"{MOST_ROWS} rows"
        )
    count = _array(ctx, claim, "scales").shape[:1]
    if not count or not 1 <= count[0] <= MOST_VECTORS:
        raise ClaimRejected(f"parameter scales has to have 1 to {MOST_VECTORS} entries")
    shapes = {
        "multipliers": (12, heads, tokens),
        "subspace": (*count, size),
        "scales": count,
        "weights": (tokens, features),
        "shares": (4, heads, tokens),
        "shift_covariance": (heads, tokens, tokens),
        "shift_means": (heads, tokens, tokens),
    }
    found = {}
    for name, shape in shapes.items():
        array = _array(ctx, claim, name)
        if array.shape != shape or array.dtype != "<f8":
            raise ClaimRejected(
                f"parameter {name} has to be a float64 array of shape {shape}, it is "
                f"{array.dtype} of shape {array.shape}"
            )
        if name in POSITIVE and not (array > 0).all():
            raise ClaimRejected(f"every entry of parameter {name} has to be positive")
        if name == "shares" and not ((array >= 0) & (array <= 1)).all():
            raise ClaimRejected("every entry of parameter shares has to be in [0, 1]")
        found[name] = array
    found["weights"] = found["weights"].ravel()
    return _Choices(**found)


def _array(ctx: Context, claim: dict, name: str) -> np.ndarray:
    value = claim["parameters"].get(name)
    if not isinstance(value, str):
        raise ClaimRejected(f"parameter {name} has to name an array")
    return ctx.array(value)


@rule("attention-pencil")
def attention_pencil(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check norm or logarithmic norm over a box, a tube or a Frobenius ball."""
    float64_only(claim)
    no_premises(premises)
    quantity = quantity_of(claim, ["spectral-norm", "log-norm", "log-norm-lower"])
    index = single_field(ctx, claim, ["attention"])
    field = ctx.field(index)
    centre, moves = moves_of(ctx, claim, field)
    choices = _choices(ctx, claim, field)
    with verified_arithmetic():
        heads = pencil_heads(ctx, index, centre)
        anchor, left, right = _matrices(ctx, (index, centre), heads, moves, choices)
        _decide(anchor, left, right, quantity, claim["bound"])


def _matrices(
    ctx: Context,
    key: tuple[int, str],
    heads: list[PencilHead],
    moves: Moves,
    choices: _Choices,
) -> tuple[NormBall, NormBall, NormBall]:
    # Claims at one centre come together; the parts of a box are at many.
    latest, arrays = ctx.cache.get("pencil-arrays", (None, []))
    if latest != key:
        arrays = [head_arrays(head) for head in heads]
        ctx.cache["pencil-arrays"] = key, arrays
    sides = [
        _sides(head, array, moves, choices, place)
        for place, (head, array) in enumerate(zip(heads, arrays, strict=True))
    ]
    shifts = list(zip(choices.shift_covariance, choices.shift_means, strict=True))
    reach = moves.weighted([Fraction(c) for c in choices.weights.tolist()])
    share = np.array([float_at_least(reach / Fraction(s)) for s in choices.scales])
    first = pencil(
        arrays, choices.shares, choices.subspace, choices.scales, choices.weights
    )
    return (
        matrices.anchor(arrays, shifts),
        matrices.left_side(arrays, sides, first),
        matrices.right_side(arrays, sides, choices.subspace, share),
    )


def _sides(
    head: PencilHead, arrays: HeadArrays, moves: Moves, choices: _Choices, place: int
) -> Sides:
    steep = [
        steepness(arrays, token, keys) if moves.are_joint else arb(0)
        for token, keys in enumerate(head.admissible)
    ]
    rows = head_rows(head, moves, form_norm(arrays), steep)
    products = []
    for token, (row, keys) in enumerate(zip(rows, head.admissible, strict=True)):
        shifts = [
            [arb(float(table[place, token, k])) for k in keys]
            for table in (choices.shift_covariance, choices.shift_means)
        ]
        shares = [arb(float(share)) for share in choices.shares[:, place, token]]
        own = keys.index(token) if token in keys else None
        choice = Choice(*shares, *shifts)
        reach = moves.reach(token, keys)
        products.append(row_products(row, own, choice, moves, reach))
    return summed(products, head.admissible, choices.multipliers[:, place])


def _decide(
    anchor: NormBall, left: NormBall, right: NormBall, quantity: str, bound: Fraction
) -> None:
    if quantity == "spectral-norm":
        matrix = np.block(
            [[left.midpoint, anchor.midpoint], [anchor.midpoint.T, right.midpoint]]
        )
        radius = max(left.radius, right.radius) + anchor.radius
    else:
        sign = -1.0 if quantity == "log-norm-lower" else 1.0
        matrix = (left.midpoint + right.midpoint) * 0.5
        rounding = UNIT_ROUNDOFF * frobenius(matrix)
        matrix += sign * anchor.midpoint
        rounding += UNIT_ROUNDOFF * frobenius(matrix)
        radius = anchor.radius + (left.radius + right.radius) / 2 + 2 * rounding
        bound = -bound if quantity == "log-norm-lower" else bound
    spread = float(outward(radius))
    check_finite(matrix, spread, what="the matrix of the claim")
    most = float_at_most(bound - Fraction(spread))
    if not is_symmetric_part_at_most(matrix, most):
        raise ClaimRejected(
            f"the matrix of the claim is not shown to have eigenvalues at most "
            f"{float_text(bound)}, with {float_text(Fraction(spread))} for rounding"
        )
