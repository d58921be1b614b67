"""Renaming and capture: the one semantic bug of all index languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbolic.expressions import SIZE, TOKENS, W, agree, expressions, i, k, l, n, x
from sympy import KroneckerDelta, Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic import (
    Softmax,
    contract,
    fresh,
    indices,
    refresh,
    rename,
    total,
)
from stabcheck.symbolic.index import free_indices

d = Symbol("d", integer=True, positive=True)
(a,) = indices("a", "feature", d)


@given(
    expressions(),
    st.dictionaries(st.sampled_from(TOKENS), st.sampled_from(TOKENS)),
    st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4),
)
def test_evaluating_commutes_with_renaming(expression, mapping, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    moved = {index: at[mapping.get(index, index)] for index in TOKENS}
    assert agree(rename(expression, mapping), expression, at, moved)


@given(expressions(), st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4))
def test_refreshing_bound_names_changes_nothing(expression, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    apart = refresh(expression)
    assert free_indices(apart) == free_indices(expression)
    assert agree(apart, expression, at)


def test_contracting_the_diagonal_of_softmax_does_not_rename_in_the_logits():
    # One name for the index summed over and the index read off would give the softmax
    # of x_k x_k here.
    weights = Softmax(k, l, x[i] * x[l])
    diagonal = contract(total(KroneckerDelta(i, k) * weights, k))
    captured = Softmax(i, l, x[l] * x[l])
    assert agree(diagonal, weights, {i: 0}, {i: 0, k: 0})
    assert not agree(diagonal, captured, {i: 0})


def test_a_new_name_that_is_bound_inside_makes_the_bound_one_step_aside():
    expression = total(W[i, k], k)
    renamed = rename(expression, {i: k})
    assert free_indices(renamed) == {k}
    assert agree(renamed, expression, {k: 1}, {i: 1})


def test_a_bound_index_is_not_renamed():
    expression = total(x[k], k)
    assert rename(expression, {k: i}) == expression


def test_summing_over_an_index_that_does_not_occur_multiplies_by_its_size():
    assert total(x[i], k) == n * x[i]


def test_indices_of_other_kinds_are_different_even_with_one_name():
    (other,) = indices("i", "feature", d)
    assert other != i
    assert fresh(i) != fresh(i)


def test_a_tensor_refuses_an_index_of_another_range():
    with pytest.raises(InvalidInput, match=r"asked for x\[a\], found axes of sizes"):
        x[a]


def test_a_softmax_refuses_to_be_read_off_at_another_range():
    with pytest.raises(InvalidInput, match="use two indices of one range"):
        Softmax(a, l, x[l])
