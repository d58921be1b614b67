"""Float64 intervals: outward, exact where they say so, and as narrow as the formula."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.interpret.interval_contraction import contracted
from stabcheck.interpret.midpoint_radius import MidpointRadius

FLOATS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1e-160, 0.1])
RADII = st.floats(0, 1e3) | st.sampled_from([0.0, 5e-324, 1e-170])
SHARES = st.fractions(-1, 1, max_denominator=64)


@st.composite
def intervals_with_points(draw, size: int = 3):
    """An array of intervals and, as fractions, a point of each."""
    middles = [draw(FLOATS) for _ in range(size)]
    radii = [draw(RADII) for _ in range(size)]
    points = [
        Fraction(m) + Fraction(r) * draw(SHARES)
        for m, r in zip(middles, radii, strict=True)
    ]
    return MidpointRadius(np.array(middles), np.array(radii)), points


def holds(interval: MidpointRadius, points) -> bool:
    ends = zip(interval.lower.ravel(), interval.upper.ravel(), points, strict=True)
    return all(
        (low == -np.inf or Fraction(low) <= point)
        and (high == np.inf or point <= Fraction(high))
        for low, high, point in ends
    )


@given(intervals_with_points(), intervals_with_points())
def test_sums_and_products_hold_those_of_every_point(left, right):
    one, two = left[0], right[0]
    pairs = list(zip(left[1], right[1], strict=True))
    assert holds(one + two, [a + b for a, b in pairs])
    assert holds(one - two, [a - b for a, b in pairs])
    assert holds(one * two, [a * b for a, b in pairs])


@given(intervals_with_points(4), intervals_with_points(4), intervals_with_points(4))
def test_contractions_hold_those_of_every_point(first, second, third):
    arrays = [
        MidpointRadius(ball.midpoint.reshape(2, 2), ball.radius.reshape(2, 2))
        for ball, _ in (first, second, third)
    ]
    a, b, c = (
        np.array(points, dtype=object).reshape(2, 2)
        for _, points in (first, second, third)
    )
    chain = contracted(
        [(arrays[0], [0, 1]), (arrays[1], [1, 2]), (arrays[2], [2, 3])], [0, 3]
    )
    assert holds(chain, list((a @ b @ c).ravel()))
    trace = contracted([(arrays[0], [0, 0])], [])
    assert holds(trace, [a[0, 0] + a[1, 1]])


@given(intervals_with_points(), st.floats(0, 1), intervals_with_points())
def test_wider_intervals_give_wider_results(left, share, right):
    wide = left[0]
    narrow = MidpointRadius(wide.midpoint, share * wide.radius)
    for combine in (lambda a: a + right[0], lambda a: a * right[0]):
        inner, outer = combine(narrow), combine(wide)
        assert (outer.lower <= inner.lower).all()
        assert (inner.upper <= outer.upper).all()


def test_a_bilinear_form_is_exact_to_first_order():
    # x^T A y with a box about x: the radius is |A y| r, not |A| |y| r.
    A = MidpointRadius.exactly(np.array([[1.0, 1.0], [1.0, 1.0]]))
    x = MidpointRadius(np.zeros(2), np.full(2, 0.5))
    y = MidpointRadius.exactly(np.array([1.0, -1.0]))
    form = contracted([(x, [0]), (A, [0, 1]), (y, [1])], [])
    assert form.radius < 2**-40


def test_sums_and_products_of_whole_numbers_stay_exact():
    numbers = MidpointRadius.exactly(np.arange(5))
    assert (numbers + numbers).is_exact
    assert (numbers * numbers - numbers).is_exact


def test_zeros_stay_exact_in_contractions():
    zero = MidpointRadius.exactly(np.zeros(2))
    wide = MidpointRadius(np.ones(2), np.ones(2))
    assert contracted([(zero, [0]), (wide, [0])], []).radius == 0


def test_an_intersection_is_the_narrower_of_both_entry_by_entry():
    one = MidpointRadius(np.array([0.0, 5.0]), np.array([1.0, np.inf]))
    two = MidpointRadius(np.array([0.5, 2.0]), np.array([1.0, 1.0]))
    met = one.met(two)
    assert met.lower[0] <= -0.5 <= -0.5 + 1e-12
    assert met.lower[0] > -0.51
    assert met.upper[0] < 1.01
    assert met.lower[1] <= 1 <= 3 <= met.upper[1]
    assert met.radius[1] == 1


def test_enclosures_that_lie_apart_are_a_contradiction():
    one, two = (MidpointRadius.exactly(np.array([x])) for x in (0.0, 1.0))
    with pytest.raises(ArithmeticError, match="found them apart"):
        one.met(two)


@pytest.mark.parametrize("ends", list(product([-1e308, 0.0, 1e308], repeat=2)))
def test_between_holds_its_ends(ends):
    lower, upper = min(ends), max(ends)
    interval = MidpointRadius.between(np.array([lower]), np.array([upper]))
    assert interval.lower[0] <= lower
    assert upper <= interval.upper[0]
