"""The rough ball of a feed-forward's Jacobian, and its tube in floating point."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from checker.float64 import contexts
from checker.float64.contexts import claim, context
from hypothesis import given
from strategies import feed_forward_cases

from stabcheck import bounds
from stabcheck.bounds import FeedForward
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields import branches as fields
from stabcheck.checker.float64.definite import sharp_norm
from stabcheck.checker.float64.token_wise import feed_forward_ball
from stabcheck.checker.rules.feed_forward import feed_forward_tube

RADIUS = Fraction(1, 64)


@given(feed_forward_cases())
def test_the_ball_of_one_product_holds_the_exact_jacobian(case):
    ctx = context([case.field], case.state)
    start = ctx.arb_matrix("state", *case.state.shape)
    found = feed_forward_ball(ctx, 0, start)
    with flint.ctx.workprec(256):
        truth = fields.jacobian(ctx, [0], start)
    assert contexts.distance(found, truth) <= found.radius


def unlike_tokens():
    """Two tokens whose slopes move in different hidden units: pooling would lose."""
    generator = np.random.default_rng(4)
    field = FeedForward(
        generator.standard_normal((3, 8)),
        np.zeros(8),
        generator.standard_normal((8, 3)),
        np.zeros(3),
    )
    return field, 2 * generator.standard_normal((4, 3))


def decide(quantity, moved, *, value_share=1.0):
    field, state = unlike_tokens()
    value = bounds.feed_forward_centre(field, state)[quantity] * value_share
    sign = -1 if quantity == "log-norm-lower" else 1
    made = claim(
        "feed-forward-tube",
        quantity,
        {"branch": [0]},
        Fraction(value) + sign * Fraction(moved),
        tier="float64",
        parameters={"centre": Fraction(value)},
    )
    feed_forward_tube(context([field], state, radius=RADIUS), made, [])


@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm", "log-norm-lower"])
def test_the_tube_is_accepted_as_sharply_as_token_by_token(quantity):
    field, state = unlike_tokens()
    arguments = field, state, float(RADIUS)
    sharp = bounds.feed_forward_deviation_tube(*arguments, sharp=True).value
    pooled = bounds.feed_forward_deviation_tube(*arguments, sharp=True, pooled=True)
    assert sharp < 0.99 * pooled.value
    decide(quantity, sharp)
    with pytest.raises(ClaimRejected, match="the deviation over the tube"):
        decide(quantity, 0.99 * sharp)
    with pytest.raises(ClaimRejected, match="the value at the centre"):
        decide(quantity, pooled.value, value_share=0.99)


def test_a_rough_norm_is_given_where_it_is_enough():
    matrix = np.random.default_rng(1).standard_normal((9, 5))
    norm = float(np.linalg.norm(matrix, 2))
    assert norm <= sharp_norm(matrix, enough=1.01 * norm) <= norm * (1 + 1e-8)
    assert norm * 1.01 < sharp_norm(matrix, enough=2 * norm) <= 2 * norm
