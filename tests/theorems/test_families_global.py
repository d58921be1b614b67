"""Constants on the whole space: cosine, distance, memories, feed-forward."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw
from strategies import SEEDS, generator
from theorems.family_search import capped, climb, largest_token, short
from theorems.search import log_norm, spectral_norm

from stabcheck.bounds.families import constant

ALL = {"kind": "all"}
TOKENS, FEATURES = SIZE = (5, 3)
"""Under the causal mask the first row sees one token alone."""
CAPS = st.sampled_from([Fraction(1, 4), Fraction(1), Fraction(3)])
ACTIVATIONS = {
    "relu": lambda z: (z > 0).astype(float),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)) / (1 + np.exp(z)),
    "gelu": lambda z: np.asarray(jax.vmap(jax.grad(exact_gelu))(z)),
    "silu": lambda z: np.asarray(jax.vmap(jax.grad(jax.nn.silu))(z)),
}
"""The derivative of each activation."""


def exact_gelu(z):
    return jax.nn.gelu(z, approximate=False)


def value(field, quantity, metric="token-max"):
    found = constant(field, ALL, metric, quantity)
    return found.theorem, float(found.value)


def unit(z, epsilon):
    return z / jnp.sqrt(jnp.sum(z**2, axis=-1, keepdims=True) + epsilon)


def sees(tokens):
    return jnp.tril(jnp.ones((tokens, tokens), bool))


def cosine_value(member, caps):
    def field(X):
        q, k, v = (unit(X @ member[name], caps["epsilon"]) for name in "QKV")
        logits = jnp.where(sees(len(X)), caps["tau"] * q @ k.T, -jnp.inf)
        return caps["nu"] * jax.nn.softmax(logits, axis=-1) @ v

    return largest_token(field, member)


def cosine_member(member, caps):
    parts = {name: capped(member[name], caps[name]) for name in "QKV"}
    return member | parts | {"v": short(member["v"])}


@pytest.mark.theorem("cosine-attention-norm")
@given(SEEDS, st.tuples(CAPS, CAPS, CAPS), CAPS, CAPS, CAPS)
def test_no_cosine_attention_exceeds_its_constant(seed, norms, tau, nu, epsilon):
    Q, K, V = norms
    theorem, upper = value(
        {
            "kind": "cosine-attention",
            "mask": "causal",
            "query_norm": Q,
            "key_norm": K,
            "value_norm": V,
            "temperature": tau,
            "output": nu,
            "epsilon": epsilon,
        },
        "lipschitz",
    )
    assert theorem == "cosine-attention-norm"
    shapes = dict.fromkeys("QKV", (FEATURES, FEATURES))
    shapes |= dict.fromkeys("Xv", SIZE)
    caps = {"Q": Q, "K": K, "V": V, "tau": tau, "nu": nu, "epsilon": epsilon}
    found, _ = climb(cosine_value, cosine_member, shapes, caps, seed)
    assert found <= upper


@pytest.mark.theorem("cosine-attention-norm", refutes="any factor below 1")
def test_near_zero_without_logits_cosine_attention_attains_its_constant():
    _, upper = value(
        {
            "kind": "cosine-attention",
            "mask": "any",
            "query_norm": Fraction(0),
            "key_norm": Fraction(0),
            "value_norm": Fraction(3),
            "temperature": Fraction(1),
            "output": Fraction(2),
            "epsilon": Fraction(1, 4),
        },
        "log-norm",
    )
    # One feature, all tokens 0: the slope of z/sqrt(z^2 + eps) there is 1/sqrt(eps).
    assert 2 * 3 / np.sqrt(0.25) == upper


def distance_value(member, caps):
    def field(X):
        u = X @ member["W"]
        logits = -jnp.sum((u[:, None] - u[None]) ** 2, axis=-1) / caps["T"]
        weights = jax.nn.softmax(jnp.where(sees(len(X)), logits, -jnp.inf), axis=-1)
        return weights @ u @ member["B"]

    return largest_token(field, member)


def distance_member(member, caps):
    parts = {name: capped(member[name], caps[name.lower()]) for name in "WB"}
    return member | parts | {"v": short(member["v"])}


@pytest.mark.theorem("kim-l2-mixed-norm")
@given(SEEDS, CAPS, CAPS, CAPS)
def test_no_attention_by_distance_exceeds_its_constant(seed, w, b, temperature):
    theorem, upper = value(
        {
            "kind": "l2-attention",
            "mask": "causal",
            "feature_norm": w,
            "value_norm": b,
            "most_tokens": TOKENS,
        },
        "lipschitz",
    )
    assert theorem == "kim-l2-mixed-norm"
    shapes = dict.fromkeys("WB", (FEATURES, FEATURES))
    shapes |= dict.fromkeys("Xv", SIZE)
    caps = {"w": w, "b": b, "T": temperature}
    found, _ = climb(distance_value, distance_member, shapes, caps, seed)
    assert found <= upper


@pytest.mark.theorem("kim-l2-mixed-norm", refutes="half of the constant")
def test_one_token_and_many_exceed_half_of_the_constant_by_distance():
    def upper(tokens):
        field = {
            "kind": "l2-attention",
            "mask": "none",
            "feature_norm": Fraction(1),
            "value_norm": Fraction(1),
            "most_tokens": tokens,
        }
        return value(field, "lipschitz")[1]

    assert upper(1) == 1  # attained by the identity
    shapes = {"W": (3, 3), "B": (3, 3), "X": (6, 3), "v": (6, 3)}
    caps = {"w": 1.0, "b": 1.0, "T": 1.0}
    found = max(
        climb(distance_value, distance_member, shapes, caps, seed)[0]
        for seed in range(4)
    )
    assert upper(6) / 2 < found <= upper(6)


@pytest.mark.theorem("kim-l2-mixed-norm", refutes="a mask that hides the token itself")
def test_a_token_that_does_not_see_itself_has_no_constant():
    # Keys at +-t, the query at 0 between them: a = 2 u_j, the covariance grows as t^2.
    t = 100.0
    u = np.array([0.0, t, -t])
    weights = np.array([0, 0.5, 0.5])
    receiver = 2 * weights @ (u * u)
    field = {
        "kind": "l2-attention",
        "mask": "none",
        "feature_norm": Fraction(1),
        "value_norm": Fraction(1),
        "most_tokens": 3,
    }
    assert receiver > value(field, "lipschitz")[1]
    with pytest.raises(ValueError, match="does not see itself"):
        constant(field | {"mask": "any"}, ALL, "token-max", "lipschitz")


@pytest.mark.theorem("kim-weighted-exponential")
@given(st.lists(st.floats(-5, 50), max_size=8))
def test_the_weighted_mean_of_the_distances_is_at_most_c(others):
    r = np.array([0.0, *others])
    weights = np.exp(-r + r.min())
    c = float(lambertw((len(r) - 1) / np.e).real)
    assert r @ weights / weights.sum() <= c + 1e-12 * (1 + np.abs(r).max())


@pytest.mark.theorem("kim-weighted-exponential", refutes="0.99 c")
def test_equal_distances_attain_c():
    c = float(lambertw(7 / np.e).real)
    r = np.array([0.0] + [c + 1] * 7)
    weights = np.exp(-r)
    assert r @ weights / weights.sum() > 0.99 * c


@pytest.mark.theorem("hopfield-monotone")
@given(
    SEEDS, CAPS, st.sampled_from([1, -1]), st.sampled_from(["token-max", "frobenius"])
)
def test_retrieval_has_its_eigenvalues_in_the_range(seed, beta, sign, metric):
    rng = generator(seed)
    memories = rng.standard_normal((rng.integers(1, 6), rng.integers(1, 4)))
    query = rng.standard_normal(memories.shape[1]) * rng.uniform(0, 3)
    gaps = memories[:, None] - memories[None]
    square = Fraction(float((gaps**2).sum(axis=-1).max())) * (1 + Fraction(1, 10**9))
    field = {
        "kind": "hopfield",
        "beta": beta,
        "diameter_squared": square,
        "sign": sign,
    }
    theorem, most = value(field, "spectrum-upper", metric)
    assert theorem == "hopfield-monotone"
    least = value(field, "spectrum-lower", metric)[1]
    logits = float(beta) * memories @ query
    p = np.exp(logits - logits.max())
    p /= p.sum()
    centred = memories - p @ memories
    J = sign * float(beta) * (centred.T * p) @ centred
    room = 1e-12 * (1 + most - least)
    assert log_norm(J) <= most + room
    assert -log_norm(-J) >= least - room
    assert spectral_norm(J) <= value(field, "lipschitz", metric)[1] + room


@pytest.mark.theorem("hopfield-monotone", refutes="any factor below 1")
def test_two_memories_attain_the_range():
    field = {
        "kind": "hopfield",
        "beta": Fraction(2),
        "diameter_squared": Fraction(4),
        "sign": 1,
    }
    # Memories at +-1, the query at 0: the variance is 1.
    assert value(field, "log-norm")[1] == 2 * 1


@pytest.mark.theorem("feed-forward-family")
@pytest.mark.theorem("gradient-feed-forward-spectrum")
@pytest.mark.theorem("antisymmetric-feed-forward-log-norm")
@given(SEEDS, st.sampled_from(sorted(ACTIVATIONS)), CAPS, CAPS)
def test_feed_forward_families_hold_for_their_members(seed, activation, first, second):
    rng = generator(seed)
    features, hidden = rng.integers(1, 5, 2)
    room = 1 - 1e-12

    def matrix(rows, columns, cap):
        drawn = rng.standard_normal((rows, columns))
        return drawn * (float(cap) * room / max(np.linalg.norm(drawn, 2), 1e-300))

    slopes = ACTIVATIONS[activation](3 * rng.standard_normal(hidden))
    W_1, W_2 = matrix(features, hidden, first), matrix(hidden, features, second)
    plain = {"kind": "feed-forward", "normalisation": "soft", "activation": activation}
    family = plain | {"in_norm": first, "out_norm": second}
    assert value(family, "lipschitz")[0] == "feed-forward-family"
    J = (W_2.T * slopes) @ W_1.T
    assert spectral_norm(J) <= value(family, "lipschitz")[1]
    descent = {
        "kind": "gradient-feed-forward",
        "activation": activation,
        "matrix_norm": first,
    }
    J = -(W_1 * slopes) @ W_1.T
    assert log_norm(J) <= value(descent, "spectrum-upper")[1] + 1e-12
    assert -log_norm(-J) >= value(descent, "spectrum-lower")[1] - 1e-12
    turn = descent | {"kind": "antisymmetric-feed-forward"}
    M = rng.standard_normal((hidden, hidden))
    K = M - M.T
    K *= float(first) * room / max(np.linalg.norm(K, 2), 1e-300)
    assert log_norm(slopes[:, None] * K) <= value(turn, "log-norm")[1] + 1e-12
    assert spectral_norm(slopes[:, None] * K) <= value(turn, "lipschitz")[1] + 1e-12


@pytest.mark.theorem("feed-forward-family", refutes="slope 1 for gelu")
@pytest.mark.theorem("gradient-feed-forward-spectrum", refutes="monotone for gelu")
@pytest.mark.theorem("antisymmetric-feed-forward-log-norm", refutes="0.99 of the bound")
def test_the_extreme_slopes_of_gelu_attain_the_constants():
    least, most = ACTIVATIONS["gelu"](np.array([-np.sqrt(2), np.sqrt(2)]))
    one = Fraction(1)
    plain = {"kind": "feed-forward", "normalisation": "none", "activation": "gelu"}
    upper = value(plain | {"in_norm": one, "out_norm": one}, "lipschitz")[1]
    assert 1 < 0.9999 * upper < most <= upper
    field = {"activation": "gelu", "matrix_norm": one}
    descent = field | {"kind": "gradient-feed-forward"}
    assert 0 < -least <= value(descent, "spectrum-upper")[1]
    turn = field | {"kind": "antisymmetric-feed-forward"}
    J = np.diag([most, least]) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    upper = value(turn, "log-norm")[1]
    assert 0.99 * upper < log_norm(J) <= upper
