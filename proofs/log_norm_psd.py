r"""Theorem log-norm-psd.

For every real square $J$ with $H = \tfrac12(J + J^{\mathsf T})$: $\mu_2(J) \le c$ if
and only if $2cI - J - J^{\mathsf T} \succeq 0$, and $\lambda_{\min}(H) \ge c$ if and
only if $J + J^{\mathsf T} - 2cI \succeq 0$.

$\mu_2(J) = \lim_{h \downarrow 0} (\lVert I + hJ\rVert_2 - 1)/h$.
"""

from sympy import (
    Identity,
    Matrix,
    MatrixSymbol,
    Rational,
    Transpose,
    expand,
    eye,
    limit,
    sqrt,
    symbols,
)

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "log-norm-psd"

n = symbols("n", integer=True, positive=True)
J, v = MatrixSymbol("J", n, n), MatrixSymbol("v", n, 1)
c = symbols("c", real=True)


def is_at_most(matrix: Matrix, bound) -> bool:
    """The decision of the theorem."""
    return is_positive_semidefinite(2 * bound * eye(matrix.rows) - matrix - matrix.T)


def is_at_least(matrix: Matrix, bound) -> bool:
    """The decision about the smallest eigenvalue of the symmetric part."""
    return is_positive_semidefinite(matrix + matrix.T - 2 * bound * eye(matrix.rows))


def step_1_a_number_is_its_own_transpose():
    # v^T J v is 1 x 1, so it equals v^T J^T v and v^T H v.
    assert Transpose(v.T * J * v).doit() == v.T * J.T * v


def step_2_the_form_compares_the_quotient_of_rayleigh_with_c():
    # v^T (2 c I - J - J^T) v = 2 c |v|^2 - v^T J v - v^T J^T v; the last two are equal.
    form = (v.T * (2 * c * Identity(n) - J - J.T) * v).expand().doit()
    assert form == (2 * c * v.T * v - v.T * J * v - v.T * J.T * v).doit()


def step_3_the_growth_of_a_short_step_is_the_quotient_of_rayleigh():
    # Coordinate by coordinate |v + h J v|^2 = |v|^2 + 2 h v.Jv + h^2 |Jv|^2: for |v| =
    # 1 the quotient below with rate v.Jv and square |Jv|^2 <= |J|^2.  Its convergence
    # is uniform in v, and the supremum of v.Jv over v is lambda_max(H).
    x, a, h = symbols("x a h", real=True)
    assert expand((x + h * a) ** 2 - (x**2 + 2 * h * x * a + h**2 * a**2)) == 0
    step, rate, square = symbols("step rate square", positive=True)
    quotient = (sqrt(1 + 2 * step * rate + step**2 * square) - 1) / step
    assert limit(quotient, step, 0, "+") == rate


def step_4_the_smallest_eigenvalue_is_the_negative_of_a_logarithmic_norm():
    matrix = Matrix(2, 2, symbols("a:4", real=True))
    below = matrix + matrix.T - 2 * c * eye(2)
    assert below == -(2 * c * eye(2) - matrix - matrix.T)
    assert below == 2 * (-c) * eye(2) - (-matrix) - (-matrix).T


def witness_a_nilpotent_matrix_attains_half_its_norm():
    shear = Matrix([[0, 2], [0, 0]])
    assert is_at_most(shear, 1)
    assert is_at_least(shear, -1)


def mutant_a_smaller_logarithmic_norm():
    return is_at_most(Matrix([[0, 2], [0, 0]]), Rational(99, 100))


def mutant_a_larger_smallest_eigenvalue():
    return is_at_least(Matrix([[0, 2], [0, 0]]), Rational(-99, 100))


def mutant_the_eigenvalues_of_the_matrix_itself_decide():
    # Both are 0.
    return is_at_most(Matrix([[0, 2], [0, 0]]), 0)
