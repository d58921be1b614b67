"""Gated feed-forward fields on tubes: the deviation holds, constants matter."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, radii
from theorems.scored_fields import gated_cases, verdict_of
from theorems.search import ascend, largest_in_tube, products_agree, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import GatedFeedForward, gated_feed_forward

TUBES = st.one_of(radii(4), radii(256))


def change_of(field, state):
    """The distance of a state's Jacobian from the centre's, less its rounding."""
    centre = field.jacobian(state)
    rounding = 1e-13 * (1 + spectral_norm(centre))
    return lambda x: spectral_norm(field.jacobian(x) - centre) - rounding


@pytest.mark.theorem("gated-feed-forward-deviation-tube")
@given(gated_cases(), TUBES, SEEDS)
def test_the_deviation_bound_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.gated_feed_forward_deviation_tube(field, state, float(radius)).value
    change = change_of(field, state)
    assert largest_in_tube(change, state, float(radius), seed) <= bound


def frozen_values(field, state, radius):
    """The changes as they would be if the value of the gate did not move."""
    steep, value = REAL_CHANGES(field, state, radius)
    return steep, np.zeros_like(value)


REAL_CHANGES = gated_feed_forward._changes


@pytest.mark.theorem(
    "gated-feed-forward-deviation-tube", refutes="the change of the gate's value"
)
def test_the_deviation_bound_without_the_change_of_the_value_is_violated():
    one = np.ones((1, 1))
    field, state, radius = GatedFeedForward(one, one, one), np.zeros((1, 1)), 0.125
    found = ascend(change_of(field, state), state, radius, steps=60)
    with mock.patch.object(gated_feed_forward, "_changes", frozen_values):
        dropped = bounds.gated_feed_forward_deviation_tube(field, state, radius).value
    assert dropped < found
    assert found <= bounds.gated_feed_forward_deviation_tube(field, state, radius).value


@pytest.mark.theorem("gated-feed-forward-deviation-tube")
@settings(max_examples=30)
@given(gated_cases(), radii(32))
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius
):
    bound = bounds.gated_feed_forward_deviation_tube(
        case.field, case.state, float(radius)
    )
    if bound.value < 1e-9 or bound.value > 1e12:
        return
    for share, status in ((1, "accepted"), (1 - 1e-4, "rejected")):
        folder = tmp_path_factory.mktemp("claim")
        assert verdict_of(folder, case, radius, bound, share) == status


@pytest.mark.parametrize("activation", ["silu", "gelu"])
def test_the_slope_of_a_gate_is_taken_at_its_turn(activation):
    gate = gated_feed_forward.GATES[activation]
    centre, reach = np.array([gate.turn - 0.1]), np.array([0.25])
    moves = gate.slope(np.linspace(centre - reach, centre + reach, 4001))
    found = np.abs(moves - gate.slope(centre)).max()
    given_ = gated_feed_forward._slope_changes(gate, centre, reach)[0]
    assert found <= given_ <= found + 1e-6


@given(gated_cases(), SEEDS)
def test_products_with_the_jacobian_agree_with_it(case, seed):
    assert products_agree(case.field, case.state, seed)
