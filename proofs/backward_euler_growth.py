r"""Theorem backward-euler-growth.

Let $X_1 = X_0 + hF(X_1)$ with $\|J\| \le L$, $\mu_2(J) \le \mu$ on a convex set that
holds both solutions.  If $h\mu < 1$ then $|\Delta_1| \le |\Delta_0|/(1 - h\mu)$; always
$|\Delta_1| \ge |\Delta_0|/(1 + hL)$.  Both are attained.

With $w = \Delta F$: $\Delta_0 = \Delta_1 - hw$, $\Delta_1\cdot w \le \mu|\Delta_1|^2$,
$|w| \le L|\Delta_1|$.  Existence and uniqueness of $X_1$ for $hL < 1$ is Banach's
fixed-point theorem for $Y \mapsto X_0 + hF(Y)$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "backward-euler-growth"

V, P, h, L, a, b, t = symbols("V P h L a b t", nonnegative=True)
mu = symbols("mu", real=True)


def contraction_factor_is_at_least(factor) -> bool:
    """Whether Delta_0.Delta_1 >= factor |Delta_1|^2, where |Delta_1|^2 = V."""
    # |Delta_0||Delta_1| >= Delta_0.Delta_1 by Cauchy and Schwarz: divide by |Delta_1|.
    return is_sum_of_nonnegative_terms(V - h * (mu * V - a) - factor * V)


def expansion_factor_is_at_most(factor) -> bool:
    """Whether |Delta_0| <= factor |Delta_1|, where |Delta_1| = P."""
    start = P + h * (L * P - b) - t  # the triangle inequality gives away t
    return is_sum_of_nonnegative_terms(factor * P - start)


def step_1_the_logarithmic_norm_bounds_the_inner_product():
    # 1 - h mu > 0 by hypothesis, so division keeps the direction.
    assert contraction_factor_is_at_least(1 - h * mu)


def step_2_the_norm_bounds_the_start_by_the_end():
    assert expansion_factor_is_at_most(1 + h * L)


def witness_the_growth_is_attained_by_a_dilation():
    # F(x) = mu x: x_1 = x_0 + h mu x_1.
    x = 1 / (1 - h * mu)
    assert expand((1 + h * mu * x - x).together().as_numer_denom()[0]) == 0


def witness_the_shrink_is_attained_by_a_contraction():
    x = 1 / (1 + h * L)
    assert expand((1 - h * L * x - x).together().as_numer_denom()[0]) == 0


def mutant_half_of_the_logarithmic_norm_suffices():
    return contraction_factor_is_at_least(1 - Rational(1, 2) * h * mu)


def mutant_one_plus_half_hL():
    return expansion_factor_is_at_most(1 + h * L / 2)


def mutant_the_norm_costs_nothing():
    return expansion_factor_is_at_most(1)
