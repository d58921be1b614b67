"""Attention on tubes: norm and deviation hold, constants matter, checker agrees."""

import dataclasses
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from checker.small import Builder, certificate_about
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator, radii, tube_states
from theorems.search import ascend, largest_in_tube, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention, attention, local_attention
from stabcheck.bounds.local_attention import tube_weights
from stabcheck.checker import check

TUBES = st.one_of(radii(8), radii(256))


@pytest.mark.theorem("attention-norm-tube")
@given(attention_cases(), TUBES, SEEDS)
def test_the_norm_bound_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.attention_norm_tube(field, state, float(radius)).value
    found = largest_in_tube(
        lambda x: spectral_norm(field.jacobian(x)), state, float(radius), seed
    )
    assert found <= bound


@pytest.mark.theorem("attention-jacobian-deviation-tube")
@given(attention_cases(), TUBES, SEEDS)
def test_the_deviation_bound_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.attention_jacobian_deviation_tube(field, state, float(radius)).value
    centre = field.jacobian(state)
    # Two float64 Jacobians differ by their rounding even where they are equal.
    rounding = 1e-13 * (1 + spectral_norm(centre))

    def distance(x: np.ndarray) -> float:
        return spectral_norm(field.jacobian(x) - centre) - rounding

    assert largest_in_tube(distance, state, float(radius), seed) <= bound


@given(attention_cases(), TUBES, SEEDS)
def test_the_weights_stay_within_their_enclosure(case, radius, seed):
    field, state = case.field, case.state
    local = local_attention(field, state)
    tube = tube_weights(local, float(radius))
    room = 1e-12
    for other in tube_states(state, float(radius), seed):
        query, key, _ = field.projections(other)
        weights = field.attention_weights(query, key)
        moved = np.abs(weights - local.weights)
        assert (weights <= tube.upper * (1 + room)).all()
        assert (moved <= tube.change * (1 + room) + room).all()
        most = tube.ratio[..., None] * local.weights
        assert (weights <= most * (1 + room) + 1e-300).all()
        kappa = tube.relative[..., None] * local.weights
        assert (moved <= kappa * (1 + room) + room).all()


def biased(seed: int) -> tuple[Attention, np.ndarray]:
    """A head whose query bias is large, as real checkpoints have it."""
    rng = generator(seed)
    weights = {key: rng.standard_normal((1, 2, 2)) for key in ("W_Q", "W_K", "W_V")}
    field = Attention(**weights, b_Q=5 * rng.standard_normal((1, 2)))
    return field, rng.standard_normal((4, 2))


def without_query_bias(field, state):
    """The local quantities as they would be if b_Q did not enter the slopes."""
    local = local_attention(field, state)
    query = local.query - field.b_Q[:, None]
    slopes = np.einsum("hik,hdk->hid", query, field.W_K)
    return dataclasses.replace(
        local,
        query=query,
        query_slope=local.scale * np.linalg.norm(slopes, axis=2),
    )


@pytest.mark.theorem("attention-norm-tube", refutes="the query bias dropped")
def test_the_norm_bound_without_the_query_bias_is_violated():
    field, state = biased(0)
    local = without_query_bias(field, state)
    dropped = bounds.attention_norm_tube(field, state, 0.0, local=local).value
    truth = spectral_norm(field.jacobian(state))
    assert dropped < truth
    assert truth <= bounds.attention_norm_tube(field, state, 0.0).value


def sensitive() -> tuple[Attention, np.ndarray]:
    """Logits that change fast: far tokens, a strong query, weights near one half."""
    field = Attention(
        W_Q=np.array([[[3.0]]]), W_K=np.array([[[1.0]]]), W_V=np.array([[[1.0]]])
    )
    return field, np.array([[0.05], [4.0], [-4.0], [4.0]])


def frozen_weights(local, radius):
    """What the tube would be if softmax did not move: every ratio 1."""
    tube = tube_weights(local, radius)
    return dataclasses.replace(
        tube,
        upper=local.weights,
        change=np.zeros_like(tube.change),
        ratio=np.ones_like(tube.ratio),
    )


@pytest.mark.theorem("attention-norm-tube", refutes="the ratio of the weights ignored")
def test_the_norm_bound_with_frozen_weights_is_violated():
    field, state = sensitive()
    radius = 0.1
    found = ascend(lambda x: spectral_norm(field.jacobian(x)), state, radius, steps=100)
    with mock.patch.object(attention, "tube_weights", frozen_weights):
        assert bounds.attention_norm_tube(field, state, radius).value < found
    assert found <= bounds.attention_norm_tube(field, state, radius).value


def without_distortion(local, radius):
    """What the tube would be if covariances did not change with the weights."""
    tube = tube_weights(local, radius)
    return dataclasses.replace(tube, relative=np.zeros_like(tube.relative))


@pytest.mark.theorem(
    "attention-jacobian-deviation-tube", refutes="kappa, the covariance's change"
)
def test_the_deviation_bound_without_kappa_is_violated():
    # The covariance of the tokens moves through the weights: the logits change fast
    # and the tokens themselves hardly move.
    field, state = sensitive()
    radius = 2.0**-10
    centre = field.jacobian(state)
    found = ascend(
        lambda x: spectral_norm(field.jacobian(x) - centre), state, radius, steps=100
    )
    with mock.patch.object(attention, "tube_weights", without_distortion):
        dropped = bounds.attention_jacobian_deviation_tube(field, state, radius).value
    assert dropped < found
    assert found <= bounds.attention_jacobian_deviation_tube(field, state, radius).value


@pytest.mark.theorem("attention-norm-tube")
@pytest.mark.theorem("attention-jacobian-deviation-tube")
@settings(max_examples=30)
@given(attention_cases(), radii(32))
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius
):
    field, state = case.field, case.state
    for bound_of in (
        bounds.attention_norm_tube,
        bounds.attention_jacobian_deviation_tube,
    ):
        bound = bound_of(field, state, float(radius))
        # Where float64 rounding is all there is, the two sides have nothing to share.
        if bound.value < 1e-9 or bound.value > 1e12:
            continue
        for share, status in ((1, "accepted"), (1 - 1e-4, "rejected")):
            build = Builder()
            build.add(dataclasses.replace(bound, value=bound.value * share), [0], 0)
            folder = tmp_path_factory.mktemp("claim")
            path = certificate_about(field, state, Fraction(radius), build).save(folder)
            assert check(path, jobs=1).status == status
