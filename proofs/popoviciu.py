r"""Theorem popoviciu.

A random variable with values in $[m, M]$ has variance at most $\tfrac14(M - m)^2$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "popoviciu"

QUARTER = Rational(1, 4)


def covers_the_square_about_the_midpoint(constant) -> bool:
    """Whether (v - (M + m)/2)^2 <= constant (M - m)^2 for every v in [m, M]."""
    m, below, above = symbols("m below above", nonnegative=True)
    v, M = m + below, m + below + above
    return is_sum_of_nonnegative_terms(
        constant * (M - m) ** 2 - (v - (M + m) / 2) ** 2
    )


def step_1_a_variance_is_least_about_the_mean():
    # E(v - c)^2 = Var + (E - c)^2 for every c, with E v = E and E v^2 = Q.
    Q, E, c = symbols("Q E c", real=True)
    assert expand((Q - 2 * c * E + c**2) - (Q - E**2) - (E - c) ** 2) == 0


def step_2_about_the_midpoint_every_square_is_at_most_a_quarter():
    # A shift of all values changes neither side, so m >= 0 may be assumed.
    assert covers_the_square_about_the_midpoint(QUARTER)


def witness_two_equal_masses_at_the_ends_attain_it():
    m, M = symbols("m M", real=True)
    mean = (m + M) / 2
    variance = ((m - mean) ** 2 + (M - mean) ** 2) / 2
    assert expand(variance - QUARTER * (M - m) ** 2) == 0


def mutant_a_fifth_suffices():
    return covers_the_square_about_the_midpoint(Rational(1, 5))
