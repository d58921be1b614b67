r"""Theorem attention-log-norm-tube.

Let every token stay within $\varepsilon$ of a centre and $\underline p_{ij} \le
p'_{ij} \le \bar p_{ij}$ there (theorem attention-norm-tube, steps 1 and 2).  For a
direction $u$ and each head let $z^O_i = W_Ou_i$, $z^V_j = W_V^{\mathsf T}u_j$, $z^K_j =
W_K^{\mathsf T}u_j$, $z^Q_i = W_Q^{\mathsf T}u_i$, and at the centre, with means under
$p_i$ removed from the tokens,

$$f_{ij} = z^O_i\cdot(v_j - \bar v_i),\quad \psi_{ij} = s\,q_i\cdot z^K_j,\quad
 \varphi_{ij} = s\,z^Q_i\cdot(k_j - \bar k_i) .$$

$m = \tfrac12(\underline p + \bar p)$, $e = \tfrac12(\bar p - \underline p)$, $D =
\max(\bar p - p, p - \underline p)$, $l_i = \sum_jD_{ij}$.  For all shares $t, t' \in
[0, 1]$ the form $u^{\mathsf T}J'u$ at any state of the tube is at most

$$\sum_{h,i}\Bigl[\sum_jm_{ij}(z^O_i\cdot z^V_j + tf_{ij}\psi_{ij} + t'f_{ij}
 \varphi_{ij})\Bigr] + \text{the products}$$

* $\sum_je_{ij}|z^O_i||z^V_j|$;
* $\sum_jw_{ij}|f_{ij}||\psi_{ij}|$, $w = (1-t)\bar p + te$, read for $t < 1$ as the
  product of the roots of the moments, and $t\,(l_i\sum_jD_{ij}f_{ij}^2)^{1/2}(\sum_j
  \bar p_{ij}\psi_{ij}^2)^{1/2}$;
* $\sum_jw'_{ij}|f_{ij}||\varphi_{ij}|$, $w' = (1-t')\bar p + t'(e + lD)$, alike;
* $F_1\Psi$, $F\Psi_1$, $F_1\Psi_1$ and $F_1\Phi$, $F\Phi_1$, $F_1\Phi_1$ with $F^2
  = \sum_j\bar p_{ij}f_{ij}^2$ and so on, $F_1 = \varepsilon|W_Vz^O_i|$, $\Psi_1^2 =
  \sum_j\bar p_{ij}(\varepsilon s|W_Qz^K_j|)^2$, $\Phi_1 = \varepsilon s|W_Kz^Q_i|$.

Every product $ab$ is at most $\tfrac12(ga^2 + b^2/g)$ for any weight $g > 0$, so that
$\mu_2(J')$ is at most the largest eigenvalue of one symmetric matrix, all heads in it.
By theorem attention-jacobian-covariance-form $u^{\mathsf T}J'u$ is the sum of the means
$\sum_jp'_{ij}z^O_i\cdot z^V_j$ and of $\operatorname{Cov}_{p'_i}(f', \psi')$,
$\operatorname{Cov}_{p'_i}(f', \varphi')$ over heads and tokens.
"""

from sympy import Matrix, Rational, expand, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-log-norm-tube"

HALF, QUARTER = Rational(1, 2), Rational(1, 4)


def mean(law, values):
    return sum(p * f for p, f in zip(law, values, strict=True))


def covariance(law, f, g):
    return mean(law, [x * y for x, y in zip(f, g, strict=True)]) - mean(law, f) * mean(
        law, g
    )


def keys_are_covered(tube, law, f, psi, share=1, width=1, turn=1) -> bool:
    """Whether Cov'(f, psi) is at most the theorem's bound for these exact numbers.

    `tube` is (p, lower, upper); `width` and `turn` multiply the two products.
    """
    p, lower, upper = tube
    middle = [(a + b) / 2 for a, b in zip(lower, upper, strict=True)]
    half = [(b - a) / 2 for a, b in zip(lower, upper, strict=True)]
    change = [max(b - c, c - a) for a, b, c in zip(lower, upper, p, strict=True)]
    both = [x * y for x, y in zip(f, psi, strict=True)]
    moment = mean(upper, [y**2 for y in psi])
    products = width * share * mean(half, [abs(z) for z in both])
    products += (1 - share) * sqrt(mean(upper, [x**2 for x in f]) * moment)
    turned = sum(change) * mean(change, [x**2 for x in f])
    products += turn * share * sqrt(turned * moment)
    found = covariance(law, f, psi)
    return bool(found <= share * mean(middle, both) + products)


