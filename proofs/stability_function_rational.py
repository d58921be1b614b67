r"""Theorem stability-function-rational.

A Runge-Kutta step for $y' = \lambda y$, $z = h\lambda$, multiplies $y$ by $R(z) = 1 +
z\,b^T(I - zA)^{-1}\mathbb 1 = \det(I - zA + z\mathbb 1b^T)/\det(I - zA)$.

Both determinants and the adjugate come from $N_1 = I$, $c_k = -\operatorname{tr}
(MN_k)/k$, $N_{k+1} = MN_k + c_kI$ (Faddeev, Leverrier).
"""

from sympy import Matrix, Rational, expand, eye, ones, symbols, zeros

THEOREM = "stability-function-rational"

z = symbols("z")
HALF = Rational(1, 2)
TRAPEZOID = (Matrix([[0, 0], [HALF, HALF]]), Matrix([HALF, HALF]))
RK4 = (
    Matrix([[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]),
    Matrix([1, 2, 2, 1]) / 6,
)


def generic(size: int) -> tuple[Matrix, Matrix]:
    return Matrix(size, size, symbols(f"a:{size * size}")), Matrix(symbols(f"b:{size}"))


def denominator(A):
    return expand((eye(A.rows) - z * A).det())


def numerator(A, b, sign=1):
    return expand((eye(A.rows) - z * A + sign * z * ones(A.rows, 1) * b.T).det())


def is_quotient_of(top, bottom, method) -> bool:
    """Whether bottom + z b^T adj(I - zA) 1 is the top: R is the quotient then."""
    A, b = method
    bordered = z * (b.T * (eye(A.rows) - z * A).adjugate() * ones(A.rows, 1))[0]
    return expand(bottom + bordered - top) == 0


def resolvent(M, steps_divided=True):
    """The determinant and the adjugate of I + zM, term by term."""
    N, determinant, adjugate = eye(M.rows), 1, zeros(M.rows)
    for k in range(1, M.rows + 1):
        adjugate += (-z) ** (k - 1) * N
        c = -(M * N).trace() / (k if steps_divided else 1)
        determinant += (-z) ** k * c
        N = M * N + c * eye(M.rows)
    return determinant, adjugate


def inverts(M, found) -> bool:
    determinant, adjugate = found
    gap = (eye(M.rows) + z * M) * adjugate - determinant * eye(M.rows)
    return gap.applyfunc(expand).is_zero_matrix is True


def step_1_the_stages_solve_a_linear_system():
    # Y = 1 + zAY and y_1 = 1 + z b^T Y, so that y_1 = 1 + z b^T (I - zA)^{-1} 1.
    A, _ = generic(2)
    Y = (eye(2) - z * A).inv() * ones(2, 1)
    gap = (Y - ones(2, 1) - z * A * Y).applyfunc(lambda entry: entry.simplify())
    assert gap.is_zero_matrix


def step_2_the_bordered_determinant_has_two_schur_complements():
    # det [[I - zA, 1], [-z b^T, 1]] by its last entry and by its first block; the
    # identity of step 3 for every size.
    for size in (1, 2, 3):
        A, b = generic(size)
        block = Matrix.vstack(
            Matrix.hstack(eye(size) - z * A, ones(size, 1)),
            Matrix.hstack(-z * b.T, eye(1)),
        )
        assert expand(block.det() - numerator(A, b)) == 0


def step_3_the_quotient_of_the_determinants_is_the_stability_function():
    for size in (1, 2):
        A, b = generic(size)
        assert is_quotient_of(numerator(A, b), denominator(A), (A, b))


def step_4_the_recursion_gives_determinant_and_adjugate():
    for size in (1, 2, 3):
        M, _ = generic(size)
        assert inverts(M, resolvent(M))
        assert expand(resolvent(M)[0] - (eye(size) + z * M).det()) == 0


def witness_the_trapezoidal_rule_and_rk4():
    assert numerator(*TRAPEZOID) == 1 + z / 2
    assert denominator(TRAPEZOID[0]) == 1 - z / 2
    assert numerator(*RK4) == 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24


def mutant_the_weights_enter_with_the_other_sign():
    A, b = TRAPEZOID
    return is_quotient_of(numerator(A, b, sign=-1), denominator(A), TRAPEZOID)


def mutant_the_denominator_is_one_for_every_method():
    return is_quotient_of(numerator(*TRAPEZOID), 1, TRAPEZOID)


def mutant_the_traces_need_not_be_divided():
    M = TRAPEZOID[0] + eye(2)
    return inverts(M, resolvent(M, steps_divided=False))
