"""Attention and token-wise fields: input that is refused, derivatives that agree."""

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
    norm_cases,
)

from stabcheck.bounds import Attention, AttentionFamily, FeedForward, LayerNorm, RMSNorm
from stabcheck.errors import InvalidInput

CASES = st.one_of(attention_cases(), feed_forward_cases(), norm_cases())


@given(CASES, SEEDS)
def test_the_dense_jacobian_is_the_derivative_in_every_direction(case, seed):
    field, state = case.field, case.state
    direction = generator(seed).standard_normal(state.shape)
    dense = field.jacobian(state) @ direction.reshape(-1)
    product = field.jvp(state, direction).reshape(-1)
    size = np.abs(field.jacobian(state)).sum(axis=1).max() * np.abs(direction).max()
    # Two float64 routes of sums with at most a few hundred terms.
    assert np.abs(dense - product).max() <= 1e-13 * (1 + size) * state.size


@given(CASES, SEEDS)
def test_the_derivative_is_that_of_the_value(case, seed):
    field, state = case.field, case.state
    if isinstance(field, LayerNorm | RMSNorm) and field.epsilon < Fraction(1, 100):
        return  # a scale near sqrt(epsilon) makes the third derivative too large
    direction = generator(seed).standard_normal(state.shape)
    step = 2.0**-17
    difference = (field(state + step * direction) - field(state - step * direction)) / (
        2 * step
    )
    derivative = field.jvp(state, direction)
    size = 1 + np.abs(derivative).max() + np.abs(field(state)).max()
    # Truncation step^2 times a third derivative, rounding eps/step.
    assert np.abs(difference - derivative).max() <= 1e-4 * size


@given(attention_cases())
def test_rows_of_weights_sum_to_one_and_vanish_off_the_mask(case):
    query, key, _ = case.field.projections(case.state)
    weights = case.field.attention_weights(query, key)
    allowed = case.field.admissible(len(case.state))
    assert np.abs(weights.sum(axis=-1) - 1).max() <= 1e-14
    assert (weights[:, ~allowed] == 0).all()
    assert not case.field.causal or (np.triu(weights, 1) == 0).all()


@given(attention_cases(), SEEDS)
def test_a_key_bias_a_value_bias_and_an_output_bias_leave_the_jacobian(case, seed):
    field, rng = case.field, generator(seed)
    heads, _, key_width = field.W_Q.shape
    changed = Attention(
        **{name: getattr(field, name) for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q",
                                                   "scale", "causal", "mask", "bias")},
        b_K=rng.standard_normal((heads, key_width)),
        b_V=rng.standard_normal((heads, field.value_width)),
        b_O=rng.standard_normal(field.features),
    )  # fmt: skip
    assert np.array_equal(changed.jacobian(case.state), field.jacobian(case.state))


def weights(**changes):
    """The weights of one head with two features."""
    found = {key: np.ones((1, 2, 2)) for key in ("W_Q", "W_K", "W_V")}
    return found | changes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"W_Q": np.ones((2, 2))}, "W_Q must have shape"),
        ({"W_K": np.ones((1, 2, 3))}, "W_K must have shape"),
        ({"W_V": np.ones((2, 2, 2))}, "W_V must have shape"),
        ({"W_V": np.ones((1, 2, 3))}, "W_O may be absent only for one head"),
        ({"W_O": np.ones((3, 2))}, "W_O must have shape"),
        ({"b_Q": np.ones((1, 3))}, "b_Q must have shape"),
        ({"W_Q": np.full((1, 2, 2), np.nan)}, "W_Q must be finite"),
        ({"W_Q": np.full((1, 2, 2), "a")}, "W_Q must hold float32 or float64"),
        ({"W_Q": np.ones((1, 2, 2), dtype=complex)}, "W_Q must hold float32"),
        ({"W_Q": np.ones((0, 2, 2))}, "W_Q must not be empty"),
        ({"scale": "big"}, "scale must be a number"),
        ({"scale": np.inf}, "scale must be finite"),
        ({"mask": np.ones((2, 3))}, "mask must be square"),
        ({"mask": 2 * np.ones((2, 2))}, "mask must hold zeros and ones"),
        ({"bias": np.ones((2, 3))}, "bias must be square"),
        ({"bias": np.ones((3, 2, 2))}, "bias must have shape"),
    ],
)
def test_weights_that_do_not_fit_are_refused(changes, reason):
    with pytest.raises(InvalidInput, match=reason):
        Attention(**weights(**changes))


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (Attention(**weights()), "state must have shape"),
        (Attention(**weights(mask=np.ones((3, 3)))), "does not fit 2 tokens"),
        (Attention(**weights(bias=np.ones((3, 3)))), "does not fit 2 tokens"),
        (Attention(**weights(mask=[[0, 1], [0, 1]], causal=True)), "no admissible key"),
        (LayerNorm(np.ones(2), np.zeros(2), 0), "the norm is undefined there"),
        (RMSNorm(np.ones(3), 1), "state must have shape"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(field, reason):
    state = np.ones((2, 3)) if "state" in reason and field.features == 2 else None
    with pytest.raises(InvalidInput, match=reason):
        field.jacobian(np.ones((2, 2)) if state is None else state)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LayerNorm(np.ones(2), np.zeros(3), 1),
        lambda: LayerNorm(np.ones(2), np.zeros(2), -1),
        lambda: RMSNorm(np.ones((2, 2)), 1),
        lambda: FeedForward(np.ones((2, 3)), np.ones(2), np.ones((3, 2)), np.ones(2)),
        lambda: FeedForward(np.ones((2, 3)), np.ones(3), np.ones((2, 3)), np.ones(2)),
        lambda: AttentionFamily(0, 2, 1, False, 1.0, 1.0),
        lambda: AttentionFamily(1, 2, True, False, 1.0, 1.0),
        lambda: AttentionFamily(1, 2, 1, False, -1.0, 1.0),
        lambda: AttentionFamily(1, 2, 1, False, 1.0, np.nan),
    ],
)
def test_other_parameters_that_do_not_fit_are_refused(make):
    with pytest.raises(InvalidInput, match="must"):
        make()
