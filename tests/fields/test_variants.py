"""The variants of attention: what their options ask for, and what is refused."""

import numpy as np
import pytest
from sympy import Heaviside, sqrt

from stabcheck.errors import InvalidInput
from stabcheck.fields import FIELDS, attention, energy_attention
from stabcheck.fields.notation import X, a, i, k, l
from stabcheck.layers import kind_of
from stabcheck.symbolic import (
    Declaration,
    Scalar,
    Softmax,
    jacobian_identity,
    total,
)

PLAIN = {"W_Q", "W_K", "W_V", "W_O", "scale"}


def names(field):
    return {parameter.name for parameter in field.parameters}


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({"alibi": True}, {"slopes"}),
        ({"window": 3}, set()),
        ({"rotary": "half"}, {"base"}),
        ({"rotary": "interleaved", "frequencies": True}, {"theta"}),
        ({"qk_norm": "rms"}, {"gamma_Q", "gamma_K", "qk_epsilon"}),
        ({"qk_norm": "l2"}, {"qk_epsilon"}),
        ({"qk_norm": "l2", "value_norm": True}, {"qk_epsilon", "nu"}),
        ({"softcap": True}, {"cap"}),
        ({"score": "l2"}, set()),
        ({"sink": "head"}, {"sink"}),
        ({"sink": "zero"}, set()),
        ({"weights": "sigmoid"}, {"offset"}),
        ({"weights": "sinkhorn", "iterations": 2}, set()),
        ({"consensus": True}, set()),
        ({"tie": "negative", "mask": True}, {"kappa", "mask"}),
    ],
)
def test_a_variant_has_the_parameters_that_its_line_names(options, parameters):
    assert names(attention(**options)) - PLAIN == parameters


def test_tied_values_leave_the_matrices_of_queries_and_keys():
    assert names(attention(tie="negative")) == {"W_Q", "W_K", "scale", "kappa"}
    one = attention(weights="sinkhorn", tie="gram")
    assert names(one) == {"W_Q", "scale", "kappa"}
    assert one.name == "gram-sinkhorn-attention"
    assert kind_of(one) is None


def test_linear_weights_have_no_scale():
    assert names(attention(weights="linear")) == PLAIN - {"scale"}
    assert names(energy_attention()) == {"W_Q", "W_K", "scale"}


def test_grouped_queries_share_keys_and_values():
    field = attention(heads=6, groups=2)
    rng = np.random.default_rng(0)
    shared = {
        "W_Q": rng.standard_normal((6, 3, 4)),
        "W_K": rng.standard_normal((2, 3, 4)),
        "W_V": rng.standard_normal((2, 3, 5)),
        "W_O": rng.standard_normal((30, 3)),
    }
    repeated = shared | {
        name: shared[name].repeat(3, axis=0) for name in ("W_K", "W_V")
    }
    state = rng.standard_normal((4, 3))
    value = field.lower("numpy")(state, **shared)
    every = attention(heads=6).lower("numpy")(state, **repeated)
    assert np.abs(value - every).max() <= 1e-12
    with pytest.raises(InvalidInput, match="W_K"):
        field.lower("numpy")(state, **repeated)


def test_a_rotary_head_needs_an_even_width():
    weights = {name: np.ones((1, 3, 3)) for name in ("W_Q", "W_K", "W_V")}
    with pytest.raises(InvalidInput, match="axis 2 of size 3 where the other arrays"):
        attention(rotary="half").lower("numpy")(
            np.ones((2, 3)), W_O=np.ones((3, 3)), **weights
        )


