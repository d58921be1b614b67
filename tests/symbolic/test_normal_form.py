"""Is it zero?  Proved, refuted with a counterexample, or unknown."""

from fractions import Fraction

import flint
import pytest
from sympy import KroneckerDelta, Symbol, exp, sqrt, zeta

from stabcheck.errors import InvalidInput
from stabcheck.fields.notation import X, a, c
from stabcheck.fields.notation import i as it
from stabcheck.fields.notation import k as kt
from stabcheck.fields.notation import l as lt
from stabcheck.symbolic import (
    Declaration,
    Softmax,
    Tensor,
    adjoint_identity,
    canonical,
    indices,
    is_zero,
    jacobian_identity,
    total,
)
from stabcheck.symbolic.proving.pointwise import PRECISION, Point, evaluate

n = Symbol("n", integer=True, positive=True)
i, j, k, l, m = indices("i j k l m", "token", n)  # noqa: E741
x, y = Tensor("x", (i,)), Tensor("y", (i,))
W, P = Tensor("W", (i, j)), Tensor("P", (i, j))


def test_bound_names_and_their_order_do_not_matter():
    one = total(x[i] * W[i, j] * x[j], i, j)
    two = total(x[l] * total(W[l, k] * x[k], k), l)
    assert is_zero(one - two).is_proved
    assert canonical(one) == canonical(two)


def test_siblings_that_share_a_bound_name_are_kept_apart():
    product = total(x[k], k) * total(x[k] * y[k], k)
    assert is_zero(product - total(x[k] * x[l] * y[l], k, l)).is_proved
    assert is_zero(product - total(x[k] * x[k] * y[k], k)).verdict == "refuted"


def test_a_square_of_a_sum_is_a_double_sum():
    square = total(x[k], k) ** 2
    assert is_zero(square - total(x[k] * x[l], k, l)).is_proved
    assert is_zero(square - total(x[k] ** 2, k)).verdict == "refuted"


def test_a_transposed_matrix_is_told_apart():
    assert is_zero(W[i, j] - W[j, i]).verdict == "refuted"
    form = total(x[i] * W[i, j] * y[j], i, j)
    assert is_zero(form - total(x[i] * W[j, i] * y[j], i, j)).verdict == "refuted"


def test_symmetric_bound_indices_are_matched_in_any_order():
    one = total(W[i, k] * W[k, l] * W[l, i], i, k, l)
    two = total(W[l, i] * W[i, k] * W[k, l], l, k, i)
    assert is_zero(one - two).is_proved
    three = total(W[i, k] * W[k, l] * W[i, l], i, k, l)
    assert is_zero(one - three).verdict == "refuted"


def test_exponentials_joined_by_sympy_meet_those_kept_apart():
    one = exp(x[i]) * exp(y[j])
    two = total(KroneckerDelta(k, j) * exp(x[i] + y[k]), k)
    assert is_zero(one - two).is_proved


def test_a_symmetric_argument_is_the_same_with_its_indices_exchanged():
    def kernel(one, other, matrix=None):
        pairs = W[one, k] * W[other, k] if matrix is None else matrix[one, other]
        return exp(total(pairs, k) if matrix is None else pairs)

    gap = total(x[i] * y[j] * kernel(i, j), i, j)
    assert is_zero(gap - total(y[i] * x[j] * kernel(i, j), i, j)).is_proved
    wrong = total(x[i] * y[j] * kernel(i, j, P), i, j)
    crossed = total(y[i] * x[j] * kernel(i, j, P), i, j)
    assert is_zero(wrong - crossed).verdict == "refuted"


def test_attention_of_the_state_to_itself_without_a_weight_proves_itself():
    F = Declaration("plain", X)
    scores = Softmax(kt, lt, total(X[it, c] * X[lt, c], c))
    weights = F.let("P", (it, kt), scores)
    field = F.returns((it, a), total(weights[it, kt] * X[kt, a], kt))
    assert jacobian_identity(field).is_proved
    assert adjoint_identity(field).is_proved


def test_arguments_are_compared_up_to_renaming_and_by_value():
    one = sqrt(total(x[k] ** 2, k) + 1)
    two = sqrt(total(x[l] * x[l], l) + 1)
    assert is_zero(one - two).is_proved
    expanded = exp(total((x[i] - x[k]) ** 2, k))
    written = exp(n * x[i] ** 2 - 2 * x[i] * total(x[k], k) + total(x[l] ** 2, l))
    assert is_zero(expanded - written).is_proved


def test_weights_that_sum_to_one_are_summed_out_only_if_they_are_alone():
    assert is_zero(total(P[i, k], k) - 1, row_stochastic=("P",)).is_proved
    assert not is_zero(total(P[k, i], k) - 1, row_stochastic=("P",)).is_proved
    weighted = total(P[i, k] * x[k], k) - x[i]
    assert is_zero(weighted, row_stochastic=("P",)).verdict == "refuted"
    squared = total(P[i, k] ** 2, k) - 1
    assert is_zero(squared, row_stochastic=("P",)).verdict == "refuted"


def test_a_free_delta_lets_its_indices_be_exchanged():
    assert is_zero(KroneckerDelta(i, j) * (x[i] - x[j])).is_proved


def test_a_counterexample_is_rational_and_not_zero():
    answer = is_zero(total(x[k], k) - x[i])
    assert answer.verdict == "refuted"
    found = answer.counterexample
    point = Point(
        {n: found.sizes["n"]},
        lambda name, position, shape: found.entries[name, position],
    )
    assert all(isinstance(value, Fraction) for value in found.entries.values())
    with flint.ctx.workprec(PRECISION):
        at = {i: found.position["i"]}
        value = evaluate(total(x[k], k) - x[i], point, at)
    assert not value.contains(0)


def test_what_the_normal_form_cannot_see_is_unknown_not_refuted():
    whole = x[i] / (x[i] + y[i]) + y[i] / (x[i] + y[i])
    assert is_zero(whole - 1).verdict == "unknown"


def test_a_softmax_is_read_as_its_quotient():
    weights = Softmax(k, l, x[l])
    quotient = exp(x[k]) / total(exp(x[m]), m)
    assert is_zero(weights - quotient).is_proved


def test_counterexamples_of_row_stochastic_tensors_have_rows_that_sum_to_one():
    answer = is_zero(P[i, j] - P[j, i], row_stochastic=("P",))
    entries, size = answer.counterexample.entries, answer.counterexample.sizes["n"]
    rows = {position[0] for name, position in entries if name == "P"}
    assert rows
    for row in rows:
        assert sum(entries["P", (row, column)] for column in range(size)) == 1


def test_a_function_without_a_meaning_is_refused_at_a_point():
    with pytest.raises(InvalidInput, match="found no rule for it"):
        evaluate(zeta(x[i]), Point({n: 2}, lambda *_: Fraction(2)), {i: 0})
