"""Logarithmic norms of tied and of energy attention, and the variance of logits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from strategies import MAGNITUDES, SEEDS, generator
from theorems.search import ascend, log_norm, spectral_norm

from stabcheck.bounds import Attention
from stabcheck.interpret import jax_  # noqa: F401  switches JAX to float64


def tied(seed, size, *, causal):
    """A head with V = -kappa A^T, its state, A and kappa."""
    rng = generator(seed)
    features, tokens = rng.integers(1, 4), rng.integers(1, 6)
    A, kappa = size * rng.standard_normal((features, features)), rng.uniform(0.1, 3)
    field = Attention(
        A[None], np.eye(features)[None], -kappa * A.T[None], scale=1.0, causal=causal
    )
    return field, rng.standard_normal((tokens, features)), A, kappa


def weights_of(field, state):
    query, key, _ = field.projections(state)
    return field.attention_weights(query, key)[0]


def pointwise(field, A, kappa, state):
    """The first bound of the theorem."""
    P, slopes = weights_of(field, state), state @ A
    forms = np.einsum("ij,ia,ib->jab", P, slopes, slopes)
    largest = max(np.linalg.eigvalsh(form)[-1] for form in forms)
    return kappa * (largest / 4 + log_norm(-np.kron(P, A)))


def by_masses(field, A, kappa, state):
    """The second: by the largest column mass and slope."""
    P, size = weights_of(field, state), spectral_norm(A)
    c, v = P.sum(axis=0).max(), kappa * size
    alpha = ((state @ A) ** 2).sum(axis=1).max() / size
    if alpha * np.sqrt(c) <= 2:
        return v * np.sqrt(c)
    return v * (alpha * c / 4 + 1 / alpha)


@pytest.mark.theorem("attention-log-norm-tied-negative")
@given(SEEDS, MAGNITUDES, st.booleans(), st.sampled_from([pointwise, by_masses]))
def test_tied_negative_values_stay_below_their_logarithmic_norm(
    seed, size, causal, bound
):
    field, centre, A, kappa = tied(seed, size, causal=causal)

    def excess(state):
        limit = bound(field, A, kappa, state)
        return log_norm(field.jacobian(state)) - limit * (1 + 1e-12)

    assert ascend(excess, centre, 2.0, seed=seed, steps=20) <= 0


@pytest.mark.theorem("attention-log-norm-tied-negative", refutes="any factor below 1")
def test_one_token_attains_the_tied_logarithmic_norm():
    A = -np.eye(2)
    field = Attention(A[None], np.eye(2)[None], -A.T[None], scale=1.0)
    state = np.array([[0.5, 0.0]])
    assert log_norm(field.jacobian(state)) == by_masses(field, A, 1.0, state) == 1


@jax.jit
def energy_curvature(X, A):
    def energy(X):
        return jnp.sum(jax.nn.logsumexp(X @ A @ X.T, axis=1))

    return jax.hessian(energy)(X), jax.nn.softmax(X @ A @ X.T, axis=1)


@pytest.mark.theorem("energy-attention-log-norm")
@given(SEEDS, MAGNITUDES, st.sampled_from([(1, 1), (4, 2)]))
def test_the_descent_of_the_energy_expands_by_its_means_only(seed, size, shape):
    rng = generator(seed)
    A = size * rng.standard_normal((shape[1], shape[1]))

    def excess(state):
        curvature, P = energy_curvature(jnp.asarray(state), jnp.asarray(A))
        J = -np.asarray(curvature).reshape(state.size, -1)
        bound = 2 * log_norm(-np.kron(np.asarray(P), A))
        return log_norm(J) - bound - 1e-10 * (1 + spectral_norm(J))

    centre = rng.standard_normal(shape)
    assert ascend(excess, centre, 2.0, seed=seed, steps=10) <= 0


@pytest.mark.theorem("energy-attention-log-norm", refutes="any factor below 1")
def test_one_token_attains_the_bound_of_the_descent():
    A = -np.eye(1)
    curvature, P = energy_curvature(jnp.ones((1, 1)), jnp.asarray(A))
    J = -np.asarray(curvature).reshape(1, 1)
    assert log_norm(J) == 2 * log_norm(-np.kron(np.asarray(P), A)) == 2


def two_valued(q, n):
    return q * (1 - q) * np.log(q * (n - 1) / (1 - q)) ** 2


def most(n):
    """The largest variance, over a grid and then refined."""
    grid = np.linspace(1e-6, 1 - 1e-6, 2001)
    best = grid[np.argmax(two_valued(grid, n))]
    ends = (max(best - 1e-3, 1e-9), min(best + 1e-3, 1 - 1e-9))
    found = minimize_scalar(lambda q: -two_valued(q, n), bounds=ends, method="bounded")
    return -found.fun


@pytest.mark.theorem("softmax-varentropy")
@given(SEEDS, st.integers(2, 12), st.floats(-1, 1.5))
def test_the_variance_of_logits_under_their_softmax_is_bounded(seed, n, spread):
    rng = generator(seed)
    logits = 10**spread * rng.standard_normal(n)
    if rng.integers(2):
        logits[1:] = logits[1]
    p = np.exp(logits - logits.max())
    p /= p.sum()
    variance = p @ (logits - p @ logits) ** 2
    # The maximum over q is refined to far less than this.
    assert variance <= most(n) + 1e-9
    assert variance <= np.log(n - 1) ** 2 / 4 + 1


@pytest.mark.theorem("softmax-varentropy", refutes="0.99 of the maximum")
@pytest.mark.parametrize("n", [2, 4, 64])
def test_one_entry_against_equal_others_attains_the_variance(n):
    s = np.linspace(-8, 12, 4001)
    q = 1 / (1 + (n - 1) * np.exp(-s))
    assert (q * (1 - q) * s**2).max() > 0.99 * most(n)
