"""Exact Jacobians: the published block formulas against differences of the fields."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, feed_forward_cases, generator, norm_cases

from stabcheck.bounds import Attention, LayerNorm

STEP = float(np.cbrt(np.finfo(float).eps))


def differences(function, state):
    """Central differences, (n d, n d): the error is about STEP^2 of the scale."""
    columns = []
    for unit in np.eye(state.size):
        move = STEP * unit.reshape(state.shape)
        ends = [function(state + sign * move) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]).ravel() / (2 * STEP))
    return np.array(columns).T


def assert_agree(formula, function, state):
    found = differences(function, state)
    scale = 1 + np.abs(formula).max() + np.abs(function(state)).max()
    # Third derivatives of these small fields stay below about 1e5 times the scale.
    assert np.abs(formula - found).max() <= 1e5 * STEP**2 * scale


def head_form(attention, head, state, *, with_bias=True):
    """P, U, A, a_i, y_ij, C_i of one head, as the ledger names them."""
    query, key, _ = attention.projections(state)
    P = attention.attention_weights(query, key)[head]
    W_Q, W_K, W_V = (
        W[head].astype(float) for W in (attention.W_Q, attention.W_K, attention.W_V)
    )
    U = (W_V @ attention.output_matrices()[head]).T
    A = attention.scale_value * W_Q @ W_K.T
    a = state @ A
    if with_bias and attention.b_Q is not None:
        a = a + attention.scale_value * W_K @ attention.b_Q[head]
    y = state[None] - (P @ state)[:, None]
    C = np.einsum("ij,ija,ijb->iab", P, y, y)
    return P, U, A, a, y, C


def block_formula(attention, state, **options):
    n, d = state.shape
    total = np.zeros((n, d, n, d))
    for head in range(attention.heads):
        P, U, A, a, y, C = head_form(attention, head, state, **options)
        for i in range(n):
            for j in range(n):
                inner = np.eye(d) + np.outer(y[i, j], a[i])
                total[i, :, j] += P[i, j] * U @ inner
            total[i, :, i] += U @ C[i] @ A.T
    return total.reshape(n * d, n * d)


@pytest.mark.theorem("attention-jacobian")
@pytest.mark.theorem("multi-head-jacobian")
@given(attention_cases())
def test_the_block_formula_is_the_derivative_of_attention(case):
    assert_agree(block_formula(case.field, case.state), case.field, case.state)


@pytest.mark.theorem("multi-head-jacobian", refutes="one head left out")
def test_no_head_may_be_left_out():
    rng = generator(0)
    W = rng.standard_normal((4, 2, 3, 3))
    whole = Attention(W[0], W[1], W[2], W_O=rng.standard_normal((6, 3)))
    part = Attention(W[0, :1], W[1, :1], W[2, :1], W_O=whole.W_O[:3])
    state = rng.standard_normal((3, 3))
    gap = np.abs(block_formula(whole, state) - block_formula(part, state)).max()
    assert gap > 0.1


@pytest.mark.theorem("attention-jacobian-projection-biases")
@given(attention_cases(), SEEDS)
def test_key_value_and_output_biases_do_not_enter(case, seed):
    attention, rng = case.field, generator(seed)
    heads, _, width = attention.W_V.shape
    changed = dataclasses.replace(
        attention,
        b_K=rng.standard_normal((heads, attention.key_width)),
        b_V=rng.standard_normal((heads, width)),
        b_O=rng.standard_normal(attention.features),
    )
    assert np.array_equal(changed.jacobian(case.state), attention.jacobian(case.state))
    assert_agree(attention.jacobian(case.state), changed, case.state)


@pytest.mark.theorem(
    "attention-jacobian-projection-biases", refutes="the query bias dropped"
)
def test_the_query_bias_does_enter():
    ratios = []
    for seed in range(12):
        rng = generator(seed)
        W = rng.standard_normal((3, 1, 3, 3))
        attention = Attention(*W, b_Q=3 * rng.standard_normal((1, 3)))
        state = rng.standard_normal((4, 3))
        dropped = block_formula(attention, state, with_bias=False)
        true = np.linalg.norm(differences(attention, state), 2)
        ratios.append(true / np.linalg.norm(dropped, 2))
    # Even the norm is wrong: a bound from the formula without the bias is no bound.
    assert max(ratios) > 1.5


@pytest.mark.theorem("attention-jacobian-covariance-form")
@given(attention_cases(most_heads=1), SEEDS)
def test_the_derivative_of_a_softmax_mean_is_a_covariance(case, seed):
    attention, state = case.field, case.state
    V = generator(seed).standard_normal(state.shape)
    P, U, A, a, y, _ = head_form(attention, 0, state)
    key_bias = np.zeros(state.shape[1])
    if attention.b_K is not None:
        W_Q = attention.W_Q[0].astype(float)
        key_bias = attention.scale_value * W_Q @ attention.b_K[0]
    for i in range(len(state)):
        slope = V @ a[i] + (state @ A.T + key_bias) @ V[i]
        mean = P[i] @ slope
        covariance = np.einsum("j,ja,j->a", P[i], y[i], slope - mean)
        expected = U @ (P[i] @ V + covariance)
        found = attention.jvp(state, V)[i]
        assert np.abs(found - expected).max() <= 1e-11 * (1 + np.abs(expected).max())


@pytest.mark.theorem("consensus-jacobian")
@given(attention_cases(most_heads=1), SEEDS)
def test_at_consensus_only_the_value_map_is_left(case, seed):
    attention = dataclasses.replace(case.field, causal=False, mask=None, bias=None)
    n, d = case.state.shape
    state = np.repeat(generator(seed).standard_normal((1, d)), n, axis=0)
    U = head_form(attention, 0, state)[1]
    expected = np.kron(np.full((n, n), 1 / n), U)
    found = attention.jacobian(state)
    assert np.abs(found - expected).max() <= 1e-11 * (1 + np.abs(U).max())


@pytest.mark.theorem("causal-block-triangular")
@given(attention_cases(), st.floats(-1, 1))
def test_causal_attention_is_block_triangular_with_its_first_block_the_value(case, h):
    attention = dataclasses.replace(case.field, causal=True, mask=None)
    n, d = case.state.shape
    J = attention.jacobian(case.state)
    blocks = J.reshape(n, d, n, d).transpose(0, 2, 1, 3)
    assert not blocks[np.triu_indices(n, 1)].any()
    first = sum(head_form(attention, k, case.state)[1] for k in range(attention.heads))
    assert np.abs(blocks[0, 0] - first).max() <= 1e-12 * (1 + np.abs(first).max())
    size = 1 + np.linalg.norm(J, 2)
    assume(size < 1e3)
    whole = np.linalg.det(np.eye(n * d) + h * J)
    parts = np.prod([np.linalg.det(np.eye(d) + h * blocks[i, i]) for i in range(n)])
    assert abs(whole - parts) <= 1e-10 * size ** (n * d)


@pytest.mark.theorem("layer-norm-jacobian")
@pytest.mark.theorem("rms-norm-jacobian")
@given(norm_cases())
def test_the_jacobian_of_a_normalisation_is_its_derivative(case):
    norm, state = case.field, case.state
    d = state.shape[1]
    centred, scale = norm.centred(state)
    assume(scale.min() > 0.05)
    expected = np.zeros((len(state), d, len(state), d))
    projection = np.eye(d) - np.full((d, d), 1 / d) * isinstance(norm, LayerNorm)
    for i, (x, s) in enumerate(zip(centred, scale, strict=True)):
        u = x / s
        expected[i, :, i] = norm.gamma[:, None] * (projection - np.outer(u, u) / d) / s
    size = state.size
    assert_agree(expected.reshape(size, size), norm, state)


@pytest.mark.theorem("layer-norm-jacobian")
@given(SEEDS, st.integers(2, 6))
def test_layer_norm_has_the_three_singular_values_of_the_theorem(seed, d):
    state = generator(seed).standard_normal((1, d))
    norm = LayerNorm(np.ones(d), np.zeros(d), 1e-2)
    (block,) = norm.token_jacobians(state)
    s = norm.centred(state)[1][0]
    expected = sorted([1 / s] * (d - 2) + [1e-2 / s**3, 0.0])
    found = np.sort(np.linalg.svd(block, compute_uv=False))
    assert np.abs(found - expected).max() <= 1e-12 / s**3


@pytest.mark.theorem("gelu-feed-forward-jacobian")
@given(feed_forward_cases())
def test_the_feed_forward_jacobian_is_its_derivative(case):
    assert_agree(case.field.jacobian(case.state), case.field, case.state)


@pytest.mark.theorem("post-norm-block")
@given(attention_cases(), SEEDS, st.floats(0.0, 1.0))
def test_a_post_norm_block_is_the_product_of_two_jacobians(case, seed, h):
    rng, state = generator(seed), case.state
    d = state.shape[1]
    norm = LayerNorm(rng.standard_normal(d), rng.standard_normal(d), 1.0)

    def block(X):
        return norm(X + h * case.field(X))

    step = np.eye(state.size) + h * case.field.jacobian(state)
    product = norm.jacobian(state + h * case.field(state)) @ step
    assert_agree(product, block, state)
