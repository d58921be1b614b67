r"""Theorem attention-jacobian-deviation-tube.

In the setting of theorem attention-norm-tube let $\underline r\,p_i \le p'_i \le \bar
r\,p_i$ on the tube and $\kappa_i = \max(\bar r_i - 1, 1 - \underline r_i)$.  The
derivative of a head differs from that at the centre by at most $a|W_V^{\mathsf T}w| +
e|W_K^{\mathsf T}w| + d|W_Q^{\mathsf T}w|$ with $a = \lVert\max(\bar p - p, p -
\underline p)\rVert$, $\alpha_i = \sqrt{\bar r_i}\varepsilon\lVert W_V\rVert +
\kappa_i\sigma_i$ and

$$e = \max_j\lambda_{\max}^{1/2}\Bigl(s^2\sum_i\alpha_i^2p_{ij}q_iq_i^{\mathsf T}\Bigr)
 + s\varepsilon\lVert W_Q\rVert\max_j\Bigl(\sum_i\bar\sigma_i^2\bar
 p_{ij}\Bigr)^{1/2},$$

$$d = \max_i\bigl[\kappa_i\sigma_i\tau_i + \sqrt{\bar r_i}\varepsilon(\lVert W_V\rVert
 \tau_i + s\lVert W_K\rVert\sigma_i) + \varepsilon^2s\lVert W_V\rVert\lVert
 W_K\rVert\bigr] .$$

Heads join as in attention-norm-tube, steps 9 and 10.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-jacobian-deviation-tube"

QUARTER, HALF = Rational(1, 4), Rational(1, 2)
BEFORE = (QUARTER, HALF, QUARTER)
OUTWARD = (3 * QUARTER / 2, QUARTER, 3 * QUARTER / 2)
INWARD = (QUARTER / 2, 3 * QUARTER, QUARTER / 2)
"""Laws on the values -1, 0, 1: variances 1/2, 3/4 and 1/4."""


def variance(law, values):
    mean = sum(p * f for p, f in zip(law, values, strict=True))
    return sum(p * (f - mean) ** 2 for p, f in zip(law, values, strict=True))


def change_is_covered(before, after, values, kappa) -> bool:
    """Whether |Var' - Var| <= kappa Var for these laws."""
    old = variance(before, values)
    return bool(abs(variance(after, values) - old) <= kappa * old)


def ratios(before, after):
    quotients = [new / old for old, new in zip(before, after, strict=True)]
    return max(quotients) - 1, 1 - min(quotients)


def diagonal_is_covered(moved_value, moved_key, both) -> bool:
    """Whether the terms of d cover Cov'(v', k') - Cov(v, k) after step 4.

    x = sqrt(ratio): deviations under p' are at most x sigma and x tau, those of the
    moves at most V = eps |W_V| and K = eps s |W_K|.
    """
    x, sigma, tau, V, K, kappa = symbols("x sigma tau V K kappa", nonnegative=True)
    needed = kappa * sigma * tau + V * x * tau + x * sigma * K + V * K
    given = kappa * sigma * tau + x * (moved_value * V * tau + moved_key * K * sigma)
    return is_sum_of_nonnegative_terms(expand(given + both * V * K - needed))


