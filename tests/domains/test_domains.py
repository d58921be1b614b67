"""Domains: exact radii, exact membership, and one clear line for anything else."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generator

from stabcheck import domains
from stabcheck.certificate import SIGNIFICANT_BITS
from stabcheck.errors import InvalidInput

STATE = np.array([[3.0, 4.0], [0.0, 2.0]])


@pytest.mark.parametrize(
    ("value", "radius"),
    [
        (0, Fraction(0)),
        (3, Fraction(3)),
        (0.05, Fraction(1, 20)),
        (np.float32(0.05), Fraction(1, 20)),
        (np.int64(2), Fraction(2)),
        (Fraction(1, 3), Fraction(1, 3)),
        ("1/2", Fraction(1, 2)),
        (" 0.05 ", Fraction(1, 20)),
        ("1e-3", Fraction(1, 1000)),
        (".5", Fraction(1, 2)),
    ],
)
def test_a_radius_is_the_rational_that_was_written(value, radius):
    assert domains.radius_of(value) == radius


@given(st.fractions(min_value=0, max_value=10**6))
def test_a_rational_radius_survives_the_way_through_text(value):
    assert domains.radius_of(str(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        True, None, [], "", "x", "nan", "inf", "1/0", "1e999999999", "0x10", "1/2/3",
        float("nan"), float("inf"), "1" * 10**6, 1j, b"1", "sqrt(2)",
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_no_radius(value):
    with pytest.raises(InvalidInput, match=r"asked for the radius .*no finite number"):
        domains.radius_of(value)


@pytest.mark.parametrize("value", [-1, -0.5, "-1/2", Fraction(-1, 3)])
def test_a_negative_radius_is_refused(value):
    with pytest.raises(InvalidInput, match="negative number; give one >= 0"):
        domains.radius_of(value)


@pytest.mark.parametrize(
    ("text", "kind", "radius"),
    [
        ("tube:1/2", domains.Tube, Fraction(1, 2)),
        ("frobenius:0.25", domains.Frobenius, Fraction(1, 4)),
        ("box:1e-3", domains.Box, Fraction(1, 1000)),
        ("ball:2", domains.Ball, Fraction(2)),
        ("sphere:2", domains.Sphere, Fraction(2)),
    ],
)
def test_a_domain_is_parsed_with_its_radius(text, kind, radius):
    domain = domains.parse(text, STATE)
    assert type(domain) is kind
    assert domain.radius == radius
    assert domain.shape == STATE.shape


def test_a_point_has_no_radius():
    assert type(domains.parse("point", STATE)) is domains.Point
    with pytest.raises(InvalidInput, match="asked for the domain 'point:1'"):
        domains.parse("point:1", STATE)


@pytest.mark.parametrize("text", ["cube:1", "tube", "", "ball", ":1", "1"])
def test_an_unknown_domain_lists_the_known_ones(text):
    with pytest.raises(InvalidInput, match=r"use one of point, tube:R, tube:P%, ball"):
        domains.parse(text, STATE)


@given(
    st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1),
    st.sampled_from(["0.1", "1", "33.3", "1e-9", "250"]),
)  # fmt: skip
def test_a_percentage_is_of_the_smallest_token_and_rounds_down(n, d, seed, percent):
    state = generator(seed).standard_normal((n, d))
    radius = domains.parse(f"tube:{percent}%", state).radius
    exact = min(domains.squared_norm(token.tolist()) for token in state)
    wanted = (Fraction(percent) / 100) ** 2 * exact
    assert radius**2 <= wanted
    # One unit in the last of the bits more would be above it.
    assert (radius * (1 + Fraction(2, 2**SIGNIFICANT_BITS))) ** 2 > wanted
    assert radius.numerator.bit_length() <= SIGNIFICANT_BITS + 1


def test_a_percentage_of_a_zero_token_is_refused():
    with pytest.raises(InvalidInput, match="a token that is 0; give the radius"):
        domains.parse("tube:0.1%", np.zeros((2, 3)))


def test_tube_membership_is_decided_exactly():
    tube = domains.Tube(STATE, "1/10")
    tenth = 0.1  # as a float64 a little more than 1/10
    inside = np.nextafter(tenth, 0)
    assert tube.contains(STATE)
    assert not domains.Tube(np.zeros((1, 1)), "1/10").contains(np.array([[tenth]]))
    assert domains.Tube(np.zeros((1, 1)), "1/10").contains(np.array([[inside]]))


def test_rectangle_membership_is_decided_exactly_entry_by_entry():
    radii = np.array([[0.0, 0.25], [0.5, 1e-300]])
    rectangle = domains.Rectangle(STATE, radii)
    assert rectangle.contains(STATE)
    assert rectangle.contains(STATE + np.array([[0.0, 0.25], [-0.5, 0.0]]))
    for place in np.ndindex(2, 2):
        moved = STATE.copy()
        moved[place] = np.nextafter(STATE[place] + radii[place], 99)
        assert not rectangle.contains(moved)


def test_a_rectangle_needs_a_nonnegative_radius_for_each_entry():
    for radii in (np.ones((1, 2)), -np.ones((2, 2))):
        with pytest.raises(InvalidInput, match="give a number >= 0 for each entry"):
            domains.Rectangle(STATE, radii)


def test_each_domain_has_its_own_norm():
    moved = STATE + 1.0
    assert domains.Box(STATE, 1).contains(moved)
    assert not domains.Tube(STATE, 1).contains(moved)
    assert domains.Tube(STATE, "3/2").contains(moved)
    assert not domains.Frobenius(STATE, "3/2").contains(moved)
    assert domains.Frobenius(STATE, 2).contains(moved)
    assert domains.Ball(5, 2, 2).contains(STATE)
    assert not domains.Ball("49/10", 2, 2).contains(STATE)
    assert not domains.Sphere(5, 2, 2).contains(STATE)
    assert domains.Sphere(5, 1, 2).contains(STATE[:1])
    assert not domains.Point(STATE).contains(moved)


@pytest.mark.parametrize(
    "domain",
    [
        domains.Point(STATE), domains.Tube(STATE, 9), domains.Frobenius(STATE, 9),
        domains.Box(STATE, 9), domains.Ball(9, 2, 2), domains.Sphere(5, 2, 2),
        domains.Rectangle(STATE, np.ones((2, 2))),
    ],
)  # fmt: skip
def test_a_state_of_another_shape_belongs_to_no_domain(domain):
    assert not domain.contains(STATE[:1])


@pytest.mark.parametrize(
    "state",
    [
        np.zeros(3), np.zeros((0, 2)), np.array([["a"]]), np.zeros((1, 2, 3)),
        np.array([[np.nan]]), np.array([[np.inf]]), np.array([[1j]]), None,
    ],
)  # fmt: skip
def test_only_finite_real_matrices_are_states(state):
    with pytest.raises(InvalidInput, match="asked for a state"):
        domains.Tube(state, 1)


@pytest.mark.parametrize("tokens", [0, -1, True, 1.5, "2"])
def test_a_ball_needs_whole_numbers_of_tokens(tokens):
    with pytest.raises(InvalidInput, match="tokens; give a whole number >= 1"):
        domains.Ball(1, tokens, 2)


def test_a_domain_keeps_its_own_copy_of_the_state():
    state = STATE.copy()
    tube = domains.Tube(state, 1)
    state[0, 0] = 100
    assert tube.X0[0, 0] == 3
    with pytest.raises(ValueError, match="read-only"):
        tube.X0[0, 0] = 1


def test_a_family_of_weights_has_exact_caps():
    family = domains.Weights("1/2", 1)
    assert (family.query_key_norm, family.value_norm) == (Fraction(1, 2), 1)
    with pytest.raises(InvalidInput, match="negative"):
        domains.Weights(-1, 1)
