"""The sphere, the floor of token norms, and parts in a row."""

from fractions import Fraction

import numpy as np
import pytest
from checker.designs import accepts, attention, claim, document, pair, part
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.scheme_fields import SHAPES, largest, lipschitz_map, plain

from stabcheck.growth.designs import scheme_bounds

ROUNDING = 1e-9
LITTLE = Fraction(1, 10**9)
LAYER, DEPTH = {"layer": True}, {"depth": 4}


def soft(X: np.ndarray) -> np.ndarray:
    return X / np.sqrt(1 + np.sum(X**2, axis=-1, keepdims=True))


def unit(X: np.ndarray) -> np.ndarray:
    return X / np.linalg.norm(X, axis=-1, keepdims=True)


def attend(X: np.ndarray, A: np.ndarray, V: np.ndarray) -> np.ndarray:
    logits = X @ A @ X.T
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ X @ V.T


def capped(rng: np.random.Generator, size: int, cap: float) -> np.ndarray:
    matrix = rng.standard_normal((size, size))
    return cap * matrix / np.linalg.norm(matrix, 2)


def derivative(function, X: np.ndarray, V: np.ndarray) -> np.ndarray:
    """By central differences of width 1e-5: errors of about 1e-10."""
    width = 1e-5
    return (function(X + width * V) - function(X - width * V)) / (2 * width)


K_ONE = Fraction(2414213563, 10**9)
"""k(1) = 1 + sqrt 2, from above."""


@pytest.mark.theorem("sphere-step")
@given(
    st.sampled_from([0.05, 0.125, 0.25]), st.integers(1, 6), st.integers(2, 4), SEEDS
)
def test_tangent_vectors_on_the_sphere_stay_between(h, tokens, features, seed):
    rng = generator(seed)
    A, V = capped(rng, features, 1.0), capped(rng, features, 1.0)
    layer = {"kind": "sphere", "parts": [plain(Fraction(h))]}
    known = [{"lipschitz": K_ONE, "value": Fraction(1)}]
    facts = scheme_bounds(layer, known, {"kind": "sphere"})
    X = unit(rng.standard_normal((tokens, features)))
    v = rng.standard_normal(X.shape)
    v -= np.sum(v * X, axis=1, keepdims=True) * X
    moved = derivative(lambda Z: unit(Z + h * attend(Z, A, V)), X, v)
    (grown,) = (float(f.value) for f in facts if f.quantity == "growth")
    kept = max([float(f.value) for f in facts if f.quantity == "shrink"], default=0.0)
    assert largest(moved) <= grown * largest(v) * (1 + 1e-7)
    assert largest(moved) >= kept * largest(v) * (1 - 1e-7)


def on_sphere(quantity, bound, step=(1, 4), **changes):
    field = attention(normalisation="none", radius_squared=None, query_key_norm=[1, 1])
    known = claim("attention-mixed-norm-family", "lipschitz", {"field": 0}, K_ONE)
    last = claim("sphere-step", quantity, LAYER, bound, 0)
    layer = {"kind": "sphere", "parts": [part(step=list(step))]}
    about = {"fields": [field], "layer": layer, "domain": {"kind": "sphere"}}
    return document(known, last, **(about | changes))


@pytest.mark.theorem("sphere-step", refutes="a number a little stronger")
def test_a_state_pulled_inwards_is_why_the_sphere_needs_its_growth():
    # f = -v x shortens every token to 1 - hv before the projection lengthens it again:
    # tangent vectors grow by (1 + hK)/(1 - hv) where f turns with the norm K.
    h, v, K = 0.25, 1.0, 2.0
    x, d = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])

    def field(X):
        return np.stack([-v * np.ones(len(X)), K * X[:, 1]], axis=1)

    moved = derivative(lambda Z: unit(Z + h * field(Z)), x, d)
    assert largest(moved) > (1 + h * K) / (1 - h * v) * (1 - 1e-7)
    exact = (1 + K_ONE / 4) / (1 - Fraction(1, 4))
    assert accepts(on_sphere("growth", exact))
    assert not accepts(on_sphere("growth", exact - LITTLE))
    kept = (float(Fraction(15, 16)) ** 0.5 - float(K_ONE) / 4) / 1.25
    assert accepts(on_sphere("shrink", Fraction(kept) - LITTLE))
    assert not accepts(on_sphere("shrink", Fraction(kept) + LITTLE))
    assert not accepts(on_sphere("growth", 10**6, step=(1, 1)))