def step_1_a_variance_grows_by_at_most_the_upper_ratio():
    # Var' <= E'(f - m)^2 <= ratio E(f - m)^2 = ratio Var: a variance is a minimum over
    # centres (E 1 = 1, E f = m', E f^2 = S), and every term grows by at most the ratio.
    m, S, c = symbols("m S c", real=True)
    assert expand((S - 2 * c * m + c**2) - (S - m**2) - (m - c) ** 2) == 0
    ratio, p, square, room = symbols("ratio p square room", nonnegative=True)
    gap = ratio * p * square - (ratio * p - room) * square
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_2_and_shrinks_by_at_most_the_lower_one():
    # Var' = E'(f - m')^2 >= low E(f - m')^2 = low (Var + (m' - m)^2) >= low Var.
    low, var, shift, room = symbols("low var shift room", nonnegative=True)
    gap = low * (var + shift**2) + room - low * var
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_3_a_form_between_two_multiples_bounds_its_mixed_values():
    # B = Cov' - Cov with |B(f, f)| <= kappa C(f, f).  4 B(f, g) = B(f + g, f + g) - B(f
    # - g, f - g) <= 2 kappa (C(f, f) + C(g, g)); for t f and g/t instead, B(f, g) <=
    # (kappa /2)(t^2 x^2 + y^2/t^2), x and y the deviations, and t^2 = y/x gives kappa x
    # y.
    ff, fg, gg = symbols("ff fg gg", real=True)
    plus, minus = ff + 2 * fg + gg, ff - 2 * fg + gg
    assert expand(plus - minus - 4 * fg) == 0
    assert expand(plus + minus - 2 * (ff + gg)) == 0
    kappa, x, y = symbols("kappa x y", positive=True)
    square = y / x
    found = kappa / 2 * (square * x**2 + y**2 / square)
    assert expand(found - kappa * x * y) == 0


def step_4_the_change_of_a_covariance_telescopes():
    # Cov' and Cov are bilinear: B1 f g and B0 f g, with the primed arguments f1, g1.
    B1, B0, f1, f0, g1, g0 = symbols("B1 B0 f1 f0 g1 g0")
    slope = B1 * f1 * (g1 - g0) + B1 * (f1 - f0) * g0 + (B1 - B0) * f0 * g0
    assert expand(B1 * f1 * g1 - B0 * f0 * g0 - slope) == 0
    both = B1 * (f1 - f0) * (g1 - g0) + B1 * (f1 - f0) * g0 + B1 * f0 * (g1 - g0)
    assert expand(B1 * f1 * g1 - B0 * f0 * g0 - both - (B1 - B0) * f0 * g0) == 0


def step_5_the_key_part_has_the_slope_of_the_centre():
    # |Cov'(v' - v, psi)| <= eps |W_V| sqrt(ratio E psi^2) and |(Cov' - Cov)(v, psi)| <=
    # kappa sigma sqrt(E psi^2): together alpha sqrt(E psi^2) under the centre's law;
    # the term Cov'(v', psi' - psi) is the moved query of attention-norm-tube.
    x, V, kappa, sigma, psi = symbols("x V kappa sigma psi", nonnegative=True)
    alpha = x * V + kappa * sigma
    assert is_sum_of_nonnegative_terms(
        expand(alpha * psi - (V * x * psi + kappa * sigma * psi))
    )


def step_6_the_query_part_adds_four_terms():
    assert diagonal_is_covered(1, 1, 1)


def step_7_the_mixing_part_is_the_change_of_the_weights():
    # |p' - p| <= max(pbar - p, p - plow) entrywise, and entries bound a norm.
    top, room, z = symbols("top room z", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(top * z - (top - room) * z))


def witness_the_upper_ratio_is_attained():
    values, kappa = (-1, 0, 1), max(ratios(BEFORE, OUTWARD))
    assert kappa == HALF
    assert change_is_covered(BEFORE, OUTWARD, values, kappa)
    assert variance(OUTWARD, values) == (1 + kappa) * variance(BEFORE, values)


def witness_the_lower_ratio_is_attained():
    values, kappa = (-1, 0, 1), ratios(BEFORE, INWARD)[1]
    assert variance(INWARD, values) == (1 - kappa) * variance(BEFORE, values)


def mutant_half_of_kappa_suffices():
    kappa = max(ratios(BEFORE, OUTWARD))
    return change_is_covered(BEFORE, OUTWARD, (-1, 0, 1), kappa / 2)


def mutant_the_upper_ratio_alone_decides():
    eighth = Rational(1, 8)
    before = (eighth, 6 * eighth, eighth)
    after = (eighth / 2, 7 * eighth, eighth / 2)
    return change_is_covered(before, after, (-1, 0, 1), ratios(before, after)[0])


def mutant_the_product_of_the_two_moves_is_dropped():
    return diagonal_is_covered(1, 1, 0)


def mutant_the_moved_key_counts_half():
    return diagonal_is_covered(1, HALF, 1)
