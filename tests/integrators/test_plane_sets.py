"""Sets that grow in the plane until an inequality fails, by projection."""

from fractions import Fraction

import pytest
from flint import fmpq, fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import INFINITY, LieTrotter, NumberField, Substep, get
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.several_fields.plane_sets import (
    PlanePolynomial,
    first_failure_over,
    square_root_of,
    within_half_line,
    within_unit,
)

METHODS = ("forward-euler", "heun", "rk4", "backward-euler", "trapezoid", "ssprk3")
SIZES = st.fractions(Fraction(1, 5), 4, max_denominator=5)


def plane(terms):
    exact = {m: Fraction(c) for m, c in terms.items()}
    return PlanePolynomial(
        {(t, u, 0): fmpq(c.numerator, c.denominator) for (t, u), c in exact.items()}
    )


@given(SIZES, SIZES)
def test_a_line_fails_where_it_crosses_the_first_place(p, q):
    # p - t (1 + u q) >= 0 on u in [0, 1] up to t = p/(1 + q), at u = 1.
    F = plane({(0, 0): p, (1, 0): Fraction(-1), (1, 1): -q})
    assert first_failure_over([F], within_unit) == p / (1 + q)
    assert first_failure_over([F], within_half_line) == 0


@given(SIZES)
def test_an_inner_minimum_is_found_by_the_discriminant(p):
    # (u - 1/2)^2 + p - t is least at the inner place u = 1/2.
    F = plane({(0, 2): 1, (0, 1): -1, (0, 0): p + Fraction(1, 4), (1, 0): -1})
    assert first_failure_over([F], within_unit) == p
    assert first_failure_over([F], within_half_line) == p


def test_a_tangency_does_not_end_a_set():
    touching = plane({(0, 0): 1, (1, 0): -2, (2, 0): 1})  # (1 - t)^2
    assert first_failure_over([touching], within_unit) == INFINITY
    assert first_failure_over([plane({})], within_unit) == INFINITY


def test_a_set_over_a_number_field_ends_at_a_conjugate_free_root():
    field = NumberField((-2, 0, 1), "1.41")
    # sqrt(2) - t (1 + u) on [0, 1]: up to sqrt(2)/2.
    terms = {(0, 0, 1): 1, (1, 0, 0): -1, (1, 1, 0): -1}
    found = first_failure_over([PlanePolynomial(terms, field)], within_unit)
    assert found.minimal_polynomial == (-1, 0, 2)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=4))
def test_within_unit_agrees_with_sampling_the_sign(coefficients):
    p = fmpq_poly(coefficients)
    if within_unit(p):
        assert all(p(fmpq(k, 64)) >= 0 for k in range(65))


def test_square_roots_are_exact():
    assert square_root_of(Algebraic.of(Fraction(9, 4))) == Fraction(3, 2)
    assert square_root_of(Algebraic.of(0)) == 0
    assert square_root_of(INFINITY) == INFINITY
    assert square_root_of(Algebraic.of(2)).minimal_polynomial == (-2, 0, 1)


@pytest.mark.parametrize("first", METHODS)
@pytest.mark.parametrize("second", METHODS)
def test_the_box_of_a_splitting_is_the_shorter_of_the_intervals(first, second):
    # At one argument 0 the product is the other factor, and inside both are <= 1.
    methods = get(first), get(second)
    word = LieTrotter(
        "pair", (Substep("a", 1, methods[0]), Substep("b", 1, methods[1]))
    )
    expected = min(m.real_stability_interval for m in methods)
    assert word.stable_box == expected


def test_a_set_in_the_plane_asks_for_two_fields():
    alone = LieTrotter("one", (Substep("a", 1, get("heun")),))
    assert alone.stable_box is None
    with pytest.raises(InvalidInput, match="give a method of two"):
        alone.multivariate.real_box()
