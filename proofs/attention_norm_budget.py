r"""Theorem attention-norm-budget.

Let tokens move by $\delta_i$ from a centre, in a tube, a box or with $\sum_i
\delta_i^2 \le r^2$; $p$, $y$, $a_i$, $U$, $A$ as in the covariance form, $p'$, $x'$
where the tokens are, $N_i = I + \nu_ia_ia_i^{\mathsf T}$.

1. $|(J'v)_i| \le s_i|v_i| + (g_i\sum_kp'_{ik}\,v_k\cdot N_iv_k)^{1/2}$, $g_i = \lVert
   U\rVert^2 + \sigma_i^2b_i^2$, with $\sigma_i^2 \ge \lambda_{\max}(U C'_iU^{\mathsf
   T})$, $b_i = |a_i|/(1 + \nu_i|a_i|^2)^{1/2} + \lVert A\rVert\delta_i$ and $s_i =
   \tfrac12\lambda_{\max}$ of the covariance of $(tUx', Ax'/t)$ under $p'_i$.
2. $p'_{ik} \le p/(p + (1-p)e^{-H/(1-p)})$ with $H \ge$ the move of the logit of $k$,
   centred by $p_i$.
3. $\lambda_{\max}(\operatorname{Cov}_{p'}z) \le \theta + \lambda_{\max}\sum_k\bar p_k(1
   - \theta/|z_k|^2)_+z_kz_k^{\mathsf T}$ (or Popoviciu), and the root grows by at most
   $\lVert K\rVert(\sum_kp'_k\delta_k^2)^{1/2}$ where $z_k$ moves by $K\delta_k$;
   $\sigma_i^2 \le (1 - p'_{ik})D_{ik}^2$.
4. With shares $\sum_h(\omega^s_{hi} + \omega^m_{hi}) \le 1$ and prices $\lambda$,
   $\lVert J'\rVert^2$ is at most the largest over keys $k$ and cells $c$ of
   $$\sum_h\frac{s_{hk}^2}{\omega^s_{hk}} + \lambda(r^2 - \epsilon_{c-1}^2) +
     \lambda_{\max}\Bigl(\sum_i\max_e\bigl(f_i(e) -
     \frac{\lambda\,\epsilon_{e-1}^2}{1 + \nu_i|a_i|^2}\bigr)N_i\Bigr),\qquad
     f_i = \frac{p'_{ik}g_i}{\omega^m_{hi}}.$$
"""

from sympy import Matrix, Rational, diff, exp, expand, log, simplify, symbols, together

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-norm-budget"

HALF = Rational(1, 2)
p, q, x, t = symbols("p q x t", positive=True)


def mean_square_splits(centred: bool) -> bool:
    """Whether E|w + z a|^2 = |w|^2 + E z^2 |a|^2 under p, 1 - p for centred z."""
    w1, w2, a1, a2, z = symbols("w1 w2 a1 a2 z", real=True)
    values = (z, -p * z / (1 - p)) if centred else (z, z)
    weights = (p, 1 - p)
    square = sum(
        m * ((w1 + v * a1) ** 2 + (w2 + v * a2) ** 2)
        for m, v in zip(weights, values, strict=True)
    )
    variance = sum(m * v**2 for m, v in zip(weights, values, strict=True))
    split = w1**2 + w2**2 + variance * (a1**2 + a2**2)
    return simplify(square - split) == 0


def saturates(exponent) -> bool:
    """Whether p e^x over the least mean is p/(p + (1 - p) e^{-exponent})."""
    # The other logits have the mean -p x/(1 - p), as the move is centred: the least
    # mean is p e^x + (1 - p) e^{-p x/(1 - p)}.  Both sides are divided by e^x.
    return simplify(x + p * x / (1 - p) - exponent) == 0


