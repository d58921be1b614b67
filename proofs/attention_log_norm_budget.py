r"""Theorem attention-log-norm-budget.

In the setting of theorem attention-norm-budget, for all positive weights
$\tau_{hi}$, the logarithmic norm $\mu_2(J')$ is at most the largest over keys $k$ and
cells $c$ of

$$\sum_h\bigl(s^\pm_{hk} + \tfrac12\tau_{hk}\bigr) + \lambda(r^2 - \epsilon_{c-1}^2) +
 \lambda_{\max}\Bigl(\sum_i\max_e\bigl(f_i(e) - \frac{\lambda\,\epsilon_{e-1}^2}{1 +
 \nu_i|a_i|^2}\bigr)N_i\Bigr),\qquad f_i = \frac{p'_{ik}g_i}{2\tau_{hi}},$$

where $s^+$ is a quarter of $\lambda_{\max}$ of the covariance of $tUx' + Ax'/t$; and
$-\lambda_{\min}$ alike with $s^-$ of $tUx' - Ax'/t$, which is the bound for $-J'$.

In $u\cdot(J'u)_i$ the self term is $\operatorname{Cov}(u_i\cdot Ux', u_i\cdot
Ax')$: one direction, so its sign counts.  The mixing term is at most
$|u_i|(g_i\sum_kp'_{ik}u_k\cdot N_iu_k)^{1/2}$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "attention-log-norm-budget"

QUARTER = Rational(1, 4)
f, g = symbols("f g", real=True)
t, tau = symbols("t tau", positive=True)


def quarter_covers(share, sign) -> bool:
    """Whether share (t f + sign g/t)^2 - sign f g is a positive semidefinite form."""
    off = sign * (share - Rational(1, 2))
    return is_positive_semidefinite(Matrix([[share * t**2, off], [off, share / t**2]]))


def product_is_covered(own, mixing) -> bool:
    """Whether x y <= own tau x^2 + mixing y^2/tau."""
    half = Rational(1, 2)
    return is_positive_semidefinite(Matrix([[own * tau, -half], [-half, mixing / tau]]))


def step_1_a_covariance_is_at_most_a_quarter_of_a_variance():
    assert quarter_covers(QUARTER, 1)
    gap = QUARTER * (t * f + g / t) ** 2 - f * g
    assert expand(gap - QUARTER * (t * f - g / t) ** 2) == 0


def step_2_the_same_for_the_negative_field():
    assert quarter_covers(QUARTER, -1)


def step_3_a_product_is_at_most_half_of_both_weighted_squares():
    assert product_is_covered(Rational(1, 2), Rational(1, 2))


def step_4_the_sum_over_rows_is_a_sum_over_keys():
    # sum_i tau_i |u_i|^2/2 + sum_ik p_ik g_i u_k.N_i u_k/(2 tau_i): collected by u_k,
    # two tokens of one feature.
    u = symbols("u0 u1", real=True)
    p = Matrix(2, 2, symbols("p00 p01 p10 p11", positive=True))
    G, T = symbols("g0 g1", positive=True), symbols("t0 t1", positive=True)
    by_row = sum(
        T[i] * u[i] ** 2 / 2
        + sum(p[i, k] * G[i] * u[k] ** 2 for k in (0, 1)) / (2 * T[i])
        for i in (0, 1)
    )
    by_key = sum(
        (T[k] / 2 + sum(p[i, k] * G[i] / (2 * T[i]) for i in (0, 1))) * u[k] ** 2
        for k in (0, 1)
    )
    assert expand(by_row - by_key) == 0


def witness_equal_factors_attain_the_quarter():
    # t f = g/t: the covariance is the whole quarter of the variance.
    gap = QUARTER * (t * f + g / t) ** 2 - f * g
    assert expand(gap.subs(g, t**2 * f)) == 0


def witness_tokens_of_one_key_each_attain_the_norm_of_the_values():
    # p_ii = 1, a = 0, U = I: tau = 1 gives 1/2 + 1/2 = mu_2(J).
    assert product_is_covered(Rational(1, 2), Rational(1, 2))
    assert Rational(1, 2) + Rational(1, 2) == 1


def mutant_a_fifth_for_the_self_term():
    return quarter_covers(Rational(1, 5), 1)


def mutant_a_third_for_the_mixing_term():
    return product_is_covered(Rational(1, 2), Rational(1, 3))
