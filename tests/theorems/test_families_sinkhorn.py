"""Doubly stochastic attention by caps: its constants in the 2-norm, attacked."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS
from theorems.family_search import capped, climb, form, short, unit, whole
from theorems.search import log_norm, spectral_norm
from theorems.variant_head import differences, room

from stabcheck.bounds.families import constant

ALPHAS = st.sampled_from(
    [Fraction(1, 8), Fraction(1, 4), Fraction(1), Fraction(2), Fraction(4)]
)
VALUES = st.sampled_from([Fraction(1, 3), Fraction(1), Fraction(5)])
SIZE = (4, 2)
BALL = {"kind": "ball", "radius_squared": Fraction(1)}
ROUNDS = 15
"""Scalings in the ascent; what it finds is evaluated at the converged weights."""


def bound(v, alpha, quantity, tie="none", **changes):
    field = {
        "kind": "sinkhorn-attention",
        "normalisation": "none",
        "radius_squared": None,
        "mask": "none",
        "query_key_norm": Fraction(alpha),
        "value_norm": Fraction(v),
        "tie": tie,
    } | changes
    found = constant(field, BALL, "frobenius", quantity)
    return found.theorem, float(found.value)


def scaled(logits):
    """Nearly doubly stochastic weights."""

    def one_round(columns, _):
        rows = -jax.nn.logsumexp(logits + columns[None], axis=1)
        columns = -jax.nn.logsumexp(logits + rows[:, None], axis=0)
        return columns, rows

    start = jnp.zeros(len(logits))
    columns, rows = jax.lax.scan(one_round, start, length=ROUNDS)
    return jnp.exp(logits + rows[-1][:, None] + columns[None])


def attend(X, A, V):
    return scaled(X @ A @ X.T) @ X @ V


def converged(logits):
    """Weights whose rows and columns sum to one up to rounding: Newton's method."""
    P, size = np.exp(logits - logits.max()), len(logits)
    for _ in range(ROUNDS):
        P = P / P.sum(axis=1, keepdims=True)
        P = P / P.sum(axis=0, keepdims=True)
    for _ in range(8):
        sums = np.concatenate([P.sum(axis=1), P.sum(axis=0)])
        slopes = np.diag(sums)
        slopes[:size, size:], slopes[size:, :size] = P, P.T
        step = np.linalg.lstsq(slopes, 1 - sums, rcond=1e-13)[0]
        P = P * np.exp(step[:size, None] + step[None, size:])
    assert np.abs(np.concatenate([P.sum(axis=1), P.sum(axis=0)]) - 1).max() < 1e-12
    return P


def jacobian(X, A, V):
    """The dense Jacobian by theorem sinkhorn-attention-jacobian, (n d, n d)."""
    tokens, features = X.shape
    P, each = converged(X @ A @ X.T), np.arange(len(X))
    slopes = np.zeros((tokens, tokens, tokens, features))  # dS_ik / dX_jb
    slopes[each, :, each] += X @ A.T
    slopes[:, each, each] += (X @ A)[:, None]
    change = P[..., None, None] * slopes
    system = np.block([[np.eye(tokens), P], [P.T, np.eye(tokens)]])
    right = -np.concatenate([change.sum(axis=1), change.sum(axis=0)])
    potentials = np.linalg.lstsq(system, right.reshape(2 * tokens, -1), rcond=1e-13)[0]
    potentials = potentials.reshape(2 * tokens, tokens, features)
    change += P[..., None, None] * (
        potentials[:tokens, None] + potentials[None, tokens:]
    )
    dense = np.einsum("ij,ba->iajb", P, V)
    dense += np.einsum("ikjb,ka->iajb", change, X @ V)
    return dense.reshape(tokens * features, -1)


def free_member(member, caps):
    return {
        "A": capped(member["A"], caps["alpha"]),
        "V": capped(member["V"], caps["v"]),
        "X": short(member["X"]),
        "v": unit(member["v"]),
    }


def tied_member(member, caps):
    return {
        "A": capped(member["A"], caps["alpha"]),
        "X": short(member["X"]),
        "v": unit(member["v"]),
    }


def convex_member(member, caps):
    return {
        "W": capped(member["W"], jnp.sqrt(caps["alpha"])),
        "X": short(member["X"]),
        "v": unit(member["v"]),
    }


def norm_value(member, caps):
    return whole(lambda X: attend(X, member["A"], member["V"]), member)


def tied_value(member, caps):
    V = -caps["v"] / caps["alpha"] * member["A"].T
    return form(lambda X: attend(X, member["A"], V), member)


def contraction(member, caps):
    A = member["W"] @ member["W"].T
    V = -caps["v"] / caps["alpha"] * A
    return -form(lambda X: attend(X, A, V), member)


def shapes(*names):
    tokens, features = SIZE
    square, state = (features, features), (tokens, features)
    return {name: square if name in "AVW" else state for name in names}


