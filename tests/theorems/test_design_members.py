"""Members of designs at their worst: ascent over weights, tokens and directions."""

from fractions import Fraction
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from theorems.family_search import (
    attend,
    capped,
    climb,
    largest_token,
    short,
)

from stabcheck.growth import designs
from stabcheck.growth.designs import scheme_bounds
from stabcheck.integrators import get

TOKENS, FEATURES, DEPTH = 4, 3, 2
STATE = (TOKENS, FEATURES)
WEIGHTS = (DEPTH, FEATURES, FEATURES)
ROUNDING = 1e-9
LEAK, STEP = Fraction(1, 2), Fraction(3, 10)


def soft(X):
    return X / jnp.sqrt(1 + jnp.sum(X**2, axis=-1, keepdims=True))


def known_part(step, leak=0, scale=1):
    exact = {"step": step, "leak": leak, "scale": scale}
    return {key: Fraction(value) for key, value in exact.items()} | {"field": 0}


def at_caps(member, caps):
    """Every layer's weights cut to the caps, tangent tokens to length 1."""
    layers = {
        name: jax.vmap(lambda W, cap=caps[name]: capped(W, cap))(member[name])
        for name in ("A", "V")
    }
    return member | layers | {"v": short(member["v"])}


def advanced(name, field, h, X):
    """One explicit step."""
    tableau = get(name)
    slopes = []
    for row in tableau.A:
        weights = zip(row, slopes, strict=False)
        slopes.append(field(X + h * sum((float(a) * k for a, k in weights), 0 * X)))
    weights = zip(tableau.b, slopes, strict=True)
    return X + h * sum(float(b) * k for b, k in weights)


def leaky_network(name, member, X):
    """Layers of soft pre-norm attention with a leak, each with weights of its own."""
    for A, V in zip(member["A"], member["V"], strict=True):

        def field(Y, A=A, V=V):
            return attend(soft(Y), A, V) - float(LEAK) * Y

        X = advanced(name, field, float(STEP), X)
    return X


def leaky_growth(name, member, caps):
    return largest_token(partial(leaky_network, name, member), member)


rk4_growth = partial(leaky_growth, "rk4")


@pytest.mark.theorem("leak-comparison")
def test_no_depth_of_leaky_attention_outgrows_the_comparison():
    # Logits of 1/2 and values of 1: K = 1, exactly.
    shapes = {"A": WEIGHTS, "V": WEIGHTS, "X": STATE, "v": STATE}
    caps = {"A": 0.5, "V": 1.0}
    attained, _ = climb(rk4_growth, at_caps, shapes, caps, seed=3)
    facts = designs.step_bounds(
        get("rk4"), known_part(STEP, LEAK), {"lipschitz": Fraction(1)}, "token-max"
    )
    certified = float(min(f.value for f in facts if f.quantity == "growth")) ** DEPTH
    assert 0.8 * certified <= attained <= certified * (1 + ROUNDING)


@pytest.mark.theorem("leak-comparison", refutes="any smaller growth over the depth")
def test_equal_tokens_attain_the_comparison_at_every_depth():
    # At X = 0 the weights are equal and V = I dilates equal tangent tokens.
    V = np.broadcast_to(np.eye(FEATURES), WEIGHTS)
    member = {"A": 0 * V, "V": V}
    tangent = jnp.ones((TOKENS, 1)) * jnp.eye(FEATURES)[0]
    for name in ("forward-euler", "heun", "ssprk3"):
        facts = designs.step_bounds(
            get(name), known_part(STEP, LEAK), {"lipschitz": Fraction(1)}, "token-max"
        )
        certified = float(min(f.value for f in facts if f.quantity == "growth"))
        network = partial(leaky_network, name, member)
        _, moved = jax.jvp(network, (jnp.zeros(STATE),), (tangent,))
        attained = float(jnp.linalg.norm(moved, axis=1).max())
        assert attained >= certified**DEPTH * (1 - ROUNDING)


def tied_growth(member, caps):
    """Forward Euler of -leak X + Attn with V = -A^T on the unit ball."""
    A, h, leak = member["A"][0], caps["h"], caps["leak"]

    def step(X):
        return X + h * (attend(X, A, -A.T) - leak * X)

    return largest_token(step, member)


