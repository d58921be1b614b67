"""Rosenbrock methods: order conditions, W-methods, the transformed form."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, get
from stabcheck.integrators.runge_kutta.rosenbrock import (
    RosenbrockMethod,
    from_transformed,
)

EXACT = ("ros2", "ros2-minus", "ros3p", "rodas3", "shamp4")
SHARES = st.fractions(-2, 2, max_denominator=6)


@given(SHARES, SHARES, st.fractions(Fraction(1, 6), 2, max_denominator=6))
def test_two_stages_are_of_order_two_exactly_under_the_classical_conditions(a, b2, g):
    # b1 + b2 = 1 and b2 (alpha21 + gamma21) = 1/2 - gamma (HW IV.7, eq. (7.15)).
    for gamma21 in (Fraction(0), -a if not b2 else (Fraction(1, 2) - g) / b2 - a):
        method = RosenbrockMethod(
            "drawn", [[0, 0], [a, 0]], [[g, 0], [gamma21, g]], [1 - b2, b2]
        )
        holds = b2 * (a + gamma21) == Fraction(1, 2) - g
        assert (method.order >= 2) == holds


@pytest.mark.parametrize("name", EXACT)
def test_the_stability_function_is_that_of_the_matrix_beta(name):
    method = get(name)
    tableau = ButcherTableau("beta", method.beta, method.b)
    assert method.stability_function == tableau.stability_function


@pytest.mark.parametrize(("name", "order"), [("ros2", 2), ("ros3p", 1), ("rodas3", 1)])
def test_the_order_with_any_matrix_is_that_of_the_literature(name, order):
    assert get(name).w_order == order


@pytest.mark.parametrize("name", ["ros3p", "rodas3", "shamp4"])
def test_a_wrong_coefficient_in_any_entry_lowers_the_order(name):
    method = get(name)
    for key in ("alpha", "gamma"):
        for i in range(method.stages):
            for j in range(i):
                rows = [list(row) for row in getattr(method, key)]
                if not rows[i][j]:
                    continue
                rows[i][j] += Fraction(1, 1000)
                changed = replace(method, **{key: tuple(map(tuple, rows))})
                assert changed.order < method.order, (key, i, j)
    for i in range(method.stages):
        b = list(method.b)
        b[i] += Fraction(1, 1000)
        assert replace(method, b=tuple(b)).order < method.order


def test_the_transformed_form_is_turned_back():
    method = from_transformed("one", "1/3", [[0]], [[0]], [3], "")
    assert method.b == (1,)
    assert method.gamma == ((Fraction(1, 3),),)
    assert method.order == 1
    midpoint = from_transformed("two", "1/2", [[0]], [[0]], [2], "")
    assert midpoint.order == 2
    assert midpoint.stability_function == get("implicit-midpoint").stability_function


def test_decimals_carry_their_order_and_their_decay():
    method = get("ros34pw2")
    assert method.is_L_stable
    assert not replace(method, published_decay=False).is_L_stable
    assert method.w_order is None


def test_wrong_shapes_are_refused():
    with pytest.raises(InvalidInput, match="square matrices of that size"):
        RosenbrockMethod("short", [[0]], [[1]], [1, 0])
    with pytest.raises(InvalidInput, match="above the triangle"):
        RosenbrockMethod("upper", [[1]], [[1]], [1])
    with pytest.raises(InvalidInput, match="cannot have both"):
        replace(get("ros34pw2"), published_order=4).is_L_stable  # noqa: B018
