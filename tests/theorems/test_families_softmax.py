"""Constants of softmax attention by caps: no member exceeds them, some attain them."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.family_search import (
    attend,
    capped,
    climb,
    extremal_member,
    largest_row,
    largest_token,
    short,
)
from theorems.mixed import mixed_norm

from stabcheck.bounds import Attention
from stabcheck.bounds.families import constant

ALPHAS = st.sampled_from(
    [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4)]
)
VALUES = st.sampled_from([Fraction(1, 3), Fraction(1), Fraction(5)])
SIZE = (5, 3)
"""Tokens and features; under the causal mask the first row sees one token alone."""
BALL = {"kind": "ball", "radius_squared": Fraction(1)}
ALL = {"kind": "all"}


def record(v, alpha, **changes):
    return {
        "kind": "attention",
        "normalisation": "none",
        "radius_squared": None,
        "mask": "any",
        "query_key_norm": Fraction(alpha),
        "value_norm": Fraction(v),
        "tie": "none",
    } | changes


def bound(v, alpha, quantity="lipschitz", domain=BALL, **changes):
    found = constant(record(v, alpha, **changes), domain, "token-max", quantity)
    return found.theorem, float(found.value)


SOFT = {"normalisation": "soft", "radius_squared": Fraction(1), "domain": ALL}


def sees(tokens):
    """The causal mask: its first row sees one token, its last row all of them."""
    return jnp.tril(jnp.ones((tokens, tokens), bool))


def soft(X):
    return X / jnp.sqrt(1 + jnp.sum(X**2, axis=-1, keepdims=True))


def unit_rms(X):
    return X / jnp.sqrt(jnp.sum(X**2, axis=-1, keepdims=True) + 1e-300)


def weights_and_direction(member, caps):
    return member | {
        "A": capped(member["A"], caps["alpha"]),
        "V": capped(member["V"], caps["v"]),
        "v": short(member["v"]),
    }


def on_the_ball(member, caps):
    return weights_and_direction(member, caps) | {"X": short(member["X"])}


def tied_on_the_ball(member, caps):
    """V = -kappa A^T with kappa |A| = v; the matrix V is not a free part."""
    return {
        "A": capped(member["A"], caps["alpha"]),
        "X": short(member["X"]),
        "v": short(member["v"]),
    }


def plain_norm(member, caps):
    def field(X):
        return attend(X, member["A"], member["V"], sees(len(X)))

    return largest_token(field, member)


def soft_norm(member, caps):
    def field(X):
        return attend(soft(X), member["A"], member["V"], sees(len(X)))

    return largest_token(field, member)


def rms_norm(member, caps):
    def field(X):
        return attend(unit_rms(X), member["A"], member["V"], sees(len(X)))

    least = jnp.sqrt(jnp.min(jnp.sum(member["X"] ** 2, axis=-1)) + 1e-300)
    return largest_token(field, member) * least


def tied_row(member, caps):
    V = -caps["v"] / caps["alpha"] * member["A"].T

    def field(X):
        return attend(X, member["A"], V, sees(len(X)))

    return largest_row(field, member)


def shapes(*names):
    tokens, features = SIZE
    square, state = (features, features), (tokens, features)
    return {name: square if name in "AV" else state for name in names}


@pytest.mark.theorem("attention-mixed-norm-family")
@given(SEEDS, ALPHAS, VALUES)
def test_no_member_on_a_ball_exceeds_its_constant(seed, alpha, v):
    theorem, upper = bound(v, alpha)
    assert theorem == "attention-mixed-norm-family"
    found, _ = climb(
        plain_norm,
        on_the_ball,
        shapes("A", "V", "X", "v"),
        {"alpha": alpha, "v": v},
        seed,
    )
    assert found <= upper


@pytest.mark.theorem("soft-pre-norm-mixed-norm")
@given(SEEDS, ALPHAS, VALUES)
def test_no_member_with_a_soft_norm_exceeds_its_constant(seed, alpha, v):
    theorem, upper = bound(v, alpha, **SOFT)
    assert theorem == "soft-pre-norm-mixed-norm"
    found, _ = climb(
        soft_norm,
        weights_and_direction,
        shapes("A", "V", "X", "v"),
        {"alpha": alpha, "v": v},
        seed,
    )
    assert found <= upper


@pytest.mark.theorem("rms-pre-norm-mixed-norm")
@given(SEEDS, ALPHAS, VALUES)
def test_no_member_with_rms_norm_exceeds_its_constant(seed, alpha, v):
    rms = {"normalisation": "rms", "radius_squared": Fraction(1)}
    floor = {"kind": "token-rms", "floor": Fraction(1, 10)}
    theorem, upper = bound(v, alpha, domain=floor, **rms)
    assert theorem == "rms-pre-norm-mixed-norm"
    found, _ = climb(
        rms_norm,
        weights_and_direction,
        shapes("A", "V", "X", "v"),
        {"alpha": alpha, "v": v},
        seed,
    )
    assert found <= upper


@pytest.mark.theorem("tied-negative-mixed-log-norm")
@given(SEEDS, ALPHAS.filter(lambda alpha: alpha > 0), VALUES)
def test_no_tied_member_exceeds_its_one_sided_constant(seed, alpha, v):
    theorem, upper = bound(v, alpha, "log-norm", tie="negative")
    assert theorem == "tied-negative-mixed-log-norm"
    found, _ = climb(
        tied_row,
        tied_on_the_ball,
        shapes("A", "X", "v"),
        {"alpha": alpha, "v": v},
        seed,
    )
    assert found <= upper


@pytest.mark.theorem("attention-mixed-norm-family")
@given(SEEDS, st.integers(1, 3), st.integers(1, 2), ALPHAS, st.booleans())
def test_members_of_the_smallest_sizes_stay_below(seed, tokens, features, alpha, sign):
    rng = generator(seed)
    A, V = np.linalg.qr(rng.standard_normal((2, features, features)))[0]
    A = A * float(alpha) * (1 if sign else -1)
    state = rng.standard_normal((tokens, features))
    state /= np.linalg.norm(state, axis=1, keepdims=True) * (1 + 1e-9)
    field = Attention(A[None], np.eye(features)[None], V[None], scale=1.0)
    found = mixed_norm(field.jacobian(state), tokens, seed)
    # V is orthogonal up to rounding.
    assert found <= bound(1, alpha)[1] * (1 + 1e-12)


def test_the_ascent_climbs_towards_the_constants():
    sizes = shapes("A", "V", "X", "v")
    found, _ = climb(plain_norm, on_the_ball, sizes, {"alpha": 1.0, "v": 1.0}, 0)
    assert found > 2  # of 2.414, which needs many tokens


@pytest.mark.theorem("attention-mixed-norm-family", refutes="0.99 of the constant")
@pytest.mark.parametrize("alpha", [0.25, 1.0, 2.0])
def test_many_senders_attain_the_constant_of_the_ball(alpha):
    field, state, direction = extremal_member(alpha, 801)
    found = np.linalg.norm(field.jvp(state, direction)[0])
    _, upper = bound(1, Fraction(alpha))
    assert 0.99 * upper < found <= upper


@pytest.mark.theorem("rms-pre-norm-mixed-norm", refutes="0.99 of the constant")
def test_without_logits_equal_tokens_attain_the_constant_of_rms_norm():
    # alpha = 0: the mean of D v over equal tokens, v across the token.
    x, across, scale = np.array([3.0, 4.0]), np.array([-0.8, 0.6]), 5.0
    derivative = (np.eye(2) - np.outer(x, x) / scale**2) / scale
    rms = {"normalisation": "rms", "radius_squared": Fraction(1)}
    floor = {"kind": "token-rms", "floor": Fraction(5)}
    _, upper = bound(1, 0, domain=floor, **rms)
    assert np.linalg.norm(derivative @ across) * scale > 0.99 * upper


@pytest.mark.theorem("soft-pre-norm-mixed-norm", refutes="any factor below 1")
@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5])
def test_at_the_zero_state_the_soft_norm_attains_its_constant(alpha):
    one = np.eye(2)[None]
    field = Attention(alpha * one, one, one, scale=1.0)
    found = mixed_norm(field.jacobian(np.zeros((3, 2))), 3, 0)  # D N(0) = I
    _, upper = bound(1, Fraction(alpha), **SOFT)
    assert (1 - 1e-9) * upper < found <= upper * (1 + 1e-12)


@pytest.mark.theorem("tied-negative-mixed-log-norm", refutes="0.99 of the constant")
@pytest.mark.parametrize("alpha", [1.0, 2.0, 4.0, 16.0])
def test_two_senders_attain_the_one_sided_constant(alpha):
    share = min(1.0, 2 / alpha)
    f = np.sqrt(1 - share**2)
    form = alpha * np.diag([-1.0, 1.0])
    mask = np.array([[0, 1, 1], [0, 1, 0], [0, 0, 1]], dtype=np.int8)
    field = Attention(
        form[None], np.eye(2)[None], -form.T[None] / alpha, scale=1.0, mask=mask
    )
    state = np.array([[0.0, 1.0], [f / 2, 0.0], [-f / 2, 0.0]])
    direction = np.array([[1.0, 0.0], [share, f], [share, -f]])
    found = field.jvp(state, direction)[0] @ direction[0]
    _, upper = bound(1, Fraction(alpha), "log-norm", tie="negative")
    assert 0.99 * upper < found <= upper * (1 + 1e-12)


@pytest.mark.theorem("tied-negative-mixed-log-norm", refutes="without the tie")
def test_without_the_tie_the_one_sided_constant_is_exceeded():
    field, state, direction = extremal_member(1.0, 101)
    found = field.jvp(state, direction)[0] @ direction[0]
    assert found > bound(1, 1, "log-norm", tie="negative")[1]


def test_the_largest_token_of_the_ascent_is_that_of_the_jacobian():
    rng = generator(1)
    A, V, X, v = (rng.standard_normal((3, 3)) for _ in range(4))
    field = Attention(A[None], np.eye(3)[None], V[None], scale=1.0, causal=True)
    member = {
        name: jnp.asarray(part) for name, part in zip("AVXv", (A, V, X, v), strict=True)
    }
    expected = np.linalg.norm(field.jvp(X, v), axis=1).max()
    assert float(plain_norm(member, {})) == pytest.approx(expected, rel=1e-12)
