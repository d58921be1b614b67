"""Closed forms of one step: limits, reasons, the largest step, bad input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck import growth
from stabcheck.errors import InvalidInput

NUMBERS = st.floats(0, 3)


@given(NUMBERS, NUMBERS, st.floats(-3, 3))
def test_the_logarithmic_norm_only_helps(h, L, mu):
    mu = min(mu, L)
    assert growth.euler_growth(h, L, mu).value <= growth.euler_growth(h, L).value
    assert growth.euler_shrink(h, L, -mu).value >= growth.euler_shrink(h, L).value


@given(NUMBERS)
def test_a_step_of_size_zero_changes_nothing(L):
    for bound in (
        growth.euler_growth(0.0, L),
        growth.backward_euler_growth(0.0, L),
        growth.implicit_midpoint_growth(0.0, L),
        growth.euler_shrink(0.0, L),
        growth.backward_euler_shrink(0.0, L),
        growth.implicit_midpoint_shrink(0.0, L),
    ):
        assert abs(bound.value - 1) <= 2e-9  # the outward move


def test_values_are_moved_outward():
    assert growth.euler_growth(1.0, 1.0).value > 2.0
    assert growth.euler_shrink(1.0, 0.5).value < 0.5
    assert growth.euler_shrink(1.0, 2.0).value == 0.0


def test_an_implicit_step_without_a_contraction_is_not_established():
    for bound in (
        growth.backward_euler_growth(1.0, 1.0),
        growth.backward_euler_shrink(1.0, 1.0),
        growth.implicit_midpoint_growth(1.0, 2.0),
        growth.implicit_midpoint_shrink(1.0, 2.0),
    ):
        assert bound.value is None
        assert "is not below 1" in bound.reason


def test_an_explicit_shrink_that_is_not_positive_says_so():
    bound = growth.explicit_shrink([[0.0]], [1.0], 1.0, [1.0])
    assert bound.value is None
    assert "take a smaller step" in bound.reason


def test_a_method_without_a_circle_says_so():
    bound = growth.circle_contractivity(
        [[0.0, 0.0], [0.5, 0.0]], [0.0, 1.0], 1.0, [1.0] * 2, [-1.0] * 2, 0.0
    )
    assert bound.value is None
    assert "contractivity radius is 0" in bound.reason


def test_an_implicit_tableau_is_refused_by_the_crude_bound():
    with pytest.raises(InvalidInput, match="not explicit"):
        growth.explicit_growth([[0.5]], [1.0], 1.0, [1.0])
    with pytest.raises(InvalidInput, match="1 stage norms"):
        growth.explicit_growth([[0.0, 0.0], [1.0, 0.0]], [0.5, 0.5], 1.0, [1.0])


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, "one"])
def test_a_norm_that_is_no_norm_is_refused(bad):
    with pytest.raises(InvalidInput, match="L must"):
        growth.euler_growth(1.0, bad)
    with pytest.raises(InvalidInput, match="step size must"):
        growth.euler_growth(bad, 1.0)


@given(st.floats(0.01, 5), st.floats(-5, -0.01), st.floats(0.1, 2))
def test_the_largest_step_is_where_the_theorem_stops(L, mu, r):
    mu = max(mu, -L)
    h = growth.largest_step("circle-contractivity", L, mu, r)
    A, b = [[0.0]], [1.0]
    inside = growth.circle_contractivity(A, b, h * 0.999, [L], [mu], min(r, 1.0))
    outside = growth.circle_contractivity(A, b, h * 1.001, [L], [mu], min(r, 1.0))
    if r <= 1.0:
        assert inside.value == 1.0
    assert outside.value is None
    for theorem, bound in (
        ("backward-euler-growth", growth.backward_euler_growth),
        ("implicit-midpoint-growth", growth.implicit_midpoint_growth),
    ):
        h = growth.largest_step(theorem, L)
        assert bound(h * 0.999, L).value is not None
        assert bound(h * 1.001, L).value is None


def test_the_largest_step_of_a_constant_field_is_infinite():
    for theorem in ("backward-euler-growth", "implicit-midpoint-growth"):
        assert growth.largest_step(theorem, 0.0) == math.inf
    assert growth.largest_step("circle-contractivity", 0.0, 0.0, 1.0) == math.inf
    assert growth.largest_step("circle-contractivity", 1.0, 0.5, 1.0) == 0.0


def test_a_theorem_without_a_closed_form_is_refused():
    with pytest.raises(InvalidInput, match="no closed form"):
        growth.largest_step("euler-growth", 1.0)
    with pytest.raises(InvalidInput, match="needs mu and circle_radius"):
        growth.largest_step("circle-contractivity", 1.0)


def test_numbers_of_numpy_are_numbers():
    assert growth.euler_growth(np.float64(0.5), np.float32(1.0)).value > 1.5
