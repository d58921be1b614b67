"""The closed forms at a point bound the exact values; each part is needed."""

import numpy as np
import pytest
from hypothesis import given
from strategies import SEEDS, attention_cases
from theorems.mixed import mixed_norm
from theorems.search import log_norm, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention
from stabcheck.bounds.point import point_attention


@pytest.mark.theorem("attention-norm-column-mass")
@pytest.mark.theorem("attention-norm-split")
@given(attention_cases())
def test_both_pointwise_norm_bounds_hold(case):
    truth = spectral_norm(case.field.jacobian(case.state))
    assert truth <= bounds.attention_norm_column_mass(case.field, case.state).value
    assert truth <= bounds.attention_norm_split(case.field, case.state).value


@pytest.mark.theorem("attention-log-norm-point")
@given(attention_cases())
def test_the_pointwise_logarithmic_norms_hold(case):
    jacobian = case.field.jacobian(case.state)
    upper = bounds.attention_log_norm_point(case.field, case.state)
    lower = bounds.attention_log_norm_point(case.field, case.state, "log-norm-lower")
    # An exact bound of 0 is met by float64 eigenvalues only up to their rounding.
    rounding = 1e-13 * (1 + spectral_norm(jacobian))
    assert log_norm(jacobian) <= upper.value + rounding
    assert -log_norm(-jacobian) >= lower.value - rounding


@pytest.mark.theorem("attention-mixed-norm-point")
@given(attention_cases(), SEEDS)
def test_the_pointwise_mixed_norm_holds(case, seed):
    truth = mixed_norm(case.field.jacobian(case.state), case.shape[0], seed)
    assert truth <= bounds.attention_mixed_norm_point(case.field, case.state).value


def one_feature(form: float, tokens: list[float]) -> tuple[Attention, np.ndarray]:
    one = np.ones((1, 1, 1))
    return Attention(form * one, one, one, scale=1.0), np.array(tokens)[:, None]


@pytest.mark.theorem("attention-norm-column-mass", refutes="no term for the keys")
@pytest.mark.theorem("attention-norm-split", refutes="no term for the keys")
def test_the_keys_need_their_term():
    # Two tokens at +-z send; ten see them through a slope orthogonal to their place.
    x, z, a, v = np.eye(4)
    form_transposed = 10 * (np.outer(a, x) + np.outer(z, v))
    field = Attention(
        W_Q=form_transposed.T[None], W_K=np.eye(4)[None], W_V=np.outer(z, v)[None],
        scale=1.0,
    )  # fmt: skip
    state = np.stack([z, -z, *[x] * 10])
    at = point_attention(field, state)
    truth = spectral_norm(field.jacobian(state))
    receivers = max(spectral_norm(block) for block in at.receivers)
    assert spectral_norm(at.weights[0]) + receivers < truth
    assert truth <= bounds.attention_norm_column_mass(field, state).value
    assert truth <= bounds.attention_norm_split(field, state).value


@pytest.mark.theorem("attention-log-norm-point", refutes="half of the key term")
def test_the_logarithmic_norm_needs_both_sides_of_the_product():
    # All logits are equal at the receiver x = 0, which sees the tokens +-1: J is
    # dominated by its self term, the variance 2/3 of the tokens.
    field, state = one_feature(6.0, [0.0, 1.0, -1.0])
    truth = log_norm(field.jacobian(state))
    assert truth <= bounds.attention_log_norm_point(field, state).value
    at = point_attention(field, state)
    mixing = log_norm(at.weights[0])
    assert mixing + 0.5 * float(at.receivers.max()) < truth


@pytest.mark.theorem("attention-mixed-norm-point", refutes="no term for the receivers")
def test_the_mixed_norm_needs_the_receivers():
    field, state = one_feature(6.0, [0.0, 1.0, -1.0])
    truth = mixed_norm(field.jacobian(state), 3, 0)
    at = point_attention(field, state)
    seen = at.covariance[0, :, 0, 0]
    without = np.sqrt(1 + at.slope[0, :, 0] ** 2 * seen)
    receiver = 0
    assert without[receiver] < truth
    assert truth <= bounds.attention_mixed_norm_point(field, state).value


def test_the_norm_is_no_quantity_of_the_logarithmic_theorem():
    field, state = one_feature(1.0, [1.0])
    with pytest.raises(ValueError, match="bounds log-norm, log-norm-lower"):
        bounds.attention_log_norm_point(field, state, "spectral-norm")
