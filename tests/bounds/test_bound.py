"""Proposed bounds: quantities, outward rounding, balanced weights, witnesses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator

from stabcheck import bounds
from stabcheck.bounds import Bound
from stabcheck.bounds.balance import HeadWeights, balanced_weights, factored_bound
from stabcheck.bounds.bound import LOWER_QUANTITIES, QUANTITIES, outward
from stabcheck.bounds.norms import dyadic
from stabcheck.errors import InvalidInput, Undecided


def test_a_bound_of_an_unknown_quantity_or_of_nan_is_refused():
    with pytest.raises(InvalidInput, match="unknown quantity 'radius'"):
        Bound("t", "radius", 1.0)
    with pytest.raises(InvalidInput, match="gave no number"):
        Bound("t", "growth", math.nan)


@given(
    st.sampled_from(QUANTITIES),
    st.floats(-1e9, 1e9),
    st.floats(0, 1e9),
)
def test_a_proposal_moves_away_from_what_it_bounds(quantity, value, size):
    moved = outward(quantity, value, size)
    assert (moved <= value) if quantity in LOWER_QUANTITIES else (moved >= value)


@given(st.floats(-1e100, 1e100))
def test_a_dyadic_number_is_near_and_short(value):
    found = float(dyadic(value))
    assert abs(found - value) <= abs(value) * 2.0**-40
    mantissa, _ = math.frexp(found)
    assert (mantissa * 2**40).is_integer()


@given(attention_cases(), SEEDS)
def test_balanced_weights_are_never_worse_than_the_start(case, seed):
    field = case.field
    parts = np.abs(generator(seed).standard_normal((3, field.heads)))
    ones = HeadWeights(field, *(np.ones(field.heads) for _ in range(4)))
    start = balanced_weights(field, parts, iterations=0)
    polished = balanced_weights(field, parts)
    best = factored_bound(parts, polished)
    assert best <= factored_bound(parts, start)
    assert math.isfinite(factored_bound(parts, ones))
    for weights in polished.as_parameters().values():
        assert all(weight > 0 for weight in weights)


def test_a_head_without_any_part_keeps_finite_weights():
    field = bounds.Attention(*(np.ones((2, 2, 1)) for _ in range(3)), np.ones((2, 2)))
    parts = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert math.isfinite(factored_bound(parts, balanced_weights(field, parts)))


def test_a_radius_too_large_for_floats_gives_an_infinite_bound():
    rng = generator(0)
    field = bounds.Attention(*(rng.standard_normal((1, 2, 2)) for _ in range(3)))
    state = rng.standard_normal((3, 2))
    for bound_of in (
        bounds.attention_norm_tube,
        bounds.attention_jacobian_deviation_tube,
    ):
        assert bound_of(field, state, 1e200).value == math.inf
        with pytest.raises(InvalidInput, match="radius must not be negative"):
            bound_of(field, state, -1.0)


def test_a_bound_grows_with_the_radius_and_starts_at_the_point():
    rng = generator(1)
    field = bounds.Attention(*(rng.standard_normal((1, 3, 3)) for _ in range(3)))
    state = rng.standard_normal((4, 3))
    values = [
        bounds.attention_jacobian_deviation_tube(field, state, radius).value
        for radius in (0.0, 1e-9, 1e-6, 1e-3, 1e-1)
    ]
    assert values[0] <= 1e-9
    assert values == sorted(values)
    # The change is of first order in the radius: no cancellation at small radii.
    assert 0.9 < values[2] / values[1] / 1e3 < 1.1


def test_a_witness_too_fine_for_the_certificate_is_refused():
    with pytest.raises(Undecided, match="raise the bound"):
        bounds.psd_witness(np.diag([1e30, 1e-30]))
    with pytest.raises(Undecided, match="no witness"):
        bounds.psd_witness(np.zeros((2, 2)))


def test_witnesses_of_several_matrices_share_one_grid():
    rng = generator(2)
    matrices = [scale * np.eye(3) + np.outer(v, v) for scale, v in (
        (1.0, rng.standard_normal(3)), (1e-3, rng.standard_normal(3)),
    )]  # fmt: skip
    witness = bounds.psd_witnesses(matrices)
    assert len(witness.factors) == 2
    with pytest.raises(ValueError, match="too many values"):
        _ = witness.factor
    assert all(np.array_equal(f, np.tril(f)) for f in witness.factors)
    assert all(f.dtype == np.int64 for f in witness.factors)
