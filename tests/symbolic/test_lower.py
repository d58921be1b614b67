"""Lowering: the tree walk against plain loops, and refusals of bad arguments."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from symbolic.expressions import (
    POINT,
    SIZE,
    TOKENS,
    W,
    agree,
    entry,
    expressions,
    i,
    j,
    k,
    l,
    n,
    x,
)
from sympy import KroneckerDelta

from stabcheck.errors import InvalidInput
from stabcheck.fields import attention, layer_norm, rms_norm
from stabcheck.fields.notation import X, c
from stabcheck.symbolic import Declaration, Softmax, Tensor, total
from stabcheck.symbolic.lowering.lower import BACKENDS, backend_named
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.proving.pointwise import evaluate
from stabcheck.symbolic.proving.structure import structure

SHAPES = {"x": (SIZE,), "W": (SIZE, SIZE), "M": (SIZE, SIZE)}
EPS = np.finfo(float).eps


def tensors():
    return {
        name: np.array(
            [float(entry(name, at, shape)) for at in np.ndindex(*shape)]
        ).reshape(shape)
        for name, shape in SHAPES.items()
    }


def walked(expression):
    """The values at all positions of the four token indices, by the lowering."""
    walk = Walk(backend_named("numpy"), {n: SIZE}, tensors())
    return walk.assembled(expression, TOKENS)


def looped(expression):
    """The same by plain loops in balls."""
    values = np.empty((SIZE,) * 4)
    for at in np.ndindex(*values.shape):
        positions = dict(zip(TOKENS, at, strict=True))
        values[at] = float(evaluate(expression, POINT, positions).mid())
    return values


@given(expressions(depth=2))
def test_the_lowering_agrees_with_plain_loops(expression):
    found, true = walked(expression), looped(expression)
    assert np.abs(found - true).max() <= 2**10 * EPS * (1 + np.abs(true).max())


def test_siblings_that_share_a_bound_name_are_kept_apart():
    # Flattened into one contraction without new names, these sums would be one.
    clash = x[i] * total(x[k], k) * total(x[k] * x[k] * W[j, k], k)
    assert np.allclose(walked(clash), looped(clash), rtol=2**6 * EPS)


def test_repeated_indices_and_a_softmax_on_its_diagonal_are_read_as_such():
    for expression in (
        total(W[k, k] * x[i], k),
        W[i, i] + x[j],
        Softmax(i, l, W[i, l]),
        total(Softmax(k, l, W[k, l]) * x[k], k),
    ):
        assert np.allclose(walked(expression), looped(expression), rtol=2**6 * EPS)


def test_softmaxes_whose_bound_name_is_their_own_position_are_kept_apart():
    # Both read `at` under a bound index of its name: one key would give one value.
    one, two = Softmax(i, i, x[i]), Softmax(k, k, x[k])
    for expression in (one + two, one * two, W[i, j] * one + W[k, j] * two):
        assert np.allclose(walked(expression), looped(expression), rtol=2**6 * EPS)
    (spelled, free), (again, other) = structure(one), structure(two)
    assert (spelled, free, other) == (again, (i,), (k,))


def test_free_deltas_become_blocks():
    expression = KroneckerDelta(i, j) * W[i, k] + KroneckerDelta(k, l) * x[i] + W[j, l]
    assert np.array_equal(walked(expression), looped(expression))
    both = KroneckerDelta(i, j) * KroneckerDelta(j, k) * x[l]
    assert np.array_equal(walked(both), looped(both))


def test_the_meta_test_a_wrong_lowering_would_be_seen():
    assert not agree(x[i], x[j], {i: 0, j: 1})


STATE = np.ones((2, 3))
WEIGHTS = {
    "W_Q": np.ones((2, 3, 1)),
    "W_K": np.ones((2, 3, 1)),
    "W_V": np.ones((2, 3, 2)),
    "W_O": np.ones((4, 3)),
}


def test_an_unknown_backend_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidInput, match=f"use one of {', '.join(sorted(BACKENDS))}"):
        attention().lower("torch")
    assert {"balls", "jax", "numpy"} <= set(BACKENDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W_Q": np.ones((3, 3, 1))}, "where H is 2"),
        ({"W_K": np.ones((2, 4, 1))}, "where d is 3"),
        ({"W_O": np.ones((5, 3))}, "axis 0 of size 5 where the other arrays say 4"),
        ({"W_V": np.ones((3, 2))}, "a declaration with 3 axes"),
        ({"W_V": np.ones((2, 0, 2))}, "every size must be at least 1"),
        ({"W_X": np.ones(3)}, "found none of that name; nearest: W_"),
        ({"W_Q": None}, "asked for"),
        (
            {"scale": np.ones(3)},
            r"shape \(3,\), found a declaration of one number",
        ),
        ({"W_Q": np.ones((2, 3, 1)) * 1j}, "pass real numbers"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        attention(heads=2).lower("numpy")(STATE, **{**WEIGHTS, **change})


def test_missing_parameters_and_directions_are_named():
    few = {name: WEIGHTS[name] for name in ("W_Q", "W_K")}
    with pytest.raises(InvalidInput, match="found no W_V, W_O; pass every parameter"):
        attention(heads=2).lower("numpy")(STATE, **few)
    with pytest.raises(InvalidInput, match="with 0 directions, found 1 declared"):
        attention(heads=2).jvp().lower("numpy")(STATE, **WEIGHTS)


def test_a_number_with_a_default_may_be_left_out_and_one_without_may_not():
    gamma = np.ones(3)
    with pytest.raises(InvalidInput, match="found no epsilon"):
        rms_norm().lower("numpy")(STATE, gamma=gamma)
    kernel = attention(heads=2).lower("numpy")
    half = kernel(STATE, **WEIGHTS, scale=1.0)
    assert np.array_equal(half, kernel(STATE, **WEIGHTS))


def test_one_kernel_serves_several_sizes():
    kernel = layer_norm().lower("numpy")
    for rows, d in ((1, 1), (2, 3), (5, 2)):
        state = np.arange(float(rows * d)).reshape(rows, d)
        value = kernel(state, gamma=np.ones(d), beta=np.zeros(d), epsilon=0.5)
        assert value.shape == (rows, d)


@pytest.mark.parametrize("mask", [np.full((2, 2), 0.5), np.full((2, 2), -1)])
def test_a_mask_of_other_values_than_zero_and_one_is_refused(mask):
    with pytest.raises(InvalidInput, match="of zeros and ones"):
        attention(heads=2, mask=True).lower("numpy")(STATE, **WEIGHTS, mask=mask)


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_mask_that_leaves_a_query_without_a_key_is_refused(backend):
    # Row 0 sees key 1, which is later: no key is left under the causal mask.
    field = attention(heads=2, mask=True, causal=True)
    with pytest.raises(InvalidInput, match="without an admissible key"):
        field.lower(backend)(STATE, **WEIGHTS, mask=np.array([[0, 1], [1, 1]]))


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_mask_within_a_larger_line_is_checked_too(backend):
    sees = Tensor("mask", (i, k), zero_one=True)
    P = Softmax(k, l, X[i, c] * X[l, c], sees[i, l])
    field = Declaration("inline", X, (sees,)).returns((i, c), total(P * X[k, c], k))
    with pytest.raises(InvalidInput, match="without an admissible key"):
        field.lower(backend)(STATE, mask=np.array([[0, 0], [1, 1]]))


def test_masks_that_add_up_to_other_values_are_refused():
    sees = Tensor("mask", (i, k), zero_one=True)
    P = Softmax(k, l, X[i, c] * X[l, c], sees[i, l] + sees[l, i])
    field = Declaration("added", X, (sees,)).returns((i, c), total(P * X[k, c], k))
    with pytest.raises(InvalidInput, match="combine to other values than zeros"):
        field.lower("numpy")(STATE, mask=np.ones((2, 2)))


def test_scalar_parameters_of_a_kernel_may_be_fractions_in_balls():
    kernel = rms_norm().lower("balls")
    value = kernel(STATE, gamma=np.ones(3), epsilon=Fraction(3))
    assert value[0, 0].contains(0.5)
