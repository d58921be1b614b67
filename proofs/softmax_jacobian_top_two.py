r"""Theorem softmax-jacobian-top-two.

For a probability vector $p_1 \ge p_2 \ge \dots$,

$$\lambda_{\max}(\mathrm{diag}(p) - pp^T) \le \lambda_0 = p_1(1 - p_1 + p_2).$$

$\lambda_0 I - S = D + pp^T$ with $D = \mathrm{diag}(\lambda_0 - p_i)$.
"""

from sympy import Matrix, Rational, diag, eye, factor, simplify, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "softmax-jacobian-top-two"

p1, p2 = symbols("p1 p2", positive=True)
CASES = (
    (Rational(1, 2), Rational(1, 4), Rational(1, 4)),
    (Rational(2, 5), Rational(3, 10), Rational(3, 10)),
    (Rational(4, 5), Rational(1, 5)),
)
"""All weights below the first are equal: here the bound is attained."""


def top_two(one, two):
    return one * (1 - one + two)


def bounds_the_largest_eigenvalue(bound, p) -> bool:
    """Whether bound(p_1, p_2) I - S is positive semidefinite, exactly."""
    column = Matrix(p)
    S = diag(*p) - column * column.T
    return is_positive_semidefinite(bound(p[0], p[1]) * eye(len(p)) - S)


def step_1_only_the_first_diagonal_entry_is_negative():
    # p_i <= p_2 for i >= 2, so D_i = lambda_0 - p_i >= lambda_0 - p_2 >= 0; D_1 <= 0.
    bound = top_two(p1, p2)
    assert factor(bound - p1 + p1 * (p1 - p2)) == 0
    assert factor(bound - p2 - (p1 - p2) * (1 - p1)) == 0


def step_2_if_the_two_largest_are_equal_nothing_is_negative():
    # Then D >= 0 and D + pp^T is positive semidefinite.
    assert simplify(top_two(p1, p1) - p1) == 0


def step_3_each_smaller_weight_counts_at_most_in_proportion():
    # t/(lambda - t) increases: for 0 <= t <= p_2 < lambda, t^2/(lambda - t) <= t
    # p_2/(lambda - p_2).
    t, room, more = symbols("t room more", nonnegative=True)
    two = t + room
    lam = two + more
    gap = two * (lam - t) - t * (lam - two)  # over the positive (lam-t)(lam-two)
    assert is_sum_of_nonnegative_terms(gap)


def step_4_the_secular_function_is_at_most_zero():
    # p_1 > p_2 and p_1 < 1.  1 + sum_i p_i^2/(lambda_0 - p_i) <= 1 + p_1^2/(lambda_0 -
    # p_1) + (1 - p_1) p_2/(lambda_0 - p_2), by step 3 and sum_{i>=2} p_i = 1 - p_1.
    bound = top_two(p1, p2)
    value = 1 + p1**2 / (bound - p1) + (1 - p1) * p2 / (bound - p2)
    assert simplify(value) == 0


def step_5_so_the_matrix_has_no_negative_eigenvalue():
    # D has one negative entry, so D + pp^T has at most one negative eigenvalue (Weyl),
    # and det(D + pp^T) = det D (1 + p^T D^{-1} p): a negative times a number <= 0, so
    # it has none.  (p_1 = 1 is S = 0.)
    entries, p = symbols("D1:4"), Matrix(symbols("q1:4"))
    whole = (diag(*entries) + p * p.T).det()
    product = entries[0] * entries[1] * entries[2]
    secular = 1 + sum(x**2 / e for x, e in zip(p, entries, strict=True))
    assert simplify(whole - product * secular) == 0


def witness_equal_smaller_weights_attain_it():
    for p in CASES:
        assert bounds_the_largest_eigenvalue(top_two, p)
        column = Matrix(p)
        S = diag(*p) - column * column.T
        assert (top_two(p[0], p[1]) * eye(len(p)) - S).det() == 0


def mutant_the_second_weight_is_dropped():
    return all(
        bounds_the_largest_eigenvalue(lambda one, two: one * (1 - one), p)
        for p in CASES
    )


def mutant_the_second_weight_counts_nine_tenths():
    short = Rational(9, 10)
    return all(
        bounds_the_largest_eigenvalue(lambda one, two: one * (1 - one + short * two), p)
        for p in CASES
    )
