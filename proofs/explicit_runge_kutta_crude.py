r"""Theorem explicit-runge-kutta-crude.

Let $Y_i = X + h\sum_{j<i}a_{ij}F(Y_j)$, $\Phi(X) = X + h\sum_i b_iF(Y_i)$, and $L_i$
bound $\|J\|$ on a convex set that holds the $i$-th stages of the two steps.  With
$d_i = 1 + h\sum_j|a_{ij}|L_jd_j$ and $\phi = 1 + h\sum_i|b_i|L_id_i$,
$$(2 - \phi)\,|X - X'| \le |\Phi(X) - \Phi(X')| \le \phi\,|X - X'|.$$

Any norm will do.  Write $D = |X - X'|$, $\alpha = |a_{ij}|$; slacks $e, g, t \ge 0$:
$|\Delta Y_j| = d_jD - e$ (the induction hypothesis), $|\Delta F_j| = L_j|\Delta Y_j| -
g$, and the triangle inequality gives away $t$.
"""

from sympy import Rational, expand, factorial, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "explicit-runge-kutta-crude"

D, h, L, d, alpha, e, g, t = symbols("D h L d alpha e g t", nonnegative=True)


def one_term_grows_by_at_most(coefficient) -> bool:
    """Whether a term h alpha |Delta F_j| is at most h times the coefficient times D."""
    term = alpha * (L * (d * D - e) - g)
    return is_sum_of_nonnegative_terms(h * coefficient * D - h * term)


def difference_is_at_least(factor, phi) -> bool:
    """Whether |Delta X + sum| >= |Delta X| - |sum|, |sum| = (phi - 1) D - e."""
    difference = D - ((phi - 1) * D - e) + t
    return is_sum_of_nonnegative_terms(difference - factor * D)


def step_1_each_term_of_a_stage_obeys_the_recursion():
    # The induction from stage to stage: |Delta Y_i| <= D + the sum of the terms, and
    # the first stage is the state itself, d_1 = 1.  The output is one more stage, with
    # the weights b in place of a row of A.
    assert one_term_grows_by_at_most(alpha * L * d)


def step_2_the_shrink_is_two_minus_the_growth():
    phi = symbols("phi", nonnegative=True)
    assert difference_is_at_least(2 - phi, phi)


def growth_of(A, b, norm):
    """The recursion with one norm for all stages."""
    distances = []
    for row in A:
        terms = zip(row, distances, strict=False)
        distances.append(1 + sum(abs(x) * norm * y for x, y in terms))
    return 1 + sum(abs(x) * norm * y for x, y in zip(b, distances, strict=True))


def linear_step(A, b, z):
    """The factor of the step on F(x) = z x / h."""
    stages = []
    for row in A:
        stages.append(1 + sum(x * z * y for x, y in zip(row, stages, strict=False)))
    return 1 + sum(x * z * y for x, y in zip(b, stages, strict=True))


HALF, SIXTH, THIRD = Rational(1, 2), Rational(1, 6), Rational(1, 3)
RK4 = ([[0], [HALF], [0, HALF], [0, 0, 1]], [SIXTH, THIRD, THIRD, SIXTH])


def witness_the_growth_of_rk4_is_attained_by_a_dilation():
    z = h * L
    assert expand(growth_of(*RK4, z) - linear_step(*RK4, z)) == 0
    assert expand(growth_of(*RK4, z) - sum(z**k / factorial(k) for k in range(5))) == 0


def witness_the_shrink_of_euler_is_attained_by_a_contraction():
    euler = ([[0]], [1])
    assert expand(2 - growth_of(*euler, h * L) - linear_step(*euler, -h * L)) == 0


def mutant_stages_do_not_move_apart():
    return one_term_grows_by_at_most(alpha * L)


def mutant_signs_of_the_coefficients_may_cancel():
    return one_term_grows_by_at_most(-alpha * L * d)


def mutant_the_shrink_is_three_halves_minus_half_the_growth():
    phi = symbols("phi", nonnegative=True)
    return difference_is_at_least((3 - phi) / 2, phi)
