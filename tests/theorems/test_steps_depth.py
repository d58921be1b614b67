"""Stacks: products of growths along tubes; the mixed norm pays sqrt(n) once."""

import math

import numpy as np
import pytest
from growth.step_fields import STEPS, bounded_fields, take_step
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator

from stabcheck import growth
from stabcheck.bounds import LayerNorm, attention_mixed_norm_ball
from stabcheck.integrators import get

EULER = get("forward-euler")
ROUNDING = 1e-10


def mixed(difference: np.ndarray) -> float:
    """The largest token norm."""
    return float(np.linalg.norm(difference, axis=1).max())


def ball_states(rng: np.random.Generator, radius: float, shape) -> np.ndarray:
    """A state on the ball's boundary or inside; a little less, for rounding."""
    state = rng.standard_normal(shape)
    state /= np.maximum(np.linalg.norm(state, axis=1, keepdims=True), 1e-300)
    return (1 - 1e-12) * radius * rng.choice([0.3, 1.0]) * state


@pytest.mark.theorem("depth-product")
@given(st.lists(bounded_fields(), min_size=1, max_size=4), STEPS, SEEDS)
def test_trajectories_stay_in_the_propagated_tubes(fields, h, seed):
    size = min(field.size for field in fields)
    fields = [type(f)(f.J[:size, :size], f.W[:, :size], f.c) for f in fields]
    rng = generator(seed)
    radius = 0.1
    # Stored centres that are off the trajectory, as rounded ones are.
    exact = rng.standard_normal(size)
    centre, offsets = [exact], []
    for field in fields:
        exact = take_step(EULER, field, h, exact)
        centre.append(exact + 1e-3 * rng.standard_normal(size))
        offsets.append(float(np.linalg.norm(centre[-1] - exact)) * (1 + 1e-12))
    growths = [growth.euler_growth(h, f.L, f.mu).value for f in fields]
    radii = growth.propagate_radii(radius, 1, growths, offsets)
    product = growth.depth_product(growths).value
    shrink = growth.depth_shrink(
        [growth.euler_shrink(h, f.L, f.m).value for f in fields]
    ).value
    direction = rng.standard_normal(size)
    other = rng.standard_normal(size)
    x = centre[0] + (1 - 1e-12) * radius * direction / np.linalg.norm(direction)
    y = centre[0] + 0.5 * radius * other / np.linalg.norm(other)
    start = np.linalg.norm(x - y)
    for field, middle, reach in zip(fields, centre[1:], radii[1:], strict=True):
        x, y = take_step(EULER, field, h, x), take_step(EULER, field, h, y)
        assert np.linalg.norm(x - middle) <= reach
        assert np.linalg.norm(y - middle) <= reach
    assert np.linalg.norm(x - y) <= product * start * (1 + ROUNDING)
    assert np.linalg.norm(x - y) >= (shrink or 0.0) * start * (1 - ROUNDING)


@pytest.mark.theorem("depth-product", refutes="radii that forget the offset")
def test_a_tube_without_the_offset_loses_the_trajectory():
    # The identity, with a centre that drifts by 1 a map: the radii have to follow.
    radii = growth.propagate_radii(0.0, 1, [1.0] * 3, [1.0, 2.0, 3.0])
    assert radii[-1] >= 3.0
    assert growth.propagate_radii(0.0, 1, [1.0] * 3, [0.0] * 3)[-1] < 3.0


@pytest.mark.theorem("depth-product", refutes="a product without one of its factors")
def test_dilations_attain_the_product():
    factors = [1.5, 2.0, 3.0]
    assert growth.depth_product(factors).value >= 9.0
    assert math.prod(factors) > 0.99 * growth.depth_product(factors).value


@pytest.mark.theorem("family-euler-mixed")
@given(attention_cases(), st.sampled_from([0.25, 1.0]), STEPS, SEEDS)
def test_an_euler_step_of_attention_grows_tokens_by_at_most_one_plus_hK(
    case, radius, h, seed
):
    field, shape = case.field, case.shape
    rng = generator(seed)
    K = attention_mixed_norm_ball(field, radius, shape[0]).value
    grown = growth.mixed_step_growth(h, K).value
    for _ in range(4):
        x, y = (ball_states(rng, radius, shape) for _ in range(2))
        moved = x + h * field(x) - (y + h * field(y))
        assert mixed(moved) <= grown * mixed(x - y) * (1 + ROUNDING) + ROUNDING


@pytest.mark.theorem("family-euler-mixed", refutes="1 + 0.99 hK")
def test_one_token_attains_the_mixed_growth():
    # n = 1: attention is its value map; U = I has K = 1.
    x, y = np.array([[0.5, 0.0]]), np.array([[-0.5, 0.0]])
    assert mixed(2 * x - 2 * y) > (1 + 0.99) * mixed(x - y)
    assert growth.mixed_step_growth(1.0, 1.0).value >= 2.0


@pytest.mark.theorem("depth-mixed-norm")
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), STEPS, SEEDS)
def test_a_stack_pays_the_root_of_the_tokens_once(tokens, features, depth, h, seed):
    rng = generator(seed)
    step = np.eye(tokens * features)
    norms = []
    for _ in range(depth):
        # Rows of weights that sum to one, times a value map: K = |U| in the mixed norm.
        weights = rng.dirichlet(np.full(tokens, 0.3), tokens)
        U = 0.5 * rng.standard_normal((features, features))
        norms.append(float(np.linalg.norm(U, 2)) * (1 + 1e-12))
        step = step + h * np.kron(weights, U) @ step
    growths = [1 + h * norm for norm in norms]
    singular = np.linalg.svd(step, compute_uv=False)
    assert singular[0] <= growth.depth_mixed_norm(tokens, growths).value
    shrink = growth.depth_mixed_norm_shrink(tokens, growths).value or 0.0
    assert singular[-1] >= shrink - 1e-12


@pytest.mark.theorem("depth-mixed-norm", refutes="sqrt(n - 1), and no root at all")
def test_copying_the_first_token_attains_the_root_of_the_tokens():
    for tokens in range(2, 6):
        copy = np.zeros((tokens, tokens))
        copy[:, 0] = 1.0  # mixed norm 1
        assert np.linalg.norm(copy, 2) > math.sqrt(tokens - 1) * (1 + 1e-9)
        assert np.linalg.norm(copy, 2) <= growth.depth_mixed_norm(tokens, [1.0]).value


@pytest.mark.theorem("layer-norm-kernel")
@given(st.integers(1, 4), st.integers(1, 5), SEEDS)
def test_layer_norm_has_the_ones_in_its_kernel(tokens, features, seed):
    rng = generator(seed)
    norm = LayerNorm(rng.standard_normal(features), rng.standard_normal(features), 1e-3)
    state = rng.standard_normal((tokens, features))
    blocks = norm.token_jacobians(state)
    # d terms of size at most |gamma|/s each, rounded.
    size = np.abs(norm.gamma).max() / math.sqrt(1e-3)
    assert np.abs(blocks.sum(axis=2)).max() <= 4 * features * size * 2.0**-52
    assert growth.layer_norm_kernel().value == 0.0


@pytest.mark.theorem("layer-norm-kernel", refutes="any positive shrink")
def test_two_states_far_apart_have_one_image():
    norm = LayerNorm(np.ones(4), np.zeros(4), 1e-3)
    state = np.array([[1.0, 2.0, 4.0, 5.0]])
    shifted = state + 8.0  # exact in float64
    assert np.array_equal(norm(state), norm(shifted))
