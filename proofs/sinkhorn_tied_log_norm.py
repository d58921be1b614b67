r"""Theorem sinkhorn-tied-log-norm.

In the setting of theorem sinkhorn-attention-norm let $V_h = -\kappa_hA_h^{\mathsf T}$,
$\kappa_h \ge 0$.  Then

$$\mu_2(J) \le v\,g(\alpha),\qquad g(\alpha) = \begin{cases} 1 & \alpha \le 2 \\
\frac\alpha4 + \frac1\alpha & \alpha \ge 2 . \end{cases}$$

For $w = v$ and $U = -\kappa A$ it is $\Theta = -\kappa\varphi$, so that $v\cdot Jv =
\sum_iv_i\cdot UE_iv - \kappa\langle\rho, \varphi\rangle$ with $\rho$ the orthogonal
projection of $\psi + \varphi$.
"""

from sympy import Rational, expand, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "sinkhorn-tied-log-norm"

alpha = symbols("alpha", positive=True)
e, p, q = symbols("e p q", real=True)


def square_is_completed(share) -> bool:
    """Whether -(p + q) q <= share p^2 for one coordinate of the projections."""
    gap = share * p**2 + (p + q) * q
    return bool(simplify(gap - (q + p / 2) ** 2).subs(p, 1) >= 0)


def parabola_is_covered(constant) -> bool:
    """Whether the constant exceeds e + (alpha/4)(1 - e^2) by a square."""
    gap = constant - e - alpha * (1 - e**2) / 4
    return bool(simplify(gap - alpha / 4 * (e - 2 / alpha) ** 2) >= 0)


def small_logits_are_covered(most) -> bool:
    """Whether 1 - (alpha/4)(1 + e) >= 0 for alpha = most - s, e = 1 - r."""
    s = symbols("s", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(4 - 2 * (most - s)))


def step_1_the_projection_is_symmetric():
    # <proj(psi + phi), phi> = <proj psi + proj phi, proj phi>.  A vector of two
    # coordinates, the projection onto the first.
    psi, phi = (symbols(f"{name}:2", real=True) for name in ("psi", "phi"))
    projected = psi[0] + phi[0]
    assert expand(projected * phi[0] + 0 * phi[1] - (psi[0] + phi[0]) * phi[0]) == 0


def step_2_completing_the_square():
    assert square_is_completed(Rational(1, 4))


def step_3_what_the_means_leave():
    # kappa |proj psi|^2 <= kappa max |a_i|^2 (1 - e^2) <= v alpha (1 - e^2), as in
    # theorem sinkhorn-attention-norm, step 2; the means give at most v e, e <= 1.
    kappa, A, R, less = symbols("kappa A R less", nonnegative=True)
    cap = kappa * A * (A * (R + less) ** 2)
    assert is_sum_of_nonnegative_terms(expand(cap - kappa * (A * R) ** 2))


def step_4_for_small_logits_consensus_is_worst():
    gap = 1 - e - alpha * (1 - e**2) / 4
    assert expand(gap - (1 - e) * (1 - alpha * (1 + e) / 4)) == 0
    assert small_logits_are_covered(2)


def step_5_for_large_logits_the_form_is_a_parabola():
    assert parabola_is_covered(alpha / 4 + 1 / alpha)


def witness_one_token_attains_one():
    # n = 1: J = U = -kappa A, and A = -(alpha/R^2) I.
    kappa, size = symbols("kappa size", positive=True)
    assert expand(-kappa * -size - kappa * size) == 0


def mutant_a_fifth_of_the_square():
    return square_is_completed(Rational(1, 5))


def mutant_logits_of_three_are_free():
    return small_logits_are_covered(3)


def mutant_a_smaller_constant():
    return parabola_is_covered(alpha / 4 + 9 / (10 * alpha))
