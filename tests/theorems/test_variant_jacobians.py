"""The covariance form of every variant of attention, against differences in numpy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.variant_head import STEP, Head, differences, room


def covariance_form(head, X):
    n = len(X)
    P, u, D = head.weights(X), head.values(X), head.value_slope(X)
    by_key, by_query = head.slopes(X)
    y = u[None] - (P @ u)[:, None]
    J = np.einsum("ij,jab->iajb", P, D)
    J += np.einsum("ij,ija,ijb->iajb", P, y, by_key)
    own = np.einsum("ik,ika,ikb->iab", P, y, by_query)
    J[np.arange(n), :, np.arange(n)] += own
    return J


def drawn(seed, n, d, kind):
    rng = generator(seed)
    width = 2 if kind == "rotary" else 3
    Q, K = 0.5 * rng.standard_normal((2, d, width))
    return Head(Q, K, rng.standard_normal((d, d)), kind), rng.standard_normal((n, d))


SIZES = st.sampled_from([(1, 1), (1, 3), (3, 1), (4, 2), (3, 3)])
VARIANTS = [
    pytest.param(kind, marks=mark)
    for kind, mark in (
        ("dot", pytest.mark.theorem("attention-jacobian-covariance-form")),
        ("rotary", pytest.mark.theorem("rotary-attention-jacobian")),
        ("rms", pytest.mark.theorem("qk-norm-attention-jacobian")),
        ("soft-cap", pytest.mark.theorem("soft-cap-attention-jacobian")),
        ("l2", pytest.mark.theorem("l2-attention-jacobian")),
        ("cosine", pytest.mark.theorem("cosine-attention-jacobian")),
        ("linear", pytest.mark.theorem("linear-attention-jacobian")),
        ("sink", pytest.mark.theorem("sink-attention-jacobian")),
    )
]


@pytest.mark.parametrize("kind", VARIANTS)
@given(seed=SEEDS, size=SIZES)
def test_the_covariance_form_is_the_derivative(kind, seed, size):
    head, X = drawn(seed, *size, kind)
    formula, found = covariance_form(head, X), differences(head, X)
    assert np.abs(formula - found).max() <= room(formula, head(X))


@pytest.mark.theorem("sink-attention-jacobian")
@given(SEEDS)
def test_with_a_sink_a_key_bias_enters_the_jacobian(seed):
    head, X = drawn(seed, 3, 2, "sink")
    head = replace(head, key_bias=1.0)
    formula, found = covariance_form(head, X), differences(head, X)
    assert np.abs(formula - found).max() <= room(formula, head(X))


@pytest.mark.theorem("sink-attention-jacobian", refutes="the key bias drops out")
def test_with_a_sink_the_key_bias_may_not_be_dropped():
    gaps = []
    for seed in range(5):
        head, X = drawn(seed, 3, 2, "sink")
        biased = replace(head, key_bias=2.0)
        # The weights of the biased head, the slopes of one without a bias.
        constant = np.einsum("r,br->b", np.full(3, 2.0), head.Q)
        P, u = biased.weights(X), biased.values(X)
        y = u[None] - (P @ u)[:, None]
        gaps.append(np.abs(np.einsum("ik,ika,b->iab", P, y, constant)).max())
    assert max(gaps) > 0.1


@pytest.mark.theorem("sigmoid-attention-jacobian")
@given(SEEDS, SIZES)
def test_sigmoid_attention_has_raw_second_moments(seed, size):
    head, X = drawn(seed, *size, "sigmoid")
    n = len(X)
    P, u = head.weights(X), head.values(X)
    by_key, by_query = head.slopes(X)
    slope = P * (1 - P)
    J = np.einsum("ij,ba->iajb", P, head.V)
    J += np.einsum("ij,ja,ijb->iajb", slope, u, by_key)
    J[np.arange(n), :, np.arange(n)] += np.einsum("ik,ka,ikb->iab", slope, u, by_query)
    found = differences(head, X)
    assert np.abs(J - found).max() <= room(J, head(X))


@pytest.mark.theorem("sinkhorn-attention-jacobian")
@given(SEEDS, SIZES)
def test_sinkhorn_is_differentiated_by_its_linear_system(seed, size):
    head, X = drawn(seed, *size, "sinkhorn")
    n, d = X.shape
    P, u = head.weights(X), head.values(X)
    by_key, by_query = head.slopes(X)
    dS = np.zeros((n, n, n, d))
    dS[np.arange(n), :, np.arange(n)] += by_query
    dS[:, np.arange(n), np.arange(n)] += by_key
    R = P[:, :, None, None] * dS
    system = np.block([[np.eye(n), P], [P.T, np.eye(n)]])
    right = -np.concatenate([R.sum(axis=1), R.sum(axis=0)]).reshape(2 * n, -1)
    # The second potential of the first key is fixed to zero.
    kept = np.delete(np.arange(2 * n), n)
    solved = np.zeros_like(right)
    solved[kept] = np.linalg.lstsq(system[:, kept], right, rcond=None)[0]
    assert np.abs(system @ solved - right).max() <= 1e-9 * (1 + np.abs(right).max())
    f, g = solved.reshape(2, n, n, d)
    dP = R + P[:, :, None, None] * (f[:, None] + g[None])
    J = np.einsum("ikjb,ka->iajb", dP, u) + np.einsum("ij,ba->iajb", P, head.V)
    found = differences(head, X)
    assert np.abs(J - found).max() <= room(J, head(X))


@pytest.mark.theorem("consensus-form-jacobian")
@given(SEEDS, SIZES)
def test_the_consensus_form_subtracts_the_own_value_map(seed, size):
    head, X = drawn(seed, *size, "dot")
    n = len(X)
    J = covariance_form(head, X)
    J[np.arange(n), :, np.arange(n)] -= head.V.T
    found = differences(lambda Y: head(Y) - Y @ head.V, X)
    assert np.abs(J - found).max() <= room(J, head(X))


@pytest.mark.theorem("attention-second-derivative-cumulants")
@given(SEEDS, SIZES)
def test_the_second_derivative_is_a_sum_of_cumulants(seed, size):
    head, X = drawn(seed, *size, "dot")
    V, W = generator(seed + 1).standard_normal((2, *X.shape))
    A, P, u = head.Q @ head.K.T, head.weights(X), head.values(X)
    s_v, s_w = (Y @ A @ X.T + X @ A @ Y.T for Y in (V, W))
    both = V @ A @ W.T + W @ A @ V.T

    def centred(x):
        return x - (P * x).sum(axis=1, keepdims=True)

    y = u[None] - (P @ u)[:, None]
    formula = np.einsum("ik,ik,ka->ia", P, centred(s_w), V @ head.V)
    formula += np.einsum("ik,ik,ka->ia", P, centred(s_v), W @ head.V)
    formula += np.einsum("ik,ika,ik,ik->ia", P, y, centred(s_v), centred(s_w))
    formula += np.einsum("ik,ika,ik->ia", P, y, centred(both))

    def along(Y):
        return np.einsum("iajb,jb->ia", covariance_form(head, Y), V)

    found = (along(X + STEP * W) - along(X - STEP * W)) / (2 * STEP)
    assert np.abs(formula - found).max() <= 100 * room(formula, along(X))
