"""Constants of attention with other scores on a ball, attacked over the members."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS
from theorems.family_search import (
    capped,
    climb,
    extremal_member,
    largest_token,
    short,
)

from stabcheck.bounds.families import constant

BALL = {"kind": "ball", "radius_squared": Fraction(1)}
SIZE = (5, 2)
ALPHAS = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(4)])
VALUES = st.sampled_from([Fraction(1, 3), Fraction(1), Fraction(5)])
CAPS = st.sampled_from([Fraction(1, 4), Fraction(1), Fraction(3)])


def bound(kind, **caps):
    found = constant({"kind": kind} | caps, BALL, "token-max", "lipschitz")
    assert found.theorem == f"{kind}-norm"
    return float(found.value)


def shapes(names):
    tokens, features = SIZE
    square = dict.fromkeys(names, (features, features))
    return square | dict.fromkeys("Xv", (tokens, features))


def on_the_ball(member, caps):
    parts = {name: capped(member[name], caps[name]) for name in member if name in caps}
    return member | parts | {"X": short(member["X"]), "v": short(member["v"])}


def averaged(logits, X, V):
    return jax.nn.softmax(logits, axis=-1) @ X @ V


def rotary_value(member, caps):
    def field(X):
        places = jnp.arange(len(X)) * caps["angle"]
        cos, sin = jnp.cos(places), jnp.sin(places)
        turns = jnp.stack([jnp.stack([cos, -sin]), jnp.stack([sin, cos])])
        turned = jnp.einsum("abi,ib->ia", turns, X @ member["A"])
        logits = turned @ jnp.einsum("abi,ib->ia", turns, X).T
        return averaged(logits, X, member["V"])

    return largest_token(field, member)


def soft_cap_value(member, caps):
    def field(X):
        logits = caps["c"] * jnp.tanh(X @ member["A"] @ X.T / caps["c"])
        return averaged(logits, X, member["V"])

    return largest_token(field, member)


def sigmoid_value(member, caps):
    def field(X):
        return jax.nn.sigmoid(X @ member["A"] @ X.T + caps["b"]) @ X @ member["V"]

    return largest_token(field, member)


def normalised_value(member, caps):
    def unit(z):
        square = jnp.mean(z**2, axis=-1, keepdims=True)
        return z / jnp.sqrt(square + caps["epsilon"])

    def field(X):
        q, k = unit(X @ member["Q"]), unit(X @ member["K"])
        logits = caps["g"] * q @ k.T / jnp.sqrt(X.shape[1])
        return averaged(logits, X, member["V"])

    return largest_token(field, member)


@pytest.mark.theorem("rotary-attention-norm")
@given(SEEDS, ALPHAS, VALUES, st.sampled_from([0.0, 1.0, 3.0]))
def test_no_rotary_member_exceeds_its_constant(seed, alpha, v, angle):
    caps = {"A": alpha, "V": v, "angle": angle}
    found, _ = climb(rotary_value, on_the_ball, shapes("AV"), caps, seed)
    limits = {"mask": "causal", "query_key_norm": alpha, "value_norm": v}
    assert found <= bound("rotary-attention", **limits)


@pytest.mark.theorem("soft-cap-attention-norm")
@given(SEEDS, ALPHAS, VALUES, CAPS)
def test_no_soft_capped_member_exceeds_its_constant(seed, alpha, v, cap):
    caps = {"A": alpha, "V": v, "c": cap}
    found, _ = climb(soft_cap_value, on_the_ball, shapes("AV"), caps, seed)
    limits = {"mask": "any", "query_key_norm": alpha, "value_norm": v, "cap": cap}
    assert found <= bound("soft-cap-attention", **limits)


@pytest.mark.theorem("sigmoid-attention-norm")
@given(SEEDS, ALPHAS, VALUES, st.sampled_from([-3, -1, 0, 2]))
def test_no_sigmoid_member_exceeds_its_constant(seed, alpha, v, bias):
    caps = {"A": alpha, "V": v, "b": bias}
    found, _ = climb(sigmoid_value, on_the_ball, shapes("AV"), caps, seed)
    limits = {
        "query_key_norm": alpha,
        "value_norm": v,
        "bias": Fraction(bias),
        "most_tokens": SIZE[0],
    }
    assert found <= bound("sigmoid-attention", **limits)


@pytest.mark.theorem("qk-norm-attention-norm")
@given(SEEDS, st.tuples(CAPS, CAPS, VALUES), CAPS, CAPS)
def test_no_normalised_member_exceeds_its_constant(seed, norms, gain, epsilon):
    Q, K, V = norms
    caps = {"Q": Q, "K": K, "V": V, "g": gain, "epsilon": epsilon}
    found, _ = climb(normalised_value, on_the_ball, shapes("QKV"), caps, seed)
    limits = {
        "mask": "any",
        "query_norm": Q,
        "key_norm": K,
        "value_norm": V,
        "gain": gain,
        "epsilon": epsilon,
        "key_width": 2,
    }
    assert found <= bound("qk-norm-attention", **limits)


@pytest.mark.theorem("rotary-attention-norm", refutes="any factor below 1")
@pytest.mark.theorem("soft-cap-attention-norm", refutes="any factor below 1")
@pytest.mark.theorem("qk-norm-attention-norm", refutes="any factor below 1")
def test_without_logits_the_constant_is_the_norm_of_the_values():
    none, three = Fraction(0), Fraction(3)
    scores = {"mask": "any", "query_key_norm": none, "value_norm": three}
    # The means of equal directions, times the values: 3, the norm of V.
    assert bound("rotary-attention", **scores) == 3
    assert bound("soft-cap-attention", **scores, cap=Fraction(1)) == 3
    limits = {"query_norm": none, "key_norm": none, "value_norm": three}
    limits |= {"gain": Fraction(1), "epsilon": Fraction(1), "key_width": 1}
    assert bound("qk-norm-attention", mask="any", **limits) == 3


@pytest.mark.theorem("soft-cap-attention-norm", refutes="1 + alpha")
@pytest.mark.theorem("rotary-attention-norm", refutes="1 + alpha")
def test_dot_products_are_members_and_exceed_one_plus_alpha():
    # Rotations by the angle 0, and a huge cap: many senders attain sqrt(1 + a^2) + a.
    field, state, direction = extremal_member(2.0, 201)
    parts = {"A": field.W_Q[0], "V": field.W_V[0], "X": state, "v": direction}
    member = {name: jnp.asarray(part) for name, part in parts.items()}
    assert float(soft_cap_value(member, {"c": 1e8})) > 1 + 2


@pytest.mark.theorem("sigmoid-attention-norm", refutes="any factor below 1")
def test_equal_tokens_attain_the_constant_of_sigmoid_attention():
    tokens, alpha, bias = 4, 1.0, -2.0
    weight = 1 / (1 + np.exp(-(alpha + bias)))
    assert weight < (1 + 2 * alpha) / (4 * alpha)
    state = {"X": jnp.ones((tokens, 1)), "v": jnp.ones((tokens, 1))}
    member = state | {"A": jnp.ones((1, 1)), "V": jnp.ones((1, 1))}
    found = float(sigmoid_value(member, {"b": bias}))
    limits = {"query_key_norm": Fraction(1), "value_norm": Fraction(1)}
    limits |= {"bias": Fraction(-2), "most_tokens": tokens}
    upper = bound("sigmoid-attention", **limits)
    assert (1 - 1e-9) * upper < found <= upper
