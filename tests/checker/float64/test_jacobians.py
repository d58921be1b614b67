"""Jacobians in float64 enclose the exact ones: fields, branches, ranges of maps."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from checker.float64 import contexts
from checker.float64.contexts import normalise, residual
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    SEEDS,
    Case,
    attention_cases,
    feed_forward_cases,
    generator,
    norm_cases,
)

from stabcheck.bounds import Attention, FeedForward, LayerNorm
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields import branches as fields
from stabcheck.checker.float64 import chain, depth, guard
from stabcheck.checker.float64.jacobian import branch_jacobian
from stabcheck.checker.float64.norm_ball import (
    NormBall,
    crude_multiply,
    identity_plus,
    multiply,
)

ROUNDING = 1e-12


def check_branch(members: list, state: np.ndarray) -> None:
    ctx = contexts.context(members, state)
    branch = list(range(len(members)))
    start = ctx.arb_matrix("state", *state.shape)
    found = branch_jacobian(ctx, branch, start)
    with flint.ctx.workprec(256):
        truth = fields.jacobian(ctx, branch, start)
    apart = contexts.distance(found, truth)
    assert apart <= found.radius
    assert found.radius <= ROUNDING * max(1.0, found.norm) * state.size


@given(attention_cases())
def test_the_jacobian_of_attention_is_enclosed(case):
    check_branch([case.field], case.state)


@given(feed_forward_cases())
def test_the_jacobian_of_a_feed_forward_field_is_enclosed(case):
    check_branch([case.field], case.state)


@given(norm_cases())
def test_the_jacobian_of_a_normalisation_is_enclosed(case):
    check_branch([case.field], case.state)


@st.composite
def stacks(draw) -> tuple[list, np.ndarray]:
    """Attention, LayerNorm and feed-forward of one size, with a state."""
    rng = generator(draw(SEEDS))
    n, d, heads = (draw(st.integers(1, most)) for most in (3, 3, 2))
    attention = Attention(
        W_Q=rng.standard_normal((heads, d, 2)),
        W_K=rng.standard_normal((heads, d, 2)),
        W_V=rng.standard_normal((heads, d, 2)),
        W_O=rng.standard_normal((heads * 2, d)),
        b_Q=rng.standard_normal((heads, 2)),
        causal=draw(st.booleans()),
    )
    norm = LayerNorm(rng.standard_normal(d), rng.standard_normal(d), Fraction(1, 100))
    field = FeedForward(
        rng.standard_normal((d, 4)).astype(np.float32),
        rng.standard_normal(4),
        rng.standard_normal((4, d)),
        rng.standard_normal(d),
    )
    return [attention, norm, field], rng.standard_normal((n, d))


@given(stacks())
def test_the_jacobian_of_a_composition_is_enclosed(stack):
    (attention, norm, field), state = stack
    check_branch([norm, attention], state)
    check_branch([attention, norm], state)
    check_branch([norm, field], state)
    check_branch([attention, attention], state)


MAPS = (
    residual(0, size=Fraction(1, 3)),
    normalise(1),
    residual(2),
    normalise(1),
    residual(1, 0, size=Fraction(1, 2)),
    residual(1, 2),
)


def range_truth(ctx, first: int, last: int, shape: tuple[int, int]):
    """The product of the maps' Jacobians in balls of 512 bits."""
    with flint.ctx.workprec(512):
        state = ctx.arb_matrix("state", *shape)
        size = shape[0] * shape[1]
        product = flint.arb_mat(size, size)
        for i in range(size):
            product[i, i] = 1
        for index in range(first, last):
            record = ctx.maps[index]
            if record["kind"] == "normalise":
                step = fields.jacobian(ctx, [record["field"]], state)
            else:
                h = contexts.exact_ball(record["size"])
                step = fields.jacobian(ctx, record["branch"], state) * h
                for i in range(size):
                    step[i, i] += 1
            product = step * product
            state = depth.next_state(ctx, index, state)
        return product


@settings(max_examples=30)
@given(stacks(), st.data())
def test_the_jacobian_of_a_range_of_maps_is_enclosed(stack, data):
    members, state = stack
    ctx = contexts.context(members, state, MAPS)
    first = data.draw(st.integers(0, len(MAPS) - 1))
    last = data.draw(st.integers(first + 1, len(MAPS)))
    found = depth.range_jacobian(ctx, first, last, "state")
    truth = range_truth(ctx, first, last, state.shape)
    apart = contexts.distance(found, truth)
    assert apart <= found.radius
    assert found.radius <= 1e-9 * (1 + found.norm)


def test_a_chain_longer_than_its_links_is_enclosed():
    rng = generator(4)
    blocks, size = 3, 2
    factors = [
        NormBall(np.eye(6) + 0.3 * rng.standard_normal((6, 6)), 0.0)
        if place % 3
        else NormBall(np.eye(size) + 0.3 * rng.standard_normal((blocks, 2, 2)), 0.0)
        for place in range(3 * chain.LINKS**2)
    ]
    found = chain.chain_product(factors)
    with flint.ctx.workprec(512):
        truth = flint.arb_mat(np.eye(6).tolist())
        for factor in factors:
            truth = flint.arb_mat(contexts.dense(factor).tolist()) * truth
    assert contexts.distance(found, truth) <= found.radius <= 1e-9 * found.norm