def product_is_covered(left, right) -> bool:
    """Whether a b <= left g a^2 + right b^2/g for all real a, b and every g > 0."""
    g = symbols("g", positive=True)
    form = Matrix([[left * g, -HALF], [-HALF, right / g]])
    return is_positive_semidefinite(form)


def telescoped(keep_both: bool):
    """Cov'(f', psi') less the four products of f, f' - f and psi, psi' - psi."""
    B, f, f1, psi, psi1 = symbols("B f f1 psi psi1")
    parts = B * f * psi + B * f1 * psi + B * f * psi1
    if keep_both:
        parts += B * f1 * psi1
    return expand(B * (f + f1) * (psi + psi1) - parts)


TURNING = (
    (QUARTER, QUARTER, HALF),
    (QUARTER / 2, QUARTER / 2, HALF),
    (3 * QUARTER / 2, 3 * QUARTER / 2, HALF),
)
"""A tube whose first two weights may move by 1/8 against each other."""
MOVED = (3 * QUARTER / 2, QUARTER / 2, HALF)


def step_1_a_moved_covariance_has_four_parts():
    assert telescoped(keep_both=True) == 0


def step_2_the_weights_lie_within_half_the_width_of_the_middle():
    # p' = lower + a = upper - b: p' - m = (a - b)/2, and |a - b| <= a + b = 2 e.
    a, b, low = symbols("a b low", nonnegative=True)
    upper = low + a + b
    middle, half = (low + upper) / 2, (upper - low) / 2
    for sign in (-1, 1):
        assert is_sum_of_nonnegative_terms(expand(half + sign * (low + a - middle)))


def step_3_the_covariance_about_the_mean_of_the_centre():
    # With sum p_j f_j = 0: Cov'(f, psi) = sum p'_j f_j psi_j - (sum (p' - p)_j f_j) E'
    # psi, three keys.
    p = symbols("p1:4", real=True)
    new = symbols("r1:4", real=True)
    f, psi = symbols("f1:4", real=True), symbols("g1:4", real=True)
    change = [a - b for a, b in zip(new, p, strict=True)]
    both = [x * y for x, y in zip(f, psi, strict=True)]
    claimed = mean(new, both) - mean(change, f) * mean(new, psi)
    gap = covariance(new, f, psi) - claimed
    assert expand(gap + mean(p, f) * mean(new, psi)) == 0


def step_4_the_turned_mean_by_cauchy_and_schwarz():
    # |sum pi_j f_j|^2 <= (sum D_j)(sum D_j f_j^2) for |pi_j| <= D_j, pair by pair.
    x, y, u, v = symbols("x y u v", nonnegative=True)
    gap = (x + y) * (x * u**2 + y * v**2) - (x * u + y * v) ** 2
    assert expand(gap - x * y * (u - v) ** 2) == 0


def step_5_both_bounds_of_the_keys_hold_and_so_does_every_mixture():
    # Cov'(f, psi) <= (E' f^2 E' psi^2)^(1/2) <= F Psi: a variance is at most the second
    # moment, and p' <= p-bar.  Steps 2 to 4 give the other bound.
    share, rest, slack, room = symbols("share rest slack room", nonnegative=True)
    value = symbols("value", real=True)  # share + rest = 1
    mixture = rest * (value + slack) + share * (value + room)
    assert is_sum_of_nonnegative_terms(expand(mixture - (share + rest) * value))
    # By step 7 with one weight g in both, key by key, the weights mix to w.
    g, top, half, f, psi = symbols("g top half f psi", positive=True)
    square = (g * f**2 + psi**2 / g) / 2
    mixed = rest * top * square + share * half * square
    assert expand(mixed - (rest * top + share * half) * square) == 0


