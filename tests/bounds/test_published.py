"""The published baselines hold where they are said to, and fail where they are not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw
from strategies import MAGNITUDES, SEEDS, attention_cases, generator
from theorems.search import spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention
from stabcheck.bounds.published import (
    BASELINES,
    castin_ball,
    castin_mean_field,
    kim_norm,
    kim_row_sum,
    lipsformer_norm,
    naive_ball,
    yudin_point,
)
from stabcheck.errors import InvalidInput
from stabcheck.interpret import jax_  # noqa: F401  switches JAX to float64

TOKENS, FEATURES = 4, 3


def drawn(seed, size, *, causal=False, tokens=TOKENS):
    """One head without biases, and tokens in a ball: field, state, |V|, |A|, R."""
    rng = generator(seed)
    A, V = size * rng.standard_normal((2, FEATURES, FEATURES))
    state = rng.standard_normal((tokens, FEATURES)) * 10 ** rng.uniform(-1, 0.5)
    field = Attention(
        A[None], np.eye(FEATURES)[None], V[None], scale=1.0, causal=causal
    )
    radius = float(np.linalg.norm(state, axis=1).max())
    return field, state, spectral_norm(V), spectral_norm(A), radius


@given(SEEDS, MAGNITUDES)
def test_the_bounds_on_a_ball_hold_without_a_mask(seed, size):
    field, state, value, form, radius = drawn(seed, size)
    found = spectral_norm(field.jacobian(state))
    assert found <= naive_ball(value, form, radius, TOKENS)
    assert found <= castin_ball(value, form, radius, TOKENS)
    if form * radius**2 < 100:
        assert found <= castin_mean_field(value, form, radius, masked=False)


@given(SEEDS, MAGNITUDES)
def test_ours_on_a_ball_is_at_most_the_published_one(seed, size):
    field, _, value, form, radius = drawn(seed, size)
    ours = bounds.attention_norm_ball(field, radius, TOKENS).value
    assert ours <= castin_ball(value, form, radius, TOKENS)


def test_the_mean_field_bound_is_exceeded_and_refused_under_a_mask():
    one = np.eye(1)[None]
    field = Attention(0 * one, one, one, causal=True)
    found = spectral_norm(field.jacobian(np.ones((16, 1))))
    assert found > castin_mean_field(1.0, 0.0, 1.0, masked=False)
    with pytest.raises(InvalidInput, match="does not hold"):
        castin_mean_field(1.0, 0.0, 1.0, masked=True)


@given(attention_cases())
def test_the_bound_at_a_point_holds_for_every_head(case):
    if case.field.b_Q is not None:
        with pytest.raises(InvalidInput, match="query bias"):
            yudin_point(case.field, case.state)
        return
    found = spectral_norm(case.field.jacobian(case.state))
    assert found <= yudin_point(case.field, case.state) * (1 + 1e-12)


def distance_attention(X, Q, V, W_O):
    """Multi-head attention by distance with W_K = W_Q and values through A_h."""
    width = Q.shape[-1]
    heads = []
    for q, v in zip(Q, V, strict=True):
        u = X @ q
        gaps = jnp.sum((u[:, None] - u[None]) ** 2, axis=-1)
        P = jax.nn.softmax(-gaps / jnp.sqrt(width), axis=-1)
        heads.append(P @ X @ (q @ q.T / jnp.sqrt(width)) @ v)
    return jnp.concatenate(heads, axis=-1) @ W_O


@pytest.mark.parametrize("heads", [1, 2])
def test_the_bounds_of_attention_by_distance_hold(heads):
    width = 4 // heads
    dense = jax.jit(jax.jacfwd(distance_attention))
    inverse = float(lambertw((TOKENS - 1) / np.e).real)
    for seed in range(30):
        rng = generator(seed)
        Q, V = rng.standard_normal((2, heads, 4, width))
        W_O = rng.standard_normal((heads * width, 4))
        X = rng.standard_normal((TOKENS, 4)) * 10 ** rng.uniform(-1, 1)
        J = np.asarray(dense(X, Q, V, W_O)).reshape(4 * TOKENS, -1)
        out = spectral_norm(W_O)
        assert spectral_norm(J) <= kim_norm(Q, V, out, TOKENS, inverse)
        out = np.abs(W_O.T).sum(axis=1).max()
        assert np.abs(J).sum(axis=1).max() <= kim_row_sum(Q, V, out, inverse)


def test_the_bound_of_cosine_attention_holds():
    def field(X, W, epsilon, tau, nu):
        q, k, v = (
            X @ w / jnp.sqrt(((X @ w) ** 2).sum(-1, keepdims=True) + epsilon) for w in W
        )
        return nu * jax.nn.softmax(tau * q @ k.T, axis=-1) @ v

    dense = jax.jit(jax.jacfwd(field))
    for seed in range(30):
        rng = generator(seed)
        W = rng.standard_normal((3, FEATURES, FEATURES))
        epsilon, tau, nu = 10 ** rng.uniform(-1, 0.5, 3)
        X = rng.standard_normal((TOKENS, FEATURES)) * 10 ** rng.uniform(-2, 0.5)
        J = np.asarray(dense(X, W, epsilon, tau, nu)).reshape(TOKENS * FEATURES, -1)
        norms = tuple(map(spectral_norm, W))
        assert spectral_norm(J) <= lipsformer_norm(norms, tau, nu, epsilon, TOKENS)


@given(st.sampled_from(sorted(BASELINES)))
def test_every_baseline_says_where_it_comes_from(name):
    baseline = BASELINES[name]
    assert baseline.source
    assert baseline.status
    assert baseline.bound.__doc__
