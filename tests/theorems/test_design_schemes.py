"""Layers of several streams: exact growth and shrink at every depth."""

from fractions import Fraction

import numpy as np
import pytest
from checker.designs import accepts, claim, document, pair, part
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.scheme_fields import SHAPES, largest, lipschitz_map, plain

from stabcheck.growth.designs import scheme_bounds

ROUNDING = 1e-9
LITTLE = Fraction(1, 10**9)
ALL = {"kind": "all"}
LAYER, DEPTH = {"layer": True}, {"depth": 4}
STEPS = st.sampled_from([Fraction(1, 8), Fraction(1, 2), Fraction(1), Fraction(3)])
NORMS = st.sampled_from([Fraction(1, 4), Fraction(1), Fraction(5, 2)])
WEIGHTS = st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(3)])


def joint(pair_of_streams, weight: float) -> float:
    p, q = pair_of_streams
    return float(np.hypot(largest(p), weight * largest(q)))


def assert_within(facts, ends, starts, weight: float) -> None:
    (growth,) = (float(f.value) for f in facts if f.quantity == "growth")
    kept = max([float(f.value) for f in facts if f.quantity == "shrink"], default=0.0)
    size = joint(starts, weight)
    assert joint(ends, weight) <= growth * size * (1 + ROUNDING)
    assert joint(ends, weight) >= kept * size * (1 - ROUNDING)


@pytest.mark.theorem("reversible-two-stream")
@given(STEPS, NORMS, NORMS, WEIGHTS, st.integers(1, 5), SHAPES, SEEDS)
def test_reversible_streams_stay_between(h, K1, K2, weight, depth, shape, seed):
    layer = {"kind": "reversible", "parts": [plain(h), plain(h)]}
    known = [{"lipschitz": K1}, {"lipschitz": K2}]
    facts = scheme_bounds(layer, known, ALL, depth, weight=weight)
    rng = generator(seed)
    one, two = rng.standard_normal((2, 2, *shape))
    starts = one - two
    for _ in range(depth):
        F, G = (lipschitz_map(rng, shape, float(K)) for K in (K1, K2))
        for state in (one, two):
            state[0] += float(h) * F(state[1])
            state[1] += float(h) * G(state[0])
    assert_within(facts, one - two, starts, float(weight))


@pytest.mark.theorem("leapfrog-comparison")
@given(STEPS, NORMS, WEIGHTS, st.integers(1, 5), SHAPES, SEEDS)
def test_leapfrog_stays_between(h, K, omega, depth, shape, seed):
    layer = {"kind": "leapfrog", "parts": [plain(h)], "frequency": omega}
    facts = scheme_bounds(layer, [{"lipschitz": K}], ALL, depth)
    rng = generator(seed)
    one, two = rng.standard_normal((2, 2, *shape))
    starts = one - two
    for _ in range(depth):
        f = lipschitz_map(rng, shape, float(K))
        for state in (one, two):
            state[0] += float(h) / float(omega) * f(state[1])
            state[1] += float(h) * float(omega) * state[0]
    assert_within(facts, one - two, starts, 1.0)


@pytest.mark.theorem("momentum-comparison")
@given(STEPS, NORMS, WEIGHTS, st.sampled_from([0.25, 0.75]), st.integers(1, 4), SEEDS)
def test_momentum_stays_between(h, K, weight, gamma, depth, seed):
    layer = {"kind": "momentum", "parts": [plain(h)], "gamma": Fraction(gamma)}
    facts = scheme_bounds(layer, [{"lipschitz": K}], ALL, depth, weight=weight)
    rng = generator(seed)
    one, two = rng.standard_normal((2, 2, 3, 2))
    starts = one - two
    for _ in range(depth):
        F = lipschitz_map(rng, (3, 2), float(K))
        for state in (one, two):
            state[1] = gamma * state[1] + (1 - gamma) * float(h) * F(state[0])
            state[0] += state[1]
    assert_within(facts, one - two, starts, float(weight))


def matrices() -> dict[str, tuple[np.ndarray, dict]]:
    """The linear member F = K x of each scheme at h = 1/4, K = 2: its own matrix."""
    h, K = 0.25, 2.0
    gamma = 0.5
    c = (1 - gamma) * h * K
    return {
        "reversible-two-stream": (
            np.array([[1, h * K], [h * K, 1 + (h * K) ** 2]]),
            {"kind": "reversible", "parts": [part(), part()]},
        ),
        "leapfrog-comparison": (
            np.array([[1, h * K], [h, 1 + h * h * K]]),
            {"kind": "leapfrog", "parts": [part()], "frequency": [1, 1]},
        ),
        "momentum-comparison": (
            np.array([[1 + c, gamma], [c, gamma]]),
            {"kind": "momentum", "parts": [part()], "gamma": [1, 2]},
        ),
    }


@pytest.mark.theorem("reversible-two-stream", refutes="any better number, at any depth")
@pytest.mark.theorem("leapfrog-comparison", refutes="any better number, at any depth")
@pytest.mark.theorem("momentum-comparison", refutes="any better number, at any depth")
@pytest.mark.parametrize("theorem", sorted(matrices()))
@pytest.mark.parametrize("depth", [1, 4])
def test_a_dilation_attains_growth_and_shrink_of_the_streams(theorem, depth):
    matrix, layer = matrices()[theorem]
    singular = np.linalg.svd(np.linalg.matrix_power(matrix, depth), compute_uv=False)
    subject = LAYER if depth == 1 else DEPTH
    known = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 0}, 2)
    premises = [0] * len(layer["parts"])
    for value, quantity, sign in zip(
        singular, ("growth", "shrink"), (1, -1), strict=True
    ):
        loose = Fraction(value) * (1 + sign * Fraction(1, 10**9))
        made = document(known, claim(theorem, quantity, subject, loose, *premises))
        assert accepts(made | {"layer": layer})
        tight = Fraction(value) * (1 - sign * Fraction(1, 10**9))
        made["claims"][-1]["bound"] = pair(tight)
        assert not accepts(made | {"layer": layer})


def test_the_inverse_of_unequal_streams_outgrows_the_row_sums_of_the_step():
    # a = 1, b = 1/2: the rows of M sum to 2, those of its inverse to 5/2.
    M = np.array([[1, 1], [0.5, 1.5]])
    assert np.abs(M).sum(axis=1).max() == 2
    assert np.abs(np.linalg.inv(M)).sum(axis=1).max() == 2.5


def test_equal_streams_need_half_the_exponent_of_a_chain():
    layer = {"kind": "reversible", "parts": [plain(Fraction(1, 100))] * 2}
    facts = scheme_bounds(layer, [{"lipschitz": Fraction(1)}] * 2, ALL, 100)
    assert [f.quantity for f in facts] == ["growth", "shrink"]
    assert np.exp(0.999) < float(facts[0].value) <= np.exp(1)
    assert abs(float(facts[0].value * facts[1].value) - 1) < 1e-12
