"""The depth of designs: no member leaves its bounds, and no smaller bound holds."""

from fractions import Fraction
from math import exp

import numpy as np
import pytest
from checker.designs import (
    accepts,
    attention,
    claim,
    document,
    method,
    pair,
    part,
    plain_attention,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.growth.designs.comparison import compare
from stabcheck.integrators import get

ROUNDING = 1e-9
LITTLE = Fraction(1, 10**9)
STEPS = st.sampled_from([Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(1)])
LEAKS = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)])
EXPLICIT = st.sampled_from(["forward-euler", "heun", "ssprk3", "rk4"])
DEPTH = {"depth": 4}
EVERY = {"every-depth": 4}


def largest(state: np.ndarray) -> float:
    return float(np.linalg.norm(state, axis=-1).max())


def soft(X: np.ndarray) -> np.ndarray:
    return X / np.sqrt(1 + np.sum(X**2, axis=-1, keepdims=True))


def attend(X: np.ndarray, Y: np.ndarray, A: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Softmax attention that forms logits from X, and values from Y."""
    logits = X @ A @ X.T
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ Y @ V.T


def capped(rng: np.random.Generator, size: int, cap: float) -> np.ndarray:
    matrix = rng.standard_normal((size, size))
    return cap * matrix / np.linalg.norm(matrix, 2)


def explicit_step(name: str, field, h: float, X: np.ndarray):
    """The end and the stages of a step."""
    tableau = get(name)
    stages, slopes = [], []
    for row in tableau.A:
        Y = X + h * sum(
            (float(a) * k for a, k in zip(row, slopes, strict=False)), 0 * X
        )
        stages.append(Y)
        slopes.append(field(Y))
    end = X + h * sum(float(b) * k for b, k in zip(tableau.b, slopes, strict=True))
    return end, stages


@pytest.mark.theorem("design-depth-product")
@given(STEPS, SEEDS, st.integers(1, 6), st.sampled_from([(1, 1), (2, 3), (5, 2)]))
def test_layers_of_any_weights_stay_between_the_powers(h, seed, depth, shape):
    # Soft pre-norm attention with logits of 1/2 and values of 1: K = 1.
    rng = generator(seed)
    X, Y = rng.standard_normal((2, *shape))
    start = largest(X - Y)
    for _ in range(depth):
        A, V = capped(rng, shape[1], 0.5), capped(rng, shape[1], 1.0)
        X, Y = (Z + float(h) * attend(soft(Z), soft(Z), A, V) for Z in (X, Y))
    assert largest(X - Y) <= (1 + float(h)) ** depth * start * (1 + ROUNDING)
    assert largest(X - Y) >= (1 - float(h)) ** depth * start * (1 - ROUNDING)


def powers(quantity, layer, bound, **changes):
    one = claim("splitting-products", quantity, {"layer": True}, layer)
    last = claim("design-depth-product", quantity, DEPTH, bound, 0)
    return document(one, last, **changes)


@pytest.mark.theorem("design-depth-product", refutes="a power that is a little smaller")
def test_the_power_is_accepted_and_a_little_less_is_not():
    # Equal tokens and V = I near X = 0 attain (1 + h)^L: every layer dilates.
    layer = Fraction(5, 4)
    assert accepts(powers("growth", layer, layer**4))
    assert not accepts(powers("growth", layer, layer**4 - LITTLE))
    kept = Fraction(3, 4)
    assert accepts(powers("shrink", kept, kept**4))
    assert not accepts(powers("shrink", kept, kept**4 + LITTLE))


@pytest.mark.theorem("design-every-depth")
@given(
    EXPLICIT,
    st.integers(1, 40),
    st.integers(0, 40),
    st.sampled_from([Fraction(1, 4), Fraction(1), Fraction(2)]),
)
def test_dilations_stay_below_the_exponential_and_above_the_shrink(name, L, more, TK):
    depth = L + more
    tableau = get(name)
    grown = compare(tableau, Fraction(0), TK / depth).growth
    assert float(grown) ** depth <= exp(TK) * (1 + ROUNDING)
    first = float(1 - TK / L) if name == "forward-euler" else 2 - exp(TK / L)
    later = float(2 - grown)
    if first > 0:
        assert later**depth >= first**L * (1 - ROUNDING)


def horizon(quantity, bound, K=1, name="forward-euler", **changes):
    one = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 0}, K)
    last = claim("design-every-depth", quantity, EVERY, bound, 0)
    return document(one, last, methods=[method(name)], **changes)


@pytest.mark.theorem("design-every-depth", refutes="less than the exponential")
def test_nothing_below_the_exponential_is_accepted():
    # h = 1/4 at depth 4: T = 1, and (1 + 1/L)^L tends to e.
    assert accepts(horizon("growth", Fraction(2718281829, 10**9)))
    assert not accepts(horizon("growth", Fraction(2718281828, 10**9)))
    assert (1 + 1e-7) ** 10**7 > 2.718281
    kept = Fraction(3, 4) ** 4
    assert accepts(horizon("shrink", kept))
    assert not accepts(horizon("shrink", kept + LITTLE))
    assert accepts(horizon("growth", Fraction(272, 100), name="rk4"))
    assert not accepts(horizon("shrink", Fraction(1, 3), name="rk4"))


def test_a_symmetric_part_grows_by_the_upper_end_of_its_spectrum():
    field = {
        "kind": "gradient-feed-forward",
        "activation": "relu",
        "matrix_norm": [1, 1],
    }
    ends = [
        claim("gradient-feed-forward-spectrum", "spectrum-lower", {"field": 0}, -1),
        claim("gradient-feed-forward-spectrum", "spectrum-upper", {"field": 0}, 0),
    ]

    def about(quantity, bound, **changes):
        last = claim("design-every-depth", quantity, EVERY, bound, 0, 1)
        return document(*ends, last, fields=[field], **changes)

    assert accepts(about("growth", 1))
    assert not accepts(about("growth", 1 - LITTLE))
    assert accepts(about("shrink", Fraction(3, 4) ** 4))
    long = {"kind": "composition", "parts": [part(step=[2, 1])]}
    assert not accepts(about("growth", 1, layer=long))


def test_two_negative_factors_make_no_shrink():
    parts = [part(step=[3, 1]), part(step=[3, 1])]
    layer = {"kind": "composition", "parts": parts}
    one = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 0}, 1)
    last = claim("design-every-depth", "shrink", EVERY, 1, 0, 0)
    assert not accepts(document(one, last, layer=layer))


@pytest.mark.theorem("design-ball-reach")
@given(EXPLICIT, STEPS, LEAKS, SEEDS, st.sampled_from([(1, 1), (2, 3), (5, 2)]))
def test_states_and_stages_stay_in_the_ball(name, h, leak, seed, shape):
    reach = compare(get(name), h * leak, h)
    factor = max(1, float(reach.growth)) ** 3 * max(map(float, reach.stages))
    rng = generator(seed)
    X = rng.standard_normal(shape)
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-300)
    X *= 1 / max(factor, 1.0)
    for _ in range(4):
        A, V = capped(rng, shape[1], 3.0), capped(rng, shape[1], 1.0)

        def field(Y, A=A, V=V):
            return attend(Y, Y, A, V) - float(leak) * Y

        X, stages = explicit_step(name, field, float(h), X)
        assert all(largest(Y) <= 1 + ROUNDING for Y in stages)


def ball(start, name="forward-euler", **changes):
    claims = [claim("design-ball-reach", "start-radius-squared", DEPTH, start)]
    fields = [plain_attention()]
    domain = {"kind": "ball", "radius_squared": [1, 1]}
    methods = [method(name)]
    return document(
        *claims, **({"fields": fields, "domain": domain, "methods": methods} | changes)
    )


@pytest.mark.theorem("design-ball-reach", refutes="a start a little farther out")
def test_no_larger_start_is_accepted():
    # Equal tokens and V = I: every step is the dilation 5/4, three of them before the
    # last stage.
    start = Fraction(4, 5) ** 6
    assert accepts(ball(start - LITTLE))
    assert not accepts(ball(start + LITTLE))
    leaking = {"kind": "composition", "parts": [part(leak=[1, 1])]}
    assert accepts(ball(1, layer=leaking))
    assert not accepts(ball(1 + LITTLE, layer=leaking))


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"fields": [attention()]}, [1, 4]),
        ({"methods": [method("backward-euler")]}, [1, 1]),
    ],
)
def test_a_norm_before_the_values_or_a_step_too_long_has_no_reach(changes, step):
    layer = {"kind": "composition", "parts": [part(step=step)]}
    assert not accepts(ball(Fraction(1, 10**6), layer=layer, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": {"kind": "token-rms", "floor": [1, 1]}},
        {"domain": {"kind": "ball", "radius_squared": [1, 1]}},
        {"depth": 5},
    ],
)
def test_a_power_needs_a_domain_that_no_layer_leaves(changes):
    found = powers("growth", 1, 2)
    if "depth" in changes:
        found["claims"][1]["subject"] = {"depth": 5}
        found["claims"][1]["bound"] = pair(Fraction(1) - LITTLE)
    assert not accepts(found | changes)
