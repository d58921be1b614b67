r"""Theorem leak-comparison.

Let $f = -\lambda x + F$ with $\|\Delta F\| \le K\|\Delta Y\|$ in some norm on a convex
set that holds the stages of a Runge-Kutta step $(A, b)$, which may have an F of its own
at every stage.  With $x = h\lambda$, $\kappa = hK$, $Z = (I + xA)^{-1}$ and absolute
values entry by entry, if $\rho(\kappa|AZ|) < 1$ then
$$G = |1 - xb^{\mathsf T}Z\mathbb 1| + \kappa|b^{\mathsf T}Z|(I -
\kappa|AZ|)^{-1}|Z\mathbb 1|$$
is a growth of the step, and $2R_- - G$ a shrink, $R_- = |1 - xb^{\mathsf T}Z\mathbb
1|$.  The stages have exactly one solution where F is given everywhere.

In the norm $\max_i|v_i|$ no smaller growth will do: an F of its own at every stage
attains G.  Write $D = \|\Delta_0\|$.  With $\|F(Y)\| \le v\|Y\|$ and $\kappa = hv$ the
same lines bound the stages and the end themselves.
"""

from sympy import Matrix, Rational, cancel, expand, eye, factorial, ones, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "leak-comparison"

x, kappa, D, e, g, t = symbols("x kappa D e g t", nonnegative=True)
HALF, THIRD, SIXTH = Rational(1, 2), Rational(1, 3), Rational(1, 6)
EULER = ([[0]], [1])
HEUN = ([[0, 0], [1, 0]], [HALF, HALF])
SSPRK3 = (
    [[0, 0, 0], [1, 0, 0], [Rational(1, 4), Rational(1, 4), 0]],
    [SIXTH, SIXTH, Rational(2, 3)],
)
RK4 = (
    [[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]],
    [SIXTH, THIRD, THIRD, SIXTH],
)
BACKWARD_EULER = ([[1]], [1])
MIDPOINT = ([[HALF]], [1])


def comparison(method, sample):
    """G with the signs that its entries have at x = sample."""
    A, b = Matrix(method[0]), Matrix([method[1]])
    size = A.rows
    one = ones(size, 1)
    Z = (eye(size) + x * A).inv()

    def absolute(matrix):
        return matrix.applyfunc(lambda c: -c if c.subs(x, sample) < 0 else c)

    residual = absolute(ones(1) - x * b * Z * one)
    stages = (eye(size) - kappa * absolute(A * Z)).inv() * absolute(Z * one)
    return (residual + kappa * absolute(b * Z) * stages)[0]


def is_the_comparison(method, sample, formula) -> bool:
    return cancel(comparison(method, sample) - formula) == 0


def exponential_sum(z, degree):
    return sum(z**k / factorial(k) for k in range(degree + 1))


def one_term_is_at_most(factor) -> bool:
    """Whether a * h|Delta F_j| <= factor D, |Delta Y_j| = S D - e, F gives away g."""
    a, S = symbols("a S", nonnegative=True)
    term = a * (kappa * (S * D - e) - g)
    return is_sum_of_nonnegative_terms(factor(a, S) * D - term)


def end_is_at_least(factor) -> bool:
    """Whether |R D + sum| >= factor D where |sum| = (G - R) D - e."""
    R, moved = symbols("R moved", nonnegative=True)
    end = R * D - (moved * D - e) + t
    return is_sum_of_nonnegative_terms(end - factor(R, moved) * D)


def step_1_the_leak_goes_into_the_resolvent():
    # Two stages decide the identity: it uses Z(I + xA) = I only.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix([symbols("b:2")])
    F, start, one = Matrix(symbols("f:2")), symbols("start"), ones(2, 1)
    Z = (eye(2) + x * A).inv()
    stages = Z * (one * start + A * F)
    assert cancel_all(stages - (one * start + A * (F - x * stages)))
    end = start + (b * (F - x * stages))[0]
    resolved = start * (1 - x * (b * Z * one)[0]) + (b * Z * F)[0]
    assert cancel(end - resolved) == 0
    assert cancel_all(Z * A - A * Z)


def cancel_all(matrix) -> bool:
    return all(cancel(entry) == 0 for entry in matrix)


def step_2_a_positive_witness_makes_the_inverse_nonnegative():
    # (1 - p) w_1 = q w_2 + e and (1 - s) w_2 = r w_1 + g with positive slacks e, g:
    # det(I - N) w_1 w_2 is positive, and so are the diagonal entries of the adjugate;
    # the others are q and r.  For any size: Nw < w gives rho(N) < 1, a Neumann series.
    q, r, w1, w2 = symbols("q r w1 w2", nonnegative=True)
    determinant = (q * w2 + e) * (r * w1 + g) - q * r * w1 * w2
    assert is_sum_of_nonnegative_terms(determinant)


