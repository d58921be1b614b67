"""Absolute monotonicity of stability functions: all derivatives at -r."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from integrators.drawn import rational_methods

from stabcheck.integrators import RationalMethod, get

INFINITE = float("inf")
TERMS = 24


def taylor(method: RationalMethod, at: Fraction) -> list[Fraction]:
    """The first Taylor coefficients of R at a rational, by division of series."""

    def moved(coefficients):
        shifted = [Fraction(0)] * len(coefficients)
        for c in reversed(coefficients):
            shifted = [
                at * a + b for a, b in zip(shifted, [0, *shifted[:-1]], strict=True)
            ]
            shifted[0] += c
        return shifted + [Fraction(0)] * (TERMS - len(shifted))

    R = method.stability_function
    P, Q = moved(R.P), moved(R.Q)
    found: list[Fraction] = []
    for k in range(TERMS):
        rest = sum((Q[j] * found[k - j] for j in range(1, k + 1)), Fraction(0))
        found.append((P[k] - rest) / Q[0])
    return found


@given(rational_methods(2))
def test_derivatives_are_nonnegative_before_the_radius(method):
    radius = method.linear_absolute_monotonicity_radius
    if radius in (None, 0):
        return
    r = Fraction(5) if radius == INFINITE else radius.enclosure(Fraction(1, 10**6))[0]
    for share in (0, Fraction(1, 3), Fraction(99, 100)):
        assert min(taylor(method, -share * r)) >= 0


@given(rational_methods(2))
def test_some_derivative_is_negative_beyond_the_radius(method):
    radius = method.linear_absolute_monotonicity_radius
    if radius is None or radius == INFINITE:
        return
    beyond = radius.enclosure(Fraction(1, 10**6))[1] * 2 + 1
    Q = method.stability_function.Q
    if sum(q * (-beyond) ** k for k, q in enumerate(Q)) > 0:
        assert min(taylor(method, -beyond)) < 0 or radius == 0


@pytest.mark.parametrize(
    ("name", "radius"),
    [
        ("backward-euler", INFINITE),
        ("trapezoid", 2),
        ("implicit-midpoint", 2),
        ("SSPIRK2(4)", 8),
        ("rk4", 1),
    ],
)
def test_radii_of_the_literature(name, radius):
    assert get(name).linear_absolute_monotonicity_radius == radius


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_powers_of_one_pole_are_monotone_everywhere(m):
    # (1 - z/m)^{-m}.
    gamma = Fraction(1, m)
    Q = [Fraction(1)]
    for _ in range(m):
        Q = [a - gamma * b for a, b in zip([*Q, 0], [0, *Q], strict=True)]
    assert RationalMethod("power", [1], Q).linear_absolute_monotonicity_radius == (
        INFINITE
    )


def test_where_infinitely_many_derivatives_are_open_nothing_is_claimed():
    assert get("pade:7,7").linear_absolute_monotonicity_radius is None


@pytest.mark.parametrize(
    "name", ["pade:2,3", "gauss:3", "radau-iia:3", "lobatto-iiid:3", "lobatto-iiie:4"]
)
def test_the_radius_ends_where_a_pair_of_poles_ties_with_the_positive_one(name):
    method = get(name)
    radius = method.linear_absolute_monotonicity_radius
    poles = np.roots([float(q) for q in reversed(method.stability_function.Q)])
    nearest = sorted(poles, key=lambda a: abs(a + float(radius)))[:3]
    distances = abs(np.array(nearest) + float(radius))
    assert np.ptp(distances) <= 1e-10 * distances[0]
    assert sum(a.imag == 0 and a.real > 0 for a in nearest) == 1
    lower, upper = radius.enclosure(Fraction(1, 10**9))
    assert min(taylor(method, -lower)) >= 0
    assert min(taylor(method, -3 * upper)) < 0


def test_a_tie_is_the_root_of_its_minimal_polynomial():
    radius = get("pade:2,3").linear_absolute_monotonicity_radius
    f = radius.minimal_polynomial
    assert len(f) == 4
    ends = radius.enclosure(Fraction(1, 10**12))
    below, above = (sum(c * x**k for k, c in enumerate(f)) for x in ends)
    assert below * above < 0
    assert radius.rational is None


def test_a_pole_whose_late_derivatives_are_negative_leaves_no_radius():
    assert get("esdirk54i8l2sa").linear_absolute_monotonicity_radius == 0
