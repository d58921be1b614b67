"""Exponential integrators and Magnus methods, in exact exponential polynomials."""

from dataclasses import replace
from fractions import Fraction
from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import INFINITY, get
from stabcheck.integrators.algebra.exponential_polynomial import (
    ExponentialPolynomial,
    exponential,
    phi,
)
from stabcheck.integrators.catalogue import exponential as catalogue
from stabcheck.integrators.several_fields.exponential import ExponentialRungeKutta
from stabcheck.integrators.several_fields.magnus import Magnus, solution, words

RATES = st.fractions(0, 2, max_denominator=4)
EXPONENTIAL = [
    name
    for row in catalogue.ROWS
    for name in row.methods
    if isinstance(get(name), ExponentialRungeKutta)
]
STIFF = {
    "lawson4": 0, "etd1": 1, "etd2rk": 2, "etd3rk": 2, "etdrk4": 2, "krogstad4": 3,
    "strehmel-weiner4": 3, "hochbruck-ostermann4": 3,
}  # fmt: skip


@given(RATES, st.integers(0, 4))
def test_phi_has_the_coefficients_of_its_series(q, k):
    for power in range(5):
        assert phi(k, q).taylor(power) == q**power / factorial(k + power)
    assert phi(k, q).is_entire


@given(RATES, RATES, st.integers(0, 3), st.integers(0, 3))
def test_products_and_sums_agree_with_those_of_the_series(q, r, k, m):
    a, b = phi(k, q), phi(m, r)
    for power in range(5):
        total = sum(a.taylor(i) * b.taylor(power - i) for i in range(power + 1))
        assert (a * b).taylor(power) == total
        assert (a + b).taylor(power) == a.taylor(power) + b.taylor(power)


def test_the_recurrence_of_phi_holds_exactly():
    z = ExponentialPolynomial({(Fraction(0), 1): Fraction(1)})
    for k in range(4):
        assert z * phi(k + 1) == phi(k) - Fraction(1, factorial(k))


def test_half_a_step_twice_is_a_step():
    half = Fraction(1, 2)
    assert exponential(half) * phi(1, half) == 2 * phi(1) - phi(1, half)


def test_the_limit_of_phi_is_zero_and_that_of_a_growing_term_is_none():
    assert phi(3).limit == 0
    assert exponential(0).limit == 1
    assert exponential(-1).limit is None


def test_floats_agree_on_both_sides_of_the_switch_to_the_series():
    for z in (-1.999999, -2.000001, 1.999999, 2.000001):
        assert abs(phi(1)(z) - (exp(z) - 1) / z) < 1e-14


@pytest.mark.parametrize("name", EXPONENTIAL)
def test_a_linear_field_is_solved_exactly(name):
    assert get(name).is_exact_on_linear


@pytest.mark.parametrize("name", EXPONENTIAL)
def test_without_the_linear_field_a_runge_kutta_method_is_left(name):
    method = get(name)
    left = method.underlying_method
    powers = [R.taylor(0) for R in method.stability_polynomial]
    while not powers[-1]:
        powers.pop()
    assert tuple(powers) == left.stability_function.P
    if method.family == "exponential Runge-Kutta":
        assert left.order >= method.order


@pytest.mark.parametrize(("name", "order"), STIFF.items())
def test_the_stiff_order_is_that_of_hochbruck_and_ostermann(name, order):
    assert get(name).stiff_order == order


@pytest.mark.parametrize("name", EXPONENTIAL)
def test_infinite_damping_leaves_a_bounded_step(name):
    method = get(name)
    assert method.limit_function is not None
    assert method.limit_interval == INFINITY
    far = method.stability_function(z=-80.0, w=-0.5)
    assert abs(far - float(method.limit_function(Fraction(-1, 2)))) < 0.2


@pytest.mark.parametrize("name", [n for n in EXPONENTIAL if n != "lawson-euler"])
def test_a_wrong_weight_lowers_the_order(name):
    method = get(name)
    for i in range(method.stages):
        b = list(method.b)
        b[i] = b[i] + Fraction(1, 1000)
        assert replace(method, b=tuple(b)).order < method.order


@pytest.mark.parametrize("name", ["etdrk4", "krogstad4", "hochbruck-ostermann4"])
def test_a_wrong_coefficient_of_a_stage_lowers_the_order(name):
    method = get(name)
    for i in range(1, method.stages):
        for j in range(i):
            A = [list(row) for row in method.A]
            A[i][j] = A[i][j] + phi(1) / 1000
            assert replace(method, A=tuple(map(tuple, A))).order < method.order


def test_the_six_stages_of_whalen_have_order_four_where_fields_do_not_commute():
    # Published as of order 5, which the method at L = 0 has.
    method = get("etd35")
    assert method.order == 4
    assert method.underlying_method.order == 5


def test_an_implicit_or_singular_coefficient_is_refused():
    pole = ExponentialPolynomial({(Fraction(0), -1): Fraction(1)})
    with pytest.raises(InvalidInput, match="on or above the diagonal"):
        ExponentialRungeKutta("implicit", [[1]], [1], [0])
    with pytest.raises(InvalidInput, match="pole at 0"):
        ExponentialRungeKutta("pole", [[0]], [pole], [0])
    with pytest.raises(InvalidInput, match="as many"):
        ExponentialRungeKutta("long", [[0]], [1, 1], [0])
    with pytest.raises(InvalidInput, match="give z, the linear"):
        get("etd1").stability_function(a=1)


@pytest.mark.parametrize(
    ("name", "order"), {"magnus2": 2, "magnus4": 4, "magnus6": 6, "cf4": 4}.items()
)
def test_magnus_methods_have_their_order_and_no_more(name, order):
    method = get(name)
    assert method.order == order
    assert any(method.residuals(order + 1))
    assert method.real_stability_interval == INFINITY


def test_the_solution_of_a_constant_matrix_is_the_exponential_series():
    assert [solution((0,) * k) for k in (1, 2, 3)] == [
        1,
        Fraction(1, 2),
        Fraction(1, 6),
    ]
    assert len(words(3)) == 4  # a0a0a0, a0a1, a1a0, a2


def test_an_unknown_magnus_method_is_refused():
    with pytest.raises(InvalidInput, match=r"choose one of .*magnus2"):
        Magnus("magnus8")
