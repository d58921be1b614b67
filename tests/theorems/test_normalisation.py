"""LayerNorm and RMSNorm on tubes: the deviation and its constant 2/sqrt 3."""

import math
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from strategies import SEEDS, norm_cases, radii, tube_states
from theorems.search import QUANTITIES, ascend, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import LayerNorm, RMSNorm, normalisation


def radius_inside(field, state, radius) -> float:
    """A radius on which every token keeps a positive scale: a share of the smallest."""
    _, scale = field.centred(state)
    return float(radius) * float(scale.min()) * math.sqrt(field.features)


@pytest.mark.theorem("layer-norm-tube")
@pytest.mark.theorem("rms-norm-tube")
@given(norm_cases(), radii(250), SEEDS)
def test_norm_and_logarithmic_norms_hold_on_the_tube(case, share, seed):
    field, state = case.field, case.state
    radius = radius_inside(field, state, share)
    for quantity, value_of in QUANTITIES.items():
        bound = bounds.normalisation_tube(field, state, radius, quantity).value
        sign = -1 if quantity == "log-norm-lower" else 1
        for other in tube_states(state, radius, seed, count=6):
            assert sign * value_of(field.jacobian(other)) <= sign * bound


@pytest.mark.theorem("layer-norm-deviation-tube")
@given(norm_cases(), radii(250))
def test_the_deviation_holds_on_the_tube(case, share):
    field, state = case.field, case.state
    radius = radius_inside(field, state, share)
    bound = bounds.normalisation_deviation_tube(field, state, radius).value
    centre = field.jacobian(state)
    rounding = 1e-12 * (1 + spectral_norm(centre))
    found = ascend(lambda x: spectral_norm(field.jacobian(x) - centre), state, radius)
    assert found - rounding <= bound


@given(norm_cases())
def test_no_bound_is_given_where_a_token_may_lose_its_variance(case):
    field, state = case.field, case.state
    radius = radius_inside(field, state, Fraction(1))
    assume(radius > 0)
    radius = float(np.nextafter(radius, np.inf)) * (1 + 1e-12)
    assert bounds.normalisation_deviation_tube(field, state, radius).value == math.inf
    lower = bounds.normalisation_tube(field, state, radius, "log-norm-lower")
    assert lower.value == -math.inf


def steepest(features: int) -> tuple[np.ndarray, np.ndarray]:
    """A unit direction z and the move of length 1 along which D changes fastest.

    z and the move have mean zero, and the move has the cosine 1/sqrt 3 with z.
    """
    first = np.zeros(features)
    second = np.zeros(features)
    first[:2] = 1, -1
    second[2:4] = 1, -1
    first, second = first / math.sqrt(2), second / math.sqrt(2)
    return first, (first + math.sqrt(2) * second) / math.sqrt(3)


@pytest.mark.theorem("layer-norm-deviation-tube", refutes="1.15 for 2/sqrt 3 = 1.1547")
@pytest.mark.parametrize("kind", [LayerNorm, RMSNorm])
def test_a_smaller_constant_is_violated(kind):
    gains = (np.ones(4), np.zeros(4)) if kind is LayerNorm else (np.ones(4),)
    field = kind(*gains, epsilon=Fraction(0))
    direction, move = steepest(4)
    state, radius = 2 * direction[None], 1e-6
    found = max(
        spectral_norm(field.jacobian(state + t * move) - field.jacobian(state))
        for t in (radius, -radius)
    )
    with mock.patch.object(normalisation, "DEVIATION_CONSTANT", 1.15):
        smaller = bounds.normalisation_deviation_tube(field, state, radius).value
    assert smaller < found
    assert found <= bounds.normalisation_deviation_tube(field, state, radius).value


@pytest.mark.theorem("layer-norm-deviation-tube", refutes="the factor 1/(1 - rho)")
@pytest.mark.theorem("layer-norm-tube", refutes="the factor 1/(1 - rho)")
@pytest.mark.theorem("rms-norm-tube", refutes="the factor 1/(1 - rho)")
@pytest.mark.parametrize("kind", [LayerNorm, RMSNorm])
def test_a_bound_that_forgets_the_shrinking_scale_is_violated(kind):
    gains = (np.ones(4), np.zeros(4)) if kind is LayerNorm else (np.ones(4),)
    field = kind(*gains, epsilon=Fraction(0))
    direction, _ = steepest(4)
    state, rho = direction[None], 0.5
    found = spectral_norm(field.jacobian((1 - rho) * state))
    scale = 0.5  # |direction| / sqrt 4
    centre = spectral_norm(field.jacobian(state))
    forgetful = centre + normalisation.DEVIATION_CONSTANT * rho / scale
    assert forgetful - centre < found - centre
    for quantity in ("spectral-norm", "log-norm"):
        bound = bounds.normalisation_tube(field, state, rho, quantity).value
        assert found <= bound


def test_equal_tokens_have_equal_bounds_whatever_their_number():
    field = LayerNorm(np.array([1.0, -2.0, 0.5]), np.zeros(3), Fraction(1, 100))
    token = np.array([[0.3, -1.0, 2.0]])
    one = bounds.normalisation_tube(field, token, 0.1, "spectral-norm").value
    many = bounds.normalisation_tube(field, token.repeat(3, 0), 0.1, "spectral-norm")
    assert one == many.value
