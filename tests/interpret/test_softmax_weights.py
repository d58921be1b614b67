"""Softmax weights and means with weights that sum to one, in float64 intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.errors import InvalidInput
from stabcheck.interpret.midpoint_radius import MidpointRadius
from stabcheck.interpret.softmax_weights import softmax_weights
from stabcheck.interpret.weighted_mean import mean, off_diagonal

KEYS = st.integers(1, 5)
WIDTHS = st.sampled_from([0.0, 1e-3, 0.5, 20.0])
ROUNDING = 2**-40


def points(logits, mask=None, sink=None):
    """The weights of one row of logits in plain float64."""
    top = logits.max()
    powers = np.exp(logits - top) * (1 if mask is None else mask)
    return powers / (powers.sum() + (0 if sink is None else np.exp(sink - top)))


@given(SEEDS, KEYS, WIDTHS)
def test_weights_hold_those_of_every_logit_in_the_box(seed, keys, width):
    rng = generator(seed)
    middle, radius = 3 * rng.standard_normal(keys), width * rng.uniform(size=keys)
    mask = rng.integers(0, 2, keys)
    mask[rng.integers(keys)] = 1
    sink = rng.standard_normal() if rng.integers(2) else None
    weights = softmax_weights(
        MidpointRadius(middle, radius),
        MidpointRadius.exactly(mask),
        None if sink is None else MidpointRadius.exactly(sink),
    )
    for _ in range(8):
        inside = points(middle + radius * rng.uniform(-1, 1, keys), mask, sink)
        assert (weights.lower <= inside + ROUNDING).all()
        assert (inside - ROUNDING <= weights.upper).all()
    assert (weights.lower >= -ROUNDING).all()
    assert (weights.upper <= 1 + ROUNDING).all()
    assert (weights.radius[mask == 0] == 0).all()


def test_the_ends_are_attained():
    logits = MidpointRadius(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.25, 0.125]))
    weights = softmax_weights(logits, None, None)
    own = points(np.array([0.5, 0.75, 1.875]))[0]
    assert abs(weights.upper[0] - own) < ROUNDING


def test_a_lone_key_weighs_exactly_one():
    weights = softmax_weights(MidpointRadius(np.zeros(1), np.ones(1)), None, None)
    assert weights.midpoint == 1
    assert weights.is_exact


def test_a_mask_of_intervals_is_refused():
    wide = MidpointRadius(np.ones(2), np.ones(2))
    with pytest.raises(InvalidInput, match="mask of zeros and ones, found intervals"):
        softmax_weights(wide, wide, None)


@given(SEEDS, KEYS, WIDTHS)
def test_a_mean_holds_every_mean_with_weights_of_sum_one(seed, keys, width):
    rng = generator(seed)
    weights = rng.dirichlet(np.ones(keys))
    room = 0.2 * rng.uniform(size=keys)
    values, radius = rng.standard_normal(keys), width * rng.uniform(size=keys)
    found = mean(MidpointRadius(weights, room), MidpointRadius(values, radius))
    for _ in range(8):
        other = np.clip(rng.dirichlet(np.ones(keys)), weights - room, weights + room)
        other = other if abs(other.sum() - 1) < 1e-12 else weights
        exact = float(other @ (values + radius * rng.uniform(-1, 1, keys)))
        assert found.lower - ROUNDING <= exact <= found.upper + ROUNDING


def test_a_constant_has_its_own_value_as_mean_whatever_the_weights():
    wide = MidpointRadius(np.full(4, 0.5), np.full(4, 0.5))
    found = mean(wide, MidpointRadius.exactly(np.full(4, 7.0)))
    assert abs(found.midpoint - 7) <= found.radius < 1e-12


def test_a_mean_stays_between_the_extremes_of_its_values():
    wide = MidpointRadius(np.full(4, 0.5), np.full(4, 0.5))
    found = mean(wide, MidpointRadius.exactly(np.array([0.0, 1.0, 2.0, 3.0])))
    assert found.lower > -1e-12
    assert found.upper < 3 + 1e-12


def test_differences_of_a_value_with_itself_are_nothing():
    square = MidpointRadius(np.ones((2, 2)), np.ones((2, 2)))
    apart = off_diagonal(square, 0, 1)
    assert (np.diag(apart.radius) == 0).all()
    assert (np.diag(apart.midpoint) == 0).all()
    assert apart.radius[0, 1] == 1
