"""The feed-forward branch on tubes: values, deviations, turning points of gelu'."""

import dataclasses
from unittest import mock

import numpy as np
import pytest
from checker.small import Builder, certificate_about
from hypothesis import given, settings
from strategies import SEEDS, feed_forward_cases, radii, tube_states
from theorems.search import QUANTITIES, ascend, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import FeedForward, feed_forward
from stabcheck.bounds.token_wise import gelu_derivative
from stabcheck.checker import check


@pytest.mark.theorem("feed-forward-tube")
@given(feed_forward_cases(), radii(256), SEEDS)
def test_norm_and_logarithmic_norms_hold_on_the_tube(case, radius, seed):
    field, state = case.field, case.state
    for quantity, value_of in QUANTITIES.items():
        bound = bounds.feed_forward_tube(field, state, float(radius), quantity).value
        sign = -1 if quantity == "log-norm-lower" else 1
        for other in tube_states(state, float(radius), seed, count=6):
            assert sign * value_of(field.jacobian(other)) <= sign * bound


@pytest.mark.theorem("feed-forward-deviation-tube")
@given(feed_forward_cases(), radii(256))
def test_the_deviation_holds_on_the_tube(case, radius):
    field, state = case.field, case.state
    bound = bounds.feed_forward_deviation_tube(field, state, float(radius)).value
    centre = field.jacobian(state)
    rounding = 1e-13 * (1 + spectral_norm(centre))
    found = ascend(
        lambda x: spectral_norm(field.jacobian(x) - centre), state, float(radius)
    )
    assert found - rounding <= bound


def one_unit(first: float, bias: float) -> FeedForward:
    """One feature, one hidden unit: the Jacobian is gelu'(first x + bias) first."""
    return FeedForward(
        np.array([[first]]), np.array([bias]), np.array([[1.0]]), np.array([0.0])
    )


@pytest.mark.theorem(
    "feed-forward-deviation-tube", refutes="0.999 of sqrt(|W_2 D W_2| |W_1 D W_1|)"
)
def test_one_hidden_unit_attains_the_deviation():
    field, state, radius = one_unit(2.0, 0.5), np.array([[0.25]]), 0.125
    bound = bounds.feed_forward_deviation_tube(field, state, radius).value
    moves = [
        abs(field.jacobian(state + t)[0, 0] - field.jacobian(state)[0, 0])
        for t in (-radius, radius)
    ]
    assert 0.999 * bound < max(moves) <= bound


def ends_only(field, state, radius):
    """How far gelu' moves if it were monotone: the two points +-sqrt 2 forgotten."""
    z = field.hidden(state)
    reach = radius * np.linalg.norm(field.W_1, axis=0)
    ends = (gelu_derivative(z - reach), gelu_derivative(z + reach))
    return np.maximum(*(np.abs(end - gelu_derivative(z)) for end in ends))


@pytest.mark.theorem(
    "feed-forward-deviation-tube", refutes="turning points of gelu' forgotten"
)
def test_a_deviation_from_the_ends_alone_is_violated():
    field, state, radius = one_unit(1.0, 3.0), np.array([[0.0]]), 1.7
    inner = np.array([[np.sqrt(2.0) - 3]])
    found = abs(field.jacobian(inner) - field.jacobian(state))[0, 0]
    with mock.patch.object(feed_forward, "slope_changes", ends_only):
        dropped = bounds.feed_forward_deviation_tube(field, state, radius).value
    assert dropped < found
    assert found <= bounds.feed_forward_deviation_tube(field, state, radius).value


@pytest.mark.theorem("feed-forward-tube", refutes="half of the deviation")
def test_less_than_the_whole_deviation_is_violated():
    field, state, radius = one_unit(1.0, 0.0), np.array([[0.0]]), 0.25
    centre = spectral_norm(field.jacobian(state))
    whole = bounds.feed_forward_tube(field, state, radius, "spectral-norm").value
    found = spectral_norm(field.jacobian(state + radius))
    assert centre + (whole - centre) / 2 < found <= whole


@pytest.mark.theorem("feed-forward-tube")
@pytest.mark.theorem("feed-forward-deviation-tube")
@settings(max_examples=20)
@given(feed_forward_cases(), radii(64))
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius
):
    field, state = case.field, case.state
    found = [(bounds.feed_forward_deviation_tube(field, state, float(radius)), None)]
    for quantity in QUANTITIES:
        bound = bounds.feed_forward_tube(field, state, float(radius), quantity)
        matrices = bounds.feed_forward_centre_matrices(
            field, state, quantity, bound.parameters["centre"]
        )
        found.append((bound, matrices))
    for bound, matrices in found:
        # Differences of gelu' carry the rounding of the prover's float64.
        if abs(bound.value) < 1e-6:
            continue
        stronger = bound.value < 0 if "lower" not in bound.quantity else bound.value > 0
        share = 1 + 1e-4 if stronger else 1 - 1e-4
        for factor, status in ((1, "accepted"), (share, "rejected")):
            build = Builder()
            claim = dataclasses.replace(bound, value=bound.value * factor)
            build.add(claim, [0], 0, matrices=matrices)
            folder = tmp_path_factory.mktemp("claim")
            path = certificate_about(field, state, radius, build).save(folder)
            assert check(path, jobs=1).status == status
