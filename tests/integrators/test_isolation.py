"""Isolation of positive roots: none missed, none twice, ends that are no roots."""

from fractions import Fraction

from flint import fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.integrators.algebra.isolation import (
    positive_intervals,
    sign_at,
    variations,
)
from stabcheck.integrators.algebra.roots import odd_part


def squarefree(coefficients) -> fmpz_poly:
    f = fmpz_poly(coefficients)
    return f // f.gcd(f.derivative()) if f.degree() > 0 else fmpz_poly([1])


POLYNOMIALS = st.lists(st.integers(-9, 9), min_size=1, max_size=9).map(squarefree)
ROOTS = st.lists(
    st.sampled_from([Fraction(k, 8) for k in range(1, 40)]), max_size=6, unique=True
)


@given(POLYNOMIALS)
def test_there_are_as_many_intervals_as_positive_roots(f):
    found = list(positive_intervals(f))
    expected = (
        sum(1 for z, _ in f.complex_roots() if z.imag == 0 and z.real > 0)
        if f.degree() > 0
        else 0
    )
    assert len(found) == expected


@given(POLYNOMIALS)
def test_each_interval_brackets_a_change_of_sign_after_the_one_before(f):
    last = Fraction(0)
    for lower, upper in positive_intervals(f):
        assert last <= lower <= upper
        if lower == upper:
            assert sign_at(f, lower) == 0
        else:
            assert sign_at(f, lower) * sign_at(f, upper) == -1
        last = upper


@given(ROOTS)
def test_rational_roots_are_in_their_intervals(roots):
    f = fmpz_poly([1])
    for root in roots:
        f *= fmpz_poly([-root.numerator, root.denominator])
    found = list(positive_intervals(f))
    assert len(found) == len(roots)
    for root, (lower, upper) in zip(sorted(roots), found, strict=True):
        assert lower <= root <= upper


def test_roots_that_bisection_hits_are_exact():
    # 1, 2 and 4: dyadic, so that they become ends of intervals.
    f = fmpz_poly([-1, 1]) * fmpz_poly([-2, 1]) * fmpz_poly([-4, 1])
    for lower, upper in positive_intervals(f):
        assert any(lower <= root <= upper for root in (1, 2, 4))


def test_two_roots_close_together_are_told_apart():
    close = fmpz_poly([-1, 10**9]) * fmpz_poly([-1, 10**9 + 1])
    (a, b), (c, d) = positive_intervals(close)
    assert a <= Fraction(1, 10**9 + 1) <= b <= c <= Fraction(1, 10**9) <= d


def test_chebyshev_polynomials_of_high_degree_have_their_roots():
    assert len(list(positive_intervals(fmpz_poly.chebyshev_t(100)))) == 50


def test_signs_vary_as_often_as_they_do():
    assert variations([1, 0, -1, 0, 0, 1]) == 2
    assert variations([0, 3, 4]) == 0
    assert variations([]) == 0


def test_only_factors_of_odd_multiplicity_remain():
    a, b = fmpz_poly([-1, 1]), fmpz_poly([-3, 1])
    assert odd_part(a**2 * b**3) == b
