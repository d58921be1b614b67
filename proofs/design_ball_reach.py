r"""Theorem design-ball-reach.

Rows of $F(X)$ are averages of tokens times values of norm at most $v$, so $|F(X)|_m \le
v|X|_m$ with $|X|_m = \max_i|x_i|$.  A step of size $h$ of $\dot x = -\lambda x + cF(x)$
by a method $(A, b)$ has stages $|Y_i|_m \le S_i|X|_m$ and the end $|X^+|_m \le G|X|_m$:
$$S = (I - \kappa|AZ|)^{-1}|Z\mathbb 1|,\quad G = |1 - x\,b^TZ\mathbb 1| +
\kappa|b^TZ|S,$$
$x = h\lambda$, $\kappa = hcv$, $Z = (I + xA)^{-1}$, if $\rho(\kappa|AZ|) < 1$.  Hence
from $R_0$ with $R_0\max(1, g^{L-1})M \le R$ no stage of $L$ layers leaves the ball of
radius $R$, where $g = \prod_pG_p$ and $M = \max_p(\prod_{q<p}G_q)\max(1, S_p)$.
"""

from sympy import Matrix, Rational, eye, ones, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "design-ball-reach"

x, h = symbols("x h", positive=True)
start = symbols("X0")
HALF = Rational(1, 2)
HEUN = (Matrix([[0, 0], [1, 0]]), Matrix([[HALF, HALF]]))
MIDPOINT = (Matrix([[HALF]]), Matrix([[1]]))
EULER = (Matrix([[0]]), Matrix([[1]]))


def stages_solve_their_equations(A, leak) -> bool:
    """Y = Z(1 x0 + h A F) solves Y = 1 x0 + h A(F - lambda Y), h lambda = x."""
    size = A.rows
    F = Matrix(symbols(f"F0:{size}"))
    Z = (eye(size) + x * A).inv()
    Y = Z * (ones(size, 1) * start + h * A * F)
    rest = Y - (ones(size, 1) * start + h * A * F - leak * A * Y)
    return all(simplify(entry) == 0 for entry in rest)


def ends_agree(A, b) -> bool:
    """x0 + h b(F - lambda Y) = (1 - x bZ1) x0 + h bZ F."""
    size = A.rows
    F = Matrix(symbols(f"F0:{size}"))
    Z = (eye(size) + x * A).inv()
    Y = Z * (ones(size, 1) * start + h * A * F)
    end = start + (b * (h * F - x * Y))[0]
    form = (1 - x * (b * Z * ones(size, 1))[0]) * start + h * (b * Z * F)[0]
    return simplify(end - form) == 0


def comparison_dominates(slack_sign) -> bool:
    """W <= c + N W, N >= 0 nilpotent, gives W <= (I - N)^{-1} c: here of two stages."""
    n, c0, c1, s0, s1 = symbols("n c0 c1 s0 s1", nonnegative=True)
    N = Matrix([[0, 0], [n, 0]])
    c, s = Matrix([c0, c1]), Matrix([s0, slack_sign * s1])
    W = (eye(2) - N).inv() * (c - s)
    bound = (eye(2) - N).inv() * c
    return all(is_sum_of_nonnegative_terms(entry) for entry in bound - W)


def average_is_at_most(factor) -> bool:
    """|sum_j p_j V x_j| <= sum_j p_j v(M - s_j), p_0 + p_1 = 1."""
    p0, p1, v, M, s0, s1 = symbols("p0 p1 v M s0 s1", nonnegative=True)
    average = p0 * v * (M - s0) + p1 * v * (M - s1)
    return is_sum_of_nonnegative_terms(factor * v * M * (p0 + p1) - average)


def largest_reach_is_at_the(end, growth_above_one) -> bool:
    """Among the layers 0..3 the reach g^l is largest at the named end."""
    d = symbols("d", nonnegative=True)
    g = 1 + d if growth_above_one else 1 / (1 + d)
    return all(
        is_sum_of_nonnegative_terms(simplify((g**end - g**layer) * (1 + d) ** 3))
        for layer in range(4)
    )


def step_1_averages_of_tokens_are_no_longer_than_the_longest():
    assert average_is_at_most(1)


def step_2_the_stages_solve_their_equations():
    for A, _ in (EULER, HEUN, MIDPOINT):
        assert stages_solve_their_equations(A, x)


def step_3_the_end_of_the_step_has_the_same_form():
    for A, b in (EULER, HEUN, MIDPOINT):
        assert ends_agree(A, b)


def step_4_the_solution_of_the_comparison_dominates():
    # (I - N)^{-1} = I + N + N^2 + ... >= 0 whenever rho(N) < 1; solutions of implicit
    # stages exist by Brouwer, as the box of the comparison is mapped into itself.
    assert comparison_dominates(1)


def step_5_the_longest_stage_is_in_the_first_or_in_the_last_layer():
    assert largest_reach_is_at_the(3, growth_above_one=True)
    assert largest_reach_is_at_the(0, growth_above_one=False)


def witness_equal_tokens_attain_the_reach_of_an_euler_step():
    # All tokens x, V = v I: F(X) = v X, and the step is the dilation 1 - x + kappa.
    kappa = symbols("kappa", nonnegative=True)
    A, b = EULER
    Z = (eye(1) + x * A).inv()
    assert simplify((1 - x * (b * Z)[0] + kappa * (b * Z)[0]) - (1 - x + kappa)) == 0


def mutant_stages_without_the_leak():
    return stages_solve_their_equations(MIDPOINT[0], 2 * x)


def mutant_half_of_the_values():
    return average_is_at_most(HALF)


def mutant_the_first_layer_reaches_farthest_in_growth():
    return largest_reach_is_at_the(0, growth_above_one=True)


def mutant_a_negative_slack():
    return comparison_dominates(-1)
