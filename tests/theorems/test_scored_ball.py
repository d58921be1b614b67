"""Turned and capped scores on a ball of tokens: bounds hold, constants matter."""

from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.scored_fields import scored_cases, verdict_of
from theorems.search import log_norm, spectral_norm

from stabcheck.bounds import Attention, ScoredAttention, scored_attention_ball
from stabcheck.bounds import scored_ball as module

RADII = st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1), Fraction(3)])


def ball_states(shape, radius: float, seed: int, count: int = 12):
    """States on the sphere, inside, near a consensus, and with opposite tokens."""
    rng = generator(seed)
    inside = radius * (1 - 1e-12)
    for number in range(count):
        state = rng.standard_normal(shape)
        if number % 3 == 1:
            state = state[:1] + 0.1 * state
        if number % 3 == 2:
            state[1:] = np.sign(rng.standard_normal((len(state) - 1, 1))) * state[:1]
        lengths = np.maximum(np.linalg.norm(state, axis=1, keepdims=True), 1e-300)
        shares = 1.0 if number % 2 else rng.uniform(size=(len(state), 1))
        yield inside * shares * state / lengths


def mixed_lower(jacobian: np.ndarray, tokens: int, seed: int) -> float:
    """A lower estimate of the norm that takes the largest token on both sides."""
    direction = generator(seed).standard_normal((20, tokens, len(jacobian) // tokens))
    direction = direction / np.linalg.norm(direction, axis=2, keepdims=True)
    images = (direction.reshape(20, -1) @ jacobian.T).reshape(direction.shape)
    return float(np.linalg.norm(images, axis=2).max())


@pytest.mark.theorem("scored-attention-ball")
@given(scored_cases(), RADII, SEEDS)
def test_the_ball_bounds_hold_at_every_state_that_is_tried(case, radius, seed):
    field, shape = case.field, case.state.shape
    bounds = {
        quantity: scored_attention_ball(field, float(radius), shape[0], quantity).value
        for quantity in module.QUANTITIES
    }
    for state in ball_states(shape, float(radius), seed):
        jacobian = field.jacobian(state)
        assert spectral_norm(jacobian) <= bounds["spectral-norm"]
        assert mixed_lower(jacobian, shape[0], seed) <= bounds["mixed-norm"]
        assert log_norm(jacobian) <= bounds["log-norm"]
        assert -log_norm(-jacobian) >= bounds["log-norm-lower"]


def one_row_of_weights(field, tokens, spread):
    """The masses as they would be if every row weighed all tokens alike."""
    masses = REAL_MASSES(field, tokens, spread)
    return np.ones_like(masses[0]), masses[1]


REAL_MASSES = module._column_masses


@pytest.mark.theorem("scored-attention-ball", refutes="the mass of a causal column")
def test_the_ball_bound_with_columns_of_mass_one_is_violated():
    # At consensus the first token of a causal row is seen by all: the norm of the
    # averages of Cesaro.
    one = np.ones((1, 1, 1))
    field = ScoredAttention(Attention(0 * one, 0 * one, one, causal=True), soft_cap=1)
    state = np.full((6, 1), 0.5)
    truth = spectral_norm(field.jacobian(state))
    with mock.patch.object(module, "_column_masses", one_row_of_weights):
        assert scored_attention_ball(field, 1.0, 6, "spectral-norm").value < truth
    assert truth <= scored_attention_ball(field, 1.0, 6, "spectral-norm").value


@pytest.mark.theorem("scored-attention-ball")
@settings(max_examples=30)
@given(scored_cases(), RADII)
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius
):
    for quantity in module.QUANTITIES:
        bound = scored_attention_ball(
            case.field, float(radius), len(case.state), quantity
        )
        if not 1e-9 <= abs(bound.value) <= 1e12:
            continue
        # A lower bound is rounded upward by the helper: leave it room.
        whole = 1 + 2**-40 if quantity == "log-norm-lower" else 1
        for share, status in ((whole, "accepted"), (1 - 1e-4, "rejected")):
            folder = tmp_path_factory.mktemp("claim")
            found = verdict_of(folder, case, radius, bound, share, on_ball=True)
            assert found == status
