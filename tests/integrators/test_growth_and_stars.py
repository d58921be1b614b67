"""Error growth functions, order stars and internal stability."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrators.drawn import rational_methods, tableaux

from stabcheck.integrators import get, square_root
from stabcheck.integrators.runge_kutta.rational import RationalMethod

INFINITE = float("inf")
HEIGHTS = np.concatenate([np.linspace(0, 5, 400), np.geomspace(5, 1e6, 200)])


@given(rational_methods(2), st.fractions(-2, 2, max_denominator=4))
def test_the_growth_function_is_the_supremum_on_the_line(method, x):
    R = method.stability_function
    growth = method.error_growth(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        sampled = np.nanmax(np.abs(R(float(x) + 1j * HEIGHTS)))
    assert sampled <= float(growth) * (1 + 1e-9)
    if growth == INFINITE:
        poles = np.roots([float(c) for c in reversed(R.Q)])
        assert len(R.P) > len(R.Q) or (poles.real <= float(x) + 1e-7).any()
    else:
        assert float(growth) <= sampled * 1.01


@pytest.mark.parametrize(
    ("name", "x", "growth"),
    [
        # Hairer, Wanner, Solving ODEs II, IV.11: 1/(1 - x) and the two of degree one.
        ("backward-euler", Fraction(-1), Fraction(1, 2)),
        ("backward-euler", Fraction(1, 2), Fraction(2)),
        ("backward-euler", Fraction(1), INFINITE),
        ("implicit-midpoint", Fraction(-3), Fraction(1)),
        ("implicit-midpoint", Fraction(1), Fraction(3)),
        ("rk4", Fraction(0), INFINITE),
    ],
)
def test_growth_functions_of_the_literature(name, x, growth):
    assert get(name).error_growth(x) == growth


def test_growth_is_algebraic_where_the_maximum_is_off_the_axis():
    # Alexander's SDIRK of order two: |R|^2 is largest at an interior height.
    gamma = 1 - square_root(2) / 2
    method = RationalMethod("sdirk", [1, 1 - 2 * gamma], [1, -2 * gamma, gamma**2])
    growth = method.error_growth(-1)
    assert growth.minimal_polynomial == (-1, 0, 3)
    assert method.error_growth(0) == 1


@given(tableaux(), st.fractions(-1, 1, max_denominator=7))
def test_an_error_in_every_stage_adds_what_the_step_adds(method, z):
    # b^T (I - zA)^{-1} 1 z = R - 1.
    functions = [method.stability_function, *method.internal_stability_functions]
    if any(sum(c * z**k for k, c in enumerate(f.Q)) == 0 for f in functions):
        return
    total, *parts = (f(z) for f in functions)
    assert sum(parts) == total - 1


def test_internal_functions_of_rk4():
    found = [str(q) for q in get("rk4").internal_stability_functions]
    assert found[3] == "z/6"
    assert found[0] == "z/6 + z^2/6 + z^3/12 + z^4/24"


def test_the_amplification_of_euler_is_its_diameter():
    # Q_1 = z on the disc |1 + z| <= 1.
    assert get("forward-euler").estimate_maximal_amplification() == pytest.approx(2)


@pytest.mark.parametrize(
    ("name", "sectors", "black"),
    [("rk4", 5, False), ("backward-euler", 2, True), ("implicit-midpoint", 3, True)],
)
def test_order_stars_have_one_sector_more_than_the_order(name, sectors, black):
    star = get(name).order_star
    assert (star.sectors, star.is_black_to_the_right) == (sectors, black)
    assert len(star.poles) == len(get(name).stability_function.Q) - 1
    radius = 0.05
    angles = np.arange(sectors) * 2 * np.pi / sectors
    middle = star.relative(radius * np.exp(1j * angles)) > 1
    between = star.relative(radius * np.exp(1j * (angles + np.pi / sectors))) > 1
    assert (middle == black).all()
    assert (between != black).all()


def test_zeros_and_poles_are_enclosed():
    star = get("implicit-midpoint").order_star
    assert star.zeros[0].overlaps(-2)
    assert star.poles[0].overlaps(2)
