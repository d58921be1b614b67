r"""Theorem spectral-norm-psd.

For every real matrix $J$ and $c \ge 0$: $\lVert J\rVert_2 \le c$ if and only if
$c^2 I - J^{\mathsf T}J$ is positive semidefinite.
"""

from sympy import Identity, Matrix, MatrixSymbol, Rational, eye, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "spectral-norm-psd"

m, n = symbols("m n", integer=True, positive=True)
J, v = MatrixSymbol("J", m, n), MatrixSymbol("v", n, 1)


def claim_agrees(matrix: Matrix, c, is_small: bool) -> bool:
    """Whether semidefiniteness says what is known of the norm of a matrix."""
    gram = matrix.T * matrix
    return is_positive_semidefinite(c**2 * eye(matrix.cols) - gram) == is_small


def step_1_the_quadratic_form_is_a_difference_of_squares():
    # Of any size: v^T (c^2 I - J^T J) v = c^2 v^T v - (J v)^T (J v).
    c = symbols("c")
    form = (v.T * (c**2 * Identity(n) - J.T * J) * v).expand().doit()
    assert form == (c**2 * v.T * v - (J * v).T * (J * v)).expand().doit()


def step_2_it_is_nonnegative_exactly_when_the_length_grows_by_at_most_c():
    # a = |v| and b = |Jv|: for c >= 0 both factors of c^2 a^2 - b^2 have the sign of
    # c a - b, since c a + b >= 0.
    a, b, c, slack = symbols("a b c slack", nonnegative=True)
    assert ((c * a) ** 2 - b**2 - (c * a - b) * (c * a + b)).expand() == 0
    # One direction with c a = b + slack, the other one with b = c a + slack.
    assert is_sum_of_nonnegative_terms((b + slack) ** 2 - b**2)
    assert is_sum_of_nonnegative_terms((c * a + slack) ** 2 - (c * a) ** 2)


def witness_the_norm_itself_is_accepted():
    shear = Matrix([[0, 5], [0, 0]])
    assert claim_agrees(shear, 5, True)
    assert claim_agrees(Matrix([[3, 4]]), 5, True)


def mutant_a_smaller_constant():
    return claim_agrees(Matrix([[0, 5], [0, 0]]), Rational(499, 100), True)


def mutant_the_bound_may_be_negative():
    # (-5)^2 I - J^T J is semidefinite, and no norm is at most -5.
    return claim_agrees(Matrix([[3, 4]]), -5, False)
