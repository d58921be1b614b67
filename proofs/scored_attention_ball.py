r"""Theorem scored-attention-ball.

In the setting of theorem scored-attention-norm-tube let $|x_i| \le R$, $\hat q =
\lVert W_Q\rVert R + |b_Q|$, $\hat k = \lVert W_K\rVert R + |b_K|$, $\hat a = s\hat
q\lVert W_K\rVert$, $\hat b = s\hat k\lVert W_Q\rVert$.  Let row i see $k_i$ keys, $D_i
= \min(2s\hat q\hat k, 2c)$ plus the spread of its score biases, $\bar p_i = 1/(1 +
(k_i - 1)e^{-D_i})$ and $g_i = \max_{p \le \bar p_i}p\operatorname{vf}(p)$, 0 for one
key, with vf 1 up to 1/2 and $4p(1 - p)$ beyond.  Then with sums over the rows that see
column j

$$\lVert J\rVert \le \sum_h\lVert U_h\rVert\Bigl(\bigl(\max_j\sum_i\bar p_i\bigr)^{1/2}
 + R\hat a\bigl(\max_j\sum_ig_i\bigr)^{1/2} + R\hat b\Bigr),\qquad
 \lVert J\rVert_{\infty,2} \le \sum_h\lVert U_h\rVert(1 + R\hat a + R\hat b) .$$

$\mu_2(J)$ and $-\lambda_{\min}$ are at most $\lVert J\rVert$.
"""

from sympy import Rational, diff, exp, expand, simplify, solve, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "scored-attention-ball"

THIRD = Rational(1, 3)


def mass(p):
    """Weight times variance factor, beyond one half."""
    return 4 * p**2 * (1 - p)


def spread_is_covered(share) -> bool:
    """Whether share s q^ k^ covers |u_ij - u_il| for two keys of length at most k^."""
    s, query, first, second = symbols("s query first second", nonnegative=True)
    room_1, room_2, room_q = symbols("room_1 room_2 room_q", nonnegative=True)
    # |q.(k_j - k_l)| <= |q|(|k_j| + |k_l|); k^ is the larger of two lengths and room.
    longest_query = query + room_q
    both = first + room_1 + second + room_2  # 2 k^ with k^ = |k_j| + room
    given = share * s * longest_query * both / 2
    return is_sum_of_nonnegative_terms(expand(given - s * query * (first + second)))


def column_is_covered(weight, variance, bound) -> bool:
    """Whether p vf(p) is at most a bound, for a weight and its variance factor."""
    return bool(weight * variance <= bound)


def step_1_slopes_are_at_most_those_of_the_longest_query_and_key():
    # a_ij.z = s t q_i.(R_j W_K^T z), b_ij.z = s t (R_i W_Q^T z).k_j with 0 <= t <= 1.
    t, room, slope = symbols("t room slope", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((t + room) * slope - t * slope))


def step_2_logits_spread_by_two_products_of_lengths_or_twice_the_cap():
    # phi has slopes of at most 1 and values between -c and c.
    assert spread_is_covered(2)


def step_3_a_weight_is_largest_where_all_others_lie_the_spread_below():
    # p_j = 1/(1 + sum exp(s_l - s_j)) <= 1/(1 + (k - 1) exp(-D)).
    D, room, others = symbols("D room others", nonnegative=True)
    weight = 1 / (1 + others * exp(-D + room))
    assert simplify(diff(weight, room) * (1 + others * exp(room - D)) ** 2) == (
        -others * exp(room - D)
    )


def step_4_the_mass_of_a_column_has_its_peak_at_two_thirds():
    # sigma_i^2 <= |U|^2 R^2 vf(largest weight) (covariance-trace-top-mass), and vf
    # falls beyond 1/2: p_ij vf(max p) <= p_ij vf(p_ij) there, <= p_ij below.
    p = symbols("p", positive=True)
    assert solve(diff(mass(p), p), p) == [2 * THIRD]
    assert mass(2 * THIRD) == Rational(16, 27)
    assert column_is_covered(2 * THIRD, 4 * 2 * THIRD * THIRD, Rational(16, 27))


def step_5_the_three_parts_add():
    # |P|^2 <= max_j sum_i p_ij (rows sum to 1); the key part squared is sum_i sigma_i^2
    # sum_j p_ij |a_ij.z_j|^2, summed by columns; the query part is |U| R b^ row by row,
    # as deviations are at most R|U| and s k^.
    p, top, z = symbols("p top z", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((p + top) * z**2 - p * z**2))


def step_6_in_the_largest_token_norm_rows_do_not_add():
    # |sum_j p_ij U z_j| <= |U| max |z|, and E_i |a.z|^2 <= a^^2 max |z|^2.
    p, q, big, room = symbols("p q big room", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((p + q) * (big + room) - p * big))


def witness_one_token_attains_it():
    # n = d = 1, R = 0: J = U, m = 1, g = 0, a = b = 0.
    through = symbols("through", positive=True)
    assert through * (1 + 0 + 0) == through


def mutant_the_spread_is_one_product_of_lengths():
    return spread_is_covered(1)


def mutant_the_mass_of_a_column_is_at_most_one_half():
    return column_is_covered(2 * THIRD, 4 * 2 * THIRD * THIRD, Rational(1, 2))
