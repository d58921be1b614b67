r"""Theorem silu-derivative-range.

The derivative of SiLU, $g(z) = \sigma(z) + z\,\sigma(z)(1 - \sigma(z))$, lies in
$[-0.09984, 1.09984]$, and $|g'(z)| \le \tfrac12$.

$g(-z) = 1 - g(z)$, and $g'(z) = \sigma(1 - \sigma)\,(2 - z \tanh(z/2))$ changes sign
for $z > 0$ once, at the root $z_*$ of $z \tanh(z/2) = 2$; there $g = \sigma/(2\sigma -
1)$.
"""

from sympy import Rational, expand, limit, oo, symbols, tanh, together

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "silu-derivative-range"

z, weight = symbols("z sigma", real=True)
DIGIT = Rational(1, 100000)
LOW, HIGH = Rational(-9984, 100000), Rational(109984, 100000)
ROOT = Rational(2399357, 10**6), Rational(2399358, 10**6)


def sigma(x):
    """The logistic function by the hyperbolic tangent."""
    return (1 + tanh(x / 2)) / 2


def slope(x):
    return sigma(x) + x * sigma(x) * (1 - sigma(x))


def root_lies_between(low, high) -> bool:
    """Whether z tanh(z/2), which increases for z > 0, passes 2 between them.

    Numbers in tanh against rationals: decided by evaluation to as many digits as it
    takes.
    """
    return bool(low * tanh(low / 2) < 2) and bool(high * tanh(high / 2) > 2)


def maximum_is_at_most(bound) -> bool:
    r"""Whether $\sigma/(2\sigma - 1)$, which falls, is no more at the lower end."""
    at_low = sigma(ROOT[0])
    return bool(at_low / (2 * at_low - 1) <= bound)


def step_1_the_derivative_is_symmetric_about_one_half():
    assert expand(slope(-z) + slope(z) - 1) == 0


def step_2_its_own_derivative_has_the_sign_of_two_minus_z_tanh():
    gap = slope(z).diff(z) - sigma(z) * (1 - sigma(z)) * (2 - z * tanh(z / 2))
    assert expand(gap) == 0


def step_3_for_positive_z_it_turns_once():
    # z tanh(z/2) is a product of two positive increasing factors; sigma (1 - sigma) is
    # positive.  So the derivative rises up to the root, then falls to its limit 1.
    assert root_lies_between(*ROOT)
    assert limit(slope(z), z, oo) == 1


def step_4_at_the_root_its_value_is_a_falling_function_of_sigma():
    # z (2 sigma - 1) = 2 there.
    value = weight + 2 / (2 * weight - 1) * weight * (1 - weight)
    assert together(value - weight / (2 * weight - 1)) == 0
    fall = (weight / (2 * weight - 1)).diff(weight)
    assert together(fall + 1 / (2 * weight - 1) ** 2) == 0


def step_5_so_it_lies_in_the_range():
    # sigma increases; the maximum is at most the value at the lower end of the root.
    assert maximum_is_at_most(HIGH)
    assert 1 - HIGH == LOW


def step_6_its_own_derivative_is_at_most_one_half():
    # g'(-z) = g'(z), so let z >= 0, s = tanh(z/2) in [0, 1): g' = (1 - s^2)(2 - z s)/4
    # <= (1 - s^2)/2.  Below, -g' <= z (1 - s^2)/4, and 1/(1 - s^2) = cosh^2(z/2) =
    # 1 + sinh^2(z/2) >= 1 + z^2/4 >= z.
    s, x = symbols("s x", nonnegative=True)
    assert is_sum_of_nonnegative_terms(Rational(1, 2) - (1 - s**2) / 2)
    assert expand((1 + x**2 / 4) - x - (1 - x / 2) ** 2) == 0


def witness_the_range_is_tight_to_five_digits():
    at_high = sigma(ROOT[1])
    assert bool(at_high / (2 * at_high - 1) > HIGH - DIGIT)


def witness_the_half_is_attained_at_zero():
    assert slope(z).diff(z).subs(z, 0) == Rational(1, 2)


def mutant_the_derivative_is_at_most_one_and_a_smaller_digit():
    return maximum_is_at_most(HIGH - DIGIT)


def mutant_the_root_is_at_two():
    return root_lies_between(Rational(2), Rational(21, 10))
