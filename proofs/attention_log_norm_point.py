r"""Theorem attention-log-norm-point.

For every $\tau \in \mathbb R^n_{>0}$, masked or not,

$$\mu_2(J) \le \mu_2(P\otimes U) + \max_j\lambda_{\max}\Bigl(H(UC_jA^{\mathsf T}) +
 \tfrac{\tau_j}2UC_jU^{\mathsf T} + \tfrac12\sum_i\tfrac{p_{ij}}{\tau_i}a_i
 a_i^{\mathsf T}\Bigr).$$

$v^{\mathsf T}Jv = v^{\mathsf T}(P\otimes U)v + \sum_i\operatorname{Cov}_i(w_i\cdot x,
\psi_i + \varphi_i)$ with $w_i = U^{\mathsf T}v_i$, $\psi_{ij} = a_i\cdot v_j$,
$\varphi_{ij} = x_j\cdot A^{\mathsf T}v_i$ (theorem attention-jacobian).
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-log-norm-point"

tau = symbols("tau", positive=True)
HALF = Rational(1, 2)


def product_is_covered(left, right) -> bool:
    """Whether a b <= left tau a^2 + right b^2/tau for all real a, b."""
    form = Matrix([[left * tau, -HALF], [-HALF, right / tau]])
    return is_positive_semidefinite(form)


def quotient_is_covered(total) -> bool:
    """Whether v^T J v <= total |v|^2 for two tokens; the blocks have tops d_1, d_2.

    d_1 is the larger one: d_2 = d_1 - gap; |v|^2 = n_1 + n_2, mixing mu - slack.
    """
    mu, top, gap, slack = symbols("mu top gap slack", nonnegative=True)
    n1, n2 = symbols("n1 n2", nonnegative=True)
    value = (mu - slack) * (n1 + n2) + top * n1 + (top - gap) * n2
    return is_sum_of_nonnegative_terms(expand(total(mu, top) * (n1 + n2) - value))


def step_1_the_receivers_own_term_is_its_block():
    # Cov_i(w . x, phi) = v_i^T U C_i A^T v_i: the term j, one coordinate.
    v, u, a, y, p = symbols("v u a y p", real=True)
    assert expand(p * (v * u * y) * (y * a * v) - v * (u * (p * y * y) * a) * v) == 0


def step_2_a_covariance_is_at_most_both_moments_with_a_weight():
    # |Cov(f, psi)| <= (Var f E psi^2)^(1/2) (theorem attention-norm-split, steps 1, 2).
    assert product_is_covered(HALF, HALF)


def step_3_the_two_moments_are_forms_of_the_tokens():
    # Var_i(w_i . x) = v_i^T U C_i U^T v_i stands at token i; sum_i p_ij (a_i . v_j)^2
    # /tau_i = v_j^T (sum_i p_ij a_i a_i^T/tau_i) v_j at token j: two coordinates.
    p, a1, a2, v1, v2 = symbols("p a1 a2 v1 v2", real=True)
    row = p / tau * (a1 * v1 + a2 * v2) ** 2
    pairs = [(v1, a1), (v2, a2)]
    column = sum(v * (p / tau * a * b) * x for v, a in pairs for x, b in pairs)
    assert expand(row - column) == 0


def step_4_the_largest_block_bounds_all_of_them():
    assert quotient_is_covered(lambda mu, top: mu + top)


def step_5_the_lower_companion_is_the_theorem_for_minus_U():
    # lambda_min(H(J)) = -mu_2(-J), and -J is the Jacobian with -U.
    u, p, y, a, c = symbols("u p y a c", real=True)
    assert expand(-(u * (p * (1 + y * a) + c)) - (-u) * (p * (1 + y * a) + c)) == 0


def witness_the_weight_attains_the_product():
    a, b = symbols("a b", positive=True)
    assert expand((HALF * tau * a**2 + HALF * b**2 / tau).subs(tau, b / a) - a * b) == 0


def mutant_a_quarter_on_one_side():
    return product_is_covered(HALF, Rational(1, 4))


def mutant_one_side_alone():
    return product_is_covered(HALF, 0)


def mutant_the_mixing_part_costs_half():
    return quotient_is_covered(lambda mu, top: mu / 2 + top)
