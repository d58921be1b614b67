"""Symmetric fields, consensus and activations, against differences."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.variant_head import STEP, differences, room

from stabcheck.fields import (
    attention,
    cross_attention,
    energy_attention,
    feed_forward,
    gated_feed_forward,
    hopfield,
    l2_norm,
)

SIZES = st.sampled_from([(1, 1), (1, 3), (3, 1), (3, 2)])


@cache
def value_of(declare, **options):
    """The kernel of a field, declared and lowered once."""
    return declare(**options).lower("numpy")


@cache
def jacobian_of(declare, **options):
    """The kernel of its Jacobian."""
    return declare(**options).jacobian().lower("numpy")


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def covariance(P, Y):
    y = Y[None] - (P @ Y)[:, None]
    return np.einsum("ik,ika,ikb->iab", P, y, y)


def blocks(diagonal):
    n, d, _ = diagonal.shape
    J = np.zeros((n, d, n, d))
    J[np.arange(n), :, np.arange(n)] = diagonal
    return J


@pytest.mark.theorem("energy-attention-jacobian")
@given(SEEDS, SIZES)
def test_the_energy_field_is_a_gradient_with_a_symmetric_jacobian(seed, size):
    rng, (n, d) = generator(seed), size
    A, X = 0.5 * rng.standard_normal((d, d)), rng.standard_normal((n, d))

    def energy(Y):
        return np.log(np.exp(Y @ A @ Y.T).sum(axis=1)).sum(keepdims=True)

    def field(Y):
        P = softmax(Y @ A @ Y.T)
        return P @ Y @ A.T + P.T @ Y @ A

    slope = differences(energy, X)[0]
    assert np.abs(slope - field(X)).max() <= room(slope, energy(X))
    given = {"W_Q": A[None], "W_K": np.eye(d)[None], "scale": 1.0}
    value = value_of(energy_attention)(X, **given)
    assert np.abs(value - field(X)).max() <= 1e-12 * (1 + np.abs(value).max())
    J = jacobian_of(energy_attention)(X, **given)
    size = 1 + np.abs(J).max()
    assert np.abs(J - J.transpose(2, 3, 0, 1)).max() <= 1e-12 * size


@pytest.mark.theorem("cross-attention-jacobian")
@given(SEEDS, SIZES, st.integers(1, 3))
def test_cross_attention_moves_every_token_by_a_covariance(seed, size, context):
    rng, (n, d) = generator(seed), size
    W_Q, W_K, W_V, W_O = 0.5 * rng.standard_normal((4, 1, d, d))
    X, Y = rng.standard_normal((n, d)), rng.standard_normal((context, d))
    A = W_Q[0] @ W_K[0].T
    C = covariance(softmax(X @ A @ Y.T), Y)
    formula = blocks((W_V[0] @ W_O[0]).T @ C @ A.T)
    given = {"W_Q": W_Q, "W_K": W_K, "W_V": W_V, "W_O": W_O[0], "Y": Y, "scale": 1.0}
    value = value_of(cross_attention)
    found = differences(lambda Z: value(Z, **given), X)
    assert np.abs(formula - found).max() <= room(formula, value(X, **given))


@pytest.mark.theorem("hopfield-jacobian")
@given(SEEDS, SIZES, st.integers(1, 4))
def test_the_hopfield_jacobian_is_a_covariance_minus_the_identity(seed, size, count):
    rng, (n, d) = generator(seed), size
    X, Y = rng.standard_normal((n, d)), rng.standard_normal((count, d))
    formula = blocks(1.5 * covariance(softmax(1.5 * X @ Y.T), Y) - np.eye(d))
    value = value_of(hopfield)
    found = differences(lambda Z: value(Z, Y=Y, inverse_temperature=1.5), X)
    assert np.abs(formula - found).max() <= room(formula, Y)
    matrix = formula.reshape(n * d, n * d)
    assert np.linalg.eigvalsh(matrix).min() >= -1 - 1e-12


@pytest.mark.theorem("hopfield-jacobian", refutes="eigenvalues at least -0.99")
def test_one_pattern_attains_minus_one():
    value = jacobian_of(hopfield)
    J = value(np.ones((1, 2)), Y=np.ones((1, 2)), inverse_temperature=1.0)
    assert np.array_equal(J.reshape(2, 2), -np.eye(2))


@pytest.mark.theorem("causal-consensus-jacobian")
@given(SEEDS, SIZES)
def test_at_consensus_causal_attention_averages_what_came_before(seed, size):
    rng, (n, d) = generator(seed), size
    W_Q, W_K, W_V, W_O = rng.standard_normal((4, 1, d, d))
    X = np.repeat(rng.standard_normal((1, d)), n, axis=0)
    kernel = jacobian_of(attention, causal=True)
    J = kernel(X, W_Q=W_Q, W_K=W_K, W_V=W_V, W_O=W_O[0])
    cesaro = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
    U = (W_V[0] @ W_O[0]).T
    expected = np.einsum("ij,ab->iajb", cesaro, U)
    assert np.abs(J - expected).max() <= 1e-12 * (1 + np.abs(U).max()) * (1 + d**2)
    assert np.linalg.norm(cesaro, 2) < 2


@pytest.mark.theorem("causal-consensus-jacobian", refutes="norm below 1.6")
def test_the_cesaro_matrix_of_a_thousand_tokens_has_norm_above_eight_fifths():
    cesaro = np.tril(np.ones((1024, 1024))) / np.arange(1, 1025)[:, None]
    direction = np.arange(1, 1025) ** -0.5
    ratio = np.linalg.norm(cesaro @ direction) / np.linalg.norm(direction)
    assert ratio > 1.6


@pytest.mark.theorem("value-gradient-vanishes-at-consensus")
@given(SEEDS, SIZES)
def test_the_derivative_by_the_form_is_a_covariance(seed, size):
    rng, (n, d) = generator(seed), size
    A, G, U = 0.5 * rng.standard_normal((3, d, d))
    X = rng.standard_normal((n, d))

    def field(form, state):
        return softmax(state @ form @ state.T) @ state @ U.T

    C = covariance(softmax(X @ A @ X.T), X)
    formula = np.einsum("ab,ibc,ec,ie->ia", U, C, G, X)
    found = (field(A + STEP * G, X) - field(A - STEP * G, X)) / (2 * STEP)
    assert np.abs(formula - found).max() <= room(formula, X)
    equal = np.repeat(X[:1], n, axis=0)
    still = field(A + G, equal) - field(A, equal)
    assert np.abs(still).max() <= 1e-12 * (1 + np.abs(X).max())


@pytest.mark.theorem("l2-norm-jacobian")
@given(SEEDS, SIZES)
def test_normalisation_to_the_sphere_has_two_eigenvalues(seed, size):
    X = generator(seed).standard_normal(size)
    value = value_of(l2_norm)
    root = np.sqrt((X**2).sum(axis=1) + 0.1)
    u = X / root[:, None]
    inner = np.eye(size[1]) - u[:, :, None] * u[:, None, :]
    formula = blocks(inner / root[:, None, None])
    found = differences(lambda Z: value(Z, epsilon=0.1), X)
    assert np.abs(formula - found).max() <= room(formula, u)
    for block, r in zip(inner / root[:, None, None], root, strict=True):
        expected = np.sort([0.1 / r**3, *[1 / r] * (size[1] - 1)])
        assert np.abs(np.linalg.eigvalsh(block) - expected).max() <= 1e-12 / r**3


def sigma(z):
    return 1 / (1 + np.exp(-z))


def silu_slope(z):
    return sigma(z) + z * sigma(z) * (1 - sigma(z))


def gelu_tanh_slope(z):
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    rate = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return (1 + np.tanh(inner) + z * (1 - np.tanh(inner) ** 2) * rate) / 2


@pytest.mark.theorem("feed-forward-jacobian")
@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        ("silu", silu_slope),
        ("gelu-tanh", gelu_tanh_slope),
        ("relu-squared", lambda z: 2 * np.maximum(z, 0)),
    ],
)
@given(seed=SEEDS, size=SIZES)
def test_a_feed_forward_jacobian_has_the_slope_between_its_maps(
    activation, slope, seed, size
):
    rng, (n, d) = generator(seed), size
    W_1, W_2 = rng.standard_normal((d, 4)), rng.standard_normal((4, d))
    given = {"W_1": W_1, "b_1": rng.standard_normal(4), "W_2": W_2, "b_2": np.ones(d)}
    X = rng.standard_normal((n, d))
    J = jacobian_of(feed_forward, activation=activation)(X, **given)
    rate = slope(X @ W_1 + given["b_1"])
    formula = blocks(np.einsum("bg,ig,ga->iab", W_1, rate, W_2))
    assert np.abs(J - formula).max() <= 1e-12 * (1 + np.abs(formula).max())


@pytest.mark.theorem("swiglu-jacobian")
@given(SEEDS, SIZES)
def test_swiglu_has_two_terms(seed, size):
    rng, (n, d) = generator(seed), size
    W_g, W_1 = rng.standard_normal((2, d, 4))
    W_2, X = rng.standard_normal((4, d)), rng.standard_normal((n, d))
    u, z = X @ W_g, X @ W_1
    inner = np.einsum("ig,bg->igb", z * silu_slope(u), W_g)
    inner += np.einsum("ig,bg->igb", u * sigma(u), W_1)
    formula = blocks(np.einsum("ga,igb->iab", W_2, inner))
    value = value_of(gated_feed_forward)

    def field(Y):
        return value(Y, W_g=W_g, W_1=W_1, W_2=W_2)

    assert np.abs(formula - differences(field, X)).max() <= room(formula, field(X))


@pytest.mark.theorem("swiglu-jacobian", refutes="a global Lipschitz constant")
@pytest.mark.parametrize("place", [1.0, 10.0, 1e3, 1e6])
def test_swiglu_grows_without_end(place):
    one = np.ones((1, 1))
    kernel = jacobian_of(gated_feed_forward)
    assert kernel(place * one, W_g=one, W_1=one, W_2=one).item() >= place


@pytest.mark.theorem("silu-derivative-range")
@given(st.floats(-700, 700))
def test_the_derivative_of_silu_stays_in_its_range(z):
    assert -0.09984 <= silu_slope(z) <= 1.09984


@pytest.mark.theorem("silu-derivative-range", refutes="one digit less")
def test_the_range_of_silu_is_tight():
    assert silu_slope(2.39935) > 1.09983
    assert silu_slope(-2.39935) < -0.09983


@pytest.mark.theorem("gelu-tanh-derivative-range")
@given(st.floats(-1e3, 1e3))
def test_the_derivative_of_the_tanh_form_of_gelu_stays_in_its_range(z):
    assert -0.129 <= gelu_tanh_slope(z) <= 1.129


@pytest.mark.theorem("gelu-tanh-derivative-range", refutes="the range of GELU itself")
def test_the_tanh_form_of_gelu_leaves_the_range_of_gelu():
    assert gelu_tanh_slope(1.4185) > 1.12891
    assert gelu_tanh_slope(-1.4185) < -0.12891
