r"""Theorem softmax-jacobian-half.

For every probability vector $p$, $S = \mathrm{diag}(p) - pp^T$ satisfies $0 \preceq S
\preceq \tfrac12 I$, and $\tfrac12$ is attained.

$v^T S v$ is the variance of $v$ under $p$.  Write $E$ for the mean, $m \le M$ for the
least and the largest entry of $v$.
"""

from sympy import Matrix, Rational, diag, expand, eye, symbols

from stabcheck.fields.notation import k
from stabcheck.symbolic import Tensor, is_zero, total
from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "softmax-jacobian-half"

HALF = Rational(1, 2)
v, M, m = symbols("v M m", real=True)


def a_quarter_of_the_range_squared_is_covered(constant) -> bool:
    """Whether (M - m)^2 / 4 <= constant (M^2 + m^2) for all M, m."""
    quarter = Rational(1, 4)
    form = Matrix(
        [[constant - quarter, quarter], [quarter, constant - quarter]]
    )  # the matrix of the difference, a quadratic form in (M, m)
    x = Matrix([M, m])
    gap = constant * (M**2 + m**2) - (M - m) ** 2 / 4
    assert expand((x.T * form * x)[0] - gap) == 0
    return is_positive_semidefinite(form)


def softmax_jacobian(p):
    column = Matrix(p)
    return diag(*p) - column * column.T


def step_1_the_form_is_the_variance():
    # sum_k p_k v_k^2 - (sum_k p_k v_k)^2 = sum_k p_k (v_k - E)^2 >= 0.
    p, x = Tensor("p", (k,)), Tensor("v", (k,))
    mean = total(p[k] * x[k], k)
    variance = total(p[k] * (x[k] - mean) ** 2, k)
    form = total(p[k] * x[k] ** 2, k) - mean**2
    assert is_zero(form - variance, row_stochastic=("p",)).is_proved


def step_2_a_variance_is_least_about_the_mean():
    # E(v - c)^2 = Var + (E - c)^2, with E v = E and E v^2 = second moment Q.
    Q, E, c = symbols("Q E c", real=True)
    assert expand((Q - 2 * c * E + c**2) - (Q - E**2) - (E - c) ** 2) == 0


def step_3_about_the_midpoint_it_is_at_most_a_quarter_of_the_range_squared():
    gap = (M - m) ** 2 / 4 - (v - (M + m) / 2) ** 2
    assert expand(gap - (M - v) * (v - m)) == 0  # both factors are >= 0


def step_4_which_two_entries_pay_for_by_half_of_their_squares():
    # M^2 + m^2 <= |v|^2: they are two entries of v.  (If v has one entry only, S = 0.)
    assert a_quarter_of_the_range_squared_is_covered(HALF)
    rest = symbols("rest", nonnegative=True)
    assert is_sum_of_nonnegative_terms(HALF * rest)


def witness_two_equal_weights_attain_it():
    S = softmax_jacobian([HALF, HALF])
    direction = Matrix([1, -1])
    assert S * direction == HALF * direction
    assert is_positive_semidefinite(HALF * eye(2) - S)


def mutant_049_suffices():
    return a_quarter_of_the_range_squared_is_covered(Rational(49, 100))


def mutant_a_quarter_suffices():
    return is_positive_semidefinite(
        Rational(1, 4) * eye(2) - softmax_jacobian([HALF, HALF])
    )