def test_a_score_of_ones_own_is_a_function_of_a_query_and_a_key():
    temperature = Scalar("temperature")

    def inverse_distance(query, key, width):
        far = sqrt(1 + total((query - key) ** 2, *width))
        return temperature.symbol / far

    field = attention(score=inverse_distance, parameters=(temperature,))
    assert names(field) == PLAIN | {"temperature"}
    assert field.name == "inverse_distance-score-attention"
    assert field.settings["score"] == "inverse_distance-score"
    assert jacobian_identity(field).is_proved


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window=0; give a whole number of at least 1"),
        ({"groups": 2.0}, "give a whole number of at least 1"),
        ({"heads": 4, "groups": 3}, "4 heads in 3 groups, found that they do not"),
        ({"rotary": True}, "rotary=True; give one of False, 'half', 'interleaved'"),
        ({"qk_norm": "layer"}, "give one of False, 'rms', 'l2'"),
        ({"score": "cosine"}, "give one of 'dot', 'l2'"),
        ({"weights": "relu"}, "give one of 'softmax', 'sigmoid', 'linear'"),
        ({"sink": True}, "give one of False, 'zero', 'head'"),
        ({"softcap": 30}, "give True or False"),
        ({"windows": 3}, "an option windows, found none of that name; nearest: window"),
        ({"frequencies": True}, "found frequencies without rotary"),
        ({"weights": "sigmoid", "sink": "zero"}, "found a sink and sigmoid weights"),
        ({"iterations": 3}, "found iterations of softmax weights"),
        ({"weights": "linear", "softcap": True}, "which have no logits, and softcap"),
        ({"weights": "linear", "bias": True}, "a bias or mask of logits"),
        ({"weights": "sinkhorn", "causal": True}, "few masks leave doubly stochastic"),
        ({"weights": "sinkhorn", "window": 2}, "found sinkhorn weights and a window"),
        ({"parameters": (Scalar("t"),)}, "found parameters of no score"),
        ({"tie": "positive"}, "give one of False, 'negative', 'gram'"),
        ({"tie": "negative", "rotary": "half"}, "found tied values and rotary"),
        ({"tie": "gram", "consensus": True}, "found tied values and consensus"),
        ({"tie": "negative", "weights": "sigmoid"}, "tied values and sigmoid weights"),
        ({"tie": "negative", "biases": True}, "tied values and biases"),
        ({"tie": "negative", "output": False}, "only weights are those of queries"),
        ({"tie": "gram", "weights": "sinkhorn", "causal": True}, "sinkhorn weights"),
    ],
)
def test_options_that_say_nothing_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        attention(**options)


@pytest.mark.parametrize("options", [{"heads": 0}, {"causal": 1}, {"mask": "all"}])
def test_so_it_is_for_energy_attention(options):
    with pytest.raises(InvalidInput, match="asked for energy-attention with"):
        energy_attention(**options)


@pytest.mark.parametrize("backend", ["balls", "jax", "numpy"])
def test_a_mask_by_position_that_leaves_a_row_empty_is_refused(backend):
    F = Declaration("strictly-causal", X)
    logits = total(X[i, a] * X[l, a], a)
    earlier = Heaviside(i - l - 1, 1)
    P = F.let("P", (i, k), Softmax(k, l, logits, earlier))
    field = F.returns((i, a), total(P[i, k] * X[k, a], k))
    with pytest.raises(InvalidInput, match="without an admissible key; relax"):
        field.lower(backend)(np.ones((3, 2)))


def test_beside_a_sink_every_key_may_be_masked():
    field = attention(mask=True, sink="zero")
    state = np.random.default_rng(0).standard_normal((2, 3))
    weights = {name: np.ones((1, 3, 2)) for name in ("W_Q", "W_K", "W_V")}
    weights |= {"W_O": np.ones((2, 3)), "mask": np.array([[0, 0], [1, 1]])}
    for backend in ("numpy", "jax"):
        value = np.asarray(field.lower(backend)(state, **weights))
        assert np.array_equal(value[0], np.zeros(3))
        assert np.isfinite(value).all()


def test_only_plain_attention_has_its_bounds():
    # Bounds are stated for softmax of dot products: a variant must not pass for one.
    plain = {"attention", "biased-attention", "causal-attention", "masked-attention"}
    plain |= {"value-attention", "multi-head-attention", "score-bias-attention"}
    plain |= {"grouped-query-attention", "multi-query-attention"}
    taken = {name for name in FIELDS if kind_of(FIELDS[name]()) == "attention"}
    assert taken == plain

    def causal(query, key, width):
        return total(query * key, *width) ** 3

    assert kind_of(attention(score=causal)) is None
