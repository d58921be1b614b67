r"""Theorem implicit-midpoint-growth.

Let $Y = X_0 + \tfrac h2F(Y)$, $X_1 = X_0 + hF(Y)$, on a convex set that holds both
stages.  If $\mu_2(J) \le \mu$, $0 \le h\mu < 2$: $|\Delta_1| \le \frac{1 + h\mu/2}{1 -
h\mu/2}|\Delta_0|$; for $\mu \le 0$ the factor is 1.  If $\lambda_{\min}((J + J^T)/2)
\ge m$, $-2 < hm \le 0$: $|\Delta_1| \ge \frac{1 + hm/2}{1 - hm/2}|\Delta_0|$.

$2Y = X_0 + X_1$.  Write $p = |\Delta_0|$, $q = |\Delta_1|$, $w = h\Delta F$, and
$\Delta_0\cdot\Delta_1 = pq - a$ with $a \ge 0$ by Cauchy and Schwarz; $x = h\mu/2$.
"""

from sympy import Rational, cancel, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "implicit-midpoint-growth"

p, q, a, c, h, x, s = symbols("p q a c h x s", nonnegative=True)

STAGE_SQUARE = (p**2 + q**2 + 2 * (p * q - a)) / 4
"""|Delta Y|^2 = |Delta_0 + Delta_1|^2 / 4."""


def energy_grows_by_at_most(coefficient) -> bool:
    """Whether q^2 - p^2 <= coefficient (p + q)^2; w.Delta Y = 2x|Delta Y|^2 - c."""
    growth = 2 * (2 * x * STAGE_SQUARE - c)
    return is_sum_of_nonnegative_terms(coefficient * (p + q) ** 2 - growth)


def energy_shrinks_by_at_most(coefficient) -> bool:
    """The same downwards: w.Delta Y = -2x|Delta Y|^2 + c with hm = -2x <= 0."""
    growth = 2 * (-2 * x * STAGE_SQUARE + c)
    return is_sum_of_nonnegative_terms(growth + coefficient * (p + q) ** 2)


def step_1_the_energy_changes_by_twice_the_work_at_the_stage():
    u, w = symbols("u w", real=True)  # one coordinate of Delta_0 and of w
    assert expand((u + w) ** 2 - u**2 - 2 * w * (u + w / 2)) == 0


def step_2_the_stage_is_the_mean_of_the_ends():
    u, w = symbols("u w", real=True)
    assert expand((u + w / 2) - (u + (u + w)) / 2) == 0


def step_3_the_energy_grows_by_at_most_x_times_the_squared_sum():
    assert energy_grows_by_at_most(x)


def step_4_the_energy_shrinks_by_at_most_x_times_the_squared_sum():
    assert energy_shrinks_by_at_most(x)


def step_5_dividing_by_the_sum_gives_the_factors():
    # q^2 - p^2 = (q - p)(q + p): q - p <= x (p + q) is (1 - x) q <= (1 + x) p.
    assert expand((q - p) * (q + p) - (q**2 - p**2)) == 0
    assert expand(x * (p + q) - (q - p) - ((1 + x) * p - (1 - x) * q)) == 0
    assert expand((q - p) + x * (p + q) - ((1 + x) * q - (1 - x) * p)) == 0


def step_6_a_dissipative_field_does_not_expand():
    # mu <= 0: w.Delta Y <= 0, so the energy does not grow.
    assert is_sum_of_nonnegative_terms(p**2 - (p**2 - 2 * c))


def factor_on_a_line(z):
    """x_1/x_0 for F(x) = z x / h."""
    stage = 1 / (1 - z / 2)
    return 1 + z * stage


def witness_the_growth_is_attained_by_a_dilation():
    assert cancel(factor_on_a_line(2 * x) - (1 + x) / (1 - x)) == 0


def witness_the_shrink_is_attained_by_a_contraction():
    assert cancel(factor_on_a_line(-2 * x) - (1 - x) / (1 + x)) == 0


def mutant_half_of_the_work_suffices():
    return energy_grows_by_at_most(Rational(1, 2) * x)


def mutant_the_shrink_loses_half_as_much():
    return energy_shrinks_by_at_most(Rational(1, 2) * x)
