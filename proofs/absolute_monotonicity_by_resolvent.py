r"""Theorem absolute-monotonicity-by-resolvent.

Let $K$ be $A$ bordered by $b$ and a column of zeros, so that $Y = \mathbb 1y_0 +
hKF(Y)$ are the stages and the step.  For $\rho > 0$ with $d = \det(I + \rho K) > 0$,
the two arrays $(I + \rho K)^{-1}\mathbb 1$ and $\rho K(I + \rho K)^{-1}$ are
nonnegative exactly if $\operatorname{adj}(I + \rho K)\mathbb 1 \ge 0$ and $dI -
\operatorname{adj}(I + \rho K) \ge 0$.  Then $Y$ are convex combinations of $y_0$ and
Euler steps of size $h/\rho$ from the stages (Kraaijevanger 1991).
"""

from sympy import Matrix, Rational, expand, eye, ones, symbols, together

from stabcheck.theorems.polynomials import is_nonnegative_on

THEOREM = "absolute-monotonicity-by-resolvent"

x = symbols("x")
HALF, SIXTH = Rational(1, 2), Rational(1, 6)
LITTLE = Rational(1, 10**6)
SSPRK2 = ([[0, 0], [1, 0]], [HALF, HALF])
SSPRK3 = (
    [[0, 0, 0], [1, 0, 0], [Rational(1, 4), Rational(1, 4), 0]],
    [SIXTH, SIXTH, Rational(2, 3)],
)
RK4 = (
    [[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]],
    [SIXTH, 2 * SIXTH, 2 * SIXTH, SIXTH],
)


def bordered(method) -> Matrix:
    A, b = method
    return Matrix([[*row, 0] for row in (*A, b)])


def reaches(method, radius) -> bool:
    """Whether all polynomials are nonnegative on [0, radius]; explicit, so d = 1."""
    K = bordered(method)
    adjugate = (eye(K.rows) + x * K).adjugate()
    tested = [*(adjugate * ones(K.rows, 1)), *(eye(K.rows) - adjugate)]
    return all(is_nonnegative_on(expand(p), x, 0, radius) for p in tested)


def is_one_form_of_the_other(scale) -> bool:
    """Whether Y = (I + rho K)^-1 1 y + rho K (I + rho K)^-1 (Y + (scale) hF)."""
    K, y = Matrix(2, 2, symbols("k:4")), symbols("y")
    F, rho = Matrix(symbols("f:2")), symbols("rho", positive=True)
    Y = ones(2, 1) * y + K * F
    inverse = (eye(2) + rho * K).inv()
    mixed = inverse * ones(2, 1) * y + rho * K * inverse * (Y + scale(rho) * F)
    gap = (mixed - Y).applyfunc(lambda e: together(e).simplify())
    return gap.is_zero_matrix is True


def step_1_the_second_array_is_one_minus_the_inverse():
    K, rho = Matrix(2, 2, symbols("k:4")), symbols("rho")
    inverse = (eye(2) + rho * K).inv()
    gap = rho * K * inverse - (eye(2) - inverse)
    assert gap.applyfunc(lambda e: e.simplify()).is_zero_matrix


def step_2_times_the_determinant_both_arrays_are_polynomials():
    K = Matrix(3, 3, symbols("k:9"))
    M = eye(3) + x * K
    gap = M.adjugate() * M - M.det() * eye(3)
    assert gap.applyfunc(expand).is_zero_matrix


def step_3_a_step_mixes_euler_steps_of_a_fraction_of_the_size():
    assert is_one_form_of_the_other(lambda rho: 1 / rho)


def step_4_the_shares_of_each_stage_add_up_to_one():
    K, rho = Matrix(2, 2, symbols("k:4")), symbols("rho")
    inverse = (eye(2) + rho * K).inv()
    shares = inverse * ones(2, 1) + rho * K * inverse * ones(2, 1)
    assert (shares - ones(2, 1)).applyfunc(lambda e: e.simplify()).is_zero_matrix


def witness_the_radii_of_two_ssp_methods_are_one():
    for method in (SSPRK2, SSPRK3):
        assert reaches(method, 1)
        assert not reaches(method, 1 + LITTLE)


def mutant_the_radius_of_ssprk3_is_larger():
    return reaches(SSPRK3, 1 + LITTLE)


def mutant_rk4_has_a_positive_radius():
    return reaches(RK4, LITTLE)


def mutant_the_euler_steps_have_the_whole_size():
    return is_one_form_of_the_other(lambda rho: 1)