def level_covers(share) -> bool:
    """Whether z^2 <= theta + share (1 - theta/L) z^2 for theta <= z^2 <= L."""
    theta, above, rest = symbols("theta above rest", nonnegative=True)
    square, length = theta + above, theta + above + rest
    gap = theta * length + share * (length - theta) * square - square * length
    return is_sum_of_nonnegative_terms(gap)


def shares_cover(first, second) -> bool:
    """Whether (x + y)^2 <= x^2/first + y^2/second."""
    return is_positive_semidefinite(Matrix([[1 / first - 1, -1], [-1, 1 / second - 1]]))


def self_term_is_covered(share) -> bool:
    """Whether share times the variance of t f + g/t is at least the covariance.

    In second moments F, C, G of f and g: (t^2 F + 2 C + G/t^2) share - C is a form.
    """
    form = Matrix([[share * t**2, share - HALF], [share - HALF, share / t**2]])
    return is_positive_semidefinite(form)


def price_is_paid(rate) -> bool:
    """Whether f N <= (f - rate lambda e^2) N + lambda delta^2 for e <= delta.

    N is at most `large` = 1 + nu |a|^2 and at least 1; the price is lambda/large.
    """
    price, edge, more, extra, turn = symbols(
        "price edge more extra turn", nonnegative=True
    )
    large, inside = 1 + extra + turn, 1 + extra
    paid = rate * price * edge**2 * inside
    return is_sum_of_nonnegative_terms(
        expand(price * (edge + more) ** 2 * large - paid)
    )


def step_1_the_cross_term_vanishes_as_the_values_are_centred():
    # v -> sum_k p_k (w + z_k a).v_k: Cauchy-Schwarz in the metric N_i and its inverse,
    # with z_k = w.(x'_k - mean) and w = U^T u, |w| <= |U|.
    assert mean_square_splits(centred=True)


def step_2_the_metric_shortens_the_slope():
    nu, a1, a2 = symbols("nu a1 a2", positive=True)
    a = Matrix([a1, a2])
    metric = Matrix.eye(2) + nu * a * a.T
    square = (a.T * metric.inv() * a)[0, 0]
    length = a1**2 + a2**2
    assert simplify(square - length / (1 + nu * length)) == 0


def step_3_the_centred_move_of_a_logit():
    # One feature, two tokens; row 0.  The logit of k is x_0 A x_k.
    x0, x1, d0, d1, A = symbols("x0 x1 d0 d1 A", real=True)
    moves = [(x0 + d0) * A * (y + d) - x0 * A * y for y, d in ((x0, d0), (x1, d1))]
    weights = (p, 1 - p)
    mean = p * x0 + (1 - p) * x1
    slope = A * x0
    for k, (y, mark) in enumerate(((x0, 1), (x1, 0))):
        centred = moves[k] - sum(
            m * move for m, move in zip(weights, moves, strict=True)
        )
        form = (A * (y - mean) + (mark - p) * slope) * d0
        form += (1 - mark - (1 - p)) * (slope + A * d0) * d1
        form += (mark - p) * A * d0**2
        assert expand(centred - form) == 0


def step_4_a_mean_of_exponentials_is_least_where_the_others_are_equal():
    # e^y >= e^c (1 + y - c), with equality and equal slopes at c: the mean of the
    # right side over the other keys is e^c at c = -p x/(1 - p).
    y, c = symbols("y c", real=True)
    gap = exp(y) - exp(c) * (1 + y - c)
    assert gap.subs(y, c).expand() == 0
    assert diff(gap, y).subs(y, c).expand() == 0
    assert diff(gap, y, 2) == exp(y)


def step_5_the_largest_weight_saturates_and_rises():
    assert saturates(x / (1 - p))
    # Odds (p/q) e^{x/q} rise with x.
    odds = log(p / q) + x / q
    assert diff(odds, x) == 1 / q


def step_6_a_level_takes_its_share_of_every_square():
    assert level_covers(1)


