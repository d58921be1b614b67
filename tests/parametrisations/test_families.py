"""After a thousand steps of training the certified caps hold, in every family."""

from fractions import Fraction
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from stabcheck.fields import attention, feed_forward, gradient_feed_forward
from stabcheck.fields import soft_norm as declared_soft_norm
from stabcheck.parametrisations import (
    bounded_attention,
    bounded_feed_forward,
    bounded_gradient_feed_forward,
    capped,
    capped_by_powers,
    certified_attention,
    certified_norm,
    gram,
    power_norm,
    settled,
    skew,
    soft_norm,
    start_vectors,
    tied_negative,
    unit,
)
from stabcheck.parametrisations.spectral import start_vector
from stabcheck.schemes import slope_of

STEPS, RATE = 1000, 0.05
N, D, HEADS, WIDTH = 3, 4, 2, 2
STATE = np.random.default_rng(0).standard_normal((N, D))
TARGET = 10 * np.random.default_rng(1).standard_normal((N, D))


def raw_attention(seed=2):
    rng = np.random.default_rng(seed)
    raw = {n: rng.standard_normal((HEADS, D, WIDTH)) for n in ("W_Q", "W_K", "W_V")}
    return raw | {"W_O": rng.standard_normal((HEADS * WIDTH, D))}


def raw_feed_forward(seed=3):
    rng = np.random.default_rng(seed)
    return {
        "W_1": rng.standard_normal((D, 6)),
        "b_1": rng.standard_normal(6),
        "W_2": rng.standard_normal((6, D)),
        "b_2": rng.standard_normal(D),
    }


def trained(parametrise, raw, kernel, iterated=True):
    """Signed gradients towards a target far out of reach: the caps are pressed."""

    def loss(raw, vectors):
        parameters, vectors = parametrise(raw, vectors or None)
        return ((kernel(STATE, **parameters) - TARGET) ** 2).mean(), vectors

    @jax.jit
    def step(carry, _):
        raw, vectors = carry
        slopes, vectors = jax.grad(loss, has_aux=True)(raw, vectors)
        moved = {n: w - RATE * jnp.sign(slopes[n]) for n, w in raw.items()}
        return (moved, vectors), None

    raw = {name: jnp.asarray(w) for name, w in raw.items()}
    start = start_vectors(raw) if iterated else {}
    (raw, vectors), _ = jax.lax.scan(step, (raw, start), length=STEPS)
    parameters, _ = parametrise(raw, settled(raw, vectors) or None)
    return raw, {name: np.asarray(w) for name, w in parameters.items()}


@pytest.mark.parametrize("iterated", [True, False])
def test_attention_stays_inside_its_caps(iterated):
    bounds = {"alpha": 0.5, "value": 1.5, "radius": 2.0}
    parametrise = partial(bounded_attention, **bounds)
    kernel = attention(heads=HEADS).lower("jax")
    raw, parameters = trained(parametrise, raw_attention(), kernel, iterated)
    norms = certified_attention(parameters)
    assert norms.query_key <= Fraction(1, 8)
    assert norms.value <= Fraction(3, 2)
    # They were pressed: the raw matrices are far outside, the result near the cap.
    assert max(np.linalg.norm(w, 2) for w in raw["W_V"]) > 2
    assert norms.value > 1


def test_a_feed_forward_branch_stays_inside_its_caps():
    parametrise = partial(bounded_feed_forward, first=1.0, second=0.5)
    kernel = feed_forward().lower("jax")
    raw, parameters = trained(parametrise, raw_feed_forward(), kernel)
    assert certified_norm(parameters["W_1"]) <= 1
    assert certified_norm(parameters["W_2"]) <= Fraction(1, 2)
    assert np.linalg.norm(raw["W_2"], 2) > 5


def test_a_gradient_branch_stays_where_its_step_does_not_expand():
    parametrise = partial(bounded_gradient_feed_forward, step=0.5)
    rng = np.random.default_rng(4)
    raw = {"W": rng.standard_normal((D, 6)), "b": rng.standard_normal(6)}
    raw, parameters = trained(parametrise, raw, gradient_feed_forward().lower("jax"))
    assert Fraction(1, 2) * certified_norm(parameters["W"]) ** 2 <= 2
    assert np.linalg.norm(raw["W"], 2) > 2