def step_6_the_receivers_turn_on_both_sides():
    # f and phi both have mean zero at the centre: the term left is (sum pi f)(sum pi
    # phi), its square at most (l sum D f^2)(l sum D phi^2) by step 4: a product with
    # the weights l D.
    x, y, first, second = symbols("x y first second", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((x + first) * (y + second) - x * y))


def step_7_a_product_is_at_most_half_of_both_weighted_squares():
    assert product_is_covered(HALF, HALF)


def step_8_what_moves_is_pointwise_small():
    # f'_j - f_j = z^O . W_V^T d_j <= eps |W_V z^O| up to a constant of the row, which
    # no covariance sees; psi' - psi = s (d_i W_Q) . z^K_j <= eps s |W_Q z^K_j|; phi
    # alike: Cauchy and Schwarz for two coordinates.
    a1, a2, d1, d2 = symbols("a1 a2 d1 d2", real=True)
    gap = (a1**2 + a2**2) * (d1**2 + d2**2) - (a1 * d1 + a2 * d2) ** 2
    assert expand(gap - (a1 * d2 - a2 * d1) ** 2) == 0


def step_9_the_squares_are_forms_of_the_tokens():
    # sum_j w_ij f_ij^2 = u_i^T W_O^T (sum_j w_ij y y^T) W_O u_i at token i, and sum_i
    # (w_ij/g_i) psi_ij^2 = u_j^T W_K (s^2 sum_i (w_ij/g_i) q_i q_i^T) W_K^T u_j at
    # token j: one term, two coordinates.
    w, s, q1, q2, z1, z2 = symbols("w s q1 q2 z1 z2", real=True)
    row = w * (s * (q1 * z1 + q2 * z2)) ** 2
    pairs = [(z1, q1), (z2, q2)]
    column = sum(z * (w * s**2 * a * b) * x for z, a in pairs for x, b in pairs)
    assert expand(row - column) == 0


def step_10_couplings_of_tokens_are_products_too():
    # Without the joint matrix m_ij z^O_i . z^V_j <= m_ij |z^O_i||z^V_j| for i != j; the
    # weights m_ij join e_ij, and t = 0 leaves no other coupling.
    m, e, length, slack, less = symbols("m e length slack less", nonnegative=True)
    value = m * (length - slack) + e * length - less
    assert is_sum_of_nonnegative_terms(expand((m + e) * length - value))


def step_11_the_lower_companion_is_the_theorem_for_minus_the_output_matrix():
    # lambda_min(H(J')) = -mu_2(-J'); -J' has -W_O, which changes the sign of f and z^O
    # and leaves every square and product as it is.
    f, psi = symbols("f psi", real=True)
    assert expand((-f) * psi + f * psi) == 0
    assert expand((-f) ** 2 - f**2) == 0


def witness_the_width_is_attained():
    # f has mean 0 under the moved law too; psi changes its sign where weights move.
    f, psi = (1, 1, -1), (1, -1, 0)
    assert covariance(MOVED, f, psi) == QUARTER
    assert keys_are_covered(TURNING, MOVED, f, psi, turn=0)


def witness_the_turned_mean_is_needed_where_the_moments_are_apart():
    f, psi = (1, -1, 0), (0, 0, -1)
    assert covariance(MOVED, f, psi) == QUARTER * HALF
    assert keys_are_covered(TURNING, MOVED, f, psi)


def witness_without_a_share_two_keys_attain_the_product():
    fixed = (HALF, HALF)
    assert keys_are_covered((fixed, fixed, fixed), fixed, (1, -1), (1, -1), share=0)
    assert covariance(fixed, (1, -1), (1, -1)) == 1


def mutant_half_of_the_width():
    return keys_are_covered(TURNING, MOVED, (1, 1, -1), (1, -1, 0), width=HALF, turn=0)


def mutant_the_mean_does_not_turn():
    return keys_are_covered(TURNING, MOVED, (1, -1, 0), (0, 0, -1), turn=0)


def mutant_one_side_of_a_product():
    return product_is_covered(HALF, 0)


def mutant_a_quarter_on_one_side():
    return product_is_covered(HALF, QUARTER)


def mutant_the_product_of_both_moves_is_dropped():
    return telescoped(keep_both=False) == 0
