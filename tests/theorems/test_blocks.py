"""Branches behind a normalisation, and tubes seen from their centre."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    SEEDS,
    attention_cases,
    feed_forward_cases,
    generator,
    radii,
    tube_states,
)
from theorems.search import QUANTITIES, ascend, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention, Bound, LayerNorm, RMSNorm
from stabcheck.errors import InvalidInput

SHARE = radii(64)


@st.composite
def pre_norm_cases(draw):
    """A normalisation, a field of the same width, and a state."""
    case = draw(st.one_of(attention_cases(3, 4, 2), feed_forward_cases()))
    features = case.state.shape[1]
    rng = generator(draw(SEEDS))
    gamma = rng.standard_normal(features)
    epsilon = draw(st.sampled_from([Fraction(1, 100), Fraction(1)]))
    if draw(st.booleans()):
        norm = LayerNorm(gamma, rng.standard_normal(features), epsilon)
    else:
        norm = RMSNorm(gamma, epsilon)
    return norm, case.field, case.state


def block_jacobian(norm, field, state: np.ndarray) -> np.ndarray:
    return field.jacobian(norm(state)) @ norm.jacobian(state)


def tube_bounds(norm, field, state, radius):
    """The four premises: N on the outer tube, F on the inner one."""
    norm_norm = bounds.normalisation_tube(norm, state, radius, "spectral-norm")
    centre = norm(state)
    inner = bounds.pre_norm_inner_radius(norm, state, centre, norm_norm, radius)
    if isinstance(field, Attention):
        field_norm = bounds.attention_norm_tube(field, centre, inner)
        moves = bounds.attention_jacobian_deviation_tube(field, centre, inner)
    else:
        field_norm = bounds.feed_forward_tube(field, centre, inner, "spectral-norm")
        moves = bounds.feed_forward_deviation_tube(field, centre, inner)
    norm_moves = bounds.normalisation_deviation_tube(norm, state, radius)
    return inner, (norm_norm, norm_moves, field_norm, moves)


def radius_of(norm, state, share) -> float:
    _, scale = norm.centred(state)
    return float(share) / 4 * float(scale.min()) * math.sqrt(norm.features)


@pytest.mark.theorem("pre-norm-block")
@given(pre_norm_cases(), SHARE, SEEDS)
def test_the_product_bounds_norm_and_logarithmic_norms_of_the_block(case, share, seed):
    norm, field, state = case
    radius = radius_of(norm, state, share)
    inner, (norm_norm, _, field_norm, _) = tube_bounds(norm, field, state, radius)
    states = tube_states(state, radius, seed, count=5)
    for other in states:
        assert np.linalg.norm(norm(other) - norm(state), axis=1).max() <= inner
    for quantity, value_of in QUANTITIES.items():
        bound = bounds.pre_norm_block(norm_norm, field_norm, quantity).value
        sign = -1 if quantity == "log-norm-lower" else 1
        for other in states:
            assert sign * value_of(block_jacobian(norm, field, other)) <= sign * bound


@pytest.mark.theorem("pre-norm-deviation")
@given(pre_norm_cases(), SHARE)
def test_the_block_moves_no_more_than_its_parts_allow(case, share):
    norm, field, state = case
    radius = radius_of(norm, state, share)
    _, parts = tube_bounds(norm, field, state, radius)
    bound = bounds.pre_norm_deviation(*parts).value
    centre = block_jacobian(norm, field, state)
    rounding = 1e-11 * (1 + spectral_norm(centre))
    found = ascend(
        lambda x: spectral_norm(block_jacobian(norm, field, x) - centre),
        state,
        radius,
        steps=24,
    )
    assert found - rounding <= bound


@pytest.mark.theorem("tube-from-centre")
@given(attention_cases(3, 4, 2), SHARE, SEEDS)
def test_centre_and_deviation_bound_every_quantity_on_the_tube(case, radius, seed):
    field, state = case.field, case.state
    moves = bounds.attention_jacobian_deviation_tube(field, state, float(radius))
    centre = field.jacobian(state)
    for quantity, value_of in QUANTITIES.items():
        point = bounds.point_bound(centre, quantity)
        bound = bounds.tube_from_centre(point, moves).value
        sign = -1 if quantity == "log-norm-lower" else 1
        for other in tube_states(state, float(radius), seed, count=5):
            assert sign * value_of(field.jacobian(other)) <= sign * bound


def bound(theorem: str, quantity: str, value: float) -> Bound:
    return Bound(theorem, quantity, value)


@pytest.mark.theorem("tube-from-centre", refutes="0.999 of the deviation")
@pytest.mark.parametrize("quantity", list(QUANTITIES))
def test_a_multiple_of_the_identity_attains_centre_and_deviation(quantity):
    sign = -1 if quantity == "log-norm-lower" else 1
    centre, moved = 2 * np.eye(2), (2 + sign * 0.5) * np.eye(2)
    point = bound("spectral-norm-psd", quantity, QUANTITIES[quantity](centre))
    found = QUANTITIES[quantity](moved)
    for share, holds in ((1.0, True), (0.999, False)):
        deviation = bound("a theorem", "jacobian-deviation", 0.5 * share)
        value = bounds.tube_from_centre(point, deviation).value
        assert (sign * found <= sign * value) == holds


@pytest.mark.theorem("pre-norm-block", refutes="0.999 of the product")
def test_scalars_attain_the_product():
    norm = RMSNorm(np.array([3.0]), Fraction(1))
    field = Attention(*(np.array([[[value]]]) for value in (1.0, 1.0, 2.0)))
    state = np.zeros((1, 1))
    truth = spectral_norm(block_jacobian(norm, field, state))
    parts = (
        bound("rms-norm-tube", "spectral-norm", spectral_norm(norm.jacobian(state))),
        bound("attention-norm-tube", "spectral-norm", 2.0),
    )
    product = bounds.pre_norm_block(*parts, "spectral-norm").value
    assert 0.999 * product < truth <= product


@pytest.mark.theorem("pre-norm-block", refutes="the product of logarithmic norms")
def test_the_logarithmic_norm_of_a_product_is_not_that_of_its_parts():
    skew = np.array([[-1.0, 4.0], [-4.0, -1.0]])
    projection = np.diag([1.0, 0.0])
    value_of = QUANTITIES["log-norm"]
    assert value_of(skew) == -1
    assert value_of(projection) == 1
    found = value_of(skew @ projection)
    parts = [
        bound("a theorem", "spectral-norm", spectral_norm(part))
        for part in (projection, skew)
    ]
    assert 1 < found <= bounds.pre_norm_block(*parts, "log-norm").value


@pytest.mark.theorem("pre-norm-deviation", refutes="the factor 1 for 2")
def test_the_image_may_cross_the_inner_tube_from_end_to_end():
    # J_F runs over [-1, 1] about the centre of the inner tube while N(X) sits at one
    # end of that tube and N(X') at the other; DN = 1 throughout.
    ends = (-1.0, 1.0)
    parts = (
        bound("a", "spectral-norm", 1.0),
        bound("b", "jacobian-deviation", 0.0),
        bound("c", "spectral-norm", 1.0),
        bound("d", "jacobian-deviation", 1.0),
    )
    found = ends[1] - ends[0]
    value = bounds.pre_norm_deviation(*parts).value
    assert found <= value
    assert parts[3].value * parts[0].value < found


@pytest.mark.parametrize("wrong", ["log-norm", "jacobian-deviation"])
def test_a_premise_of_another_quantity_is_refused(wrong):
    good = bound("a", "spectral-norm", 1.0)
    bad = bound("a", wrong, 1.0)
    with pytest.raises(InvalidInput, match="a bound of spectral-norm"):
        bounds.pre_norm_block(good, bad, "spectral-norm")
    with pytest.raises(InvalidInput, match="a bound of jacobian"):
        bounds.tube_from_centre(good, good)
