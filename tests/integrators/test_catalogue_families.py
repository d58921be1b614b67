"""Families of explicit methods: one program gives the polynomial and the tableau."""

from fractions import Fraction
from math import factorial, isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, get
from stabcheck.integrators.catalogue.extrapolation import (
    deferred_correction,
    extrapolated_euler,
    extrapolated_midpoint,
)
from stabcheck.integrators.catalogue.low_storage import two_registers
from stabcheck.integrators.catalogue.polynomial import (
    kinnmark_gray,
    optimal_disc,
    taylor,
)
from stabcheck.integrators.catalogue.ssp import ssprk2, ssprk3, ssprkm
from stabcheck.integrators.catalogue.stabilised import (
    rkc1,
    rkc2,
    rkg1,
    rkg2,
    rkl1,
    rkl2,
)
from stabcheck.integrators.runge_kutta.convex_form import ConvexForm

ORDERS = {rkc1: 1, rkl1: 1, rkg1: 1, rkc2: 2, rkl2: 2, rkg2: 2}


@given(st.sampled_from(list(ORDERS)), st.integers(2, 12))
def test_a_stabilised_method_has_its_order_and_the_polynomial_of_its_tableau(family, s):
    method = family(s)
    assert method.order == method.tableau.order == ORDERS[family]
    assert method.stages == method.tableau.stages == s
    assert method.tableau.stability_function == method.stability_function
    assert method.name == method.tableau.name == f"{family.__name__}:{s}"


@given(
    st.sampled_from([rkc1, rkc2]),
    st.integers(2, 6),
    st.fractions(0, 1, max_denominator=20),
)
def test_damping_keeps_the_order(family, s, damping):
    method = family(s, damping)
    assert method.order == ORDERS[family]
    assert method.tableau.stability_function == method.stability_function


@pytest.mark.parametrize("s", [1, 2, 3, 7, 20, 50])
def test_real_intervals_are_those_of_the_closed_forms(s):
    assert rkc1(s).real_stability_interval == 2 * s * s
    assert rkl1(s).real_stability_interval == s * s + s
    if s >= 2:
        assert rkc2(s).real_stability_interval >= Fraction(2, 3) * (s * s - 1)
        assert rkl2(s).real_stability_interval >= Fraction(s * s + s - 2, 2)
        assert rkg2(s).real_stability_interval >= Fraction((s + 4) * (s - 1), 3)
    assert rkg1(s).real_stability_interval >= Fraction(s * (s + 3), 2)


def test_two_hundred_stages_need_no_tableau():
    method = rkc1(200)
    assert method.real_stability_interval == 80000
    assert "tableau" not in vars(method)


@pytest.mark.parametrize(
    ("name", "order", "power"),
    [
        ("rock2:3", 2, -15),
        ("rock2:10", 2, -15),
        ("rock4:5", 4, -14),
        ("rock4:10", 4, -14),
        ("serk2:10", 2, -13),
        ("eserk4:2", 4, -18),
        ("eserk4:4", 4, -18),
        ("eserk5:1", 5, -50),
        ("eserk5:3", 5, -50),
    ],
)
def test_published_recurrences_have_their_order_up_to_rounding(name, order, power):
    method = get(name)
    assert method.conditional_on_order == order
    assert method.stages == method.tableau.stages
    assert method.order_residual < Fraction(10) ** power
    coefficients = method.stability_function.P
    assert all(coefficients[k] == Fraction(1, factorial(k)) for k in range(order + 1))
    assert method.real_stability_interval > Fraction(3)


def test_the_real_intervals_of_rock2_grow_like_the_square():
    for s in (5, 10, 20):
        interval = get(f"rock2:{s}").real_stability_interval
        assert Fraction(76, 100) * s * s < interval < Fraction(83, 100) * s * s


@pytest.mark.parametrize(
    ("name", "choice"),
    [("rock2:2", "3, 4, 5"), ("rock4:500", "5, 6, 7"), ("serk2:11", "10, 20, 30")],
)
def test_a_number_of_stages_that_was_not_published_is_refused(name, choice):
    with pytest.raises(InvalidInput, match=f"found the numbers of stages {choice}"):
        get(name)


@pytest.mark.parametrize(
    "name",
    ["rkc1:0", "rkc2:1", "rkl1:0", "rkl2:1", "rkg1:0", "rkg2:1", "rkc1:5/2",
     "ssprk2:1", "ssprkm:1", "taylor:0", "optimal-disc:0", "kinnmark-gray:1",
     "extrapolated-euler:0", "deferred-correction:0"],
)  # fmt: skip
def test_a_number_of_stages_below_the_fewest_is_refused(name):
    with pytest.raises(InvalidInput, match="give a whole number of at least"):
        get(name)