def in_the_ball(member, caps):
    A = jax.vmap(lambda W: capped(W, caps["A"]))(member["A"])
    return {"A": A, "X": short(member["X"]), "v": short(member["v"])}


@pytest.mark.theorem("row-wise-euler")
@pytest.mark.parametrize(
    ("alpha", "leak", "h"), [(1, 2, 0.1), (2, 3, 0.2), (2, 0, 0.5)]
)
def test_no_tied_member_outgrows_the_row_wise_step(alpha, leak, h):
    # Values tied to the logits: K = alpha k(alpha) and mu = alpha on the unit ball.
    shapes = {"A": (1, FEATURES, FEATURES), "X": STATE, "v": STATE}
    caps = {"A": float(alpha), "h": h, "leak": float(leak)}
    attained, _ = climb(tied_growth, in_the_ball, shapes, caps, seed=5)
    K = Fraction(alpha * ((1 + alpha**2) ** 0.5 + alpha)) * (1 + Fraction(1, 10**12))
    facts = designs.step_bounds(
        get("forward-euler"),
        known_part(Fraction(h), leak),
        {"lipschitz": K, "log-norm": Fraction(alpha)},
        "token-max",
    )
    certified = min(f.value for f in facts if f.quantity == "growth")
    assert attained <= float(certified) * (1 + ROUNDING)
    assert attained >= 0.5 * float(certified)


def streams(member, caps):
    """Layers of reversible soft attention; the joint norm of (p, q)."""

    def network(X):
        p, q = X
        for A, V in zip(member["A"], member["V"], strict=True):
            p = p + float(STEP) * attend(soft(q), A, V)
            q = q + float(STEP) * attend(soft(p), A, V)
        return jnp.stack([p, q])

    _, moved = jax.jvp(network, (member["X"],), (member["v"],))
    lengths = jnp.sum(moved**2, axis=-1).max(axis=-1)
    return jnp.sqrt(jnp.sum(lengths) + 1e-300)


def in_both_streams(member, caps):
    held = at_caps(member, caps)
    v = member["v"]
    lengths = jnp.sqrt(jnp.sum(v**2, axis=-1).max(axis=-1).sum() + 1e-300)
    return held | {"v": v * jnp.minimum(1.0, (1 - 1e-12) / lengths)}


@pytest.mark.theorem("reversible-two-stream")
def test_no_pair_of_streams_outgrows_its_matrix():
    shapes = {"A": WEIGHTS, "V": WEIGHTS, "X": (2, *STATE), "v": (2, *STATE)}
    caps = {"A": 0.5, "V": 1.0}
    attained, _ = climb(streams, in_both_streams, shapes, caps, seed=7)
    layer = {"kind": "reversible", "parts": [known_part(STEP)] * 2}
    facts = scheme_bounds(
        layer, [{"lipschitz": Fraction(1)}] * 2, {"kind": "all"}, DEPTH
    )
    certified = float(facts[0].value)
    assert 0.8 * certified <= attained <= certified * (1 + ROUNDING)


def unit_tokens(X):
    return X / jnp.sqrt(jnp.sum(X**2, axis=-1, keepdims=True) + 1e-300)


def on_the_sphere(member, caps):
    X = unit_tokens(member["X"])
    v = member["v"] - jnp.sum(member["v"] * X, axis=-1, keepdims=True) * X
    return at_caps(member, caps) | {"X": X, "v": short(v)}


def sphere_growth(member, caps):
    def step(X):
        moved = attend(X, member["A"][0], member["V"][0])
        return unit_tokens(X + float(STEP) * moved)

    return largest_token(step, member)


@pytest.mark.theorem("sphere-step")
def test_no_step_on_the_sphere_outgrows_its_bound():
    shapes = {"A": (1, *WEIGHTS[1:]), "V": (1, *WEIGHTS[1:]), "X": STATE, "v": STATE}
    caps = {"A": 1.0, "V": 1.0}
    attained, _ = climb(sphere_growth, on_the_sphere, shapes, caps, seed=9)
    K = Fraction(2414213563, 10**9)
    known = [{"lipschitz": K, "value": Fraction(1)}]
    layer = {"kind": "sphere", "parts": [known_part(STEP)]}
    facts = scheme_bounds(layer, known, {"kind": "sphere"})
    assert 1.2 <= attained <= float(facts[0].value) * (1 + ROUNDING)
