r"""Theorem attention-mixed-norm-tube.

Let every token stay within $\varepsilon$ of a centre, $p'_{ij} \le \bar p_{ij}$
there (theorem attention-norm-tube, steps 1 and 2), $y_{ij}$ the tokens about the
centre's mean of row $i$ and

$$F_i = \lVert[\sqrt{\bar p_{ij}}\,y_{ij}]_jU^{\mathsf T}\rVert + \varepsilon\lVert
 U\rVert,\quad T_i = \lVert[\sqrt{\bar p_{ij}}\,y_{ij}]_jA^{\mathsf T}\rVert +
 \varepsilon\lVert A\rVert,\quad \hat a_i = |a_i| + \varepsilon\lVert A\rVert .$$

Then $\lVert J'\rVert_{\infty,2} \le \max_i(\sqrt{\lVert U\rVert^2 + F_i^2\hat a_i^2} +
F_iT_i)$; of several heads the sum, or before the output matrices the root of the sum of
squares times $\lVert W_O\rVert$ (theorem multi-head-norm).
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-mixed-norm-tube"


def deviation_is_covered(moved) -> bool:
    """Whether (E'(f + d)^2)^(1/2) <= f + moved(eps |U|), squared.

    f^2 = E' f^2 <= sum pbar f^2, |d| <= eps |U| = D pointwise, E' f d = f D - slack.
    """
    f, D, slack = symbols("f D slack", nonnegative=True)
    square = f**2 + 2 * (f * D - slack) + D**2
    return is_sum_of_nonnegative_terms(expand((f + moved(D)) ** 2 - square))


def moment_is_covered(share) -> bool:
    """Whether E' f^2 <= share sum pbar_j f_j^2, for two keys."""
    p, q, room, more = symbols("p q room more", nonnegative=True)
    f, g = symbols("f g", nonnegative=True)
    given = share * ((p + room) * f + (q + more) * g)
    return is_sum_of_nonnegative_terms(expand(given - (p * f + q * g)))


def row_is_covered(total) -> bool:
    """Whether (U e + F a f)^2 <= total (e^2 + f^2) up to one square; f^2 = 1 - e^2."""
    U, F, a, e, f = symbols("U F a e f", nonnegative=True)
    gap = total(U, F * a) * (e**2 + f**2) - (U * e + F * a * f) ** 2
    return is_sum_of_nonnegative_terms(expand(gap - (U * f - F * a * e) ** 2))


def slope_is_covered(slope) -> bool:
    """Whether |a'| = |a| + eps |A| - slack is at most slope(|a|, eps |A|)."""
    a, moved, slack = symbols("a moved slack", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(slope(a, moved) - (a + moved - slack)))


def step_1_a_variance_is_at_most_the_second_moment_about_the_centres_mean():
    m, S, c = symbols("m S c", real=True)
    assert expand((S - 2 * c * m + c**2) - (S - m**2) - (m - c) ** 2) == 0


def step_2_a_second_moment_grows_with_the_weights():
    assert moment_is_covered(1)


def step_3_a_moved_token_adds_its_move_to_the_deviation():
    # w . U(x'_j - m_i) = w . U y_ij + w . U d_j, |d_j| <= eps; Minkowski in L^2(p').
    # Hence Var'(w . Ux) <= F^2 for unit w; T alike, with A in place of U.
    assert deviation_is_covered(lambda D: D)


def step_4_the_slope_moves_with_the_token():
    # a'_i = A^T (x_i + d_i) + s W_K b_Q.
    assert slope_is_covered(lambda a, moved: a + moved)


def step_5_mean_and_keys_are_at_most_the_root():
    # Theorem attention-mixed-norm-point, steps 1 to 3, at the state of the tube.
    assert row_is_covered(lambda U, S: U**2 + S**2)


def step_6_the_receivers_own_term_is_a_product_of_deviations():
    # w . U C' A^T v_i = Cov'(w . Ux, v_i . Ax) <= F T for |w| = |v_i| = 1: Cauchy and
    # Schwarz, (sum p x^2)(sum p y^2) - (sum p x y)^2 for every pair of keys.
    p, q = symbols("p q", nonnegative=True)
    x1, x2, y1, y2 = symbols("x1 x2 y1 y2", real=True)
    gap = (p * x1**2 + q * x2**2) * (p * y1**2 + q * y2**2)
    gap -= (p * x1 * y1 + q * x2 * y2) ** 2
    assert expand(gap - p * q * (x1 * y2 - x2 * y1) ** 2) == 0


def witness_a_token_that_moves_along_with_the_deviation():
    # f = D = 1 with E' f d = 1: the deviation is 2.
    assert 1 + 2 * 1 + 1 == (1 + 1) ** 2


def mutant_tokens_that_move_cost_nothing():
    return deviation_is_covered(lambda D: 0)


def mutant_the_slope_does_not_move():
    return slope_is_covered(lambda a, moved: a)


def mutant_a_share_of_the_weights():
    return moment_is_covered(Rational(9, 10))


def mutant_the_keys_are_dropped():
    return row_is_covered(lambda U, S: U**2)
