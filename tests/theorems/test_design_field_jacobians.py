"""The Jacobians of the fields that designs need, against differences in numpy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.variant_head import Head, differences, room

SIZES = st.sampled_from([(1, 1), (1, 3), (3, 1), (4, 2), (3, 3)])
SLOPES = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 0.25 / np.cosh(z / 2) ** 2),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z))),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
}
TOKEN = st.integers(1, 4)


def eye_minus(u):
    return np.eye(len(u)) - np.outer(u, u)


def soft(x, radius):
    return x / np.sqrt(1 + x @ x / radius**2)


@pytest.mark.theorem("soft-norm-jacobian")
@given(SEEDS, TOKEN, st.floats(0.1, 10), st.floats(0.25, 4))
def test_the_soft_norm_contracts_by_its_distance_from_the_sphere(seed, d, size, radius):
    x = size * generator(seed).standard_normal(d)
    N = soft(x, radius)
    r = np.sqrt(1 + x @ x / radius**2)
    D = eye_minus(N / radius) / r
    assert np.abs(D - differences(lambda y: soft(y, radius), x)).max() <= 1e3 * room(N)
    values = np.linalg.eigvalsh(D)
    expected = np.sort([1 / r**3, *[1 / r] * (d - 1)])
    assert np.abs(values - expected).max() <= 1e-13
    assert np.linalg.norm(N) < radius
    assert np.linalg.norm(D, 2) <= np.sqrt(1 - N @ N / radius**2) + 1e-7 / r


@pytest.mark.theorem("soft-norm-jacobian", refutes="a constant below 1")
def test_at_the_origin_the_soft_norm_moves_as_the_token_does():
    assert np.linalg.norm(differences(lambda y: soft(y, 1.0), np.zeros(3)), 2) > 0.999


@pytest.mark.theorem("sphere-projection-jacobian")
@given(SEEDS, TOKEN)
def test_the_projection_has_the_tangent_projection_over_the_length(seed, d):
    x = generator(seed).standard_normal(d)
    x += np.sign(x) / 2  # third derivatives grow towards the origin
    length = np.linalg.norm(x)
    D = eye_minus(x / length) / length
    found = differences(lambda y: y / np.linalg.norm(y), x)
    assert np.abs(D - found).max() <= room(D)
    assert np.abs(D @ x).max() <= 1e-14


@pytest.mark.theorem("sphere-projection-jacobian", refutes="the token is kept")
def test_no_change_along_the_token_is_seen():
    found = differences(lambda y: y / np.linalg.norm(y), np.array([3.0, 4.0]))
    assert np.abs(found @ [3.0, 4.0]).max() < 1e-8


@pytest.mark.theorem("gradient-feed-forward-jacobian")
@pytest.mark.parametrize("activation", sorted(SLOPES))
@given(SEEDS, st.sampled_from([(1, 1), (3, 1), (2, 5)]))
def test_a_gradient_branch_has_a_symmetric_jacobian_without_growth(
    activation, seed, size
):
    rng, (phi, slope) = generator(seed), SLOPES[activation]
    W, b = rng.standard_normal(size), rng.standard_normal(size[1])
    x = rng.standard_normal(size[0])
    z = x @ W + b
    at_a_kink = np.abs(z).min() < 1e-3
    J = -W @ np.diag(slope(z)) @ W.T
    if activation != "relu" or not at_a_kink:
        found = differences(lambda y: -phi(y @ W + b) @ W.T, x)
        assert np.abs(J - found).max() <= room(J)
    values = np.linalg.eigvalsh(J)
    most = 0.25 if activation == "sigmoid" else 1.0
    width = np.linalg.norm(W, 2) ** 2
    assert values.max() <= 1e-13 * (1 + width)
    assert values.min() >= -most * width * (1 + 1e-13)


@pytest.mark.theorem("gradient-feed-forward-jacobian", refutes="a smaller supremum")
def test_the_largest_slope_is_reached():
    for activation, most in (("relu", 1), ("sigmoid", 0.25), ("tanh", 1)):
        z = np.array([1.0 if activation == "relu" else 0.0])
        assert SLOPES[activation][1](z)[0] == most


@pytest.mark.theorem("antisymmetric-feed-forward-jacobian")
@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "tanh"])
@given(SEEDS, TOKEN)
def test_an_antisymmetric_branch_is_skew_up_to_its_slopes(activation, seed, d):
    rng, (phi, slope) = generator(seed), SLOPES[activation]
    M, b, x = rng.standard_normal((d, d)), *rng.standard_normal((2, d))
    K = M - M.T
    D = slope(K @ x + b)
    J = D[:, None] * K
    assert np.abs(J - differences(lambda y: phi(K @ y + b), x)).max() <= room(J)
    part = (D[:, None] - D[None]) * K / 2
    assert np.abs((J + J.T) / 2 - part).max() <= 1e-14 * (1 + np.abs(J).max())


@pytest.mark.theorem("antisymmetric-feed-forward-jacobian", refutes="J is skew")
def test_where_one_unit_is_off_the_jacobian_is_not_skew():
    K = np.array([[0.0, 1.0], [-1.0, 0.0]])
    J = np.diag([1.0, 0.0]) @ K
    assert np.linalg.eigvalsh((J + J.T) / 2).max() == 0.5


def tied_form(head, X, kappa):
    """The covariance form with the values -kappa A x, A = Q K^T."""
    n, A = len(X), head.Q @ head.K.T
    P, u = head.weights(X), -kappa * X @ A.T
    y = u[None] - (P @ u)[:, None]
    J = -kappa * np.einsum("ij,ab->iajb", P, A)
    J += np.einsum("ij,ija,ib->iajb", P, y, X @ A)
    own = np.einsum("ik,ika,kb->iab", P, y, X @ A.T)
    J[np.arange(n), :, np.arange(n)] += own
    return J, own


@pytest.mark.theorem("tied-attention-jacobian")
@given(SEEDS, SIZES)
def test_tied_values_give_a_covariance_form_that_shrinks_by_its_own_logits(seed, size):
    rng, (n, d) = generator(seed), size
    Q, K = 0.5 * rng.standard_normal((2, d, 3))
    head = Head(Q, K, -0.7 * K @ Q.T, "dot")
    X = rng.standard_normal((n, d))
    J, own = tied_form(head, X, 0.7)
    assert np.abs(J - differences(head, X)).max() <= room(J)
    for block in own:
        values = np.linalg.eigvalsh(block)
        assert values.max() <= 1e-13 * (1 + np.abs(values).max())
        assert np.abs(block - block.T).max() <= 1e-13 * (1 + np.abs(block).max())


@pytest.mark.theorem("tied-attention-jacobian")
@given(SEEDS, st.sampled_from([(1, 2), (3, 2), (4, 1)]))
def test_one_matrix_of_sinkhorn_attention_has_a_symmetric_jacobian(seed, size):
    rng, (n, d) = generator(seed), size
    W = 0.5 * rng.standard_normal((d, 2))
    head = Head(W, W, -0.7 * W @ W.T, "sinkhorn")
    J = differences(head, rng.standard_normal((n, d))).reshape(n * d, n * d)
    assert np.abs(J - J.T).max() <= room(J)


@pytest.mark.theorem("tied-attention-jacobian", refutes="the other sign of the tie")
def test_values_of_the_other_sign_grow_by_their_own_logits():
    rng = generator(0)
    Q, K = rng.standard_normal((2, 3, 3))
    head = replace(Head(Q, K, np.zeros((3, 3)), "dot"), V=0.7 * K @ Q.T)
    X = rng.standard_normal((4, 3))
    _, own = tied_form(head, X, -0.7)
    assert max(np.linalg.eigvalsh(block).max() for block in own) > 0.1
