r"""Theorem energy-attention-log-norm.

For the gradient $G = \nabla\mathcal L$ of $\mathcal L(X) = \sum_i\log\sum_je^{x_i\cdot
Ax_j}$ (theorem energy-attention-jacobian), at every state and under every mask,

$$\mu_2(-J_G) \le 2\mu_2(-P\otimes A) \le 2\lVert P\rVert\lVert A\rVert ,$$

and the descent field $-G$ has a symmetric Jacobian.  Along a line $X + tv$ each logit
is $s_{ij}(t) = (x_i + tv_i)\cdot A(x_j + tv_j)$.
"""

from sympy import Rational, diff, exp, expand, log, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "energy-attention-log-norm"

t = symbols("t", real=True)


def curvature_is(share) -> bool:
    """Whether (log sum e^s)'' at t = 0 is Var(s') + share E(s'') for two keys."""
    a, b, c, d = symbols("a b c d", real=True)  # s1' = a, s1'' = c; s2' = b, s2'' = d
    s1, s2 = a * t + c * t**2 / 2, b * t + d * t**2 / 2
    w = symbols("w", positive=True)  # the weights are w/(1 + w) and 1/(1 + w)
    value = diff(log(w * exp(s1) + exp(s2)), t, 2).subs(t, 0)
    p = w / (1 + w)
    variance = p * (1 - p) * (a - b) ** 2
    return simplify(value - variance - share * (p * c + (1 - p) * d)) == 0


def form_is_covered(share) -> bool:
    """Whether -Var - m <= -share m: the variance is only given away."""
    variance, m = symbols("variance m", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(-share * m + variance + m))


def step_1_the_second_derivative_of_the_energy():
    assert curvature_is(1)


def step_2_the_second_derivative_of_a_logit():
    x, y, u, v, A = symbols("x y u v A", real=True)
    logit = (x + t * u) * A * (y + t * v)
    assert expand(diff(logit, t, 2) - 2 * u * A * v) == 0


def step_3_the_variance_contracts():
    # v.J_G v = sum_i Var_i + 2 sum_ij p_ij v_i.A v_j >= 2 v.(P x A) v: minus it is at
    # most 2 mu_2(-P (x) A) |v|^2, and mu_2 is at most the norm |P||A|.
    assert form_is_covered(1)


def witness_without_logits_in_one_feature_it_is_attained():
    # One token, A = -a: J_G = 2 A, minus it 2 a = 2 mu_2(-A).
    a = symbols("a", positive=True)
    x = symbols("x", real=True)
    assert diff(log(exp(x * -a * x)), x, 2).simplify() == -2 * a


def mutant_the_curvature_counts_half():
    return curvature_is(Rational(1, 2))


def mutant_the_means_contract_twice():
    return form_is_covered(2)
