"""Algebraic numbers: digits, comparisons and infinity, without rounding."""

import math
import pickle
from fractions import Fraction

import pytest
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, exact
from stabcheck.integrators.algebra.roots import first_failure, positive_roots

RATIONALS = st.fractions(-50, 50, max_denominator=40)
ROOT_2 = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))


def test_the_root_of_two_to_fifty_digits():
    expected = "1.4142135623730950488016887242096980785696718753769"
    assert ROOT_2.decimal(50) == expected
    assert float(ROOT_2) == math.sqrt(2)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(0), 5, "0"),
        (Fraction(1, 2), 40, "0.5"),
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(-2, 3), 4, "-0.6667"),
        (Fraction(1, 700), 3, "0.00143"),
        (Fraction(123456), 2, "120000"),
        (Fraction(9996, 1000), 3, "10.0"),
        (Fraction(10**20), 30, "100000000000000000000"),
        (Fraction(3, 1) + Fraction(1, 10**9), 4, "3.000"),
    ],
)
def test_decimals_are_rounded_and_exact_ones_are_short(value, digits, text):
    assert Algebraic.of(value).decimal(digits) == text


def test_a_number_of_no_digits_is_refused():
    with pytest.raises(InvalidInput, match="give at least 1"):
        ROOT_2.decimal(0)


def test_an_interval_without_a_change_of_sign_is_refused():
    with pytest.raises(InvalidInput, match="no change of sign"):
        Algebraic((-2, 0, 1), Fraction(2), Fraction(3))


@given(RATIONALS, RATIONALS)
def test_rationals_compare_as_rationals_do(a, b):
    assert (Algebraic.of(a) < Algebraic.of(b)) == (a < b)
    assert (Algebraic.of(a) == b) == (a == b)
    assert (Algebraic.of(a) >= b) == (a >= b)


@given(RATIONALS)
def test_the_root_of_two_compares_with_rationals_by_their_squares(q):
    above = q > 0 and q * q > 2
    assert (q > ROOT_2) == above
    assert (q < ROOT_2) == (not above)
    assert q != ROOT_2


@given(st.integers(1, 10**6))
def test_the_nearest_rationals_of_a_denominator_lie_on_the_two_sides(n):
    below = math.isqrt(2 * n * n)
    assert Fraction(below, n) < ROOT_2 < Fraction(below + 1, n)


def test_equal_numbers_with_different_intervals_are_equal_and_hash_alike():
    other = Algebraic((-2, 0, 1), Fraction(7, 5), Fraction(3, 2))
    assert other == ROOT_2
    assert hash(other) == hash(ROOT_2)
    negative = Algebraic((-2, 0, 1), Fraction(-2), Fraction(-1))
    assert negative < ROOT_2


def test_close_roots_of_different_polynomials_are_told_apart():
    # x^2 - 2 and x^2 - 2 - 1/10^30.
    scale = 10**30
    near = Algebraic((-2 * scale - 1, 0, scale), Fraction(1), Fraction(2))
    assert near > ROOT_2


def test_infinity_is_above_every_number_and_prints_itself():
    assert ROOT_2 < INFINITY
    assert INFINITY > ROOT_2
    assert min(INFINITY, ROOT_2) is ROOT_2
    assert INFINITY.decimal(50) == "inf"
    assert math.isinf(INFINITY)
    assert -math.inf < ROOT_2


def test_exact_gives_the_rational_or_infinite_value_only():
    assert exact(Algebraic.of(Fraction(1, 3))) == Fraction(1, 3)
    assert exact(INFINITY) == math.inf
    assert exact(ROOT_2) is None


def test_numbers_survive_a_process_boundary():
    assert pickle.loads(pickle.dumps(ROOT_2)) == ROOT_2
    assert pickle.loads(pickle.dumps(INFINITY)).decimal() == "inf"


def polynomial_of(roots: list[Fraction]) -> fmpq_poly:
    product = fmpq_poly([1])
    for root in roots:
        product *= fmpq_poly([-root.numerator, root.denominator])
    return product


@given(st.lists(RATIONALS, max_size=5), st.sampled_from([1, 2]))
def test_positive_roots_are_found_with_their_multiplicities(roots, power):
    found = positive_roots(polynomial_of(roots) ** power)
    expected = sorted({r for r in roots if r > 0})
    assert [root for root, _ in found] == expected
    assert [m for _, m in found] == [power * roots.count(r) for r in expected]


@given(st.lists(st.fractions(0, 50, max_denominator=20), min_size=1, max_size=5))
def test_the_first_failure_is_the_first_root_of_odd_multiplicity(roots):
    # The sign is turned so that the polynomial is positive right of 0.
    positive = [r for r in roots if r > 0]
    f = polynomial_of(positive) * (-1) ** len(positive)
    odd = [r for r in positive if positive.count(r) % 2]
    assert first_failure(f) == min(odd, default=math.inf)


def test_a_polynomial_that_starts_negative_fails_at_zero():
    assert first_failure(fmpq_poly([0, 0, -1, 5])) == 0
    assert first_failure(fmpq_poly([])) == math.inf