def test_a_chain_of_blocks_stays_block_diagonal():
    factors = [NormBall(np.full((2, 1, 1), 2.0), 0.0)] * 20
    found = chain.chain_product(factors)
    assert found.is_block_diagonal
    assert (found.midpoint == 2.0**20).all()


@given(SEEDS, st.booleans(), st.booleans(), st.sampled_from([multiply, crude_multiply]))
def test_a_product_of_balls_contains_products_of_their_members(
    seed, left_blocks, right_blocks, product
):
    rng = generator(seed)

    def ball(blocks: bool) -> tuple[NormBall, np.ndarray]:
        shape = (2, 3, 3) if blocks else (6, 6)
        found = NormBall(rng.standard_normal(shape), 0.125)
        move = rng.standard_normal(shape)
        move *= 0.1249 / np.linalg.norm(move, 2, axis=(-2, -1)).max()
        return found, contexts.dense(NormBall(found.midpoint + move, 0.0))

    (left, one), (right, other) = ball(left_blocks), ball(right_blocks)
    found = product(left, right)
    apart = np.linalg.norm(one @ other - contexts.dense(found), 2)
    assert apart <= found.radius
    assert found.radius <= 3 * 0.125 * (left.norm + right.norm)


@given(SEEDS, st.fractions(-2, 2, max_denominator=1000), st.booleans())
def test_a_step_of_a_ball_contains_the_steps_of_its_members(seed, step, blocks):
    rng = generator(seed)
    matrix = rng.standard_normal((2, 2, 2) if blocks else (3, 3))
    ball = NormBall(matrix, 0.5)
    found = identity_plus(abs(step), ball)
    h = flint.arb(abs(step).numerator) / abs(step).denominator
    truth = flint.arb_mat(contexts.dense(ball).tolist()) * h
    for i in range(truth.nrows()):
        truth[i, i] += 1
    assert contexts.distance(found, truth) + 0.49999 * float(abs(step)) <= found.radius


def test_a_wide_trajectory_is_computed_again_with_more_bits(monkeypatch):
    rng = generator(5)
    field = FeedForward(
        3 * rng.standard_normal((3, 9)),
        rng.standard_normal(9),
        3 * rng.standard_normal((9, 3)),
        rng.standard_normal(3),
    )
    norm = LayerNorm(np.ones(3), np.zeros(3), Fraction(1, 100))
    state = rng.standard_normal((1, 3))
    ctx = contexts.context([field, norm], state, [residual(0), normalise(1)] * 40)
    monkeypatch.setattr(depth, "PRECISIONS", (128,))
    with pytest.raises(ClaimUndecided, match="not enclosed narrowly"):
        depth.range_jacobian(ctx, 0, 80, "state")
    monkeypatch.setattr(depth, "PRECISIONS", (128, 2048))
    assert depth.range_jacobian(ctx, 0, 80, "state").radius < 1.0


def test_an_overflow_is_undecided():
    huge = FeedForward(
        np.full((1, 1), 1e200), np.zeros(1), np.full((1, 1), 1e200), np.zeros(1)
    )
    ctx = contexts.context([huge], np.ones((1, 1)))
    with pytest.raises(ClaimUndecided, match="overflows float64"):
        branch_jacobian(ctx, [0], ctx.arb_matrix("state", 1, 1))


def test_a_matrix_that_is_too_large_is_undecided(monkeypatch):
    case = Case(Attention(*(np.ones((1, 2, 2)) for _ in range(3))), np.ones((3, 2)))
    ctx = contexts.context([case.field], case.state)
    monkeypatch.setattr(guard, "MOST_ROWS", 5)
    with pytest.raises(ClaimUndecided, match="at most 5 rows"):
        branch_jacobian(ctx, [0], ctx.arb_matrix("state", 3, 2))


def test_a_state_of_another_shape_is_rejected():
    ctx = contexts.context(
        [LayerNorm(np.ones(2), np.ones(2), Fraction(1))], np.ones((3, 2))
    )
    with pytest.raises(ClaimRejected, match="shape"):
        branch_jacobian(ctx, [0], ctx.arb_matrix("state", 2, 3))


def test_arithmetic_that_rounds_otherwise_is_undecided(monkeypatch):
    monkeypatch.setattr(guard, "_probed", lambda: False)
    with (
        pytest.raises(ClaimUndecided, match="IEEE 754"),
        guard.verified_arithmetic(),
    ):
        pass


def test_missing_memory_is_undecided():
    with (
        pytest.raises(ClaimUndecided, match="memory"),
        guard.verified_arithmetic(),
    ):
        raise MemoryError("8 GiB")
