r"""Theorem tied-negative-mixed-log-norm.

Softmax attention with $V_h = -\kappa_hA_h^{\mathsf T}$, $\kappa_h \ge 0$,
$\sum_h\kappa_h\lVert A_h\rVert \le v$ and $\lVert A_h\rVert R^2 \le \alpha$ has on the
tokens of norm at most $R$, for any number of tokens, mask and score bias,

$$v_i\cdot(Jv)_i \le v\,g(\alpha)\quad(|v_j| \le 1),\qquad \mu_{\infty,2}(J) \le
v\,g(\alpha),\qquad g(\alpha) = \begin{cases} 1 & \alpha \le 2 \\ \frac\alpha4 +
\frac1\alpha & \alpha \ge 2 ,\end{cases}$$

and no smaller function of $v$ and $\alpha$ will do.

One head, $U = -\kappa A$: with $\varphi_j = v_i\cdot Ax_j$, $\psi_j = a_i\cdot v_j$ the
row is $v_i\cdot(Jv)_i = v_i\cdot UE_iv - \kappa(\operatorname{Var}_i\varphi +
\operatorname{Cov}_i(\varphi, \psi))$.
"""

from sympy import Matrix, Rational, expand, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "tied-negative-mixed-log-norm"

alpha = symbols("alpha", positive=True)
e = symbols("e", nonnegative=True)
QUARTER = Rational(1, 4)


def square_is_completed(share) -> bool:
    """Whether -phi^2 - phi psi <= share psi^2 for all real numbers."""
    phi, psi = symbols("phi psi", real=True)
    gap = share * psi**2 + phi**2 + phi * psi
    return bool(simplify(gap - (phi + psi / 2) ** 2).subs(psi, 1) >= 0)


def small_logits_are_covered(most) -> bool:
    r"""Whether $e + (\alpha/4)(1 - e^2) \le 1$ for $e \le 1$ and $\alpha \le$ most.

    The gap is $(1 - e)(1 - (\alpha/4)(1 + e))$; with $\alpha = $ most $- s$ and $e \le
    1$ the second factor times 4 is at least $4 - 2\alpha$.
    """
    s = symbols("s", nonnegative=True)
    assert (
        expand(1 - e - alpha * (1 - e**2) / 4 - (1 - e) * (1 - alpha * (1 + e) / 4))
        == 0
    )
    return is_sum_of_nonnegative_terms(expand(4 - 2 * (most - s)))


def large_logits_are_covered(constant) -> bool:
    """Whether the constant exceeds the row by a square, for every e."""
    gap = constant(alpha) - e - alpha * (1 - e**2) / 4
    rest = simplify(gap - alpha / 4 * (e - 2 / alpha) ** 2)
    return bool(rest >= 0)


def member_value(a):
    r"""The extremal member: two senders and a receiver that sees only them.

    $d = 2$, $R = v = 1$, $A = \alpha\operatorname{diag}(-1, 1)$, receiver $x = e_2$
    with direction $e_1$, senders $\pm(f/2)e_1$ with directions $(e, \pm f)$, $e =
    2/\alpha$.
    """
    share = 2 / a
    square = 1 - share**2  # f^2
    form = a * Matrix([[-1, 0], [0, 1]])
    U = -form / a
    x, u = Matrix([0, 1]), Matrix([1, 0])
    slope = form.T * x
    half = symbols("half", positive=True)  # f/2
    senders = [Matrix([sign * half, 0]) for sign in (1, -1)]
    moves = [Matrix([share, sign * 2 * half]) for sign in (1, -1)]
    assert all(expand(slope.dot(sender)) == 0 for sender in senders)  # equal weights
    mean = (U * (moves[0] + moves[1]) / 2).dot(u)
    phi = [(form * sender).dot(u) for sender in senders]
    psi = [slope.dot(move) for move in moves]
    inner = sum(a_ * (a_ + b_) for a_, b_ in zip(phi, psi, strict=True)) / 2
    return simplify((mean - inner / a).subs(half**2, square / 4))


def step_1_the_row_with_tied_values():
    # Cov(v_i . Ux, psi) = -kappa Cov(phi, psi); v_i . U C A^T v_i = -kappa Var(phi).
    kappa, A, x, v, y = symbols("kappa A x v y", real=True)  # one feature, one key
    own = v * (-kappa * A) * x * x * A * v
    assert expand(own + kappa * (v * A * x) ** 2) == 0
    keys = v * (-kappa * A) * x * y
    assert expand(keys + kappa * (v * A * x) * y) == 0


def step_2_completing_the_square():
    # Applied to the centred phi and psi under the mean of the row.
    assert square_is_completed(QUARTER)


def step_3_the_keys_deviate_by_what_the_mean_leaves():
    # Var psi <= |a_i|^2 (E|v|^2 - |E v|^2) <= |a_i|^2 (1 - e^2), and kappa |a_i|^2 <=
    # kappa |A|^2 R^2 = v alpha; the mean is at most |U| e = v e.
    kappa, A, R, less = symbols("kappa A R less", nonnegative=True)
    cap = kappa * A * (A * R**2)
    assert is_sum_of_nonnegative_terms(
        expand(cap.subs(R, R + less) - kappa * (A * R) ** 2)
    )


def step_4_for_small_logits_consensus_is_worst():
    assert small_logits_are_covered(2)


def step_5_for_large_logits_the_row_is_a_parabola():
    assert large_logits_are_covered(lambda a: a / 4 + 1 / a)


def step_6_a_row_wise_constant_bounds_the_logarithmic_norm():
    # |v_i + h y_i|^2 <= 1 + 2 h m + h^2 K^2 <= (1 + h m + h^2 K^2)^2 for |v_i| <= 1,
    # v_i . y_i <= m, |y_i| <= K, m, h >= 0: the quotient (|I + hJ| - 1)/h <= m + h K^2.
    h, m, K = symbols("h m K", nonnegative=True)
    gap = (1 + h * m + h**2 * K**2) ** 2 - (1 + 2 * h * m + h**2 * K**2)
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_7_the_constant_grows_so_the_largest_head_counts():
    # Both branches are 1 at alpha = 2; (a + s)/4 + 1/(a + s) grows for a = 2 + r.
    r, s = symbols("r s", nonnegative=True)
    a = 2 + r
    slope = (a + s) / 4 + 1 / (a + s) - a / 4 - 1 / a
    assert simplify(slope - s * (a * (a + s) - 4) / (4 * a * (a + s))) == 0
    assert is_sum_of_nonnegative_terms(expand(a * (a + s) - 4))


def witness_one_token_attains_one():
    # n = 1: J = U, and A = -alpha/R^2 gives U = kappa |A| = v.
    kappa, size = symbols("kappa size", positive=True)
    assert expand(-kappa * -size - kappa * size) == 0


def witness_two_senders_attain_the_large_constant():
    assert simplify(member_value(alpha) - (alpha / 4 + 1 / alpha)) == 0


def mutant_a_fifth_of_the_square():
    return square_is_completed(Rational(1, 5))


def mutant_logits_of_five_halves_are_free():
    return small_logits_are_covered(Rational(5, 2))


def mutant_a_smaller_constant_for_large_logits():
    return large_logits_are_covered(lambda a: a / 4 + 9 / (10 * a))


def mutant_the_member_with_logits_four_stays_one_percent_below():
    return bool(member_value(4) <= Rational(99, 100) * Rational(5, 4))
