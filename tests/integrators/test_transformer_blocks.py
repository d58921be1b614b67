"""Transformer blocks as methods: what their stability functions say."""

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.integrators import get
from stabcheck.integrators.catalogue.implicit import theta
from stabcheck.integrators.catalogue.transformer import gated_rk2

SMALL = st.fractions(-3, 3, max_denominator=8)


@given(SMALL, SMALL)
def test_blocks_multiply_or_add_their_branches(a, b):
    values = {
        "parallel-block": 1 + a + b,
        "sequential-block": (1 + a) * (1 + b),
        "macaron-block": (1 + b / 2) ** 2 * (1 + a),
        "looped-block:2": ((1 + a / 2) * (1 + b / 2)) ** 2,
    }
    for name, value in values.items():
        assert get(name).stability_function(a=a, b=b) == value


def test_the_stable_boxes_of_the_blocks():
    boxes = {"parallel-block": 1, "sequential-block": 2, "macaron-block": 2,
             "looped-block:4": 8}  # fmt: skip
    for name, size in boxes.items():
        assert get(name).stable_box == size


def test_a_branch_of_a_macaron_block_alone_has_its_own_interval():
    R = get("macaron-block").multivariate
    assert R.along(b=1)(Fraction(-4)) == 1
    assert R.along(a=1)(Fraction(-2)) == -1


def test_the_reversible_block_is_stable_for_products_between_minus_four_and_zero():
    block = get("reversible-block")
    assert block.oscillator_stability_interval == 2
    assert str(block.stability_text) == "2 - z^2"
    assert block.oscillator.is_area_preserving


@given(st.integers(1, 6), SMALL)
def test_picard_iterations_are_partial_sums_of_the_geometric_series(k, z):
    R = get(f"picard-euler:{k}").stability_function
    assert R(z) == sum(z**j for j in range(k + 1))


def test_more_picard_iterations_do_not_reach_the_interval_of_the_equilibrium():
    assert get("deep-equilibrium").real_stability_interval == inf
    for k in range(2, 8):
        interval = get(f"picard-euler:{k}").real_stability_interval
        # Odd numbers of iterations go a little beyond the circle of convergence.
        assert interval == 1 if k % 2 == 0 else 1 < interval < 2


@given(st.fractions(0, 1, max_denominator=9))
def test_gates_keep_order_two_at_one_half_only(g):
    method = gated_rk2(g)
    assert method.order == (2 if g == Fraction(1, 2) else 1)
    assert method.stability_function(Fraction(-1)) == 1 - g


def test_a_symbolic_gate_shows_the_condition_for_order_two():
    import sympy

    g = sympy.Symbol("g")
    method = gated_rk2(g)
    assert method.order == 1
    (condition,) = method.order_conditions(2)
    assert sympy.solve(condition, g) == [sympy.Rational(1, 2)]
    assert method.at(g="1/4").order == 1
    z = sympy.Symbol("z")
    assert sympy.expand(method.stability_function - (1 + z + (1 - g) * z**2)) == 0


def test_a_symbolic_theta_shows_where_the_method_is_stable():
    import sympy

    t, y = sympy.Symbol("theta"), sympy.Symbol("y", real=True)
    method = theta(t)
    assert sympy.expand(method.E_polynomial - y**2 * (2 * t - 1)) == 0
    assert method.at(theta="1/2").order == 2
    assert method.at(theta="2/3").is_A_stable
    assert not method.at(theta="1/3").is_A_stable
    assert method.parameters == (t,)


def test_scaled_branches_have_longer_intervals():
    for name, scale in (
        ("rezero:1/2", 2),
        ("layerscale:1/10", 10),
        ("deepnorm:2,1/2", 4),
    ):
        block = get(name)
        assert block.multivariate.along(a=1)(Fraction(-2 * scale)) == -1
        assert block.circle_contractivity_radius == scale


def test_chebyshev_blocks_have_their_square_of_an_interval():
    for s in (3, 5):
        assert get(f"rkc-block:{s}").real_stability_interval == 2 * s * s


@pytest.mark.parametrize("name", ["reversible-heun", "asynchronous-leapfrog"])
def test_reversible_two_stream_methods_leap(name):
    method = get(name)
    assert method.obeys_its_multistep_method
    assert method.order == 2
    assert method.closed_imaginary_stability_interval == 1
    assert method.real_stability_interval == 0


def test_the_average_of_a_linear_field_is_the_trapezoid():
    method = get("average-vector-field")
    assert method.stability_function == get("trapezoid").stability_function
    assert method.order == 2
    assert method.is_energy_preserving
