r"""Theorem gelu-derivative-range.

$g(z) = \mathrm{GELU}'(z) = \Phi(z) + z\,\varphi(z)$ lies between its values at $z = \mp
\sqrt 2$, which are within $[-0.12891, 1.12891]$; and $|g'(z)| = |2 - z^2|\,\varphi(z)
\le 2\varphi(0) = \sqrt{2/\pi}$.
"""

from sympy import (
    Rational,
    Reals,
    diff,
    erf,
    exp,
    limit,
    oo,
    pi,
    simplify,
    solveset,
    sqrt,
    symbols,
)

THEOREM = "gelu-derivative-range"

z = symbols("z", real=True)
density = exp(-(z**2) / 2) / sqrt(2 * pi)
slope = (1 + erf(z / sqrt(2))) / 2 + z * density
curvature = diff(slope, z)

LOW, HIGH = Rational(-12891, 100000), Rational(112891, 100000)


def lies_within(low, high) -> bool:
    """Whether every critical value and both limits of the derivative do."""
    critical = [slope.subs(z, point) for point in (-sqrt(2), sqrt(2))]
    ends = [limit(slope, z, -oo), limit(slope, z, oo)]
    # Numbers in erf(1), e and pi against rationals: decided by evaluation to as many
    # digits as it takes.
    return all(bool(low <= value) and bool(value <= high) for value in critical + ends)


def curvature_is_at_most(bound) -> bool:
    """Whether no critical value or limit of the second derivative is beyond it."""
    values = [curvature.subs(z, point) for point in (-2, 0, 2)]
    values += [limit(curvature, z, -oo), limit(curvature, z, oo)]
    return all(bool(abs(value) <= bound) for value in values)


def step_1_the_second_derivative_is_two_minus_z_squared_times_the_density():
    assert simplify(curvature - (2 - z**2) * density) == 0


def step_2_so_the_derivative_turns_at_plus_and_minus_root_two_only():
    # The density is positive.  A smooth function is extreme at its critical points or
    # in its limits.
    assert solveset(2 - z**2, z, Reals) == {-sqrt(2), sqrt(2)}


def step_3_its_values_there_and_its_limits_lie_in_the_range():
    assert lies_within(LOW, HIGH)


def step_4_the_second_derivative_turns_at_zero_and_plus_and_minus_two():
    third = simplify(diff(curvature, z) / density)
    assert simplify(third - z * (z**2 - 4)) == 0
    assert solveset(z * (z**2 - 4), z, Reals) == {-2, 0, 2}


def step_5_it_is_at_most_twice_the_density_at_zero():
    top = 2 * density.subs(z, 0)
    assert simplify(top - sqrt(2 / pi)) == 0
    assert curvature_is_at_most(top)


def witness_the_range_is_tight_to_five_digits():
    digit = Rational(1, 100000)
    assert not lies_within(LOW + digit, HIGH)
    assert not lies_within(LOW, HIGH - digit)


def mutant_the_derivative_is_at_most_1128():
    return lies_within(LOW, Rational(1128, 1000))


def mutant_the_derivative_lies_between_zero_and_one():
    return lies_within(0, 1)


def mutant_the_second_derivative_is_at_most_the_density_at_zero():
    return curvature_is_at_most(density.subs(z, 0))
