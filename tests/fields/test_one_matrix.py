"""Branches of one matrix, and norms that keep a token inside a ball or on a sphere."""

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    antisymmetric_feed_forward,
    attention,
    gradient_feed_forward,
    post_norm,
    soft_norm,
    sphere_projection,
)
from stabcheck.fields.one_matrix import MONOTONE
from stabcheck.interpret.drawing import drawn_inputs

FAR = 1e150 * np.array([[3.0, 4.0], [0.0, 1.0]])


def test_the_soft_norm_maps_every_token_into_its_ball():
    kernel = soft_norm().lower("numpy")
    assert np.array_equal(kernel(np.zeros((1, 3))), np.zeros((1, 3)))
    sizes = np.linalg.norm(kernel(FAR, radius=2.0), axis=1)
    assert np.abs(sizes - 2).max() <= 1e-14
    assert np.linalg.norm(kernel(np.ones((1, 4)))) < 2  # the default radius, sqrt(d)


def test_with_the_default_radius_it_is_rms_norm_with_epsilon_one():
    state = np.random.default_rng(0).standard_normal((3, 5))
    square = (state**2).mean(axis=1, keepdims=True)
    expected = state / np.sqrt(square + 1)
    assert np.abs(soft_norm().lower("numpy")(state) - expected).max() <= 1e-15


def test_a_step_behind_the_projection_stays_on_the_sphere():
    field = post_norm(sphere_projection(), attention())
    given = drawn_inputs(field, 4, 3)
    value = field.lower("numpy")(given.state, **given.parameters)
    assert np.abs(np.linalg.norm(value, axis=1) - 1).max() <= 1e-15


@pytest.mark.parametrize("activation", sorted(MONOTONE))
def test_a_gradient_branch_never_lets_two_tokens_part_by_a_small_step(activation):
    field = gradient_feed_forward(activation=activation)
    kernel, rng = field.lower("numpy"), np.random.default_rng(1)
    W, b = rng.standard_normal((3, 5)), rng.standard_normal(5)
    step = 2 / np.linalg.norm(W, 2) ** 2
    for _ in range(50):
        one, other = rng.standard_normal((2, 1, 3))
        moved = [x + step * kernel(x, W=W, b=b) for x in (one, other)]
        gap = np.linalg.norm(one - other)
        assert np.linalg.norm(moved[0] - moved[1]) <= gap * (1 + 1e-14)


def test_the_matrix_of_an_antisymmetric_branch_is_skew_whatever_is_given():
    field = antisymmetric_feed_forward(activation="relu")
    given = drawn_inputs(field, 1, 3)
    changed = dict(given.parameters)
    changed["M"] = changed["M"] + np.ones((3, 3))  # a symmetric part
    kernel = field.lower("numpy")
    one = kernel(given.state, **given.parameters)
    assert np.abs(one - kernel(given.state, **changed)).max() <= 1e-14


@pytest.mark.parametrize("declare", [gradient_feed_forward, antisymmetric_feed_forward])
def test_an_activation_that_may_fall_is_refused(declare):
    with pytest.raises(InvalidInput, match="give one of relu, sigmoid, softplus, tanh"):
        declare(activation="gelu")