def step_7_a_variance_is_small_beside_a_heavy_key():
    # sum_l p_l (z_l - z_k)^2 has no term l = k and exceeds the variance by
    # (mean - z_k)^2; the others have the mass 1 - p_k.
    z0, z1, z2, m0, m1, m2 = symbols("z0 z1 z2 m0 m1 m2", real=True)
    mean = m0 * z0 + m1 * z1 + m2 * z2
    about = m1 * (z1 - z0) ** 2 + m2 * (z2 - z0) ** 2
    variance = m0 * z0**2 + m1 * z1**2 + m2 * z2**2 - mean**2
    gap = (about - variance - (mean - z0) ** 2).subs(m0, 1 - m1 - m2)
    assert expand(gap) == 0


def step_8_the_joint_factor_rises_and_then_follows_a_parabola():
    # p (u + B (1 - p) D) has its summit at (u + B D)/(2 B D), and meets
    # p (u + B S) at 1 - S/D.
    u, B, D, S = symbols("u B D S", positive=True)
    parabola = p * (u + B * (1 - p) * D)
    assert simplify(diff(parabola, p).subs(p, (u + B * D) / (2 * B * D))) == 0
    assert diff(parabola, p, 2) == -2 * B * D
    meeting = 1 - S / D
    assert simplify((parabola - p * (u + B * S)).subs(p, meeting)) == 0


def step_9_a_covariance_is_at_most_a_quarter_of_a_variance():
    # (t u, v/t) has (Ux, Ax) as its partner; |u|^2 + |v|^2 = 2 gives one half.
    assert self_term_is_covered(Rational(1, 4))


def step_10_a_square_of_a_sum_by_shares():
    omega = symbols("omega", positive=True)
    gap = x**2 / omega + q**2 / (1 - omega) - (x + q) ** 2
    square = ((1 - omega) * x - omega * q) ** 2 / (omega * (1 - omega))
    assert together(gap - square).simplify() == 0
    assert shares_cover(Rational(1, 3), Rational(2, 3))


def step_11_the_price_is_paid_by_the_budget():
    # Summed over all tokens but k: lambda (r^2 - delta_k^2) at most.
    assert price_is_paid(1)


def step_12_two_tokens_part_by_at_most_root_two_of_the_radius():
    # (d1 + d2)^2 <= 2 (d1^2 + d2^2) <= 2 r^2, so half of the range of w.d is at most
    # |w| r/sqrt(2), and its variance |w|^2 r^2/2 (Popoviciu).
    d1, d2 = symbols("d1 d2", real=True)
    assert expand(2 * (d1**2 + d2**2) - (d1 + d2) ** 2 - (d1 - d2) ** 2) == 0


def witness_proportional_terms_lose_nothing():
    # (x + y)^2 = x^2/omega + y^2/(1 - omega) at x = omega, y = 1 - omega.
    omega = symbols("omega", positive=True)
    total = omega**2 / omega + (1 - omega) ** 2 / (1 - omega)
    assert simplify(total - 1) == 0


def witness_equal_moves_of_all_other_keys_attain_the_largest_weight():
    # Two keys: p e^x/(p e^x + (1 - p) e^{y}), y = -p x/(1 - p), at p = 1/2.
    weight = exp(x) / (exp(x) + exp(-x))
    claimed = 1 / (1 + exp(-2 * x))
    assert simplify(weight - claimed) == 0


def mutant_values_about_another_point():
    return mean_square_splits(centred=False)


def mutant_a_logit_that_moves_the_weight_less():
    return saturates(x)


def mutant_a_level_without_the_whole_rest():
    return level_covers(Rational(9, 10))


def mutant_an_eighth_for_the_self_term():
    return self_term_is_covered(Rational(1, 8))


def mutant_shares_beyond_one():
    return shares_cover(Rational(3, 4), Rational(3, 4))


def mutant_twice_the_price():
    return price_is_paid(2)
