"""Discs and wedges: the largest that lies in the stability region, and no larger."""

from fractions import Fraction
from math import factorial, radians, tan

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from integrators.drawn import rational_methods, tableaux

from stabcheck.integrators import RationalMethod, get
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.critical import critical_polynomial
from stabcheck.integrators.algebra.family import sign_on_half_line
from stabcheck.integrators.algebra.roots import positive_roots
from stabcheck.integrators.algebra.threshold import Threshold, _among_critical
from stabcheck.integrators.runge_kutta.disc import boundary_family
from stabcheck.integrators.runge_kutta.wedge import ray_family

ANGLES = np.linspace(0, 2 * np.pi, 241)
RAY = np.concatenate([np.linspace(0, 4, 161), np.geomspace(4, 1e4, 80)])
INFINITE = float("inf")


def pade(k: int, j: int) -> RationalMethod:
    """Hairer, Wanner, Solving ODEs II, IV.3, eq. (3.30)."""
    f = factorial

    def coefficient(n: int, m: int, i: int) -> Fraction:
        return Fraction(f(n) * f(n + m - i), f(n - i) * f(i) * f(n + m))

    P = [coefficient(k, j, i) for i in range(k + 1)]
    Q = [(-1) ** i * coefficient(j, k, i) for i in range(j + 1)]
    return RationalMethod(f"pade {k} {j}", P, Q)


def moduli(method, z) -> tuple[np.ndarray, np.ndarray]:
    R = method.stability_function
    return tuple(
        np.abs(np.polyval([float(c) for c in reversed(p)], z)) for p in (R.P, R.Q)
    )


def inside(method, z) -> np.ndarray:
    """|P| <= |Q| with room for rounding, at complex points."""
    P, Q = moduli(method, z)
    return P - Q <= 1e-9 * (P + Q)


@given(st.one_of(rational_methods(), tableaux(irrational=True, most=2)))
def test_the_disc_lies_in_the_region_and_no_larger_one_does(method):
    radius = method.largest_disc_radius
    r = min(float(radius), 50.0)
    assert inside(method, r * (np.exp(1j * ANGLES) - 1)).all()
    if radius != INFINITE:
        wider = 1.2 * r + 0.2
        fine = np.exp(1j * np.linspace(0, 2 * np.pi, 4001)) - 1
        P, Q = moduli(method, wider * fine)
        poles = np.roots([float(c) for c in reversed(method.stability_function.Q)])
        assert (P > Q).any() or (np.abs(poles + wider) <= wider).any()


@given(rational_methods())
def test_the_wedge_lies_in_the_region_and_no_wider_one_does(method):
    angle = method.A_alpha_degrees
    slope = tan(radians(min(float(angle), 89.0)))
    assert inside(method, -RAY * (1 + 1j * slope)).all() or angle == 0
    assert (angle == 90) == method.is_A_stable
    if 0 < angle < 85:
        wider = tan(radians(min(float(angle) + 5, 89.9)))
        slopes = np.linspace(slope, wider, 60)[:, None]
        assert not inside(method, -RAY * (1 + 1j * slopes)).all()


@pytest.mark.parametrize(("k", "j"), [(k, j) for k in range(5) for j in range(6) if j])
def test_pade_approximations_are_a_stable_in_ehles_wedge_only(k, j):
    # Wanner, Hairer, Norsett: A-stable iff k <= j <= k + 2.
    method = pade(k, j)
    assert method.order == k + j
    assert method.is_A_stable == (k <= j <= k + 2)
    assert (method.A_alpha_degrees == 90) == method.is_A_stable
    assert method.is_L_stable == (k < j <= k + 2)
    assert (method.largest_disc_radius == INFINITE) == method.is_A_stable


def test_angles_of_pade_are_those_of_the_literature():
    # tan^2 of Pade(0,3) is a root of a polynomial of degree seven.
    angle = pade(0, 3).A_alpha_degrees
    assert angle.decimal(20) == "88.230152007181957135"
    expected = (-340, -6711, -39990, -78065, -129912, -6537, -84830, 81)
    assert angle.minimal_polynomial == expected


def test_a_double_root_has_the_minimal_polynomial_that_elimination_gives():
    radius = get("BuRK65").largest_disc_radius
    assert isinstance(radius, Threshold)
    assert len(radius.minimal_polynomial) == 28
    assert radius == radius.algebraic
    assert hash(radius) == hash(radius.algebraic)
    assert radius.decimal(40) == radius.algebraic.decimal(40)
    assert Fraction(233, 100) < radius < Fraction(234, 100)


def test_a_double_root_at_a_rational_is_that_rational():
    # SSPRK(10,4) has the disc of radius 6, reached at an interior point.
    radius = get("ssprk104").largest_disc_radius
    assert radius == 6
    assert radius.rational == 6
    assert radius.decimal(30) == "6"


@given(rational_methods(2))
def test_bisection_and_elimination_agree(method):
    if method.is_A_stable:
        return
    family = boundary_family(method.stability_function)
    assert _among_critical(family) == method.largest_disc_radius


@given(rational_methods(2))
def test_the_radius_is_a_root_of_the_critical_polynomial(method):
    radius = method.largest_disc_radius
    if radius in (0, INFINITE):
        return
    family = boundary_family(method.stability_function)
    assert any(
        root == radius for root, _ in positive_roots(critical_polynomial(family))
    )


def test_taylor_polynomials_have_half_their_real_interval_as_disc_or_less():
    for p in range(1, 14):
        method = RationalMethod(
            "taylor", [Fraction(1, factorial(k)) for k in range(p + 1)]
        )
        assert method.order == p
        assert 2 * float(method.largest_disc_radius) <= float(
            method.real_stability_interval
        ) * (1 + 1e-12)


def test_the_ray_family_is_the_excess_of_the_denominator():
    method = pade(1, 2)
    x, t = 2, Fraction(1, 2)
    P, Q = moduli(method, complex(-x, -x * t))
    # The least power of x, the first, is divided out.
    value = ray_family(method.stability_function).at(t * t)(x)
    assert abs(float(value) * x - (Q**2 - P**2)) < 1e-12 * Q**2


@pytest.mark.parametrize(
    ("coefficients", "sign"),
    [([1, 1, 1], 1), ([1, -3, 1], -1), ([1, -2, 1], 0), ([5, -4, 1], 1), ([], 0)],
)
def test_signs_on_the_half_line_are_certain_or_none(coefficients, sign):
    assert sign_on_half_line([arb(c) for c in coefficients]) == sign


def test_an_infinite_disc_belongs_to_the_constant_family():
    assert get("implicit-midpoint").largest_disc_radius == INFINITE
    assert get("backward-euler").A_alpha_degrees == Algebraic.of(90)
