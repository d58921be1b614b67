"""The error of a product of Jacobians is the sum of the local ones, amplified."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from checker.float64 import contexts
from checker.float64.contexts import claim, context, normalise, residual
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds import Attention, FeedForward, LayerNorm
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.chain import telescoped
from stabcheck.checker.float64.depth import range_jacobian
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.rules.float64 import depth_point


@st.composite
def chains(draw) -> tuple[list[NormBall], list[list[np.ndarray]]]:
    """Balls of matrices, dense and block diagonal, and the parts of a member each."""
    rng = generator(draw(SEEDS))
    blocks, size = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    balls, members = [], []
    for _ in range(draw(st.integers(1, 7))):
        dense = draw(st.booleans())
        shape = (blocks * size,) * 2 if dense else (blocks, size, size)
        radius = draw(st.sampled_from([0.0, 1e-14, 1e-9, 1e-3]))
        move = rng.standard_normal(shape)
        move *= radius * (1 - 1e-9) / np.linalg.norm(move, 2, axis=(-2, -1)).max()
        balls.append(NormBall(rng.standard_normal(shape), radius))
        parts = (balls[-1].midpoint, move)
        members.append([contexts.dense(NormBall(part, 0.0)) for part in parts])
    return balls, members


@pytest.mark.theorem("depth-point")
@given(chains())
def test_the_product_of_members_is_within_the_telescoped_error(chain):
    balls, members = chain
    found = telescoped([[ball] for ball in balls])
    with flint.ctx.workprec(256):
        truth = flint.arb_mat(np.eye(balls[0].rows).tolist())
        for middle, move in members:
            member = flint.arb_mat(middle.tolist()) + flint.arb_mat(move.tolist())
            truth = member * truth
    assert contexts.distance(found, truth) <= found.radius


@pytest.mark.theorem("depth-point", refutes="suffix norms s_l = 1")
def test_the_local_errors_alone_are_not_enough():
    # J_1 = 1 + r is one of the ball, J_2 = 2: the product is off by 2 r, not by r.
    found = telescoped([[NormBall(np.eye(1), 0.125)], [NormBall(2 * np.eye(1), 0.0)]])
    assert found.midpoint[0, 0] == 2.0
    assert 0.125 < 2 * 1.125 - 2.0 <= found.radius <= 0.25 * (1 + 1e-9)


@st.composite
def stacks(draw):
    """Pre-norm or post-norm stacks with a state, sizes from 1."""
    rng = generator(draw(SEEDS))
    n, d, heads = (draw(st.integers(1, most)) for most in (3, 3, 2))
    attention = Attention(
        W_Q=rng.standard_normal((heads, d, 2)),
        W_K=rng.standard_normal((heads, d, 2)),
        W_V=rng.standard_normal((heads, d, 1)),
        W_O=rng.standard_normal((heads, d)),
        b_Q=rng.standard_normal((heads, 2)),
    )
    norm = LayerNorm(rng.standard_normal(d), rng.standard_normal(d), Fraction(1, 10))
    field = FeedForward(
        rng.standard_normal((d, 3)),
        rng.standard_normal(3),
        rng.standard_normal((3, d)),
        rng.standard_normal(d),
    )
    size = draw(st.fractions(Fraction(1, 50), 1, max_denominator=50))
    if draw(st.booleans()):
        maps = [residual(1, 0, size=size), residual(1, 2, size=size)]
    else:
        maps = [residual(0, size=size), normalise(1), residual(2, size=size)]
    return context([attention, norm, field], rng.standard_normal((n, d)), 2 * maps)


@pytest.mark.theorem("depth-point")
@given(stacks())
def test_growth_and_shrink_are_decided_to_a_billionth(ctx):
    last = len(ctx.maps)
    ball = range_jacobian(ctx, 0, last, "state")
    singular = np.linalg.svd(contexts.dense(ball), compute_uv=False)
    # One feature behind a LayerNorm has the derivative 0, known up to rounding.
    room = 1e-9 * max(singular[0], 1e-3)
    for quantity, value, outward in (
        ("growth", singular[0], 1),
        ("shrink", singular[-1], -1),
    ):
        if quantity == "shrink" and singular[-1] <= 1e-4 * singular[0]:
            continue
        subject = {"maps": [0, last]}
        above, below = value + outward * room, value - outward * room
        depth_point(ctx, claim("depth-point", quantity, subject, above), [])
        with pytest.raises(ClaimRejected, match="is not proved"):
            depth_point(ctx, claim("depth-point", quantity, subject, below), [])
