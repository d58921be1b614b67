r"""Theorem scored-attention-norm-tube.

Let every token stay within $\varepsilon$ of a centre, and per head $q_i =
R_i(W_Q^{\mathsf T}x_i + b_Q)$, $k_j = R_j(W_K^{\mathsf T}x_j + b_K)$ with orthogonal
$R_i$ (rotary positions, or none), $u_{ij} = s\,q_i\cdot k_j$, logits $\phi(u_{ij}) +
B_{ij}$ with $\phi(u) = c\tanh(u/c)$ (or $u$), $t_{ij} = \phi'(u_{ij})$.  On the tube
$u$ moves by at most

$$\eta_{ij} = \varepsilon s(|W_QR_i^{\mathsf T}k_j| + |W_KR_j^{\mathsf T}q_i|) +
 \varepsilon^2s\lVert W_Q\rVert\lVert W_K\rVert ,$$

without a cap with $k_j - \sum_lp_{il}k_l$ for $k_j$; logits by $m = \max_\pm|\phi(u \pm
\eta) - \phi(u)|$, slopes by $\Delta t = (m/c)(2|\tanh(u/c)| + m/c)$, to at most $\bar t
= \min(1, t + \Delta t)$.  With $\bar p, \bar r, \bar\sigma$ of theorem
attention-norm-tube for the moves $m$, $\tau_i$ the largest standard deviation of
$s\,t_{ij}k_j$ under $p_i$ and $\rho_i = s\max_j(\bar t_{ij}\varepsilon\lVert
W_K\rVert + \Delta t_{ij}|k_j|)$, the derivative of a head in the direction $w$ is at
most $a|W_V^{\mathsf T}w| + e|W_K^{\mathsf T}w| + d|W_Q^{\mathsf T}w|$, $a$ as there,

$$e = \max_j\lambda_{\max}^{1/2}\Bigl(s^2\sum_i\bar\sigma_i^2\bar p_{ij}\bar t_{ij}^2
q_iq_i^{\mathsf T}\Bigr) + s\varepsilon\lVert W_Q\rVert\max_j\Bigl(\sum_i\bar\sigma_i^2
\bar p_{ij}\bar t_{ij}^2\Bigr)^{1/2},\quad d = \max_i\bar\sigma_i(\sqrt{\bar r_i}\tau_i
+ \rho_i) .$$

Heads join as in attention-norm-tube, steps 9 and 10.  By theorems
rotary-attention-jacobian and soft-cap-attention-jacobian, $o_i =
\sum_jp'_{ij}W_V^{\mathsf T}w_j + \operatorname{Cov}_{p'_i}(v', s\,t'_{ij}q'_i\cdot
R_jW_K^{\mathsf T}w_j) + \operatorname{Cov}_{p'_i}(v', s\,t'_{ij}k'_j)
R_iW_Q^{\mathsf T}w_i$ (primes: at a state of the tube).
"""

from sympy import (
    Matrix,
    Rational,
    cos,
    cosh,
    diff,
    expand,
    eye,
    pi,
    simplify,
    sin,
    sinh,
    symbols,
    tanh,
)

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "scored-attention-norm-tube"


def rotation(angle):
    """The turn of a plane."""
    return Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])


def score_change(turned_back):
    """What is left of a score's change after three terms, in one plane.

    The query moves by $R_ia$, the key by $R_jg$; the slopes pair $a$ with the key
    turned back by the query's position, and $g$ with the query turned back by the
    key's.
    """
    i, j = symbols("i j", real=True)
    q, k, a, g = (Matrix(symbols(f"{x}_1 {x}_2", real=True)) for x in "qkag")
    moved_query, moved_key = rotation(i) * a, rotation(j) * g
    change = (q + moved_query).dot(k + moved_key) - q.dot(k)
    sign = 1 if turned_back else -1
    slopes = a.dot(rotation(-sign * i) * k) + g.dot(rotation(-sign * j) * q)
    return simplify(expand(change - slopes - moved_query.dot(moved_key)))


def key_bias_is_a_constant_of_the_row(angle) -> bool:
    """Whether q.(R_j b) is the same for two positions that far apart."""
    q, b = (Matrix(symbols(f"{x}_1 {x}_2", real=True)) for x in "qb")
    return expand(q.dot(rotation(angle) * b) - q.dot(b)) == 0


