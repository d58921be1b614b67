"""Contraction of deltas: right, typed, and no more expansion than needed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import KroneckerDelta, Pow, Symbol, exp

from stabcheck.errors import InvalidInput
from stabcheck.symbolic import Tensor, contract, delta_groups, indices, total
from stabcheck.symbolic.proving.pointwise import Point, evaluate

n, d = (Symbol(name, integer=True, positive=True) for name in "nd")
TOKENS = i, j, k, l = indices("i j k l", "token", n)  # noqa: E741
a, b = indices("a b", "feature", d)
x, W = Tensor("x", (i,)), Tensor("W", (i, j))


def entry(name: str, position: tuple[int, ...], shape: tuple[int, ...]) -> Fraction:
    return Fraction(sum((p + 2) * 3**q for q, p in enumerate(position)) % 11 - 5, 2)


POINT = Point({n: 3, d: 2}, entry)


@st.composite
def linear_in_deltas(draw, depth=3):
    """Sums and products of entries and deltas, as derivatives produce them."""
    token = st.sampled_from(TOKENS)
    if depth == 0 or draw(st.booleans()):
        return draw(
            st.one_of(
                st.builds(lambda p: x[p], token),
                st.builds(lambda p, q: W[p, q], token, token),
                st.builds(KroneckerDelta, token, token),
            )
        )
    inner = linear_in_deltas(depth=depth - 1)
    kind = draw(st.sampled_from(["sum", "product", "add"]))
    if kind == "sum":
        return total(draw(inner), draw(token))
    left, right = draw(inner), draw(inner)
    return left * right if kind == "product" else left + right


@given(linear_in_deltas(), st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_contracting_keeps_the_value(expression, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    before, after = (evaluate(e, POINT, at) for e in (expression, contract(expression)))
    # Halves and small integers: exact in balls.
    assert before == after


@given(linear_in_deltas())
def test_no_delta_of_a_bound_index_is_left(expression):
    for deltas, rest in delta_groups(expression).items():
        assert not rest.has(KroneckerDelta)
        free = contract(expression).free_symbols
        assert all(set(delta.args) <= free for delta in deltas)


def test_a_square_of_a_difference_stays_a_square():
    distance = (x[i] - x[k]) ** 2
    contracted = contract(total(KroneckerDelta(j, k) * distance, k))
    assert contracted == (x[i] - x[j]) ** 2
    assert isinstance(contracted, Pow)


def test_a_centred_factor_stays_centred():
    mean = total(x[l], l) / n
    product = total(KroneckerDelta(i, j) * W[i, k] * (x[k] - mean), k)
    ((_, rest),) = delta_groups(product).items()
    assert any(part.is_Add for part in rest.function.args)


def test_free_deltas_are_hoisted_out_of_sums():
    mixed = total(W[i, k] * (KroneckerDelta(i, j) * x[k] + x[j]), k)
    groups = delta_groups(mixed)
    assert set(groups) == {frozenset([KroneckerDelta(i, j)]), frozenset()}


def test_a_delta_between_different_ranges_is_refused():
    with pytest.raises(InvalidInput, match="a delta joins indices of one range"):
        contract(total(KroneckerDelta(i, a) * x[i], i))


def test_a_delta_under_a_function_is_refused():
    with pytest.raises(InvalidInput, match="does not enter linearly"):
        contract(total(exp(KroneckerDelta(i, k)) * x[k], k))
