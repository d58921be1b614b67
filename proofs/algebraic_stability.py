r"""Theorem algebraic-stability.

Let a Runge-Kutta method have $b \ge 0$ and $M = BA + A^TB - bb^T \succeq 0$.  If
$\mu_2(J) \le 0$ on a convex set that holds the stages of two steps, then $|\Delta_1|
\le |\Delta_0|$ for every step size.

Write $k_i = h\Delta F_i$ and $\Delta Y_i = \Delta_0 + \sum_ja_{ij}k_j$; $k_i\cdot\Delta
Y_i \le 0$ by hypothesis (Burrage, Butcher 1979; Crouzeix 1979).
"""

from sympy import Matrix, Rational, diag, expand, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "algebraic-stability"

HALF = Rational(1, 2)
BACKWARD_EULER = (Matrix([[1]]), Matrix([1]))
IMPLICIT_MIDPOINT = (Matrix([[HALF]]), Matrix([1]))
GAUSS_2 = (
    Matrix(
        [
            [Rational(1, 4), Rational(1, 4) - sqrt(3) / 6],
            [Rational(1, 4) + sqrt(3) / 6, Rational(1, 4)],
        ]
    ),
    Matrix([HALF, HALF]),
)
RADAU_IIA_2 = (
    Matrix([[Rational(5, 12), Rational(-1, 12)], [Rational(3, 4), Rational(1, 4)]]),
    Matrix([Rational(3, 4), Rational(1, 4)]),
)
TRAPEZOID = (Matrix([[0, 0], [HALF, HALF]]), Matrix([HALF, HALF]))
EULER = (Matrix([[0]]), Matrix([1]))


def form(A, b):
    B = diag(*b)
    return (B * A + A.T * B - b * b.T).applyfunc(expand)


def is_algebraically_stable(method) -> bool:
    A, b = method
    return min(b) >= 0 and is_positive_semidefinite(form(A, b))


def step_1_the_energy_identity():
    # The coefficient of k_i k_j involves the stages i and j only: two stages decide it.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    k, start = Matrix(symbols("k:2")), symbols("start")
    stages = Matrix([start, start]) + A * k
    work = sum(b[i] * k[i] * stages[i] for i in range(2))
    change = (start + (b.T * k)[0]) ** 2 - start**2
    assert expand(change - 2 * work + (k.T * form(A, b) * k)[0]) == 0


def step_2_neither_term_lets_the_energy_grow():
    # 2 b_i k_i.Delta Y_i = -2 b_i s_i with b_i, s_i >= 0; the form of a Gram matrix
    # with a PSD matrix is some f >= 0.
    b, s, f = symbols("b s f", nonnegative=True)
    assert is_sum_of_nonnegative_terms(-(2 * b * (-s) - f))


def step_3_backward_euler_and_implicit_midpoint_are_algebraically_stable():
    assert is_algebraically_stable(BACKWARD_EULER)
    assert is_algebraically_stable(IMPLICIT_MIDPOINT)


def step_4_so_are_gauss_and_radau_iia_with_two_stages():
    assert form(*GAUSS_2).is_zero_matrix
    assert is_algebraically_stable(GAUSS_2)
    assert is_algebraically_stable(RADAU_IIA_2)


def witness_implicit_midpoint_preserves_the_norm_of_a_rotation():
    # M = 0 and k.Delta Y = 0 for a skew field: nothing is given away.
    z = symbols("z", real=True)
    J = Matrix([[0, -z], [z, 0]])
    step = (Matrix.eye(2) - J / 2).inv() * (Matrix.eye(2) + J / 2)
    gap = step.T * step - Matrix.eye(2)
    assert gap.applyfunc(lambda entry: entry.simplify()).is_zero_matrix


def mutant_a_stability_suffices():
    # The trapezoidal rule is A-stable.
    return is_algebraically_stable(TRAPEZOID)


def mutant_an_explicit_method_is_algebraically_stable():
    return is_algebraically_stable(EULER)