@pytest.mark.theorem("sinkhorn-attention-norm")
@given(SEEDS, ALPHAS, VALUES)
def test_no_doubly_stochastic_member_exceeds_the_norm(seed, alpha, v):
    theorem, upper = bound(v, alpha, "lipschitz")
    assert theorem == "sinkhorn-attention-norm"
    caps = {"alpha": float(alpha), "v": float(v)}
    _, worst = climb(norm_value, free_member, shapes("A", "V", "X", "v"), caps, seed)
    assert spectral_norm(jacobian(worst["X"], worst["A"], worst["V"])) <= upper


@pytest.mark.theorem("sinkhorn-tied-log-norm")
@given(SEEDS, ALPHAS, VALUES)
def test_no_tied_member_exceeds_the_logarithmic_norm(seed, alpha, v):
    theorem, upper = bound(v, alpha, "log-norm", "negative")
    assert theorem == "sinkhorn-tied-log-norm"
    caps = {"alpha": float(alpha), "v": float(v)}
    _, worst = climb(tied_value, tied_member, shapes("A", "X", "v"), caps, seed)
    V = -float(v / alpha) * worst["A"].T
    assert log_norm(jacobian(worst["X"], worst["A"], V)) <= upper


@pytest.mark.theorem("convex-sinkhorn-energy")
@given(SEEDS, ALPHAS, VALUES)
def test_convex_members_are_symmetric_and_stay_in_the_range(seed, alpha, v):
    theorem, lower = bound(v, alpha, "spectrum-lower", "convex")
    assert theorem == "convex-sinkhorn-energy"
    assert bound(v, alpha, "spectrum-upper", "convex") == (theorem, 0)
    caps = {"alpha": float(alpha), "v": float(v)}
    _, worst = climb(contraction, convex_member, shapes("W", "X", "v"), caps, seed)
    A = worst["W"] @ worst["W"].T
    J = jacobian(worst["X"], A, -float(v / alpha) * A)
    # Rounding in the scaling and in the singular system; J has the size of v.
    room = 1e-7 * float(v) * len(J)
    assert np.abs(J - J.T).max() <= room
    assert log_norm(J) <= room
    assert -log_norm(-J) >= lower - room


@pytest.mark.theorem("sinkhorn-attention-norm")
@given(SEEDS, ALPHAS)
def test_a_soft_norm_before_it_changes_nothing(seed, alpha):
    changes = {"normalisation": "soft", "radius_squared": Fraction(1)}
    _, upper = bound(1, alpha, "lipschitz", **changes)
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, 2)) * 10 ** rng.uniform(-1, 2)
    A, V = np.linalg.qr(rng.standard_normal((2, 2, 2)))[0]
    length = np.sqrt(1 + (X**2).sum(axis=1, keepdims=True))
    Z = X / length
    dense = jacobian(Z, float(alpha) * (1 - 1e-12) * A, V * (1 - 1e-12))
    inner = (np.eye(2) - Z[:, :, None] * Z[:, None]) / length[:, :, None]
    chained = np.einsum("pjb,jbc->pjc", dense.reshape(6, 3, 2), inner).reshape(6, 6)
    assert spectral_norm(chained) <= upper


@pytest.mark.theorem("sinkhorn-attention-norm", refutes="any factor below 1")
@pytest.mark.theorem("sinkhorn-tied-log-norm", refutes="any factor below 1")
@pytest.mark.theorem("convex-sinkhorn-energy", refutes="any factor below 1")
def test_one_token_attains_the_constants_for_small_logits():
    X, A = np.array([[1.0]]), np.array([[0.25]])
    assert spectral_norm(jacobian(X, 0 * A, np.eye(1))) == bound(1, 0, "lipschitz")[1]
    negative = jacobian(X, -A, np.eye(1))  # kappa = 4
    assert log_norm(negative) == bound(1, Fraction(1, 4), "log-norm", "negative")[1]
    convex = jacobian(X, A, -np.eye(1))
    lower = bound(1, Fraction(1, 4), "spectrum-lower", "convex")[1]
    assert -log_norm(-convex) == lower


@pytest.mark.theorem("convex-sinkhorn-energy", refutes="v alone for alpha = 1")
def test_two_clusters_contract_more_than_the_values_do():
    X = np.array([[1.0], [-1.0]])
    J = jacobian(X, np.eye(1), -np.eye(1))
    assert -log_norm(-J) < -1.5
    assert -log_norm(-J) >= bound(1, 1, "spectrum-lower", "convex")[1]


@pytest.mark.theorem("sinkhorn-tied-log-norm", refutes="untied values")
def test_untied_values_expand_more_than_the_tied_constant():
    caps = {"alpha": 2.0, "v": 1.0}
    _, worst = climb(norm_value, free_member, shapes("A", "V", "X", "v"), caps, 1)
    dense = jacobian(worst["X"], worst["A"], worst["V"])
    assert spectral_norm(dense) > bound(1, 2, "log-norm", "negative")[1]


def test_the_dense_jacobian_is_the_derivative_of_the_scaled_attention():
    rng = np.random.default_rng(3)
    X, A, V = (rng.standard_normal(shape) for shape in ((3, 2), (2, 2), (2, 2)))

    def field(X):
        return converged(X @ A @ X.T) @ X @ V

    expected = differences(field, X).reshape(6, 6)
    assert np.abs(jacobian(X, A, V) - expected).max() < room(expected)
