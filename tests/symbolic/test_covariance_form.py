"""Formulas with one term changed, and refutations that come with a rational point."""

import pytest
from sympy import KroneckerDelta, sqrt

from stabcheck.fields import attention
from stabcheck.fields.notation import X, a, c, d, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
u, v = Tensor("u", (i,)), Tensor("v", (i,))


def test_every_term_of_every_sum_is_dropped_and_flipped():
    found = list(one_term_changed(u[i] * (v[i] + u[i])))
    left, both = u[i] * u[i], u[i] * v[i]
    inner = {left, both, left - both, both - left}
    # The whole is a product: one term too.
    assert {f.expand() for f in found} == {0, -left - both} | inner


def test_an_expression_that_is_no_sum_is_one_term():
    assert list(one_term_changed(u[i] * v[i])) == [0, -u[i] * v[i]]


def test_the_last_value_of_an_index_is_no_term():
    whole = total(X[i, c] ** 2, c)
    assert list(one_term_changed(whole)) == [0, -whole]


def test_sums_in_roots_and_denominators_stay():
    for whole in (u[i] / sqrt(1 + v[i] ** 2), u[i] / (1 + v[i] ** 2)):
        assert list(one_term_changed(whole)) == [0, -whole]


def test_a_refuted_identity_comes_with_the_point_that_refutes_it():
    derived = inlined(attention().jacobian())
    answer = is_zero(derived - KroneckerDelta(i, j) * KroneckerDelta(a, b))
    assert answer.verdict == "refuted"
    found = answer.counterexample
    assert found is not None
    assert set(found.position) == {"i", "a", "j", "b"}
    assert {name for name, _ in found.entries} >= {"X", "W_Q", "W_K", "W_V", "W_O"}
    assert found.value


@pytest.mark.parametrize("changed", list(one_term_changed(u[i] - v[i])))
def test_a_difference_with_one_term_changed_is_refuted(changed):
    assert is_zero(changed - (u[i] - v[i])).verdict == "refuted"
