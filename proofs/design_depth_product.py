r"""Theorem design-depth-product.

If one layer of a design has the growth $\phi$ and the shrink $\psi \ge 0$ on a set that
no layer leaves, for all weights within the caps, $L$ layers have the growth $\phi^L$
and the shrink $\psi^L$: every layer may have weights of its own.

The distance after $l$ layers is $\phi^lD - e$, respectively $\psi^lD + e$, with $e \ge
0$; one more layer takes it by at most, at least, the factor: slack $g \ge 0$.
"""

from sympy import Integer, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "design-depth-product"

D, e, g, phi, psi = symbols("D e g phi psi", nonnegative=True)
MOST = 6


def growth_after(layers, power) -> bool:
    """One more layer after `layers` keeps the distance below phi^power D."""
    distance = phi * (phi**layers * D - e) - g
    return is_sum_of_nonnegative_terms(phi**power * D - distance)


def shrink_after(layers, power) -> bool:
    distance = psi * (psi**layers * D + e) + g
    return is_sum_of_nonnegative_terms(distance - psi**power * D)


def step_1_the_identity_of_no_layer_has_both():
    assert is_sum_of_nonnegative_terms(phi**0 * D - (D - e))
    assert is_sum_of_nonnegative_terms((D + e) - psi**0 * D)


def step_2_one_more_layer_is_one_more_factor_of_growth():
    # The gap is phi e + g for every l: the powers cancel.
    layers = symbols("l", nonnegative=True, integer=True)
    gap = phi ** (layers + 1) * D - (phi * (phi**layers * D - e) - g)
    assert expand(gap - (phi * e + g), power_exp=True) == 0
    for layers in range(MOST):
        assert growth_after(layers, layers + 1)


def step_3_one_more_layer_is_one_more_factor_of_shrink():
    for layers in range(MOST):
        assert shrink_after(layers, layers + 1)


def witness_dilations_attain_both():
    distance = D
    for _ in range(MOST):
        distance = phi * distance
    assert expand(distance - phi**MOST * D) == 0


def mutant_the_last_layer_is_free():
    return growth_after(Integer(3), 3)


def mutant_a_layer_shrinks_by_half_of_its_factor_less():
    return is_sum_of_nonnegative_terms(
        psi * (psi**2 * D + e) + g - (1 + psi) / 2 * psi**2 * D
    )
