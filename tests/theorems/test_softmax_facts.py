"""Softmax, covariance and GELU facts, exactly where the numbers are rational."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds.token_wise import gelu_derivative


@st.composite
def probabilities(draw, most=6):
    """Probability vectors from nearly uniform to nearly certain, with ties."""
    weights = draw(st.lists(st.integers(0, 64), min_size=1, max_size=most))
    weights[0] += 1
    return np.array([float(Fraction(w, sum(weights))) for w in weights])


def covariance(p):
    return np.diag(p) - np.outer(p, p)


ROUNDING = 1e-14


@pytest.mark.theorem("softmax-jacobian-half")
@given(probabilities())
def test_the_jacobian_of_softmax_lies_between_zero_and_a_half(p):
    values = np.linalg.eigvalsh(covariance(p))
    assert values[0] >= -ROUNDING
    assert values[-1] <= 0.5 + ROUNDING


@pytest.mark.theorem("softmax-jacobian-half", refutes="constant 0.499")
def test_a_half_is_attained():
    assert np.linalg.eigvalsh(covariance(np.array([0.5, 0.5])))[-1] > 0.499


@pytest.mark.theorem("softmax-jacobian-top-two")
@given(probabilities())
def test_the_two_largest_weights_bound_it(p):
    first, second = (*np.sort(p)[::-1], 0.0)[:2]
    bound = first * (1 - first + second)
    assert np.linalg.eigvalsh(covariance(p))[-1] <= bound + ROUNDING


@pytest.mark.theorem("softmax-jacobian-top-two", refutes="the second weight dropped")
def test_the_second_weight_cannot_be_dropped():
    p = np.array([0.5, 0.5])
    assert np.linalg.eigvalsh(covariance(p))[-1] > 0.5 * (1 - 0.5) + 0.1


def variance(p, values):
    return p @ values**2 - (p @ values) ** 2


@pytest.mark.theorem("popoviciu")
@given(probabilities(), SEEDS)
def test_a_variance_is_at_most_a_quarter_of_the_squared_range(p, seed):
    values = generator(seed).standard_normal(len(p))
    assert variance(p, values) <= np.ptp(values) ** 2 / 4 + ROUNDING


@pytest.mark.theorem("popoviciu", refutes="constant 0.249")
def test_a_quarter_is_attained():
    assert variance(np.array([0.5, 0.5]), np.array([0.0, 1.0])) > 0.249


@pytest.mark.theorem("covariance-trace-top-mass")
@given(probabilities(), SEEDS, st.integers(1, 4))
def test_the_trace_of_a_covariance_in_a_ball(p, seed, d):
    points = generator(seed).standard_normal((len(p), d))
    points /= np.maximum(1.0, np.linalg.norm(points, axis=1))[:, None]
    mean = p @ points
    trace = p @ (points**2).sum(axis=1) - mean @ mean
    top = p.max()
    factor = 1.0 if top <= 0.5 else 4 * top * (1 - top)
    assert trace <= factor + ROUNDING


@pytest.mark.theorem("covariance-trace-top-mass", refutes="the factor 3.9 p (1 - p)")
def test_the_factor_four_is_attained():
    top = 0.75
    trace = variance(np.array([top, 1 - top]), np.array([1.0, -1.0]))
    assert trace > 3.9 * top * (1 - top)


LOW, HIGH = -0.12890415, 1.12890415


@pytest.mark.theorem("gelu-derivative-range")
@given(st.floats(-50, 50), st.floats(-50, 50))
def test_the_derivative_of_gelu_and_its_slope_are_bounded(z, w):
    first, second = gelu_derivative(np.array([z, w]))
    assert LOW <= first <= HIGH
    assert abs(first - second) <= np.sqrt(2 / np.pi) * abs(z - w) + ROUNDING


@pytest.mark.theorem("gelu-derivative-range", refutes="the range [-0.1289, 1.1289]")
def test_the_range_is_attained_at_the_square_root_of_two():
    turns = gelu_derivative(np.array([-np.sqrt(2.0), np.sqrt(2.0)]))
    assert turns[0] < -0.1289
    assert turns[1] > 1.1289
