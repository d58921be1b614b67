r"""Theorem pre-norm-deviation.

On the outer tube round $X_0$ let $\lVert DN\rVert \le l$ and $\lVert DN(X) -
DN(X_0)\rVert \le \Delta_N$; on an inner tube round $Y$ that holds the image of the
outer one let $\lVert J_F\rVert \le k$ and $\lVert J_F - J_F(Y)\rVert \le \Delta_F$.
Then the Jacobian of $F \circ N$ moves by at most $2\Delta_Fl + k\Delta_N$.

The factor 2 is there because $N(X_0)$ need not be the centre $Y$ of the inner tube.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "pre-norm-deviation"

k, lip, moves_N, moves_F, s, t, u = symbols(
    "k l moves_N moves_F s t u", nonnegative=True
)


def crossing_is_covered(multiple) -> bool:
    """Whether |J_F(N(X)) - J_F(N(X_0))| <= multiple Delta_F, through the centre Y."""
    distance = (moves_F - s) + (moves_F - t) - u
    return is_sum_of_nonnegative_terms(multiple * moves_F - distance)


def total_is_covered(bound) -> bool:
    """Whether the two telescoped terms stay below a bound."""
    first = (2 * moves_F - s) * lip
    second = k * (moves_N - t)
    return is_sum_of_nonnegative_terms(bound - (first + second - u))


def step_1_the_change_telescopes():
    # F1, N1: the Jacobians at X; F0, N0: at X_0.  Matrices: they do not commute.
    F1, N1, F0, N0 = symbols("F1 N1 F0 N0", commutative=False)
    telescoped = (F1 - F0) * N1 + F0 * (N1 - N0)
    assert expand(F1 * N1 - F0 * N0 - telescoped) == 0


def step_2_two_states_of_the_inner_tube_differ_by_twice_its_deviation():
    assert crossing_is_covered(2)


def step_3_norms_of_products_and_sums():
    assert total_is_covered(2 * moves_F * lip + k * moves_N)


def witness_an_image_that_crosses_the_inner_tube_attains_the_factor_two():
    # J_F is -Delta_F at N(X_0), 0 at Y, Delta_F at N(X), and DN = 1 throughout.
    start, centre, end = -moves_F, 0, moves_F
    assert expand(end - centre - moves_F) == 0
    assert expand(centre - start - moves_F) == 0
    assert expand(end * 1 - start * 1 - 2 * moves_F) == 0


def mutant_one_deviation_suffices():
    return crossing_is_covered(1)


def mutant_a_factor_just_below_two():
    return crossing_is_covered(Rational(199, 100))


def mutant_the_change_of_the_normalisation_may_be_forgotten():
    return total_is_covered(2 * moves_F * lip)
