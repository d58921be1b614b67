"""The drawn boundary lies on the exact one, and the loops that are not it are gone."""

from math import inf

import numpy as np
import pytest
from integrators.multistep_pairs import largest_root

from stabcheck.integrators import get
from stabcheck.integrators.memory.region_boundary import (
    boundary,
    is_stable,
    largest_modulus,
)

NAMES = [
    "ab:1", "ab:2", "ab:4", "ab:6", "am:4", "bdf:2", "bdf:6", "ndf:3",
    "leapfrog-residual", "milne-simpson:2", "abm-pece:4", "abm-pec:3", "enright:3",
    "mebdf:4", "esspms3:4", "tsrk3", "peer:3", "momentum-residual:1/2",
]  # fmt: skip


def finite(arcs):
    points = np.concatenate(arcs)
    return points[np.isfinite(points) & (abs(points) < 1e3)]


@pytest.mark.parametrize("name", NAMES)
def test_a_boundary_point_has_its_largest_root_on_the_circle(name):
    method = get(name)
    points = finite(boundary(method.characteristic, 200))
    for z in points[::7]:
        assert abs(largest_root(method, z) - 1) < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_symmetric_about_the_real_axis(name):
    arcs = boundary(get(name).characteristic, 120)
    half = len(arcs) // 2
    for upper, lower in zip(arcs[:half], arcs[half:], strict=True):
        assert np.array_equal(upper.conj(), lower)


@pytest.mark.parametrize("name", ["ab:3", "ab:5", "am:4", "bdf:3", "abm-pece:2"])
def test_the_boundary_meets_the_real_axis_at_the_exact_interval(name):
    method = get(name)
    end = method.real_stability_interval
    points = finite(boundary(method.characteristic, 2001))
    left = points[(abs(points.imag) < 1e-9) & (points.real < -1e-6)]
    if end == inf:
        assert len(left) == 0
    else:
        assert min(abs(left.real + float(end))) < 1e-9


@pytest.mark.parametrize("k", [4, 5, 6])
def test_the_loops_of_adams_bashforth_are_cut_where_they_cross(k):
    method = get(f"ab:{k}")
    arcs = boundary(method.characteristic, 500)
    assert len(arcs) == 4
    # Two arcs a half plane, and they end in one point.
    ends = [z for arc in arcs[:2] for z in (arc[0], arc[-1])]
    crossing = [z for z in ends if abs(z.imag) > 1e-6]
    assert len(crossing) == 2
    assert abs(crossing[0] - crossing[1]) < 1e-7
    exact = method.imaginary_stability_interval
    if exact > 0:
        assert abs(crossing[0].imag - float(exact)) < 0.1


def test_the_leapfrog_is_drawn_as_its_slit():
    points = finite(boundary(get("leapfrog-residual").characteristic, 301))
    assert max(abs(points.real)) < 1e-12
    assert max(abs(points.imag)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", ["bdf:4", "ab:5", "enright:3", "abm-pece:4"])
def test_the_two_tests_of_a_grid_agree(name):
    method = get(name)
    x, y = np.meshgrid(np.linspace(-4, 6, 23), np.linspace(-5, 5, 19))
    z = x + 1j * y
    stable = is_stable(method.characteristic, z)
    size = largest_modulus(method.characteristic, z)
    judged = abs(size - 1) > 1e-9
    assert np.array_equal(stable[judged], (size < 1)[judged])


def test_a_pole_is_as_large_as_a_number_gets():
    found = largest_modulus(get("bdf:1").characteristic, np.array([1.0, -1.0]))
    assert found[0] > 1e12
    assert found[1] == 0.5
