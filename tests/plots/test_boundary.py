"""The boundary curves: exact to rounding, closed, whole, and without loops."""

import numpy as np
import pytest
from flint import acb, ctx

from stabcheck.integrators import get
from stabcheck.integrators.algebra.family import ball_polynomial
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.memory import region_boundary
from stabcheck.plots.boundary import boundary_curves
from stabcheck.plots.factored import FactoredFunction
from stabcheck.plots.plane import plane_region

BITS = 400
RESIDUAL = 1e-12
TRACED = [
    "forward-euler", "heun", "rk4", "dopri5", "gill4", "ssprk104", "rkc1:10",
    "rkc2:10", "rkc2:20", "rock4:10", "pd8", "dop853", "taylor:20", "feagin10",
    "backward-euler", "implicit-midpoint", "theta:2/3", "pade:1,3", "pade:3,4",
    "gauss:2", "radau-iia:3", "sdirk33", "optimal-disc:4",
]  # fmt: skip


def exact_modulus(R, z: complex) -> float:
    """|R| at a float, in balls of 400 bits."""
    with ctx.workprec(BITS):
        P, Q = (ball_polynomial(exact_polynomial(c)) for c in (R.P, R.Q))
        return float((P(acb(z)) / Q(acb(z))).__abs__())


@pytest.mark.parametrize("name", TRACED)
def test_every_point_of_the_boundary_has_modulus_one(name):
    R = get(name).stability_function
    curves = boundary_curves(R, FactoredFunction.of(R))
    assert curves
    for curve in curves:
        for z in curve[:: max(1, len(curve) // 25)]:
            assert abs(exact_modulus(R, complex(z)) - 1) <= RESIDUAL


@pytest.mark.parametrize("name", ["forward-euler", "rk4", "ssprk3", "ssprk104"])
def test_the_boundary_of_a_simple_region_is_one_closed_curve_through_its_ends(name):
    method = get(name)
    (curve,) = plane_region(name).curves
    assert abs(curve[0] - curve[-1]) <= 1e-5 * np.abs(curve).max()
    for end in (-float(method.real_stability_interval), 0.0):
        # The points are as far apart as an angle of pi/120 makes them.
        assert np.abs(curve - end).min() <= 0.05


def test_zeros_far_outside_do_not_make_the_boundary_of_many_stages_coarse():
    method = get("feagin14")  # a region of size 2, and zeros up to 2696 away
    curves = plane_region(method).curves
    largest = max(curves, key=len)
    assert np.abs(np.diff(largest)).max() <= 0.05
    for end in (-float(method.real_stability_interval), 0.0):
        assert np.abs(largest - end).min() <= 0.05
    for z in largest[:: len(largest) // 50]:
        assert abs(exact_modulus(method.stability_function, complex(z)) - 1) <= 1e-9


def test_the_region_lies_to_the_left_of_its_boundary():
    for name in ("rk4", "backward-euler", "dopri5"):
        region = plane_region(name)
        for curve in region.curves:
            middle = (curve[1:] + curve[:-1]) / 2
            left = middle + 1e-3j * np.diff(curve) / np.abs(np.diff(curve))
            assert (region.height(left)[5:-5] < 0).all()


def test_islands_are_found():
    curves = plane_region("dopri5").curves
    assert len(curves) == 3
    assert sum(curve.real.min() > 0.5 for curve in curves) == 2


@pytest.mark.parametrize("name", ["bdf:3", "bdf:6", "ab:4", "am:4", "abm-pece:4"])
def test_loops_of_a_locus_that_are_not_boundary_are_removed(name):
    phi = get(name).characteristic
    for arc in plane_region(name).curves:
        inner = arc[2:-2]
        modulus = region_boundary.largest_modulus(phi, inner)
        # The largest root is on the circle: none of the others is outside.
        assert np.abs(modulus - 1).max() <= 1e-6


def test_a_double_root_hides_no_boundary():
    """The values handed on obey the same recurrence twice."""
    region = plane_region("glee-rk32g1")
    assert len(region.moving.coefficients) == 2
    assert len(region.curves) == 6


@pytest.mark.parametrize("name", ["rkc1:50", "rkc2:40", "optimal-disc:40"])
def test_the_factors_lose_no_digits_where_the_coefficients_do(name):
    R = get(name).stability_function
    factored = FactoredFunction.of(R)
    far = -float(get(name).real_stability_interval)
    for z in np.linspace(far, 0, 9):
        exact = exact_modulus(R, complex(z))
        assert abs(abs(factored(np.array([z]))[0]) - exact) <= 1e-11


@pytest.mark.parametrize("name", ["rkc2:40", "optimal-disc:40"])
def test_the_boundary_of_many_stages_is_on_the_circle_too(name):
    R = get(name).stability_function
    for curve in plane_region(name).curves:
        for z in curve[:: max(1, len(curve) // 25)]:
            assert abs(exact_modulus(R, complex(z)) - 1) <= RESIDUAL
