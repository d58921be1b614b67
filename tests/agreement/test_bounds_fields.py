"""The fields that bounds are stated for are the declared ones."""

import numpy as np
from agreement.cases import tolerance
from hypothesis import given, settings
from strategies import attention_cases, feed_forward_cases, norm_cases
from theorems.scored_fields import gated_cases, scored_cases

from stabcheck.bounds import LayerNorm
from stabcheck.fields import (
    attention,
    feed_forward,
    gated_feed_forward,
    layer_norm,
    rms_norm,
)


def assert_same(field, case, parameters):
    state = case.state
    value = field.lower("numpy")(state, **parameters)
    true = case.field(state)
    assert np.abs(value - true).max() <= tolerance(true, value) * state.size
    dense = field.jacobian().lower("numpy")(state, **parameters)
    matrix = dense.reshape(state.size, state.size)
    true = case.field.jacobian(state)
    assert np.abs(matrix - true).max() <= tolerance(true, matrix) * state.size


def declared(bounded, **options):
    """The declaration of an attention with weights, and its arrays."""
    biases = {name: getattr(bounded, name) for name in ("b_Q", "b_K", "b_V", "b_O")}
    heads, _, key_width = bounded.W_Q.shape
    biased = any(array is not None for array in biases.values())
    shapes = {
        "b_Q": (heads, key_width),
        "b_K": (heads, key_width),
        "b_V": (heads, bounded.value_width),
        "b_O": (bounded.features,),
    }
    field = attention(
        heads=heads,
        causal=bounded.causal,
        mask=bounded.mask is not None,
        bias=bounded.bias is not None and ("head" if bounded.bias.ndim == 3 else True),
        biases=biased,
        output=bounded.W_O is not None,
        **options,
    )
    given = {name: getattr(bounded, name) for name in ("W_Q", "W_K", "W_V", "W_O")}
    given |= {"mask": bounded.mask, "bias": bounded.bias, "scale": bounded.scale}
    if biased:
        given |= {
            name: np.zeros(shapes[name]) if array is None else array
            for name, array in biases.items()
        }
    return field, {name: value for name, value in given.items() if value is not None}


@given(attention_cases())
def test_attention_of_every_shape(case):
    field, parameters = declared(case.field)
    assert_same(field, case, parameters)


@settings(max_examples=20)
@given(scored_cases())
def test_attention_with_turned_or_capped_scores(case):
    bounded, rotary = case.field, case.field.rotary
    options, numbers = {}, {}
    if rotary is not None:
        options["rotary"] = rotary.layout
        options["frequencies"] = rotary.base is None
        named = {"base": rotary.base, "theta": rotary.frequencies}
        numbers |= {name: value for name, value in named.items() if value is not None}
    if bounded.soft_cap is not None:
        options["softcap"], numbers["cap"] = True, float(bounded.soft_cap)
    field, parameters = declared(bounded.plain, **options)
    assert_same(field, case, parameters | numbers)


@given(gated_cases())
def test_gated_feed_forward(case):
    names = ("W_g", "W_1", "W_2")
    parameters = {name: getattr(case.field, name) for name in names}
    field = gated_feed_forward(activation=case.field.activation)
    assert_same(field, case, parameters)


@given(feed_forward_cases())
def test_feed_forward(case):
    names = ("W_1", "b_1", "W_2", "b_2")
    parameters = {name: getattr(case.field, name) for name in names}
    assert_same(feed_forward(), case, parameters)


@given(norm_cases())
def test_normalisations(case):
    norm = case.field
    parameters = {"gamma": norm.gamma, "epsilon": float(norm.epsilon)}
    if isinstance(norm, LayerNorm):
        assert_same(layer_norm(), case, {**parameters, "beta": norm.beta})
    else:
        assert_same(rms_norm(), case, parameters)