def step_3_norms_stage_by_stage_solve_a_nonnegative_system():
    # |Delta Y_i| <= |Z1|_i D + sum_j kappa |AZ|_ij |Delta Y_j|: the inverse of I -
    # kappa |AZ| is nonnegative, so that |Delta Y| <= S D.  The same inequality for two
    # iterates of the stage equations is a contraction in a weighted maximum norm:
    # Banach's theorem gives the one solution.
    assert one_term_is_at_most(lambda a, S: a * kappa * S)


def step_4_the_shrink_is_the_residual_minus_what_F_moves():
    assert end_is_at_least(lambda R, moved: R - moved)
    R, G = symbols("R G")
    assert expand((R - (G - R)) - (2 * R - G)) == 0


def step_5_closed_forms():
    z = kappa - x
    assert is_the_comparison(EULER, HALF, 1 + z)
    assert is_the_comparison(EULER, 2, x - 1 + kappa)
    assert is_the_comparison(HEUN, HALF, exponential_sum(z, 2))
    assert is_the_comparison(HEUN, 2, HALF + (x - 1 + kappa) ** 2 / 2)
    assert is_the_comparison(SSPRK3, HALF, exponential_sum(z, 3))
    extra = kappa**2 * x * (2 - x + kappa) / 6
    assert is_the_comparison(RK4, 1, exponential_sum(z, 4) + extra)
    assert is_the_comparison(BACKWARD_EULER, 1, 1 / (1 - z))
    assert is_the_comparison(MIDPOINT, 1, (1 + z / 2) / (1 - z / 2))
    late = (x / 2 - 1 + kappa / (1 - z / 2)) / (1 + x / 2)
    assert is_the_comparison(MIDPOINT, 3, late)


def step_6_euler_and_heun_are_non_expansive_up_to_two_over_leak_plus_norm():
    # x = 1 + d, kappa = 1 - d - e with x + kappa <= 2: G = 1 - e, and Heun's is a
    # mean of 1 and of a square that is at most 1.
    d = symbols("d", nonnegative=True)
    late = {x: 1 + d, kappa: 1 - d - e}
    assert expand(1 - comparison(EULER, 2).subs(late) - e) == 0
    heun = comparison(HEUN, 2).subs(late)
    assert expand(heun - (HALF + (1 - e) ** 2 / 2)) == 0


def witness_a_dilation_attains_the_growth_before_a_sign_changes():
    # F = K x: the step is R(kappa - x), which is G for Euler, Heun, SSPRK3 and x <= 1.
    for method, degree in ((EULER, 1), (HEUN, 2), (SSPRK3, 3)):
        assert is_the_comparison(method, HALF, exponential_sum(kappa - x, degree))


def witness_a_contraction_attains_euler_beyond_one_and_the_shrink():
    # F = -K x: the step is 1 - x - kappa.
    assert cancel(comparison(EULER, 2) + (1 - x - kappa)) == 0
    assert cancel(2 * (1 - x) - comparison(EULER, HALF) - (1 - x - kappa)) == 0


def attained_in_the_largest_norm(method, x, kappa):
    """The largest entry of the step from (1, ..., 1) with the worst F at every stage.

    Entry i of the state serves stage i, the last one the end: at stage i every entry of
    F is kappa times plus or minus entry i, with the signs that the entry's own sum has.
    """
    A, b = Matrix(method[0]), Matrix([method[1]])
    Z, one, entries = (eye(A.rows) + x * A).inv(), ones(A.rows, 1), range(A.rows + 1)
    start, spread = Z * one, (A * Z).col_join(b * Z)
    heads = [*start, 1 - x * (b * Z * one)[0]]
    slopes = []

    def moved(weights, entry):
        terms = zip(weights, slopes, strict=False)
        return 1 + sum(weight * slope[entry] for weight, slope in terms)

    for i in range(A.rows):
        stage = [moved(A.row(i), c) for c in entries]
        size = kappa * stage[i] * sign(start[i])
        pulls = [size * sign(spread[c, i]) * sign(heads[c]) for c in entries]
        slopes.append([p - x * y for p, y in zip(pulls, stage, strict=True)])
    return max(abs(moved(b, c)) for c in entries)


def sign(value):
    return -1 if value < 0 else 1


def witness_the_largest_norm_attains_the_growth_of_every_method():
    for method in (EULER, HEUN, SSPRK3, RK4):
        for at in (HALF, 1, Rational(3, 2), 2):
            sizes = {x: at, kappa: THIRD}
            found = comparison(method, at).subs(sizes)
            assert attained_in_the_largest_norm(method, at, THIRD) == found


def mutant_the_signs_of_rk4_cancel():
    return is_the_comparison(RK4, 1, exponential_sum(kappa - x, 4))


def mutant_the_formula_of_heun_goes_on_beyond_one():
    return is_the_comparison(HEUN, 2, exponential_sum(kappa - x, 2))


def mutant_a_stage_does_not_spread():
    return one_term_is_at_most(lambda a, S: a * kappa)


def mutant_half_of_what_F_moves_is_lost():
    return end_is_at_least(lambda R, moved: R - moved / 2)
