"""The catalogue outside explicit and multistep methods: orders, sources, flags."""

from dataclasses import replace
from fractions import Fraction

import pytest
from integrators.other_orders import DECIMAL, EXACT

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, facts, get
from stabcheck.integrators.catalogue import (
    additive,
    collocation,
    explicit_first_stage,
    exponential,
    implicit,
    rosenbrock,
    rows,
    singly_diagonal,
    splitting,
    symplectic,
    transformer,
)
from stabcheck.integrators.runge_kutta.order import ElementaryWeights

MODULES = (
    additive, collocation, explicit_first_stage, exponential, implicit, rosenbrock,
    singly_diagonal, splitting, symplectic, transformer,
)  # fmt: skip
NAMES = [name for module in MODULES for row in module.ROWS for name in row.names]
SMALL = Fraction(1, 1000)


def test_every_method_has_a_declared_order():
    named = [name for name in NAMES if not name.startswith("pade:")]
    assert sorted(named) == sorted([*EXACT, *DECIMAL])


@pytest.mark.parametrize(("name", "declared"), EXACT.items())
def test_the_order_is_exactly_the_declared_one(name, declared):
    method = get(name)
    assert (method.stages, method.order) == declared
    assert method.source
    assert getattr(method, "conditional_on_order", None) is None


@pytest.mark.parametrize(("name", "declared"), DECIMAL.items())
def test_decimals_have_their_order_up_to_rounding(name, declared):
    method = get(name)
    stages, order, power = declared
    assert (method.stages, method.order) == (stages, order)
    assert method.conditional_on_order == order
    assert 0 < method.order_residual < Fraction(10) ** power


@pytest.mark.parametrize(
    "name",
    [n for n in DECIMAL if n not in ("sofroniou-spaletta10", "dprkn12", "mclachlan8",
                                     "kahan-li8", "kencarp5", "kencarp58")],
)  # fmt: skip
def test_decimals_do_not_have_one_order_more(name):
    method = get(name)
    higher = replace(method, published_order=method.order + 1)
    if hasattr(higher, "published_decay"):
        higher = replace(higher, published_decay=False)
    assert higher.order_residual > Fraction(1, 10**7)


def test_pade_approximations_have_the_sum_of_the_degrees_as_order():
    for k in range(9):
        for j in range(9):
            if k + j:
                assert get(f"pade:{k},{j}").order == k + j


def test_ehles_wedge_holds_the_a_stable_pade_approximations():
    for k in range(9):
        for j in range(9):
            if k + j:
                method = get(f"pade:{k},{j}")
                assert method.is_A_stable == (k <= j <= k + 2)
                assert method.is_L_stable == (k < j <= k + 2)


TABLEAUS = [
    name
    for module in (singly_diagonal, explicit_first_stage, collocation)
    for row in module.ROWS
    for name in row.names
    if name in EXACT and EXACT[name][1] > 1
    and not name.startswith("sspirk3") and isinstance(get(name), ButcherTableau)
]  # fmt: skip


@pytest.mark.parametrize("name", TABLEAUS)
def test_a_wrong_coefficient_in_any_entry_lowers_the_order(name):
    method = get(name)
    size = method.stages
    for i in range(size + 1):
        for j in range(size):
            A, b = [list(row) for row in method.A], list(method.b)
            row = b if i == size else A[i]
            if row[j] or i == size:
                row[j] += SMALL
                weights = ElementaryWeights({"f": (A, b)})
                assert any(
                    defect != 0
                    for nodes in range(1, method.order + 1)
                    for _, defect in weights.defects(nodes)
                ), (i, j)


L_STABLE = (
    "sdirk2", "sdirk2-plus", "sdirk33", "sdirk54", "cash4", "tr-bdf2", "tr-bdf2-bank",
    "kvaerno3", "kvaerno4", "kvaerno5", "esdirk325l2sa", "esdirk436l2sa2",
    "esdirk437l2sa", "esdirk547l2sa2", "esdirk54i8l2sa", "esdirk659l2sa",
    "wso-dirk-432", "wso-dirk-433", "wso-dirk-643", "wso-dirk-744", "wso-dirk-1254",
    "wso-dirk-1255", "ros2", "ros2-minus", "ros34pw1a", "ros34pw1b", "ros34pw2",
    "rodas3", "rodas4", "rodas42", "rodas4p", "rodas4p2", "rodas5", "radau-iia:8",
    "radau-ia:8", "lobatto-iiic:8", "deep-equilibrium",
)  # fmt: skip
A_NOT_L_STABLE = (
    "sdirk23", "sdirk34", "qin-zhang", "gauss:8", "lobatto-iiia:8", "lobatto-iiib:8",
    "lobatto-iiid:8", "ros3p", "shamp4", "grk4a", "average-vector-field",
)  # fmt: skip


@pytest.mark.parametrize("name", L_STABLE)
def test_a_method_that_is_known_as_l_stable_is(name):
    assert get(name).is_L_stable


@pytest.mark.parametrize("name", A_NOT_L_STABLE)
def test_a_method_that_is_a_stable_only_is_not_called_l_stable(name):
    assert get(name).is_A_stable
    assert not get(name).is_L_stable


def test_some_methods_are_not_a_stable():
    for name in ("grk4t", "sdirk23-minus", "sspirk3:3", "lobatto-iiic-star:3"):
        assert not get(name).is_A_stable


def test_ssp_coefficients_have_their_closed_forms():
    for s in (2, 3, 5):
        assert get(f"sspirk2:{s}").ssp_coefficient == 2 * s
        root = get(f"sspirk3:{s}").ssp_coefficient
        shifted = root.enclosure(Fraction(1, 10**20))[0] - (s - 1)
        assert abs(shifted**2 - (s * s - 1)) < Fraction(1, 10**18)


def test_every_row_of_the_registry_has_methods_or_a_reason():
    assert [row.number for row in rows()] == list(range(1, 167))
    assert all(row.names or row.aliases or row.open for row in rows())


def test_facts_of_one_class_of_methods_are_in_the_record():
    assert facts(get("ars443"), 6)["imaginary_strip"] == "1.56985"
    assert facts(get("strang"))["is_symmetric"] is True
    assert facts(get("krogstad4"))["stiff_order"] == 3
    assert facts(get("ros2"))["w_order"] == 2
    assert facts(get("nystrom4-rkn"), 6)["oscillator_stability_interval"] == "2.58652"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gauss:0", "at least 1"),
        ("lobatto-iiia:1", "at least 2"),
        ("sspirk3:1", "at least 2"),
        ("sirk:2,-1/2", "positive fraction"),
        ("tr-bdf2-gamma:2", "parameter other than 2"),
        ("pade:0,0", "sum from 1"),
        ("pade:1/2,1", "whole numbers"),
        ("lobatto-iiia-iiib:5", "from 2 to 4"),
        ("picard-euler:0", "whole number of iterations"),
        ("deepnorm:0", "residual scale other than 0"),
        ("looped-block:0", "whole number of layers"),
    ],
)
def test_a_parameter_outside_a_family_is_refused(name, message):
    with pytest.raises(InvalidInput, match=message):
        get(name)
