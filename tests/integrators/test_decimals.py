"""Methods published in decimals: digits kept, facts conditional on the order."""

from fractions import Fraction

import pytest

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, facts, get
from stabcheck.integrators.runge_kutta.decimals import projected
from stabcheck.integrators.runge_kutta.intervals import linear_order
from stabcheck.integrators.runge_kutta.stability_function import of_tableau

THIRD, HALVES = "0.33333333", ["0.16666667", "0.66666667", "0.16666666"]


def rounded_kutta() -> ButcherTableau:
    """Kutta's method of order three with its weights to eight decimals."""
    return ButcherTableau(
        "kutta3 rounded",
        [[0, 0, 0], ["0.5", 0, 0], [-1, 2, 0]],
        HALVES,
        ["0", "0.5", "1.00000001"],
        published_order=3,
    )


def test_the_digits_are_kept_and_the_order_is_conditional():
    method = rounded_kutta()
    assert method.b[0] == Fraction(16666667, 10**8)
    assert method.order == method.conditional_on_order == 3
    assert facts(method)["conditional_on_order"] == 3
    assert get("kutta3").conditional_on_order is None


def test_the_residual_is_about_the_rounding_and_an_upper_bound():
    method = rounded_kutta()
    # b_1 + b_2 + b_3 = 1, b_2/2 + b_3 = 1/2 - 5/10^9 and so on.
    assert Fraction(1, 10**9) < method.order_residual < Fraction(1, 10**7)
    assert get("kutta3").order_residual is None


def test_abscissae_off_the_row_sums_are_recorded():
    assert rounded_kutta().abscissa_residual == Fraction(1, 10**8)
    assert get("rk4").abscissa_residual == 0


def test_the_stability_polynomial_is_that_of_the_order():
    rounded, exact = rounded_kutta(), get("kutta3")
    assert rounded.stability_function == exact.stability_function
    assert rounded.imaginary_stability_interval == exact.imaginary_stability_interval


def test_without_the_projection_the_imaginary_interval_is_lost():
    method = rounded_kutta()
    raw = of_tableau(method.A, method.b)
    assert linear_order(raw) < 3
    assert linear_order(projected(raw, 3)) == 3
    assert projected(projected(raw, 3), 3) == projected(raw, 3)


def test_the_projection_of_a_rational_function_keeps_its_denominator():
    R = get("backward-euler").stability_function
    onto_two = projected(R, 2)
    assert onto_two.Q == R.Q
    assert linear_order(onto_two) == 2


def test_decimals_without_a_published_order_are_refused_by_their_residual():
    with pytest.raises(InvalidInput, match="they have to agree"):
        ButcherTableau(
            "kutta3 rounded",
            [[0, 0, 0], ["0.5", 0, 0], [-1, 2, 0]],
            HALVES,
            ["0", "0.5", "1.00000001"],
        )
    with pytest.raises(InvalidInput, match="a consistent method has the sum 1"):
        ButcherTableau("thirds", [[0, 0], [1, 0]], [THIRD, "0.66666666"])


def test_the_error_norm_of_decimals_is_near_that_of_the_exact_method():
    gap = rounded_kutta().principal_error_norm.rational
    assert abs(float(gap) - float(get("kutta3").principal_error_norm)) < 1e-7


@pytest.mark.parametrize("name", ["Tsit5", "CMR6", "PD8"])
def test_published_methods_have_the_order_up_to_their_digits(name):
    method = get(name)
    assert method.conditional_on_order == method.order
    assert method.order_residual < Fraction(1, 10**13)
    assert linear_order(method.stability_function) >= method.order