@pytest.mark.theorem("token-rms-recursion")
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), SEEDS)
def test_a_depth_behind_rms_normalisations_stays_between(depth, tokens, features, seed):
    rng = generator(seed)
    h, floor = Fraction(1, 10), Fraction(1)
    known = [{"lipschitz": K_ONE, "value": Fraction(1)}]
    layer = {"kind": "composition", "parts": [plain(h)]}
    domain = {"kind": "token-rms", "floor": floor}
    facts = scheme_bounds(layer, known, domain, depth)
    weights = [
        (capped(rng, features, 1.0), capped(rng, features, 1.0)) for _ in range(depth)
    ]

    def network(X):
        # Tokens in units of their root mean square times the root of the features.
        for A, V in weights:
            X = X + float(h) * attend(unit(X), A, V)
        return X

    X = (1 + 1e-4) * unit(rng.standard_normal((tokens, features)))
    v = rng.standard_normal(X.shape)
    moved = derivative(network, X, v)
    grown, *kept = (float(f.value) for f in facts)
    assert largest(moved) <= grown * largest(v) * (1 + 1e-6)
    assert largest(moved) >= max([0.0, *kept]) * largest(v) * (1 - 1e-6)


@pytest.mark.theorem("token-rms-recursion", refutes="a floor that does not sink")
def test_the_floor_sinks_by_hv_and_no_stronger_product_is_accepted():
    # F = -v x/s(x) keeps the direction and shortens every token by hv.
    x = np.array([[3.0, 4.0]]) / 5
    assert abs(np.linalg.norm(x - 0.25 * unit(x)) - 0.75) < 1e-15
    field = attention(normalisation="rms", radius_squared=[4, 1], query_key_norm=[1, 4])
    known = claim("rms-pre-norm-mixed-norm", "lipschitz", {"field": 0}, K_ONE)
    about = {
        "fields": [field],
        "domain": {"kind": "token-rms", "floor": [2, 1]},
        "layer": {"kind": "composition", "parts": [part(step=[1, 4])]},
    }
    exact, kept = Fraction(1), Fraction(1)
    for place in range(4):
        ratio = K_ONE / 4 / (2 - Fraction(place, 4))
        exact, kept = exact * (1 + ratio), kept * (1 - ratio)
    flat = (1 + K_ONE / 8) ** 4
    assert flat < exact
    for quantity, bound, sign in (("growth", exact, 1), ("shrink", kept, -1)):
        for change, holds in ((sign * LITTLE, True), (-sign * LITTLE, False)):
            last = claim("token-rms-recursion", quantity, DEPTH, bound + change, 0)
            assert accepts(document(known, last, **about)) == holds


@pytest.mark.theorem("splitting-products")
@given(st.sampled_from([0.1, 0.5]), st.integers(1, 4), SHAPES, SEEDS)
def test_parts_multiply_in_any_order(h, count, shape, seed):
    rng = generator(seed)
    one, two = rng.standard_normal((2, *shape))
    start = largest(one - two)
    sizes = rng.choice([0.2, 1.0, 1.7], count)
    for K in sizes:
        F = lipschitz_map(rng, shape, K)
        one, two = one + h * F(one), two + h * F(two)
    assert largest(one - two) <= np.prod(1 + h * sizes) * start * (1 + ROUNDING)
    assert largest(one - two) >= np.prod(1 - h * sizes) * start * (1 - ROUNDING)


@pytest.mark.theorem("splitting-products", refutes="a product a little stronger")
def test_the_product_of_the_parts_is_decided_exactly():
    parts = [part(), part(step=[1, 8])]
    layer = {"kind": "composition", "parts": parts}
    for quantity, first, second, sign in (
        ("growth", Fraction(5, 4), Fraction(9, 8), 1),
        ("shrink", Fraction(3, 4), Fraction(7, 8), -1),
    ):
        known = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 0}, 1)
        steps = [
            claim("leak-comparison", quantity, {"part": place}, bound, 0)
            for place, bound in enumerate((first, second))
        ]
        last = claim("splitting-products", quantity, LAYER, first * second, 1, 2)
        made = document(known, *steps, last, layer=layer)
        assert accepts(made)
        made["claims"][-1]["bound"] = pair(first * second - sign * LITTLE)
        assert not accepts(made)
        swapped = claim("splitting-products", quantity, LAYER, first * second, 2, 1)
        assert not accepts(document(known, *steps, swapped, layer=layer))
