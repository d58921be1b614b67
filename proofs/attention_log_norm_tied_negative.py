r"""Theorem attention-log-norm-tied-negative.

For softmax attention with $V = -\kappa A^{\mathsf T}$, $\kappa \ge 0$, at every state,
with any mask and score bias,

$$\mu_2(J) \le \kappa\Bigl(\tfrac14\max_j\lambda_{\max}\bigl(\sum_ip_{ij}a_ia_i^{\mathsf
T}\bigr) + \mu_2(-P\otimes A)\Bigr),$$

without a covariance; and with $v = \kappa\lVert A\rVert$, $|a_i|^2 \le \alpha\lVert
A\rVert$ and column masses $\sum_ip_{ij} \le c$ it is $\mu_2(J) \le v\sqrt c$ where
$\alpha\sqrt c \le 2$, else $v(\frac{\alpha c}4 + \frac1\alpha)$.

With $\varphi_{ij} = v_i\cdot Ax_j$, $\psi_{ij} = a_i\cdot v_j$: $v\cdot Jv = -\kappa
\sum_i[v_i\cdot AE_iv + \operatorname{Var}_i\varphi_i + \operatorname{Cov}_i(\varphi_i,
\psi_i)]$, as in theorem tied-negative-mixed-log-norm, step 1.
"""

from sympy import Rational, expand, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-log-norm-tied-negative"

alpha, c = symbols("alpha c", positive=True)
e = symbols("e", nonnegative=True)


def square_is_completed(share) -> bool:
    """Whether -phi^2 - phi psi <= share psi^2."""
    phi, psi = symbols("phi psi", real=True)
    gap = share * psi**2 + phi**2 + phi * psi
    return bool(simplify(gap - (phi + psi / 2) ** 2).subs(psi, 1) >= 0)


def parabola_is_covered(constant) -> bool:
    """Whether the constant exceeds e + (alpha/4)(c - e^2) by a square."""
    gap = constant - e - alpha * (c - e**2) / 4
    return bool(simplify(gap - alpha / 4 * (e - 2 / alpha) ** 2) >= 0)


def columns_are_covered(share) -> bool:
    """Whether sum_i E_i|v_j|^2 <= share c |v|^2 for masses c - less."""
    a, b, less, more = symbols("a b less more", nonnegative=True)
    mass = symbols("mass", nonnegative=True)
    total = (mass + less) * a + (mass + more) * b
    bound = share * (mass + less + more) * (a + b)
    return is_sum_of_nonnegative_terms(expand(bound - total))


def step_1_completing_the_square():
    # -Var phi - Cov(phi, psi) <= Var(psi)/4 in each row.
    assert square_is_completed(Rational(1, 4))


def step_2_the_variances_are_forms_of_columns():
    # sum_i Var_i psi <= sum_i E_i psi^2 = sum_j v_j^T (sum_i p_ij a_i a_i^T) v_j.
    moment, mean = symbols("moment mean", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(moment - (moment - mean**2)))


def step_3_what_the_means_leave():
    # With e^2 = sum |E_iv|^2: sum Var psi <= max|a_i|^2 (sum_i E_i|v|^2 - e^2), at most
    # alpha |A| (c - e^2) for |v| = 1, and the means give at most kappa |A| e.
    assert columns_are_covered(1)


def step_4_the_parabola_in_e():
    assert parabola_is_covered(alpha * c / 4 + 1 / alpha)
    # Below its peak 2/alpha it grows up to e^2 = c, where it is sqrt(c).
    assert simplify((e + alpha * (c - e**2) / 4).subs(c, e**2) - e) == 0


def witness_one_token_attains_it():
    # n = 1, c = 1: J = U = -kappa A with A = -|A| I.
    kappa, size = symbols("kappa size", positive=True)
    assert expand(-kappa * -size - kappa * size) == 0


def mutant_a_fifth_of_the_square():
    return square_is_completed(Rational(1, 5))


def mutant_half_of_the_columns():
    return columns_are_covered(Rational(1, 2))


def mutant_without_the_means():
    return parabola_is_covered(alpha * c / 4)
