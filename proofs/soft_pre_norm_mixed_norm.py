r"""Theorem soft-pre-norm-mixed-norm.

Let $N(x) = x/\sqrt{1 + |x|^2/\rho^2}$ and let $F$ be softmax attention with
$\sum_h\lVert V_h\rVert \le v$, $\lVert A_h\rVert\rho^2 \le \alpha$.  For every state,
number of tokens, mask and score bias the field $F(N(X))$ has

$$\lVert J\rVert_{\infty,2} \le v\,k_s(\alpha),\qquad k_s(\alpha) = \begin{cases} 1 &
\alpha \le \tfrac12 \\ \alpha + \frac1{4\alpha} & \alpha \ge \tfrac12 , \end{cases}$$

and for $\alpha \le \tfrac12$ no smaller constant holds.

One head, $\rho = \lVert U\rVert = 1$ by scaling.  $z_j = N(x_j)$, $\zeta_j = |z_j|$,
$w_j = DN(x_j)v_j$ with $|v_j| \le 1$, $q = E_i\zeta_j^2$, $c = \sqrt{1 - \zeta_i^2}$.
Row $i$ of $Jv$ is $UE_iw + \operatorname{Cov}_i(Uz, A^{\mathsf T}z_i\cdot w) +
UC_iA^{\mathsf T}w_i$.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "soft-pre-norm-mixed-norm"

alpha = symbols("alpha", positive=True)
q, c, e, f = symbols("q c e f", nonnegative=True)
HALF = Rational(1, 2)


def means_are_covered(square) -> bool:
    """Whether (e + S f)^2 <= square(S) (e^2 + f^2), up to one square."""
    S = symbols("S", nonnegative=True)
    gap = square(S) * (e**2 + f**2) - (e + S * f) ** 2
    return is_sum_of_nonnegative_terms(expand(gap - (f - S * e) ** 2))


def row_is_covered(constant) -> bool:
    r"""Whether $\alpha(1-q) + (1 + \alpha^2q(1-c^2))/(4\alpha) + \alpha qc$ is covered.

    By the constant, for $q \ge 0$ and $c = 1 - r \le 1$ with $r$ and $c$ nonnegative.
    """
    r = symbols("r", nonnegative=True)
    row = alpha * (1 - q) + (1 + alpha**2 * q * (1 - c**2)) / (4 * alpha)
    gap = expand(constant(alpha) - row - alpha * q * c)
    # 1 - c^2 = r (1 + c) and 1 - c = r; the factor 1 - (1 + c)/4 = (2 + r)/4.
    return is_sum_of_nonnegative_terms(expand(4 * alpha * gap.subs(c, 1 - r)))


def trace_is_covered(share) -> bool:
    """Whether E|z - m|^2 <= share q, where q = E|z|^2 = |m|^2 + E|z - m|^2."""
    mean, about_mean = symbols("mean about_mean", nonnegative=True)
    return is_sum_of_nonnegative_terms(
        expand(share * (mean**2 + about_mean) - about_mean)
    )


def consensus_at_zero_is_covered(constant) -> bool:
    """Whether the member with all tokens zero, where J = (11^T/n) x U, is covered."""
    return bool(constant >= 1)


def step_1_the_derivative_of_the_soft_norm():
    # DN = t (I - z z^T) with t = 1/sqrt(1 + |x|^2), and t^2 = 1 - |z|^2: |DN| = t.
    x1, x2 = symbols("x1 x2", real=True)
    t = 1 / sqrt(1 + x1**2 + x2**2)
    z = Matrix([x1, x2]) * t
    gap = z.jacobian([x1, x2]) - t * (Matrix.eye(2) - z * z.T)
    assert simplify(gap) == Matrix.zeros(2)
    assert simplify(t**2 - (1 - z.dot(z))) == 0


def step_2_the_means_and_the_keys_share_what_the_norm_leaves():
    # |E w| = e, E|w - Ew|^2 = f^2, e^2 + f^2 = E|w|^2 <= 1 - q by step 1.  As in
    # theorem attention-mixed-norm-point the two are at most e + S f with S^2 = |a_i|^2
    # lambda_max(C_i) <= alpha^2 zeta_i^2 q, since tr C_i <= E zeta^2 = q.
    assert means_are_covered(lambda S: 1 + S**2)


def step_3_the_receiver():
    # |C_i| <= q, |A^T w_i| <= alpha |DN(x_i)| = alpha c: together the row is at most
    # sqrt((1 - q)(1 + alpha^2 (1 - c^2) q)) + alpha q c.
    assert trace_is_covered(1)


def step_4_the_root_by_a_weighted_mean():
    X, Y = symbols("X Y", nonnegative=True)
    gap = (alpha * X + Y / (4 * alpha)) ** 2 - X * Y
    assert expand(gap - (alpha * X - Y / (4 * alpha)) ** 2) == 0


def step_5_from_one_half_on_the_row_is_at_most_the_constant():
    assert row_is_covered(lambda a: a + 1 / (4 * a))


def step_6_below_one_half_the_row_is_at_most_its_value_at_one_half():
    # Both terms of step 3 grow with alpha, and k_s(1/2) = 1.
    assert (alpha + 1 / (4 * alpha)).subs(alpha, HALF) == 1


def step_7_the_constant_grows_so_the_largest_head_counts():
    # 4 a (a + s) >= 1 for a = 1/2 + r.
    r, s = symbols("r s", nonnegative=True)
    a = HALF + r
    slope = (a + s + 1 / (4 * (a + s))) - (a + 1 / (4 * a))
    assert simplify(slope - s * (4 * a * (a + s) - 1) / (4 * a * (a + s))) == 0
    assert is_sum_of_nonnegative_terms(expand(4 * a * (a + s) - 1))


def witness_consensus_at_zero_attains_one():
    # All tokens zero: z = 0, DN = I, C = 0, P uniform; equal directions are averaged to
    # themselves and U = I keeps them.
    n, v = 3, symbols("v")
    assert sum([v / n] * n) == v
    assert not consensus_at_zero_is_covered(Rational(99, 100))


def mutant_a_fifth_instead_of_a_quarter():
    return row_is_covered(lambda a: a + 1 / (5 * a))


def mutant_without_the_receiver():
    return row_is_covered(lambda a: a * (1 - q) + 1 / (4 * a))


def mutant_one_percent_less_at_consensus():
    return consensus_at_zero_is_covered(Rational(99, 100))


def mutant_half_of_the_trace():
    return trace_is_covered(HALF)


def mutant_the_means_alone():
    return means_are_covered(lambda S: 1)
