r"""Theorem attention-mixed-norm-point.

In the norm $\max_j|v_j|$

$$\lVert J\rVert_{\infty,2} \le \max_i\Bigl(\sqrt{\lVert U\rVert^2 + |a_i|^2
 \lambda_{\max}(UC_iU^{\mathsf T})} + \lVert UC_iA^{\mathsf T}\rVert\Bigr).$$

Row $i$ of $Jv$ is $UE_iv + \operatorname{Cov}_i(Ux, a_i\cdot v) + UC_iA^{\mathsf T}v_i$
(theorem attention-jacobian), $E_i$ the mean under $p_i$.  Let $|v_j| \le 1$ and $e =
|E_iv|$.
"""

from sympy import Rational, expand, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-mixed-norm-point"

U, S, e, f = symbols("U S e f", nonnegative=True)
"""|U|; |a_i| sqrt(lambda_max(U C_i U^T)); the mean e and f = sqrt(1 - e^2)."""


def mean_and_deviation_are_covered(square) -> bool:
    """Whether (U e + S f)^2 <= square(U, S) (e^2 + f^2), up to one square."""
    gap = square(U, S) * (e**2 + f**2) - (U * e + S * f) ** 2
    return is_sum_of_nonnegative_terms(expand(gap - (U * f - S * e) ** 2))


def deviation_is_covered(share) -> bool:
    """Whether E|v - Ev|^2 <= share (1 - e^2) when E|v|^2 = 1 - room."""
    room, rest = symbols("room rest", nonnegative=True)
    total = e**2 + rest  # 1 = e^2 + rest, rest = f^2
    return is_sum_of_nonnegative_terms(
        expand(share * rest - ((total - room) - e**2))
    )


def receiver_is_covered(total) -> bool:
    r, slack, x = symbols("r slack x", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(total(x, r) - (x + r - slack)))


def step_1_mean_and_deviation_share_the_unit():
    # E|v|^2 <= 1 and E|v - Ev|^2 = E|v|^2 - |Ev|^2, coordinate by coordinate.
    moment, mean, c = symbols("moment mean c", real=True)
    about = moment - 2 * c * mean + c**2
    assert expand(about.subs(c, mean) - (moment - mean**2)) == 0
    assert deviation_is_covered(1)


def step_2_the_covariance_is_at_most_the_product_of_deviations():
    # |Cov(w . Ux, a . v)|^2 <= Var(w . Ux) Var(a . v) (theorem attention-norm-split,
    # step 1), Var(w . Ux) <= lambda_max(U C U^T) and Var(a . v) <= |a|^2 E|v - Ev|^2:
    # Cauchy and Schwarz for two coordinates.
    a1, a2, y1, y2 = symbols("a1 a2 y1 y2", real=True)
    gap = (a1**2 + a2**2) * (y1**2 + y2**2) - (a1 * y1 + a2 * y2) ** 2
    assert expand(gap - (a1 * y2 - a2 * y1) ** 2) == 0


def step_3_the_two_are_at_most_the_root_of_the_sum_of_squares():
    assert mean_and_deviation_are_covered(lambda U, S: U**2 + S**2)


def step_4_the_receivers_own_term_is_added():
    # |U C A^T v_i| <= |U C A^T| since |v_i| <= 1; the norm is the worst row.
    assert receiver_is_covered(lambda x, r: x + r)


def witness_the_mean_attains_the_root():
    # U = 3, S = 4: e = 3/5, f = 4/5 give 3 e + 4 f = 5.
    assert 3 * Rational(3, 5) + 4 * Rational(4, 5) == sqrt(3**2 + 4**2)


def mutant_the_larger_of_the_two_suffices():
    return mean_and_deviation_are_covered(lambda U, S: U**2)


def mutant_half_of_the_keys():
    return mean_and_deviation_are_covered(lambda U, S: U**2 + S**2 / 2)


def mutant_half_of_the_deviation():
    return deviation_is_covered(Rational(1, 2))


def mutant_the_receivers_are_dropped():
    return receiver_is_covered(lambda x, r: x)
