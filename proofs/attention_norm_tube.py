r"""Theorem attention-norm-tube.

Let every token stay within $\varepsilon$ of a centre.  Per head, with $q_i =
W_Q^{\mathsf T}x_i + b_Q$, keys $k_j = W_K^{\mathsf T}x_j$, values $v_j = W_V^{\mathsf
T}x_j$ and weights $p_i$ at the centre, let $\tilde k_{ij} = k_j - \sum_lp_{il}k_l$ and
$\sigma_i, \tau_i$ be the largest standard deviations of $v$ and $sk$ under $p_i$, and

$$\eta_{ij} = \varepsilon s(|W_Q\tilde k_{ij}| + |W_Kq_i|) + \varepsilon^2 s\lVert
 W_QW_K^{\mathsf T}\rVert,\qquad
 \bar p_{ij} = \frac{p_{ij}e^{\eta_{ij}}}{p_{ij}e^{\eta_{ij}} + \sum_{l \ne j}
 p_{il}e^{-\eta_{il}}},\qquad \bar r_i = \max_j\bar p_{ij}/p_{ij} .$$

Then $|o^h| \le a|W_V^{\mathsf T}w| + e|W_K^{\mathsf T}w| + d|W_Q^{\mathsf T}w|$ for the
derivative $o^h$ of the head in the direction $w$, with $\bar\sigma = \sqrt{\bar
r}\sigma + \varepsilon\lVert W_V\rVert$, $\bar\tau = \sqrt{\bar r}\tau + \varepsilon
s\lVert W_K\rVert$ and

$$a = \min(\lVert\bar P\rVert, \lVert P\rVert + \lVert\max(\bar p - p, p -
 \underline p)\rVert),\quad e = \max_j\lambda_{\max}^{1/2}\Bigl(s^2\sum_i
 \bar\sigma_i^2\bar p_{ij}q_iq_i^{\mathsf T}\Bigr) + s\varepsilon\lVert W_Q\rVert
 \max_j\Bigl(\sum_i\bar\sigma_i^2\bar p_{ij}\Bigr)^{1/2},\quad d =
 \max_i\bar\sigma_i\bar\tau_i ,$$

and for all positive $r_h, \nu_h, \kappa_h, \theta_h$ the Jacobian has at most the norm
$\max_h(\omega_h/r_h)\,\lVert\operatorname{diag}(r)W_O\rVert\,\lVert[\nu W_V \mid \kappa
W_K \mid \theta W_Q]\rVert$, $\omega^2 = (a/\nu)^2 + (e/\kappa)^2 + (d/\theta)^2$.
$\underline p$ is $\bar p$ with the signs of all $\eta$ exchanged.

By theorem attention-jacobian-covariance-form, $o_i = \sum_jp'_{ij}W_V^{\mathsf T}w_j +
\operatorname{Cov}_{p'_i}(v', s\,q'_i\cdot W_K^{\mathsf T}w_j) + s\operatorname{Cov}
_{p'_i}(v', k')W_Q^{\mathsf T}w_i$ at a state of the tube (primes).
"""

from sympy import Rational, diff, expand, limit, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-norm-tube"

HALF = Rational(1, 2)


def logit_change(bias_in_query: bool):
    """What is left of a logit's change after the slopes of step 1, one coordinate.

    Up to a constant of the row.  a = W_Q^T delta_i, c = W_K^T delta_j, m the row's
    mean.
    """
    s, q, k, a, c, m, b_Q, b_K = symbols("s q k a c m b_Q b_K", real=True)
    query = q + b_Q
    change = s * ((query + a) * (k + b_K + c) - query * (k + b_K))
    of_the_row = s * a * (m + b_K)
    slope = query if bias_in_query else q
    return expand(change - of_the_row - s * (a * (k - m) + slope * c + a * c))


def mean_is_covered(before, after, values, ratio) -> bool:
    """Whether the mean of nonnegative values grows by at most the ratio."""
    old = sum(p * g for p, g in zip(before, values, strict=True))
    new = sum(p * g for p, g in zip(after, values, strict=True))
    return bool(new <= ratio * old)


def combination_is_covered(square) -> bool:
    """Whether (A X + E Y + D Z)^2 <= square (X^2 + Y^2 + Z^2), by three more squares.

    `square` is omega^2 in the quotients A = a/nu, E = e/kappa, D = d/theta.
    """
    A, E, D, X, Y, Z = symbols("A E D X Y Z", nonnegative=True)
    squares = (A * Y - E * X) ** 2 + (A * Z - D * X) ** 2 + (E * Z - D * Y) ** 2
    rest = square(A, E, D) * (X**2 + Y**2 + Z**2) - (A * X + E * Y + D * Z) ** 2
    return is_sum_of_nonnegative_terms(expand(rest - squares))


def step_1_a_logit_moves_by_two_slopes_and_a_product():
    # Summed over coordinates: s a.k~ <= eps s |W_Q k~|, s q.c <= eps s |W_K q|, s a.c
    # <= eps^2 s |W_Q W_K^T|; softmax does not see the constant of the row.
    assert logit_change(bias_in_query=True) == 0


def step_2_a_weight_grows_with_its_own_logit_and_falls_with_the_others():
    # p t/(p t + rest): the largest for the largest t = e^eta and the smallest rest.
    p, t, rest = symbols("p t rest", positive=True)
    weight = p * t / (p * t + rest)
    assert (diff(weight, t) - p * rest / (p * t + rest) ** 2).simplify() == 0
    assert (diff(weight, rest) + p * t / (p * t + rest) ** 2).simplify() == 0


