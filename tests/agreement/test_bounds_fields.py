"""The fields that bounds are stated for are the declared ones."""

import numpy as np
from agreement.cases import tolerance
from hypothesis import given
from strategies import attention_cases, feed_forward_cases, norm_cases

from stabcheck.bounds import LayerNorm
from stabcheck.fields import attention, feed_forward, layer_norm, rms_norm


def assert_same(field, case, parameters):
    state = case.state
    value = field.lower("numpy")(state, **parameters)
    true = case.field(state)
    assert np.abs(value - true).max() <= tolerance(true, value) * state.size
    dense = field.jacobian().lower("numpy")(state, **parameters)
    matrix = dense.reshape(state.size, state.size)
    true = case.field.jacobian(state)
    assert np.abs(matrix - true).max() <= tolerance(true, matrix) * state.size


@given(attention_cases())
def test_attention_of_every_shape(case):
    bounded = case.field
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
    )
    given = {name: getattr(bounded, name) for name in ("W_Q", "W_K", "W_V", "W_O")}
    given |= {"mask": bounded.mask, "bias": bounded.bias, "scale": bounded.scale}
    if biased:
        given |= {
            name: np.zeros(shapes[name]) if array is None else array
            for name, array in biases.items()
        }
    present = {name: value for name, value in given.items() if value is not None}
    assert_same(field, case, present)


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
