"""Signs and roots of polynomials: against products of factors known beforehand."""

import itertools
from fractions import Fraction

import pytest
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.arithmetic.polynomials import (
    count_roots,
    excess_on_axis,
    flint,
    has_roots_to_the_right_only,
    is_bounded_on_the_left,
    is_nonnegative,
    is_positive,
    odd_part,
    polynomial,
    squared_modulus,
)

RATIONALS = st.fractions(-3, 3, max_denominator=4)
FACTORS = st.lists(st.tuples(RATIONALS, st.integers(1, 3)), max_size=4)
SCALES = st.sampled_from([Fraction(-2), Fraction(1, 3), Fraction(5)])


def value_of(factors, scale, x) -> Fraction:
    value = scale
    for root, power in factors:
        value *= (x - root) ** power
    return value


def product_of(factors, scale):
    p = polynomial([scale])
    for root, power in factors:
        p *= polynomial([-root, 1]) ** power
    return p


@given(FACTORS, SCALES, RATIONALS, st.integers(1, 5))
def test_the_sign_on_an_interval_is_that_of_the_factors(factors, scale, low, length):
    high = low + length
    p = product_of(factors, scale)
    # Between two neighbours of these places nothing changes its sign.
    places = sorted({low, high, *(r for r, _ in factors if low < r < high)})
    middles = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    values = [value_of(factors, scale, x) for x in (*places, *middles)]
    assert is_nonnegative(p, low, high) == (min(values) >= 0)
    assert is_positive(p, low, high) == (min(values) > 0)


@given(FACTORS, SCALES, RATIONALS)
def test_the_sign_on_a_half_line_is_that_of_the_factors(factors, scale, low):
    p = product_of(factors, scale)
    places = sorted({low, *(r for r, _ in factors if low < r)})
    places.append(places[-1] + 1)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    values = [value_of(factors, scale, x) for x in (*places, *middles)]
    assert is_nonnegative(p, low, None) == (min(values) >= 0)
    assert is_positive(p, low, None) == (min(values) > 0)


def test_the_zero_polynomial_is_nonnegative_and_not_positive():
    zero = fmpq_poly([])
    assert is_nonnegative(zero, 0, 1)
    assert is_nonnegative(zero, 0, None)
    assert not is_positive(zero, 0, 1)


def test_an_interval_may_be_a_point_and_is_not_nonnegative_if_it_is_reversed():
    assert is_nonnegative(fmpq_poly([-1, 1]), 1, 1)
    assert not is_nonnegative(fmpq_poly([-1, 1]), 0, 0)
    assert not is_nonnegative(fmpq_poly([1]), 1, 0)


@given(FACTORS, SCALES)
def test_the_odd_part_has_the_roots_of_odd_multiplicity(factors, scale):
    powers = {}
    for root, power in factors:
        powers[root] = powers.get(root, 0) + power
    expected = product_of([(r, 1) for r, power in powers.items() if power % 2], 1)
    assert odd_part(product_of(factors, scale)) == expected


@given(st.sets(RATIONALS, max_size=5), SCALES, RATIONALS, st.integers(1, 5))
def test_roots_are_counted_with_the_upper_end(roots, scale, low, length):
    p = product_of([(root, 1) for root in roots], scale)
    found = count_roots(p, flint(low), flint(low + length))
    assert found == sum(low < root <= low + length for root in roots)


@given(
    st.lists(RATIONALS, max_size=3),
    st.lists(st.tuples(RATIONALS, RATIONALS.filter(bool)), max_size=3),
    SCALES,
)
def test_roots_to_the_right_are_those_of_the_factors(real, pairs, scale):
    p = polynomial([scale])
    for root in real:
        p *= polynomial([-root, 1])
    for a, b in pairs:  # a +- ib
        p *= polynomial([a * a + b * b, -2 * a, 1])
    expected = all(x > 0 for x in (*real, *(a for a, _ in pairs)))
    assert has_roots_to_the_right_only(p) == expected


def test_the_zero_polynomial_has_roots_everywhere():
    assert not has_roots_to_the_right_only(fmpq_poly([]))


@given(st.lists(RATIONALS, min_size=1, max_size=6), RATIONALS)
def test_the_squared_modulus_is_that_of_the_value_on_the_axis(coefficients, y):
    powers = [(y**k * c, k % 4) for k, c in enumerate(coefficients)]
    real = sum(v * (1, 0, -1, 0)[k] for v, k in powers)
    imaginary = sum(v * (0, 1, 0, -1)[k] for v, k in powers)
    found = squared_modulus(polynomial(coefficients))(flint(y * y))
    assert found == flint(real**2 + imaginary**2)


@pytest.mark.parametrize(
    ("P", "Q", "bounded"),
    [
        ([1], [1], True),
        ([1, 1], [1], False),
        ([1], [1, -1], True),
        ([1], [1, 1], False),  # the excess is nonnegative, the pole is on the left
        ([1, Fraction(1, 2)], [1, Fraction(-1, 2)], True),
        ([1, Fraction(3, 4)], [1, Fraction(-1, 4)], False),
        ([0, 0, 1], [1, -2, 1], True),
        ([1, 0, 1], [1, -1], False),
    ],
)
def test_the_modulus_on_the_left_is_decided(P, Q, bounded):
    assert is_bounded_on_the_left(polynomial(P), polynomial(Q)) == bounded


def test_the_excess_of_rk4_ends_at_eight():
    taylor = polynomial([1, 1, Fraction(1, 2), Fraction(1, 6), Fraction(1, 24)])
    excess = excess_on_axis(taylor, fmpq_poly([1]))
    assert excess == fmpq_poly([0, 0, 0, 8, -1]) / 576
    assert is_nonnegative(excess, 0, 8)
    assert not is_nonnegative(excess, 0, Fraction(8) + Fraction(1, 10**30))
