"""Blocks have the Jacobians that the chain rule gives their parts."""

from functools import cache

import numpy as np
import pytest
from strategies import generator

from stabcheck.fields import (
    attention,
    deep_norm,
    feed_forward,
    layer_norm,
    layer_scale,
    leaky,
    parallel,
    pre_norm,
    re_zero,
    residual,
    rms_norm,
    sandwich_norm,
)

BRANCH, SECOND, NORM, OTHER = attention(), feed_forward(), rms_norm(), layer_norm()
BLOCKS = {
    "pre-norm": pre_norm(NORM, BRANCH),
    "sandwich-norm": sandwich_norm(NORM, BRANCH, NORM),
    "parallel": parallel(NORM, BRANCH, SECOND),
    "deep-norm": deep_norm(OTHER, BRANCH),
    "residual": residual(BRANCH),
    "layer-scale": layer_scale(BRANCH),
    "re-zero": re_zero(BRANCH),
    "leaky": leaky(BRANCH),
}
SIZES = [(1, 1), (1, 3), (3, 1), (3, 2)]


@cache
def kernel(field):
    return field.jacobian().lower("numpy")


@cache
def value(field):
    return field.lower("numpy")


def product(*factors):
    J = factors[0]
    for factor in factors[1:]:
        J = np.einsum("iakc,kcjb->iajb", J, factor)
    return J


def projections(rng, d):
    W = 0.5 * rng.standard_normal((4, 1, d, d))
    return {"W_Q": W[0], "W_K": W[1], "W_V": W[2], "W_O": W[3, 0]}


def assert_is(name, formula, state, **given):
    J = kernel(BLOCKS[name])(state, **given)
    assert np.abs(J - formula).max() <= 1e-11 * (1 + np.abs(formula).max())


@pytest.mark.theorem("block-jacobians")
@pytest.mark.parametrize("size", SIZES)
def test_behind_norms_the_jacobian_is_a_product(size):
    rng, (n, d) = generator(0), size
    W, X = projections(rng, d), rng.standard_normal((n, d))
    gain, outer, shift = rng.standard_normal((3, d))
    N = {"gamma": gain, "epsilon": 0.5}
    Y = value(NORM)(X, **N)
    D, slope = kernel(NORM)(X, **N), kernel(BRANCH)(Y, **W)
    assert_is("pre-norm", product(slope, D), X, **N, **W)
    Z = value(BRANCH)(Y, **W)
    late = kernel(NORM)(Z, gamma=outer, epsilon=0.5)
    named = {"gamma_out": outer, "epsilon_out": 0.5}
    assert_is("sandwich-norm", product(late, slope, D), X, **N, **W, **named)
    W_1, W_2 = rng.standard_normal((d, 2)), rng.standard_normal((2, d))
    inner = {"W_1": W_1, "b_1": np.ones(2), "W_2": W_2, "b_2": np.ones(d)}
    both = slope + kernel(SECOND)(Y, **inner)
    assert_is("parallel", product(both, D), X, **N, **W, **inner)
    one = np.einsum("ij,ab->iajb", np.eye(n), np.eye(d))
    L = {"gamma": gain, "beta": shift, "epsilon": 0.5}
    at = kernel(OTHER)(1.5 * X + value(BRANCH)(X, **W), **L)
    formula = product(at, 1.5 * one + kernel(BRANCH)(X, **W))
    assert_is("deep-norm", formula, X, **L, **W, skip=1.5)


@pytest.mark.theorem("block-jacobians")
@pytest.mark.parametrize("size", SIZES)
def test_scalings_and_leaks_act_on_the_jacobian_of_the_branch(size):
    rng, (n, d) = generator(0), size
    W, X = projections(rng, d), rng.standard_normal((n, d))
    slope, by = kernel(BRANCH)(X, **W), rng.standard_normal(d)
    one = np.einsum("ij,ab->iajb", np.eye(n), np.eye(d))
    assert_is("residual", one + 0.3 * slope, X, **W, step_size=0.3)
    assert_is("layer-scale", by[:, None, None] * slope, X, **W, layer_scale=by)
    assert_is("re-zero", -0.7 * slope, X, **W, gate=-0.7)
    assert_is("leaky", slope - 0.4 * one, X, **W, leak=0.4)


@pytest.mark.theorem("block-jacobians", refutes="a norm taken at the input")
def test_the_norm_of_a_deep_norm_block_is_not_taken_at_its_input():
    rng = generator(0)
    W, X = projections(rng, 2), rng.standard_normal((3, 2))
    L = {"gamma": np.ones(2), "beta": np.ones(2), "epsilon": 0.5}
    J = kernel(BLOCKS["deep-norm"])(X, **L, **W, skip=1.5)
    one = np.einsum("ij,ab->iajb", np.eye(3), np.eye(2))
    inner = 1.5 * one + kernel(BRANCH)(X, **W)
    assert np.abs(J - product(kernel(OTHER)(X, **L), inner)).max() > 0.01
