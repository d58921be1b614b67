r"""Theorem covariance-trace-top-mass.

Let a probability law on the ball $|x - c| \le R$ have largest mass $p$.  The trace of
its covariance is at most $R^2\,\mathrm{vf}(p)$, with $\mathrm{vf}(p) = 1$ for $p \le
\tfrac12$ and $4p(1 - p)$ for $p \ge \tfrac12$.

$c = 0$ without loss.  The heaviest atom has $|x_1| = t \le R$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "covariance-trace-top-mass"

HALF = Rational(1, 2)
t, room = symbols("t room", nonnegative=True)
p, R = symbols("p R", positive=True)

TWO_ENDS = ((Rational(3, 4), (1, 0)), (Rational(1, 4), (-1, 0)))
FOUR_ENDS = tuple((Rational(1, 4), end) for end in ((1, 0), (-1, 0), (0, 1), (0, -1)))


def variance_factor(mass):
    return 1 if mass <= HALF else 4 * mass * (1 - mass)


def trace(law):
    """The trace of the covariance of a law, a tuple of masses and points."""
    mean = [sum(q * x[axis] for q, x in law) for axis in range(2)]
    second = sum(q * (x[0] ** 2 + x[1] ** 2) for q, x in law)
    return second - mean[0] ** 2 - mean[1] ** 2


def bounds_the_trace(factor, law) -> bool:
    """Whether R^2 factor(p) is at least the trace, for a law in the unit ball."""
    return bool(trace(law) <= factor(max(q for q, _ in law)))


def covers_the_far_case(constant) -> bool:
    """Whether constant p(1 - p) R^2 is at least the trace with the mean subtracted.

    p t^2 + (1 - p) R^2 - (p t - (1 - p) R)^2 = p(1 - p)(t + R)^2, and t <= R.
    """
    return is_sum_of_nonnegative_terms(constant * (t + room) ** 2 - (2 * t + room) ** 2)


def step_1_the_trace_is_the_second_moment_minus_the_square_of_the_mean():
    # One coordinate; the trace adds them up.  E x = m, E x^2 = Q.
    Q, m = symbols("Q m", real=True)
    assert expand((Q - 2 * m * m + m**2) - (Q - m**2)) == 0


def step_2_it_is_at_most_the_square_of_the_radius():
    # The case p <= 1/2: E|x|^2 <= R^2.
    square, mean = symbols("square mean", nonnegative=True)
    second = square - room  # E|x|^2, some room below R^2
    assert is_sum_of_nonnegative_terms(square - (second - mean))


def step_3_the_mean_is_at_least_what_the_heaviest_atom_leaves():
    # |m| >= p t - (1 - p) R by the triangle inequality, and E|x|^2 <= p t^2 + (1 -
    # p)R^2.  Where p t >= (1 - p)R the trace is at most p(1 - p)(t + R)^2:
    rest = p * t**2 + (1 - p) * R**2 - (p * t - (1 - p) * R) ** 2
    assert expand(rest - p * (1 - p) * (t + R) ** 2) == 0


def step_4_which_is_largest_at_the_boundary():
    # R = t + room: 4 R^2 - (t + R)^2 >= 0.
    assert covers_the_far_case(4)


def step_5_where_the_mean_may_vanish_the_heaviest_atom_is_short():
    # p t < (1 - p)R: p t^2 + (1 - p)R^2 <= (1 - p)R^2 ((1 - p) + p)/p = (1 - p)R^2/p,
    # and 4p(1 - p)R^2 - (1 - p)R^2/p = (1 - p)R^2 (4p^2 - 1)/p >= 0 for p >= 1/2.
    short = (1 - p) * R / p
    second = p * short**2 + (1 - p) * R**2
    assert expand(second - (1 - p) * R**2 / p) == 0
    above = symbols("above", nonnegative=True)
    assert is_sum_of_nonnegative_terms(4 * (HALF + above) ** 2 - 1)


def witness_two_opposite_atoms_attain_it():
    assert trace(TWO_ENDS) == variance_factor(Rational(3, 4))
    assert bounds_the_trace(variance_factor, TWO_ENDS)


def witness_below_one_half_the_radius_is_attained():
    assert trace(FOUR_ENDS) == 1
    assert bounds_the_trace(variance_factor, FOUR_ENDS)


def mutant_the_factor_falls_below_one_half_too():
    return bounds_the_trace(lambda mass: 4 * mass * (1 - mass), FOUR_ENDS)


def mutant_three_times_p_one_minus_p_suffices():
    return covers_the_far_case(3)
