r"""Theorem splitting-growth.

If $\psi_a|x| \le |\Delta\Phi_a| \le \phi_a|x|$ and the same of $\Phi_b$ on a set that
holds the image of $\Phi_a$, then $\psi_b\psi_a$ and $\phi_b\phi_a$ are a shrink and a
growth of $\Phi_b \circ \Phi_a$.  The order of the substeps and the fields are free.

Slacks: $|\Delta_1| = \phi_aD - e$, $|\Delta_2| = \phi_b|\Delta_1| - g$.  The growths of
Euler substeps are $1 + \alpha$, $1 + \beta$: they do not add.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "splitting-growth"

D, e, g, alpha, beta = symbols("D e g alpha beta", nonnegative=True)
psi_a, psi_b = symbols("psi_a psi_b", nonnegative=True)


def growth_of_the_composition_is_at_most(factor) -> bool:
    """With growths 1 + alpha and 1 + beta of the substeps."""
    first = (1 + alpha) * D - e
    second = (1 + beta) * first - g
    return is_sum_of_nonnegative_terms(factor * D - second)


def shrink_of_the_composition_is_at_least(factor) -> bool:
    first = psi_a * D + e
    second = psi_b * first + g
    return is_sum_of_nonnegative_terms(second - factor * D)


def step_1_growths_multiply():
    # A growth below 1 is covered too: only 1 + alpha >= 0 and 1 + beta >= 0 are used,
    # and the gap is (1 + beta) e + g.
    assert growth_of_the_composition_is_at_most((1 + alpha) * (1 + beta))
    first = (1 + alpha) * D - e
    gap = (1 + alpha) * (1 + beta) * D - ((1 + beta) * first - g)
    assert expand(gap - ((1 + beta) * e + g)) == 0


def step_2_shrinks_multiply():
    assert shrink_of_the_composition_is_at_least(psi_a * psi_b)


def witness_both_are_attained_by_dilations_of_a_line():
    first, second = (1 + alpha) * D, (1 + beta) * (1 + alpha) * D
    assert expand(second - (1 + alpha) * (1 + beta) * D) == 0
    assert expand(psi_b * (psi_a * D) - psi_a * psi_b * D) == 0
    assert expand(first - second.subs(beta, 0)) == 0


def mutant_growths_of_euler_substeps_add():
    return growth_of_the_composition_is_at_most(1 + alpha + beta)


def mutant_the_growth_of_the_first_substep_suffices():
    return growth_of_the_composition_is_at_most(1 + alpha)


def mutant_the_shrink_of_the_first_substep_suffices():
    return shrink_of_the_composition_is_at_least(psi_a)


def mutant_half_more_than_the_product():
    return shrink_of_the_composition_is_at_least(Rational(3, 2) * psi_a * psi_b)