def slope_change_is_covered(factor) -> bool:
    """Whether |T'^2 - T^2| <= D (factor |T| + D) for |T' - T| <= D.

    T'^2 - T^2 = (T' - T)(2 T + (T' - T)), for T >= 0 and T' - T = D the largest.
    """
    T, D = symbols("T D", nonnegative=True)
    needed = D * (2 * T + D)
    assert expand(needed - ((T + D) ** 2 - T**2)) == 0
    return is_sum_of_nonnegative_terms(expand(D * (factor * T + D) - needed))


def row_move_is_covered(by_slope) -> bool:
    """Whether tbar eps|W_K| + by_slope dt |k| covers |t'k' - t k|, lengths alone."""
    t, reach, turn, key, room = symbols("t reach turn key room", nonnegative=True)
    # t'k' - tk = t'(k' - k) + (t' - t)k with |k' - k| <= reach, t' <= t = tbar.
    needed = t * reach + turn * key
    given = (t + room) * reach + by_slope * turn * key
    return is_sum_of_nonnegative_terms(expand(given - needed))


def step_1_a_turn_keeps_lengths():
    # So that |R_jW_K^T w_j| = |W_K^T w_j|: directions and moves are as long as plain.
    angle = symbols("angle", real=True)
    assert simplify(rotation(angle).T * rotation(angle)) == eye(2)


def step_2_a_score_moves_by_two_slopes_and_a_product():
    # |a.(R_i^T k)| <= eps |W_Q R_i^T k|, |g.(R_j^T q)| <= eps |W_K R_j^T q|, and the
    # product of the moves is at most eps^2 |W_Q||W_K|.
    assert score_change(turned_back=True) == 0


def step_3_without_a_cap_the_mean_key_is_a_constant_of_the_row():
    # (R_i a).m for the mean key m of row i does not depend on j: softmax does not see
    # it.  Without turns a key bias does not either; with turns it is part of k_j.
    assert key_bias_is_a_constant_of_the_row(0)


def step_4_a_capped_logit_is_a_monotone_function_of_its_score():
    # So its largest moves are at the ends, and they are quotients of one sign.
    u, eta = symbols("u eta", real=True)
    gap = tanh(u + eta) - tanh(u) - sinh(eta) / (cosh(u + eta) * cosh(u))
    assert simplify(gap.rewrite(sinh).rewrite("exp")) == 0
    c = symbols("c", positive=True)
    assert simplify(diff(c * tanh(u / c), u) - (1 - tanh(u / c) ** 2)) == 0


def step_5_the_slope_moves_by_twice_the_tangent():
    assert slope_change_is_covered(2)


def step_6_the_rows_of_slopes_and_keys_move_by_rho():
    # In L^2(p') a family of vectors of length at most rho has norm at most rho, so the
    # standard deviation of s t'k' is at most sqrt(ratio) tau + rho (attention-norm-tube
    # steps 3 to 5).
    assert row_move_is_covered(1)


def step_7_the_sum_over_rows_is_a_sum_of_forms_of_columns():
    # sum_i sigma_i^2 sum_j p_ij (s t_ij q_i.z_j)^2 = sum_j z_j^T [s^2 sum_i sigma_i^2
    # p_ij t_ij^2 q_i q_i^T] z_j: the term (i, j), for two coordinates.
    s, sigma, p, t = symbols("s sigma p t", real=True)
    q1, q2, z1, z2 = symbols("q_1 q_2 z_1 z_2", real=True)
    row = sigma**2 * p * (s * t * (q1 * z1 + q2 * z2)) ** 2
    column = sum(
        a * (s**2 * sigma**2 * p * t**2 * x * y) * b
        for a, x in ((z1, q1), (z2, q2))
        for b, y in ((z1, q1), (z2, q2))
    )
    assert expand(row - column) == 0
    # A query that moves by R_i a adds at most s eps |W_Q| t_ij |z_j| to it (Minkowski).


def witness_a_half_turn_keeps_the_length_of_a_move():
    assert (rotation(pi) * Matrix([3, 4])).norm() == 5


def mutant_keys_are_turned_the_other_way():
    return score_change(turned_back=False) == 0


def mutant_a_turned_key_bias_is_a_constant_of_the_row():
    return key_bias_is_a_constant_of_the_row(pi / 2)


def mutant_the_slope_moves_by_once_the_tangent():
    return slope_change_is_covered(1)


def mutant_the_turn_of_the_slope_counts_half():
    return row_move_is_covered(Rational(1, 2))
