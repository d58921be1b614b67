"""runge-kutta-growth-lmi and -shrink-lmi: two steps part by no more and no less."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from growth.step_fields import STEPS, bounded_fields, ratios
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck import growth
from stabcheck.growth import StageBounds
from stabcheck.integrators import get

EXPLICIT = ("forward-euler", "heun", "explicit-midpoint", "kutta3", "rk4", "dopri5")
IMPLICIT = (
    "backward-euler",
    "implicit-midpoint",
    "trapezoid",
    "radau-iia:2",
    "lobatto-iiic:2",
    "lobatto-iiic:3",
)
METHODS = st.sampled_from(EXPLICIT + IMPLICIT).map(get)
ROUNDING = 1e-9
"""A measured ratio carries about 1e-13 times states of size ten over distances 1e-3."""


def bounds_of(method, field):
    stages = method.stages
    room = Fraction(1, 10**12)
    return StageBounds(
        (Fraction(field.L) + room,) * stages,
        (Fraction(field.mu) + room,) * stages,
        (Fraction(field.m) - room,) * stages,
    )


def small_enough(method, field, h):
    """A step at which fixed-point iteration finds the stages of an implicit method."""
    reach = max(sum(abs(float(a)) for a in row) for row in method.A)
    if method.is_explicit or h * field.L * reach < 0.8:
        return h
    return 0.8 / (field.L * reach)


@pytest.mark.theorem("runge-kutta-growth-lmi")
@pytest.mark.theorem("runge-kutta-shrink-lmi")
@given(METHODS, bounded_fields(), STEPS, SEEDS)
def test_two_steps_part_by_no_more_and_no_less(method, field, h, seed):
    h = small_enough(method, field, h)
    bounds = bounds_of(method, field)
    grown = growth.growth_lmi(method.A, method.b, Fraction(h), bounds).bound.value
    shrunk = growth.shrink_lmi(method.A, method.b, Fraction(h), bounds).bound.value
    for ratio in ratios(method, field, h, seed):
        assert grown is None or ratio <= grown + ROUNDING * (1 + grown)
        assert shrunk is None or ratio >= shrunk - ROUNDING


def turn(rng, slope, size):
    """A slope times the identity plus a turn: a plane field of norm `size`."""
    across = rng.choice([-1, 1]) * np.sqrt(max(0.0, size**2 - slope**2))
    return complex(slope, across)


@given(METHODS, st.floats(-0.6, 0.6), st.floats(0, 0.6), SEEDS)
def test_fields_that_turn_at_every_stage_stay_within_the_bound(method, x, more, seed):
    rng, stages = generator(seed), method.stages
    size = abs(x) + more
    bounds = StageBounds((Fraction(size),) * stages, (Fraction(x),) * stages)
    grown = growth.growth_lmi(method.A, method.b, Fraction(1), bounds)
    A = np.array([[float(a) for a in row] for row in method.A])
    b = np.array([float(weight) for weight in method.b])
    for _ in range(5):
        J = np.diag([turn(rng, rng.uniform(-size, x), size) for _ in b])
        slopes = np.linalg.solve(np.eye(stages) - J @ A, J @ np.ones(stages))
        assert abs(1 + b @ slopes) <= grown.bound.value + ROUNDING


@pytest.mark.theorem("runge-kutta-growth-lmi", refutes="growth 1.889 for RK4")
@pytest.mark.parametrize(("x", "attained"), [(0.3, 227 / 120), (0.0, 37 / 24)])
def test_turns_that_alternate_attain_the_growth_of_rk4(x, attained):
    # Not the growth of a frozen turn, which is what the stability function gives.
    rk4 = get("rk4")
    z = complex(x, np.sqrt(1 - x * x))
    found = 0.0
    for ways in itertools.product((z, z.conjugate()), repeat=4):
        k = []
        for row, way in zip(rk4.A, ways, strict=True):
            moved = sum(float(a) * s for a, s in zip(row, k, strict=False))
            k.append(way * (1 + moved))
        end = sum(float(w) * s for w, s in zip(rk4.b, k, strict=True))
        found = max(found, abs(1 + end))
    assert found > attained - 1e-12
    bounds = StageBounds((Fraction(1),) * 4, (Fraction(x),) * 4)
    proven = growth.growth_lmi(rk4.A, rk4.b, Fraction(1), bounds).bound.value
    assert attained <= proven < attained + 1e-8


@pytest.mark.theorem("runge-kutta-shrink-lmi", refutes="shrink 0.6601 for Heun")
def test_a_frozen_turn_attains_the_shrink_of_heun():
    heun = get("heun")
    z = -0.4 + 0.3j
    attained = abs(1 + z + z * z / 2)
    half = Fraction(1, 2)
    bounds = StageBounds((half,) * 2, (half,) * 2, (Fraction(-2, 5),) * 2)
    proven = growth.shrink_lmi(heun.A, heun.b, Fraction(1), bounds).bound.value
    assert attained - 1e-8 < proven <= attained < 0.6601
