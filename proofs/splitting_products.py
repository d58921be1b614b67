r"""Theorem splitting-products.

If part $p$ of a layer has the growth $\phi_p$ and the shrink $\psi_p \ge 0$ in one norm
on all states that reach it, a layer of parts in any order has the growth $\prod\phi_p$
and the shrink $\prod\psi_p$: Lie-Trotter, Strang and Macaron layers.  Euler parts with
$h_pK_p$: $\prod(1 + h_pK_p) \le e^{\sum h_pK_p}$.

Two parts decide it, a layer of parts is a part.  D is the distance at the start.
"""

from sympy import exp, expand, series, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "splitting-products"

D, e, g, first, second = symbols("D e g first second", nonnegative=True)
a, b = symbols("a b", nonnegative=True)


def growth_is_at_most(factor) -> bool:
    end = second * (first * D - e) - g
    return is_sum_of_nonnegative_terms(factor * D - end)


def shrink_is_at_least(factor) -> bool:
    end = second * (first * D + e) + g
    return is_sum_of_nonnegative_terms(end - factor * D)


def step_1_growths_multiply():
    assert growth_is_at_most(first * second)


def step_2_shrinks_multiply():
    assert shrink_is_at_least(first * second)


def step_3_a_macaron_keeps_a_little_more():
    # (1 - b/2)^2 - (1 - b) = b^2/4: its shrink is larger, its exponent the same.
    assert expand((1 - b / 2) ** 2 - (1 - b) - b**2 / 4) == 0
    assert expand((1 + b / 2) ** 2 - (1 + b) - b**2 / 4) == 0


def step_4_products_of_euler_parts_stay_below_the_exponential():
    # Every coefficient of e^a - (1 + a) is nonnegative.
    rest = series(exp(a) - 1 - a, a, 0, 6).removeO()
    assert is_sum_of_nonnegative_terms(rest)


def witness_dilations_attain_both():
    assert expand(second * (first * D) - first * second * D) == 0


def mutant_growths_of_euler_parts_add():
    end = (1 + b) * (1 + a) * D
    return is_sum_of_nonnegative_terms((1 + a + b) * D - end)


def mutant_the_second_part_costs_nothing():
    return growth_is_at_most(first)


def mutant_twice_the_product():
    return shrink_is_at_least(2 * first * second)
