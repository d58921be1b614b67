"""Renaming and capture: the one semantic bug of all index languages."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import KroneckerDelta, Symbol, exp

from stabcheck.errors import InvalidInput
from stabcheck.symbolic import (
    Softmax,
    Tensor,
    contract,
    fresh,
    indices,
    refresh,
    rename,
    total,
)
from stabcheck.symbolic.index import free_indices
from stabcheck.symbolic.pointwise import Point, evaluate

n, d = (Symbol(name, integer=True, positive=True) for name in "nd")
TOKENS = i, j, k, l = indices("i j k l", "token", n)  # noqa: E741
(a,) = indices("a", "feature", d)
x, W, M = Tensor("x", (i,)), Tensor("W", (i, j)), Tensor("M", (i, j))
SIZE = 3


def entry(name: str, position: tuple[int, ...], shape: tuple[int, ...]) -> Fraction:
    """A fixed rational for each position, different at transposed positions."""
    if name == "M":
        return Fraction(int(position[0] >= position[1]))
    spelled = sum((p + 1) * 5**q for q, p in enumerate(position)) + len(name)
    return Fraction(spelled % 7 - 3, 4)


POINT = Point({n: SIZE}, entry)


def agree(left, right) -> bool:
    """Whether two balls of rounding size share a point."""
    return bool(left.overlaps(right)) and float(left.rad()) < 1e-30


@st.composite
def expressions(draw, depth=3):
    """Expressions with sums and softmaxes whose bound names collide on purpose."""
    token = st.sampled_from(TOKENS)
    if depth == 0 or draw(st.booleans()):
        return draw(
            st.one_of(
                st.builds(lambda p: x[p], token),
                st.builds(lambda p, q: W[p, q], token, token),
            )
        )
    inner = expressions(depth=depth - 1)
    kind = draw(st.sampled_from(["sum", "softmax", "product", "add", "exp"]))
    if kind == "sum":
        return total(draw(inner), draw(token))
    if kind == "softmax":
        over = draw(token)
        mask = draw(st.sampled_from([1, M[over, over]]))
        return Softmax(draw(token), over, draw(inner), mask)
    if kind == "exp":
        return exp(x[draw(token)] * draw(inner) / 8)
    left, right = draw(inner), draw(inner)
    return left * right if kind == "product" else left + right


@given(
    expressions(),
    st.dictionaries(st.sampled_from(TOKENS), st.sampled_from(TOKENS)),
    st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4),
)
def test_evaluating_commutes_with_renaming(expression, mapping, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    moved = {index: at[mapping.get(index, index)] for index in TOKENS}
    renamed = evaluate(rename(expression, mapping), POINT, at)
    assert agree(renamed, evaluate(expression, POINT, moved))


@given(expressions(), st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4))
def test_refreshing_bound_names_changes_nothing(expression, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    apart = refresh(expression)
    assert free_indices(apart) == free_indices(expression)
    assert agree(evaluate(apart, POINT, at), evaluate(expression, POINT, at))


def test_contracting_the_diagonal_of_softmax_does_not_rename_in_the_logits():
    # One name for the index summed over and the index read off would give the softmax
    # of x_k x_k here.
    weights = Softmax(k, l, x[i] * x[l])
    diagonal = contract(total(KroneckerDelta(i, k) * weights, k))
    captured = Softmax(i, l, x[l] * x[l])
    at = {i: 1}
    assert agree(evaluate(diagonal, POINT, at), evaluate(weights, POINT, {i: 1, k: 1}))
    assert not agree(evaluate(diagonal, POINT, at), evaluate(captured, POINT, at))


def test_a_new_name_that_is_bound_inside_makes_the_bound_one_step_aside():
    expression = total(W[i, k], k)
    renamed = rename(expression, {i: k})
    assert free_indices(renamed) == {k}
    assert agree(
        evaluate(renamed, POINT, {k: 2}), evaluate(expression, POINT, {i: 2})
    )


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
