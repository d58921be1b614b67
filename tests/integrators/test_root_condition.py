"""Roots in the unit disc, angles and least values, against constructed cases."""

from fractions import Fraction
from math import atan, degrees, inf, sqrt

import pytest
from flint import fmpq, fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.gaps import gaps, simplest
from stabcheck.integrators.algebra.infimum import image, infimum, sign_at
from stabcheck.integrators.algebra.root_condition import (
    is_in_closed_disc,
    is_in_open_disc,
    satisfies_root_condition,
)
from stabcheck.integrators.algebra.roots import positive_roots

INSIDE = st.fractions(-1, 1, max_denominator=8).filter(lambda r: abs(r) < 1)
COSINES = st.fractions(-1, 1, max_denominator=8).filter(lambda r: abs(r) < 1)


def linear(root: Fraction) -> fmpq_poly:
    return fmpq_poly([fmpq(-root.numerator, root.denominator), 1])


def pair(cosine: Fraction, size: Fraction) -> fmpq_poly:
    """The polynomial of a conjugate pair of that modulus."""
    middle, last = -2 * cosine * size, size**2
    return fmpq_poly(
        [
            fmpq(last.numerator, last.denominator),
            fmpq(middle.numerator, middle.denominator),
            1,
        ]
    )


@st.composite
def inner_polynomials(draw):
    product = fmpq_poly([draw(st.integers(1, 5))])
    for root in draw(st.lists(INSIDE, max_size=3)):
        product *= linear(root)
    for cosine in draw(st.lists(COSINES, max_size=2)):
        product *= pair(cosine, abs(draw(INSIDE)))
    return product


@given(inner_polynomials())
def test_roots_inside_pass_every_test(p):
    assert is_in_open_disc(p)
    assert is_in_closed_disc(p)
    assert satisfies_root_condition(p)


@given(inner_polynomials(), COSINES)
def test_a_simple_pair_on_the_circle_is_closed_but_not_open(p, cosine):
    q = p * pair(cosine, Fraction(1))
    assert not is_in_open_disc(q)
    assert is_in_closed_disc(q)
    assert satisfies_root_condition(q)


@given(inner_polynomials(), COSINES)
def test_a_double_pair_on_the_circle_breaks_the_root_condition(p, cosine):
    q = p * pair(cosine, Fraction(1)) ** 2
    assert is_in_closed_disc(q)
    assert not satisfies_root_condition(q)


@given(inner_polynomials(), st.fractions(1, 3).filter(lambda r: r > 1), COSINES)
def test_a_root_outside_fails_every_test(p, size, cosine):
    for q in (p * linear(size), p * pair(cosine, size)):
        assert not is_in_open_disc(q)
        assert not is_in_closed_disc(q)
        assert not satisfies_root_condition(q)


@given(inner_polynomials(), INSIDE.filter(bool))
def test_a_reciprocal_pair_off_the_circle_fails(p, root):
    assert not is_in_closed_disc(p * linear(root) * linear(1 / root))


TINY = Fraction(1, 2**400)


@pytest.mark.parametrize(
    ("root", "inside"), [(1 - TINY, True), (1 + TINY, False), (TINY - 1, True)]
)
def test_roots_too_near_the_circle_for_balls_are_decided(root, inside):
    p = linear(root) * pair(Fraction(1, 3), Fraction(1, 2)) * linear(Fraction(1, 5))
    assert is_in_open_disc(p) == inside
    assert is_in_closed_disc(p) == inside
    both = p * linear(Fraction(1))
    assert not is_in_open_disc(both)
    assert is_in_closed_disc(both) == inside


def test_the_zero_polynomial_passes_nothing():
    assert not is_in_open_disc(fmpq_poly([]))
    assert not is_in_closed_disc(fmpq_poly([]))


@given(st.fractions(0, 50, max_denominator=30), st.fractions(0, 50, max_denominator=30))
def test_the_simplest_rational_lies_in_the_interval(a, b):
    lower, upper = min(a, b), max(a, b)
    found = simplest(lower, upper)
    assert lower <= found <= upper
    assert found.denominator <= min(lower.denominator, upper.denominator)


def test_gaps_separate_the_roots():
    roots = [root for root, _ in positive_roots(fmpq_poly([6, 0, -5, 0, 1]))]
    places = list(gaps(roots))
    assert [place[2] for place in places] == [*roots, None]
    for lower, sample, upper in places:
        assert lower < sample
        assert upper is None or sample < upper


@pytest.mark.parametrize(
    ("w", "expected"),
    [((0, 1), 0), ((-1, 3), 30), ((-1, 1), 45), ((-3, 1), 60), ((1, -6, 1), None)],
)
def test_rational_angles_are_recognised(w, expected):
    root = min(
        (r for r, _ in positive_roots(fmpq_poly(list(w)))), default=Algebraic.of(0)
    )
    angle = Angle(root)
    expected = Fraction(45, 2) if expected is None else Fraction(expected)
    assert angle.rational == expected
    assert angle == expected
    assert hash(angle) == hash(expected)


@given(st.fractions(0, 40, max_denominator=30).filter(lambda w: w > 0))
def test_an_angle_is_the_arc_of_its_tangent(w):
    angle = Angle(Algebraic.of(w))
    expected = degrees(atan(sqrt(w)))
    assert abs(float(angle) - expected) <= 1e-12 * expected
    assert (angle.rational is not None) == (w in (1, 3, Fraction(1, 3)))
    assert angle == Angle(Algebraic.of(w))
    assert angle < 90
    assert angle != Angle(Algebraic.of(w + 1))


def test_an_infimum_is_a_stationary_value_or_a_limit():
    T = fmpq_poly([0, 1])
    one, everywhere = fmpq_poly([1]), fmpq_poly([-1])
    # T + 2/T has its least value 2 sqrt(2) at sqrt(2).
    found = infimum(T**2 + 2, T, below_zero=(everywhere,))
    assert found.minimal_polynomial == (-8, 0, 1)
    assert infimum(one, T + 1, below_zero=(everywhere,)) == 0
    assert infimum(T + 3, one, below_zero=(everywhere,)) == 3
    assert infimum(T, one, below_zero=(one,)) == inf
    # Above 5 only.
    assert infimum(T**2 + 2, T, below_zero=(5 - T,)) == Fraction(27, 5)


def test_an_image_is_the_value_at_an_algebraic_number():
    root = positive_roots(fmpq_poly([-2, 0, 1]))[0][0]
    T = fmpq_poly([0, 1])
    assert image(root, T**2, fmpq_poly([1])) == 2
    assert image(root, T + 1, T).minimal_polynomial == (1, -4, 2)
    assert sign_at(T**2 - 2, root) == 0
    assert sign_at(T - 1, root) == 1
    assert sign_at(T - 2, root) == -1