def step_3_a_mean_of_nonnegative_numbers_grows_by_at_most_the_ratio():
    # ratio sum p_j g_j - sum p'_j g_j = sum (ratio p_j - p'_j) g_j, term by term.
    p, g, room = symbols("p g room", nonnegative=True)
    ratio = symbols("ratio", nonnegative=True)
    new = ratio * p - room
    assert is_sum_of_nonnegative_terms(expand((ratio * p - new) * g))


def step_4_a_variance_is_at_most_the_second_moment_about_any_point():
    # E 1 = 1, E f = m, E f^2 = S: E(f - c)^2 = Var f + (m - c)^2.
    m, S, c = symbols("m S c", real=True)
    about = S - 2 * c * m + c**2
    assert expand(about - (S - m**2) - (m - c) ** 2) == 0


def step_5_deviations_add_and_covariances_are_products():
    # In L^2(p'): p = E f^2, q = E g^2, r = E f g.  Cauchy and Schwarz, then Minkowski.
    p, q, r = symbols("p q r", real=True)
    assert expand(p**2 * q - 2 * p * r**2 + r**2 * p - p * (p * q - r**2)) == 0
    u, w, slack = symbols("u w slack", nonnegative=True)
    square = u**2 + 2 * (u * w - slack) + w**2  # of |f + g|, with E f g = u w - slack
    assert is_sum_of_nonnegative_terms(expand((u + w) ** 2 - square))
    # Hence sigma' <= sqrt(ratio) sigma + eps |W_V|: v' - mean = (v - mean) + delta W_V,
    # about the centre's mean (step 4), with steps 3 and 5; tau' alike.


def step_6_a_row_uses_the_second_moment_of_the_slope():
    # |Cov(w.v', psi)|^2 <= Var(w.v') Var(psi) <= sigma'^2 E psi^2: Var psi = E psi^2 -
    # (E psi)^2 (step 4 with c = 0).
    sigma, moment, mean = symbols("sigma moment mean", nonnegative=True)
    assert is_sum_of_nonnegative_terms(
        expand(sigma**2 * moment - sigma**2 * (moment - mean**2))
    )


def step_7_the_sum_over_rows_is_a_sum_of_forms_of_columns():
    # sum_i sigma_i^2 sum_j p_ij (s q_i.z_j)^2 = sum_j z_j^T [s^2 sum_i sigma_i^2 p_ij
    # q_i q_i^T] z_j: the term (i, j), for two coordinates.
    s, sigma, p, q1, q2, z1, z2 = symbols("s sigma p q_1 q_2 z_1 z_2", real=True)
    row = sigma**2 * p * (s * (q1 * z1 + q2 * z2)) ** 2
    # A query that moves adds at most s eps |W_Q||z_j| to |psi_ij|, hence (Minkowski)
    # s eps |W_Q| times the root of the largest sum_i sigma_i^2 p_ij to e.
    column = sum(
        a * (s**2 * sigma**2 * p * x * y) * b
        for a, x in ((z1, q1), (z2, q2))
        for b, y in ((z1, q1), (z2, q2))
    )
    assert expand(row - column) == 0


def step_8_nonnegative_matrices_grow_with_their_entries():
    # |sum_j P'_ij z_j| <= sum_j Pbar_ij |z_j|, term by term.
    p, room, z = symbols("p room z", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(p * z - (p - room) * z))
    # The other bound of the mixing part: |P'| <= |P| + |P' - P|, the second alike.


def step_9_three_parts_join_with_any_weights():
    assert combination_is_covered(lambda A, E, D: A**2 + E**2 + D**2)


def step_10_heads_join_through_the_output_matrix():
    # W_O^T o = (diag(r) W_O)^T (o_h/r_h)_h, and sum_h |o_h/r_h|^2 <= max(omega/r)^2
    # sum_h |(nu z^V, kappa z^K, theta z^Q)_h|^2, the last sum being |[nu W_V | ...]^T
    # w|^2.
    r, o, w = symbols("r o w", positive=True)
    assert expand((r * w) * (o / r) - w * o) == 0
    largest, gap, length = symbols("largest gap length", nonnegative=True)
    assert is_sum_of_nonnegative_terms(
        expand((largest + gap) ** 2 * length - largest**2 * length)
    )


def witness_one_token_attains_the_bound_in_the_limit_of_the_weights():
    # n = d = 1: J = W_O W_V, p = 1, sigma = 0, so a = 1 and e = d = 0; r = omega =
    # 1/nu.
    value, key, query, kappa, theta = symbols("v k q kappa theta", positive=True)
    norm = sqrt(value**2 + (kappa * key) ** 2 + (theta * query) ** 2)  # for nu = 1
    assert limit(limit(norm, kappa, 0), theta, 0) == value


def witness_the_ratio_is_attained_by_two_tokens():
    before, after = (HALF, HALF), (Rational(2, 3), Rational(1, 3))
    assert mean_is_covered(before, after, (1, 0), Rational(4, 3))
    assert after[0] == Rational(4, 3) * before[0]


def mutant_the_query_bias_does_not_enter_the_slope():
    return logit_change(bias_in_query=False) == 0


def mutant_the_ratio_of_the_weights_is_ignored():
    return mean_is_covered((HALF, HALF), (Rational(2, 3), Rational(1, 3)), (1, 0), 1)


def mutant_one_of_the_three_parts_is_dropped():
    return combination_is_covered(lambda A, E, D: A**2 + E**2)
