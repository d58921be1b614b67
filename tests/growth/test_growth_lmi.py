"""The multipliers of a step: known values, degenerate bounds, hopeless steps."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck import growth
from stabcheck.errors import InvalidInput
from stabcheck.growth import StageBounds
from stabcheck.growth.stage_conditions import proven_square, stage_conditions
from stabcheck.integrators import get

HALF = Fraction(1, 2)


def same_at_all(method, norm, upper=None, lower=None):
    stages = method.stages
    given_ = [() if v is None else (Fraction(v),) * stages for v in (upper, lower)]
    return StageBounds((Fraction(norm),) * stages, *given_)


def grown(name, norm, upper=None, lower=None):
    method = get(name)
    bounds = same_at_all(method, norm, upper, lower)
    return growth.growth_lmi(method.A, method.b, Fraction(1), bounds).bound.value


def shrunk(name, norm, upper=None, lower=None):
    method = get(name)
    bounds = same_at_all(method, norm, upper, lower)
    return growth.shrink_lmi(method.A, method.b, Fraction(1), bounds).bound.value


@pytest.mark.parametrize(
    ("x", "euler", "heun", "rk4"),
    [
        ("3/10", math.sqrt(2.6), 1.8, 227 / 120),
        ("0", math.sqrt(2), 1.5, 37 / 24),
        ("-1/5", math.sqrt(1.6), 1.3, 157 / 120),
        ("-1/2", 1.0, 1.0, 23 / 24),
    ],
)
def test_the_growth_of_explicit_methods_at_norm_one(x, euler, heun, rk4):
    for name, value in (("forward-euler", euler), ("heun", heun), ("rk4", rk4)):
        assert value - 1e-12 <= grown(name, 1, Fraction(x)) < value + 1e-8


@pytest.mark.parametrize(
    ("x", "midpoint", "radau"),
    [("1/4", 9 / 7, 1.28515), ("1/2", 5 / 3, 5 / 3), ("1", 3.0, 3.13050)],
)
def test_the_growth_of_implicit_methods_where_the_norm_is_large(x, midpoint, radau):
    # Above the error growth function of Radau, 1.28451, 1.65757 and 2.92548.
    assert abs(grown("implicit-midpoint", 100, Fraction(x)) - midpoint) < 1e-6
    assert abs(grown("radau-iia:2", 100, Fraction(x)) - radau) < 1e-5


def test_radau_damps_less_than_its_error_growth_function():
    assert 0.408 < 0.5712 < grown("radau-iia:2", 1000, -1) < 0.57143


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("forward-euler", 0.6),
        ("heun", math.sqrt(697) / 40),
        ("rk4", 0.6509375),
        ("backward-euler", 1 / math.sqrt(2.05)),
        ("implicit-midpoint", 2 / 3),
    ],
)
def test_the_shrink_at_norm_one_half(name, value):
    assert value - 1e-8 < shrunk(name, HALF, None, Fraction(-2, 5)) <= value + 1e-12


@pytest.mark.parametrize("name", ["implicit-midpoint", "radau-iia:2", "lobatto-iiic:3"])
@pytest.mark.parametrize("norm", [1, 1000])
def test_algebraically_stable_methods_have_growth_exactly_one(name, norm):
    assert grown(name, norm, 0) == 1.0


@given(
    st.sampled_from(["forward-euler", "heun", "rk4", "implicit-midpoint"]),
    st.floats(0, 1),
    st.floats(-1, 1),
)
def test_more_bounds_help_or_change_nothing(name, norm, share):
    few, more = grown(name, norm), grown(name, norm, norm * share, -norm)
    assert more <= few * (1 + 1e-7)
    few, more = shrunk(name, norm), shrunk(name, norm, norm, norm * share)
    assert few is None or more >= few - 1e-7


@given(st.sampled_from(["heun", "rk4", "trapezoid"]), st.floats(-1, 1))
def test_where_only_one_jacobian_is_left_its_step_is_found(name, x):
    R = get(name).stability_function
    z = Fraction(x)
    P, Q = (
        sum((c * z**k for k, c in enumerate(coefficients)), start=Fraction(0))
        for coefficients in (R.P, R.Q)
    )
    assert abs(grown(name, abs(z), z, z) - abs(float(P / Q))) < 1e-4


def test_the_field_may_be_constant_and_the_bounds_huge():
    assert grown("rk4", 0, 0, 0) < 1 + 1e-8
    assert shrunk("rk4", 0, 0, 0) > 1 - 1e-8
    assert 5e7 < grown("heun", 10**4) < 5.1e7
    assert grown("rk4", 10**30) is None


def test_a_step_without_multipliers_says_so():
    method = get("implicit-midpoint")
    bounds = same_at_all(method, 100, 50)
    found = growth.growth_lmi(method.A, method.b, 1, bounds)
    assert found.bound.value is None
    assert found.multipliers is None
    assert "take a smaller step" in found.bound.reason
    found = growth.shrink_lmi(method.A, method.b, 1, bounds)
    assert found.bound.value is None


def test_the_multipliers_prove_the_value():
    method = get("rk4")
    bounds = same_at_all(method, 1, Fraction(1, 3), -1)
    found = growth.growth_lmi(method.A, method.b, Fraction(1, 2), bounds)
    conditions = stage_conditions(method.A, Fraction(1, 2), bounds)
    square = proven_square(1, method.b, conditions, found.multipliers)
    assert square <= Fraction(found.bound.value) ** 2 < square * (1 + 1e-12)
    for kind in ("norms", "uppers", "lowers"):
        assert min(getattr(found.multipliers, kind)) >= 0


def test_bounds_of_unequal_length_are_refused():
    with pytest.raises(InvalidInput, match="2 norms and 1 uppers"):
        StageBounds((1, 1), (1,))
    method = get("rk4")
    with pytest.raises(InvalidInput, match="4 stages with 1 norms"):
        growth.growth_lmi(method.A, method.b, 1, StageBounds((1,)))


def test_float_coefficients_are_refused():
    with pytest.raises(InvalidInput, match="float coefficients"):
        growth.growth_lmi(
            [[0.0, 0.0], [1.0, 0.0]], (HALF, HALF), 1, StageBounds((1, 1))
        )


@pytest.mark.parametrize("name", ["gauss:2", "gauss:3"])
def test_the_growth_of_an_algebraically_stable_method_is_exactly_one(name):
    # M = 0 in the field of the coefficients: the multipliers 2b leave nothing.
    method = get(name)
    bounds = StageBounds((1000,) * method.stages, (0,) * method.stages)
    assert growth.growth_lmi(method.A, method.b, 1, bounds).bound.value == 1


@pytest.mark.parametrize("name", ["sdirk2", "kvaerno4", "radau-iia:3"])
def test_of_irrational_coefficients_the_square_is_rational_and_barely_outside(name):
    method = get(name)
    bounds = StageBounds((HALF,) * method.stages)
    conditions = stage_conditions(method.A, 1, bounds)
    for sign, search in ((1, growth.growth_lmi), (-1, growth.shrink_lmi)):
        found = search(method.A, method.b, 1, bounds)
        square = proven_square(sign, method.b, conditions, found.multipliers)
        value = Fraction(found.bound.value) ** 2
        assert isinstance(square, Fraction)
        assert sign * square <= sign * value < sign * square * (1 + sign * 1e-12)


def test_many_stages_are_no_obstacle():
    value = grown("dop853", Fraction(1, 10), 0)
    assert (
        1
        < value
        < growth.explicit_growth(
            [[float(a) for a in row] for row in get("dop853").A],
            [float(w) for w in get("dop853").b],
            1.0,
            [0.1] * 12,
        ).value
    )
