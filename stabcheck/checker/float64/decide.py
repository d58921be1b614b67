"""From a ball of matrices and a rational bound to a decision."""

from __future__ import annotations

from fractions import Fraction

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.definite import (
    is_norm_at_most,
    is_singular_value_at_least,
    is_symmetric_part_at_most,
)
from stabcheck.checker.float64.guard import check_finite
from stabcheck.checker.float64.midpoint_radius import float_at_least, float_at_most
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.hypotheses import float_text

SIDES = {
    "spectral-norm": "at most",
    "growth": "at most",
    "log-norm": "at most",
    "log-norm-lower": "at least",
    "shrink": "at least",
}


def decide(ball: NormBall, quantity: str, bound: Fraction, what: str) -> None:
    """Accept a bound that holds for every matrix of the ball, by Weyl's inequality.

    **Raises:** `ClaimUndecided` after an overflow, `ClaimRejected` if the bound is not
    proved: it is false, or closer to the truth than the rounding.
    """
    check_finite(ball.midpoint, ball.radius, what=what)
    radius = Fraction(ball.radius)
    blocks = ball.midpoint if ball.is_block_diagonal else [ball.midpoint]
    if not all(_holds(block, quantity, bound, radius) for block in blocks):
        raise ClaimRejected(
            f"{what}: {quantity} {SIDES[quantity]} {float_text(bound)} is not proved, "
            f"with {float_text(radius)} for rounding"
        )


def _holds(matrix, quantity: str, bound: Fraction, radius: Fraction) -> bool:
    if quantity in ("spectral-norm", "growth"):
        return is_norm_at_most(matrix, float_at_most(bound - radius))
    if quantity == "log-norm":
        return is_symmetric_part_at_most(matrix, float_at_most(bound - radius))
    if quantity == "log-norm-lower":
        return is_symmetric_part_at_most(-matrix, float_at_most(-bound - radius))
    if bound <= 0:
        return True
    return is_singular_value_at_least(matrix, float_at_least(bound + radius))
