"""General linear methods: orders, regions, refusals, and Runge-Kutta as a case."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrators.multistep_pairs import largest_root

from stabcheck.errors import InvalidInput
from stabcheck.integrators import facts, get
from stabcheck.integrators.catalogue import general_linear, two_step
from stabcheck.integrators.memory.general_linear import GeneralLinearMethod

ORDERS = {
    "tsrk3": 3, "tsrk4": 4, "dimsim2-type1": 2, "dimsim2-type3": 2, "irks1": 1,
    "glee-be1": 1, "glee23": 2, "glee24": 2, "glee-exrk2a": 2, "glee-rk32g1": 3,
    **{f"peer:{s}": s for s in range(2, 7)},
}  # fmt: skip
A_STABLE = {"tsrk4", "irks1", "glee-be1"}
NAMES = [
    n for module in (general_linear, two_step) for r in module.ROWS for n in r.names
]


def test_every_method_of_the_rows_has_an_order_here():
    assert sorted(NAMES) == sorted(ORDERS)


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_the_order_is_the_one_published_and_no_linear_order_is_below(name, order):
    method = get(name)
    assert method.order == order <= method.characteristic.linear_order
    assert method.is_zero_stable
    assert method.is_A_stable == (name in A_STABLE)
    record = facts(method)
    assert record["order"] == order
    assert record["stages"] == method.stages


@pytest.mark.parametrize("name", ["rk4", "heun", "kutta3", "ralston2"])
def test_a_runge_kutta_method_is_one_with_one_value(name):
    tableau = get(name)
    ones = [[1]] * tableau.stages
    method = GeneralLinearMethod(name, tableau.A, ones, [tableau.b], [[1]], shifts=(0,))
    assert method.order == tableau.order
    assert method.real_stability_interval == tableau.real_stability_interval
    assert method.is_explicit


@pytest.mark.parametrize("name", ["backward-euler", "implicit-midpoint", "trapezoid"])
def test_an_implicit_runge_kutta_method_keeps_its_predicates(name):
    tableau = get(name)
    ones = [[1]] * tableau.stages
    method = GeneralLinearMethod(name, tableau.A, ones, [tableau.b], [[1]], shifts=(0,))
    assert method.is_A_stable
    assert method.is_L_stable == tableau.is_L_stable
    assert method.A_alpha_degrees == 90


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_an_adams_method_is_one_of_one_stage(k):
    twin = get(f"ab:{k}")
    # Values y_n and the k - 1 older slopes; the stage is y_n itself.
    newest_first = twin.beta[-2::-1]
    U = [[1, *[0] * (k - 1)]]
    shift = [[0] * k for _ in range(k)]
    shift[0] = [1, *newest_first[1:]]
    for i in range(2, k):
        shift[i][i - 1] = 1
    B = [[newest_first[0]], *([[1]] if k > 1 else []), *[[0]] * (k - 2)]
    method = GeneralLinearMethod(
        "ab", [[0]], U, B, shift, shifts=(0, *[None] * (k - 1))
    )
    assert method.order == k
    assert method.real_stability_interval == twin.real_stability_interval
    assert method.imaginary_stability_interval == twin.imaginary_stability_interval


@pytest.mark.parametrize("name", NAMES)
def test_the_characteristic_polynomial_has_the_eigenvalues_of_the_step(name):
    method = get(name)
    A, U, B, V = (
        np.array([[float(x) for x in row] for row in m])
        for m in (method.A, method.U, method.B, method.V)
    )
    for z in (-0.3, 0.7j, -0.2 + 0.4j):
        step = V + z * B @ np.linalg.solve(np.eye(len(A)) - z * A, U)
        expected = max(abs(np.linalg.eigvals(step)))
        assert abs(largest_root(method, z) - expected) < 1e-6


def test_type_one_has_the_stability_of_a_runge_kutta_method():
    method = get("dimsim2-type1")
    assert len(method.characteristic.coefficients) == 2
    assert method.real_stability_interval == 2


def test_the_error_estimators_run_two_copies():
    assert (
        get("glee-rk32g1").real_stability_interval
        == get("kutta3").real_stability_interval
    )
    assert get("glee-be1").is_L_stable


@given(st.integers(0, 2), st.integers(0, 1), st.sampled_from([-1, 1]))
def test_a_wrong_coefficient_is_caught_by_the_order(i, j, sign):
    method = get("tsrk3")
    B = [list(row) for row in method.B]
    if j >= len(B[0]):
        j = 0
    B[i][j] += Fraction(sign, 1000)
    try:
        changed = GeneralLinearMethod(
            "changed", method.A, method.U, B, method.V, shifts=method.shifts
        )
    except InvalidInput:
        return
    assert changed.order < 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"U": [[1, 1]]}, "found U with rows"),
        ({"A": [[0, 0]]}, "found A with rows"),
        ({"shifts": ()}, "0 shifts and 0 abscissae"),
        ({"c": (0,)}, "1 shifts and 1 abscissae"),
        ({"B": [[2]]}, "order below 1"),
        ({"V": [[2]]}, "order below 1"),
        ({"A": [[0.5]]}, "0.5"),
    ],
)
def test_matrices_that_are_no_method_are_refused(change, message):
    euler = {"A": [[0]], "U": [[1]], "B": [[1]], "V": [[1]], "shifts": (0,)}
    with pytest.raises(InvalidInput, match=message):
        GeneralLinearMethod("refused", **(euler | change))


def test_a_double_eigenvalue_is_stable_while_its_powers_are_bounded():
    method = GeneralLinearMethod(
        "twice", [[0]], [[1, 0]], [[1], [0]], [[1, 0], [0, 1]], shifts=(0, None)
    )
    assert method.order == 1
    assert method.is_zero_stable
    assert not method.is_strongly_stable
    assert method.real_stability_interval != inf