@pytest.mark.parametrize("s", [2, 3, 4, 10])
def test_second_order_ssp_methods_have_the_coefficient_s_minus_1(s):
    method = ssprk2(s)
    assert (method.order, method.stages) == (2, s)
    assert method.absolute_monotonicity_radius == s - 1


@pytest.mark.parametrize("s", [4, 9, 16])
def test_third_order_ssp_methods_have_the_coefficient_of_ketcheson(s):
    method = ssprk3(s)
    n = isqrt(s)
    assert (method.order, method.stages) == (3, s)
    assert method.absolute_monotonicity_radius == s - n
    if s == 4:
        assert (method.A, method.b) == (get("ssprk43").A, get("ssprk43").b)


def test_a_third_order_family_has_square_numbers_of_stages():
    with pytest.raises(InvalidInput, match="give a square number of stages"):
        get("ssprk3:5")


@pytest.mark.parametrize("s", [2, 3, 4, 6])
def test_ssprkm_has_the_taylor_polynomial_and_coefficient_1(s):
    method = ssprkm(s)
    assert method.order == 2
    assert method.stability_function == taylor(s).stability_function
    assert method.absolute_monotonicity_radius == 1


def test_a_family_and_a_method_may_share_a_name():
    assert get("ssprk3").stages == 3
    assert get("ssprk3:4") is get("SSPRK3(4)")


@pytest.mark.parametrize("s", [1, 2, 3, 5])
def test_euler_steps_have_the_largest_disc(s):
    method = optimal_disc(s)
    assert method.largest_disc_radius == s
    assert method.absolute_monotonicity_radius == s


@pytest.mark.parametrize("s", range(2, 13))
def test_the_longest_imaginary_interval_is_s_minus_1(s):
    method = kinnmark_gray(s)
    assert method.imaginary_stability_interval == s - 1
    assert method.order == (2 if s % 2 else 1)


@pytest.mark.parametrize("p", [1, 2, 5, 20])
def test_a_taylor_polynomial_has_the_order_of_its_degree(p):
    assert taylor(p).order == p
    assert taylor(p).linear_absolute_monotonicity_radius == 1


@pytest.mark.parametrize("k", range(1, 6))
def test_extrapolation_gains_one_order_a_column_and_two_in_squares(k):
    assert extrapolated_euler(k).order == k
    assert extrapolated_euler(k).stages == 1 + k * (k - 1) // 2
    if k < 5:
        assert extrapolated_midpoint(k).order == 2 * k
        assert extrapolated_midpoint(k).stages == 1 + k * k


@pytest.mark.parametrize(
    ("intervals", "sweeps", "theta", "order"),
    [(1, 1, 1, 2), (2, 2, 1, 3), (3, 3, 1, 4), (2, 1, 1, 2), (2, 3, 1, 4),
     (2, 5, 1, 4), (3, 3, 0, 4), (3, 2, Fraction(1, 2), 3)],
)  # fmt: skip
def test_a_sweep_gains_one_order_up_to_that_of_the_quadrature(
    intervals, sweeps, theta, order
):
    assert deferred_correction(intervals, sweeps, theta).order == order


def test_two_registers_are_those_of_williamson():
    method = get("williamson3")
    assert [str(b) for b in method.b] == ["1/6", "3/10", "8/15"]
    assert [str(c) for c in method.c] == ["0", "1/3", "3/4"]
    with pytest.raises(InvalidInput, match="0 as the first of A"):
        two_registers("wrong", [Fraction(1)], [Fraction(1)], "")


def test_the_published_form_of_ssprk54_agrees_with_its_digits():
    method = get("ssprk54")
    *below, weights = method.convex_form.rows()
    for row, other in zip((*below, weights), (*method.A, method.b), strict=True):
        padded = (*row, *[Fraction(0)] * (5 - len(row)))
        differences = [abs(a - b) for a, b in zip(padded, other, strict=True)]
        assert max(differences) < Fraction(1, 10**9)
    # Kraaijevanger, BIT 31 (1991) 482-528, section 10
    assert str(method.absolute_monotonicity_radius)[:10] == "1.50818004"


def test_a_convex_form_never_claims_more_than_its_tableau_has():
    form = ConvexForm((("1",), ("3/4", "1/4")), (("1",), ("0", "1/4")))
    below, row, weights = form.rows()
    assert (below, row, weights) == ((), (1, 0), (Fraction(1, 4), Fraction(1, 4)))
    assert form.ssp_coefficient == 1
    negative = ConvexForm((("1",), ("-1", "2")), (("1",), ("0", "1")))
    assert negative.ssp_coefficient == 0
    with pytest.raises(InvalidInput, match=r"rows of \[2\] numbers"):
        ConvexForm((("1", "0"),), (("1",),))


def test_what_is_written_out_is_a_tableau_of_the_family():
    assert isinstance(optimal_disc(3), ButcherTableau)
    assert get("taylor:4").stability_function == get("rk4").stability_function
