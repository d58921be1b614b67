r"""Theorem kim-weighted-exponential.

Let $r_0 = 0$, $r_1, \dots, r_{n-1}$ be real, $p_j = e^{-r_j}/\sum_ke^{-r_k}$ and let
$c \ge 0$ satisfy $c\,e^{c+1} = n - 1$.  Then

$$\sum_jr_jp_j \le c,$$

with equality where all other $r_j$ are $c + 1$.  Multiplied by the denominator:
$\sum_{j\ge1}(r_j - c)e^{-r_j} \le c$.
"""

from sympy import Rational, expand, simplify, symbols
from sympy import exp as e_to

THEOREM = "kim-weighted-exponential"

c, r = symbols("c r", real=True)
n = symbols("n", integer=True, positive=True)


def term(value):
    """What one other key contributes."""
    return (value - c) * e_to(-value)


def largest_at(point) -> bool:
    """Whether the slope of the term has the sign of point - r."""
    return simplify(term(r).diff(r) - (point - r) * e_to(-r)) == 0


def total_at_the_extreme(constant) -> bool:
    """Whether n - 1 = c e^(c+1) terms at r = c + 1 give no more than the constant."""
    others = c * e_to(c + 1)
    value = simplify(others * term(r).subs(r, c + 1))
    return bool((constant * c - value).subs(c, 1) >= 0)


def step_1_the_claim_times_the_denominator():
    # c (1 + sum e^-r_j) - sum r_j e^-r_j, with two other keys.
    r1, r2 = symbols("r1 r2", real=True)
    whole = c * (1 + e_to(-r1) + e_to(-r2)) - r1 * e_to(-r1) - r2 * e_to(-r2)
    assert expand(whole - (c - term(r1) - term(r2))) == 0


def step_2_each_term_is_largest_at_c_plus_one():
    # The slope (c + 1 - r) e^-r is positive before and negative after.
    assert largest_at(c + 1)


def step_3_the_largest_terms_add_up_to_c():
    assert simplify(c * e_to(c + 1) * term(r).subs(r, c + 1) - c) == 0
    assert total_at_the_extreme(1)


def witness_equal_distances_attain_it():
    # (n - 1)(c + 1) e^-(c+1) / (1 + (n - 1) e^-(c+1)) with (n - 1) e^-(c+1) = c.
    assert simplify((c + 1) * c / (1 + c) - c) == 0


def mutant_the_largest_term_at_c():
    return largest_at(c)


def mutant_one_percent_less():
    return total_at_the_extreme(Rational(99, 100))
