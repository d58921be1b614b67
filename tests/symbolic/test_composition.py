"""Fields put together: names, products of operators, deep stacks."""

import jax
import numpy as np
import pytest
from agreement import plain
from agreement.block_cases import (
    draw_attention,
    draw_feed_forward,
    draw_layer,
    draw_rms,
)
from agreement.cases import tolerance

from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    attention,
    feed_forward,
    layer_norm,
    pre_norm,
    residual,
    rms_norm,
)
from stabcheck.symbolic import composition, relabelled


def drawn_stack(layers, n=3, d=2):
    """Blocks of attention and feed-forward, with parameters and a plain function."""
    rng = np.random.default_rng(0)
    mixing = residual(pre_norm(rms_norm(), attention()))
    token_wise = residual(pre_norm(layer_norm(), feed_forward()))
    parameters = []
    for _ in range(layers):
        parameters.append(draw_rms(rng, n, d) | draw_attention(rng, n, d))
        parameters.append(draw_layer(rng, n, d) | draw_feed_forward(rng, n, d))
    parameters = [{**given, "step_size": 1 / 16} for given in parameters]

    def reference(X):
        for number, given in enumerate(parameters):
            rest = {k: v for k, v in given.items() if k not in ("step_size", *NORM)}
            norm = {k: given[k] for k in NORM if k in given}
            if number % 2:
                slope = plain.feed_forward(plain.layer_norm(X, **norm), **rest)
            else:
                slope = plain.attention(plain.rms_norm(X, **norm), **rest)
            X = X + slope / 16
        return X

    state = rng.standard_normal((n, d))
    return composition(*[mixing, token_wise] * layers), state, parameters, reference


NORM = ("gamma", "beta", "epsilon")


@pytest.mark.parametrize("layers", [1, 12])
def test_a_deep_stack_agrees_with_jax(layers):
    stack, state, parameters, reference = drawn_stack(layers)
    true = np.asarray(jax.jacfwd(reference)(state))
    room = 2 * layers * state.size * tolerance(true)
    found = stack.lower("numpy")(state, *parameters)
    assert np.abs(found - reference(state)).max() <= room
    dense = stack.jacobian().lower("numpy")(state, *parameters)
    assert np.abs(dense - true).max() <= room
    direction = np.random.default_rng(1).standard_normal(state.shape)
    forward = stack.jvp().lower("numpy")(state, direction, *parameters)
    assert np.abs(forward - np.einsum("iajb,jb->ia", true, direction)).max() <= room
    backward = stack.vjp().lower("numpy")(state, direction, *parameters)
    assert np.abs(backward - np.einsum("iajb,ia->jb", true, direction)).max() <= room


def test_jax_multiplies_the_same_operators():
    stack, state, parameters, _ = drawn_stack(2)
    plain_product = stack.jacobian().lower("numpy")(state, *parameters)
    compiled = stack.jacobian().lower("jax")(state, *parameters)
    room = state.size * tolerance(plain_product)
    assert np.abs(np.asarray(compiled) - plain_product).max() <= room


def test_each_field_of_a_stack_is_derived_once_however_deep(monkeypatch):
    stack, state, parameters, _ = drawn_stack(12)
    derivations = []
    derive = type(stack.parts[0]).jacobian
    monkeypatch.setattr(
        type(stack.parts[0]),
        "jacobian",
        lambda field: derivations.append(field.name) or derive(field),
    )
    stack.jacobian().lower("numpy")(state, *parameters)
    assert sorted(derivations) == sorted({part.name for part in stack.parts})


def test_token_wise_factors_stay_blocks_and_give_a_block_diagonal_product():
    rng = np.random.default_rng(2)
    state = rng.standard_normal((3, 2))
    parameters = [draw_rms(rng, 3, 2), draw_feed_forward(rng, 3, 2)]
    kernel = composition(rms_norm(), feed_forward()).jacobian().lower("numpy")
    states = kernel.states(state, parameters)
    assert [factor.shape for factor in kernel.factors(states, parameters)] == [
        (3, 2, 2),
        (3, 2, 2),
    ]
    dense = kernel(state, *parameters)
    inlined = pre_norm(rms_norm(), feed_forward()).jacobian().lower("numpy")
    true = inlined(state, **parameters[0], **parameters[1])
    assert np.abs(dense - true).max() <= tolerance(true)
    assert not dense[0, :, 1].any()


@pytest.mark.parametrize("first", ["mixing", "token-wise"])
def test_blocks_and_dense_factors_multiply_in_either_order(first):
    rng = np.random.default_rng(3)
    state = rng.standard_normal((3, 2))
    parts = [(attention(), draw_attention), (rms_norm(), draw_rms)]
    ordered = parts if first == "mixing" else parts[::-1]
    parameters = [draw(rng, 3, 2) for _, draw in ordered]
    stack = composition(*(field for field, _ in ordered))
    dense = stack.jacobian().lower("numpy")(state, *parameters)
    for j in range(6):
        unit = np.eye(6)[j].reshape(3, 2)
        column = stack.jvp().lower("numpy")(state, unit, *parameters)
        found = dense.reshape(3, 2, 6)[:, :, j]
        assert np.abs(found - column).max() <= tolerance(dense)


def test_the_chain_rule_is_printed_as_a_product_of_operators():
    stack = composition(rms_norm(), attention())
    assert stack.jacobian().text().splitlines() == [
        "X0 = X",
        "X1 = rms-norm(X0)",
        "X2 = attention(X1)",
        "J = J2(X1) J1(X0)",
    ]
    assert stack.vjp().text().endswith("J^T C = J1(X0)^T J2(X1)^T C")
    assert stack.jvp().text().endswith("J V = J2(X1) J1(X0) V")
    assert r"J &= J^{2}\left(X^{1}\right)\,J^{1}\left(X^{0}\right)" in (
        stack.jacobian().latex()
    )
    assert composition(composition(rms_norm(), attention()), layer_norm()).name == (
        "rms-norm then attention then layer-norm"
    )


def test_what_cannot_be_composed_is_refused():
    with pytest.raises(InvalidInput, match="composition of no field"):
        composition()
    with pytest.raises(InvalidInput, match="found no map of states to states"):
        composition(attention().jacobian())
    with pytest.raises(InvalidInput, match="found no map of states to states"):
        composition(attention().jvp())
    state = np.ones((2, 2))
    with pytest.raises(InvalidInput, match="2 fields with 1 sets of parameters"):
        composition(rms_norm(), rms_norm()).lower("numpy")(state, {})


def test_a_parameter_is_renamed_everywhere_or_not_at_all():
    norm = relabelled(layer_norm(), {"gamma": "gain", "epsilon": "small"})
    assert [p.name for p in norm.parameters] == ["gain", "beta", "small"]
    text = norm.text()
    assert "gain[a]" in text
    assert "small" in text
    assert "gamma" not in text
    for wrong in ({"scale": "s"}, {"gamma": "beta"}, {"gamma": "mu"}):
        with pytest.raises(InvalidInput, match=r"found \w+ unknown or taken"):
            relabelled(layer_norm(), wrong)
