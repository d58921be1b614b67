"""Turned and capped scores on tubes: bounds hold, constants matter, checker agrees."""

import dataclasses
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, radii, tube_states
from theorems.scored_fields import scored_cases, verdict_of
from theorems.search import ascend, largest_in_tube, products_agree, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention, Rotary, ScoredAttention, scored_tube

TUBES = st.one_of(radii(8), radii(256))


@pytest.mark.theorem("scored-attention-norm-tube")
@given(scored_cases(), TUBES, SEEDS)
def test_the_norm_bound_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.scored_attention_norm_tube(field, state, float(radius)).value
    found = largest_in_tube(
        lambda x: spectral_norm(field.jacobian(x)), state, float(radius), seed
    )
    assert found <= bound


@pytest.mark.theorem("scored-attention-deviation-tube")
@given(scored_cases(), TUBES, SEEDS)
def test_the_deviation_bound_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.scored_attention_deviation_tube(field, state, float(radius)).value
    centre = field.jacobian(state)
    # Two float64 Jacobians differ by their rounding even where they are equal.
    rounding = 1e-13 * (1 + spectral_norm(centre))

    def distance(x: np.ndarray) -> float:
        return spectral_norm(field.jacobian(x) - centre) - rounding

    assert largest_in_tube(distance, state, float(radius), seed) <= bound


@given(scored_cases(), TUBES, SEEDS)
def test_weights_slopes_and_rows_stay_within_their_enclosures(case, radius, seed):
    field, state = case.field, case.state
    local = scored_tube.local_scored(field, state)
    tube = scored_tube.scored_tube(local, float(radius))
    room, centre = 1e-12, local.at
    for other in tube_states(state, float(radius), seed):
        at = field.at(other)
        assert (at.weights <= tube.weights.upper * (1 + room)).all()
        seen = np.isfinite(centre.logit)
        assert (at.slope[seen] <= tube.slope[seen] + room).all()
        turned = np.abs(at.slope - centre.slope)
        assert (turned[seen] <= tube.turn[seen] + room).all()
        rows, before = (
            local.scale * found.slope[..., None] * found.key[:, None]
            for found in (at, centre)
        )
        moved = np.where(seen, np.linalg.norm(rows - before, axis=-1), 0).max(axis=2)
        assert (moved <= tube.moved_keys * (1 + room) + room).all()


def biased() -> tuple[ScoredAttention, np.ndarray]:
    """A turned head whose keys are little more than their bias."""
    one = np.eye(2)[None]
    plain = Attention(3 * one, one / 1000, one, b_K=np.array([[9.0, 0.0]]))
    state = np.array([[0.1, 0.0], [2.0, 1.0], [-2.0, 0.0], [0.0, -2.0]])
    return ScoredAttention(plain, Rotary(base=10)), state


def without_key_bias(field, state):
    """The local quantities as they would be if b_K did not enter the slopes."""
    plain = dataclasses.replace(field.plain, b_K=None)
    bare = scored_tube.local_scored(ScoredAttention(plain, field.rotary), state)
    local = scored_tube.local_scored(field, state)
    return dataclasses.replace(local, tau=bare.tau, first=bare.first)


@pytest.mark.theorem("scored-attention-norm-tube", refutes="the key bias dropped")
def test_the_norm_bound_without_the_turned_key_bias_is_violated():
    field, state = biased()
    local = without_key_bias(field, state)
    dropped = bounds.scored_attention_norm_tube(field, state, 0.0, local=local).value
    truth = spectral_norm(field.jacobian(state))
    assert dropped < truth
    assert truth <= bounds.scored_attention_norm_tube(field, state, 0.0).value


def saturating() -> tuple[ScoredAttention, np.ndarray]:
    """Equal keys at the bend of the cap, and tokens whose values lie far apart."""
    plain = Attention(
        W_Q=np.array([[[0.015], [0.0]]]),
        W_K=np.array([[[1.0], [0.0]]]),
        W_V=np.array([[[0.0], [1.0]]]),
        W_O=np.array([[0.0, 1.0]]),
    )
    state = np.array([[10.0, 0.0], [10.0, 40.0], [10.0, -40.0]])
    return ScoredAttention(plain, soft_cap=1), state


def unbent(local, radius):
    """What the tube would be if the slopes of the cap did not move."""
    tube = REAL_TUBE(local, radius)
    reach = radius * local.norm_key[:, None, None]
    return dataclasses.replace(
        tube,
        slope=local.at.slope,
        turn=np.zeros_like(tube.turn),
        moved_keys=local.scale * (local.at.slope * reach).max(axis=2),
    )


REAL_TUBE = scored_tube.scored_tube


@pytest.mark.theorem(
    "scored-attention-deviation-tube", refutes="the turn of the cap's slopes"
)
def test_the_deviation_bound_without_the_turn_of_the_slopes_is_violated():
    field, state = saturating()
    radius = 2.0**-8
    centre = field.jacobian(state)
    found = ascend(
        lambda x: spectral_norm(field.jacobian(x) - centre), state, radius, steps=150
    )
    with mock.patch.object(scored_tube, "scored_tube", unbent):
        dropped = bounds.scored_attention_deviation_tube(field, state, radius).value
    assert dropped < found
    assert found <= bounds.scored_attention_deviation_tube(field, state, radius).value


@pytest.mark.theorem("scored-attention-norm-tube")
@pytest.mark.theorem("scored-attention-deviation-tube")
@settings(max_examples=30)
@given(scored_cases(), radii(32))
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius
):
    for bound_of in (
        bounds.scored_attention_norm_tube,
        bounds.scored_attention_deviation_tube,
    ):
        bound = bound_of(case.field, case.state, float(radius))
        # Where float64 rounding is all there is, the two sides have nothing to share.
        if bound.value < 1e-9 or bound.value > 1e12:
            continue
        for share, status in ((1, "accepted"), (1 - 1e-4, "rejected")):
            folder = tmp_path_factory.mktemp("claim")
            assert verdict_of(folder, case, radius, bound, share) == status


@given(scored_cases(), SEEDS)
def test_products_with_the_jacobian_agree_with_it(case, seed):
    assert products_agree(case.field, case.state, seed)