def test_tied_values_keep_their_tie_and_their_caps():
    def parametrise(raw, vectors):
        made = {}
        for name in ("W_Q", "W_K"):
            made[name], vectors[name] = capped(raw[name], vectors[name], 1.0)
        return tied_negative(**made, kappa=0.5, scale=0.25), vectors

    raw = {name: raw_attention()[name] for name in ("W_Q", "W_K")}
    _, parameters = trained(parametrise, raw, attention(heads=HEADS).lower("jax"))
    norms = certified_attention(parameters)
    assert norms.query_key <= Fraction(1, 4)
    assert norms.value <= HEADS * Fraction(1, 8)
    blocks = parameters["W_O"].reshape(HEADS, WIDTH, D)
    for q, k, v, o in zip(
        *(parameters[n] for n in ("W_Q", "W_K", "W_V")), blocks, strict=True
    ):
        assert np.array_equal(v @ o, -0.5 * (0.25 * q @ k.T).T)


def test_the_cap_in_closed_form_holds_at_every_step():
    rng = np.random.default_rng(5)
    for scale in (1e-8, 1.0, 1e8):
        weight = scale * rng.standard_normal((2, 5, 7))
        made = np.asarray(capped_by_powers(jnp.asarray(weight), 0.75 * scale))
        room = Fraction(scale) * Fraction(3, 4) * (1 + Fraction(1, 10**12))
        assert all(certified_norm(w) <= room for w in made)
        slack = 7 ** (1 / 2**6)
        assert min(np.linalg.norm(w, 2) for w in made) >= 0.75 * scale / slack / 1.01
    zero = jnp.zeros((3, 3))
    assert np.array_equal(capped_by_powers(zero, 1.0), zero)
    assert np.isfinite(jax.grad(lambda w: capped_by_powers(w, 1.0).sum())(zero)).all()


def test_power_iteration_comes_to_the_norm_and_its_gradient():
    weight = jnp.asarray(np.random.default_rng(6).standard_normal((4, 6)))
    vector = start_vector(weight)
    estimates = []
    for _ in range(60):
        estimate, vector = power_norm(weight, vector)
        estimates.append(float(estimate))
    norm = np.linalg.norm(weight, 2)
    for one, later in pairwise(estimates):
        assert later >= one * (1 - 1e-15)
    assert norm * (1 - 1e-9) <= estimates[-1] <= norm * (1 + 1e-14)
    u, _, v = np.linalg.svd(weight)
    slope = jax.grad(lambda w: power_norm(w, vector)[0])(weight)
    assert np.abs(slope - np.outer(u[:, 0], v[0])).max() <= 1e-3


def test_weights_below_the_cap_are_left_alone():
    weight = jnp.eye(3) / 2
    made, _ = capped(weight, start_vector(weight), 1.0)
    assert np.array_equal(made, weight)
    assert np.array_equal(capped_by_powers(weight, 1.0), weight)


def test_the_soft_norm_is_the_declared_field():
    declared = declared_soft_norm().lower("numpy")
    assert np.abs(soft_norm(STATE) - declared(STATE)).max() <= 1e-15
    assert np.abs(soft_norm(STATE, 3.0) - declared(STATE, radius=3.0)).max() <= 1e-15
    assert np.abs(np.linalg.norm(unit(STATE), axis=1) - 1).max() <= 1e-15


def test_a_tie_is_the_declared_field():
    raw = raw_attention()
    given = {"W_Q": raw["W_Q"], "W_K": raw["W_K"]}
    tied = tied_negative(**given, kappa=0.7, scale=0.3)
    plain = slope_of(attention(heads=HEADS), **tied)(STATE)
    field = attention(heads=HEADS, tie="negative")
    declared = slope_of(field, **given, kappa=0.7, scale=0.3)(STATE)
    assert np.abs(np.asarray(plain - declared)).max() <= 1e-14
    one = gram(raw["W_Q"], kappa=0.7, scale=0.3)
    assert np.array_equal(one["W_Q"], one["W_K"])
    assert np.array_equal(one["W_V"], one["W_K"])


def test_a_skew_matrix_is_minus_its_transpose():
    M = np.random.default_rng(7).standard_normal((2, 3, 3))
    assert np.array_equal(skew(M), -skew(M).swapaxes(-1, -2))


@pytest.mark.parametrize("name", ["W_Q", "W_O"])
def test_every_block_of_every_matrix_has_its_vector(name):
    vectors = start_vectors(raw_attention())
    last = WIDTH if name == "W_Q" else D
    assert vectors[name].shape == (HEADS, last)
    assert "b_1" not in start_vectors(raw_feed_forward())
