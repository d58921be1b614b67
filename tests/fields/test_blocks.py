"""Blocks, norms, feed-forward branches, contexts: what is known of their Jacobians."""

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    attention,
    cross_attention,
    feed_forward,
    gated_feed_forward,
    hopfield,
    l2_norm,
    layer_norm,
    layer_scale,
    leaky,
    parallel,
    re_zero,
    residual,
    rms_norm,
    sandwich_norm,
)
from stabcheck.fields.notation import a, i
from stabcheck.interpret.drawing import drawn_inputs
from stabcheck.symbolic import inlined, is_zero, rename
from stabcheck.symbolic.index import Index


def evaluated(field, seed=0, **changes):
    """State, parameters and the dense Jacobian at drawn inputs."""
    given = drawn_inputs(field, 3, 2, seed)
    parameters = {**given.parameters, **changes}
    dense = field.jacobian().lower("numpy")(given.state, **parameters)
    return given.state, parameters, dense


@pytest.mark.parametrize("declare", [cross_attention, hopfield])
def test_with_a_context_every_token_moves_by_itself(declare):
    _, _, dense = evaluated(declare())
    tokens = range(dense.shape[0])
    off = [dense[p, :, q] for p in tokens for q in tokens if p != q]
    assert not np.any(off)
    assert np.any(dense)


def test_the_hopfield_jacobian_is_symmetric_for_every_size():
    # A negative gradient: J_ia,jb - J_jb,ia, with the indices of J's output exchanged.
    jacobian = hopfield().jacobian()
    body = inlined(jacobian)
    token, feature, other, second = jacobian.output.indices
    aside = [Index(f"x{n}", index.kind, index.size) for n, index in enumerate((i, a))]
    turned = rename(body, {token: aside[0], feature: aside[1]})
    turned = rename(turned, {other: token, second: feature})
    turned = rename(turned, {aside[0]: other, aside[1]: second})
    assert is_zero(body - turned).is_proved


def test_one_hopfield_step_of_size_one_retrieves_a_stored_pattern():
    patterns = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -2.0]])
    near = patterns + 0.1
    kernel = hopfield().lower("numpy")
    found = near + kernel(near, Y=patterns, inverse_temperature=60.0)
    assert np.abs(found - patterns).max() < 1e-12


def test_a_leak_shifts_the_jacobian_by_a_multiple_of_the_identity():
    _, _, plain = evaluated(attention())
    _, _, shifted = evaluated(leaky(attention()), leak=0.75)
    identity = np.einsum("ij,ab->iajb", np.eye(3), np.eye(2))
    assert np.abs(shifted - plain + 0.75 * identity).max() < 1e-14


def test_a_gate_of_zero_makes_a_residual_block_the_identity_exactly():
    field = residual(re_zero(attention()))
    _, _, dense = evaluated(field, gate=0.0, step_size=1.0)
    assert np.array_equal(dense, np.einsum("ij,ab->iajb", np.eye(3), np.eye(2)))


def test_layer_scale_scales_rows():
    _, given, scaled = evaluated(layer_scale(feed_forward()))
    rest = {name: value for name, value in given.items() if name != "layer_scale"}
    state = drawn_inputs(layer_scale(feed_forward()), 3, 2).state
    plain = feed_forward().jacobian().lower("numpy")(state, **rest)
    expected = given["layer_scale"][None, :, None, None] * plain
    assert np.abs(scaled - expected).max() < 1e-13


def test_a_parallel_block_is_the_sum_of_its_branches_at_one_norm():
    names = [p.name for p in parallel(rms_norm(), attention(), feed_forward()).parts]
    assert names == ["rms-norm", "attention", "feed-forward"]


def test_the_outer_norm_of_a_sandwich_has_parameters_of_its_own():
    field = sandwich_norm(layer_norm(), attention(), layer_norm())
    names = {p.name for p in field.parameters}
    assert {"gamma", "beta", "epsilon", "gamma_out", "beta_out", "epsilon_out"} < names


def test_l2_normalisation_is_orthogonal_to_the_state_without_epsilon():
    state, _, dense = evaluated(l2_norm(), epsilon=0.0)
    for token in range(3):
        block = dense[token, :, token]
        assert np.abs(block @ state[token]).max() < 1e-14


def test_a_squared_relu_has_slope_zero_where_it_is_off():
    field = feed_forward(activation="relu-squared")
    _, _, dense = evaluated(field, b_1=np.array([-99.0, -99.0]))
    assert not dense.any()


@pytest.mark.parametrize("declare", [feed_forward, gated_feed_forward])
def test_an_unknown_activation_is_refused(declare):
    with pytest.raises(InvalidInput, match="give one of gelu, gelu-tanh"):
        declare(activation="mish")


@pytest.mark.parametrize("options", [{"heads": 0}, {"mask": 1}, {"biases": "no"}])
def test_an_option_of_cross_attention_that_is_none_is_refused(options):
    with pytest.raises(InvalidInput, match="asked for cross-attention with"):
        cross_attention(**options)


def test_a_context_mask_that_leaves_a_row_empty_is_refused():
    field = cross_attention(mask=True)
    given = drawn_inputs(field, 3, 2)
    mask = given.parameters["mask"].copy()
    mask[1] = 0
    with pytest.raises(InvalidInput, match="without an admissible key"):
        field.lower("numpy")(given.state, **{**given.parameters, "mask": mask})
