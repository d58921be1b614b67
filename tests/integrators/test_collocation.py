"""Methods on the roots of rational polynomials, in the algebra of their nodes."""

from fractions import Fraction
from math import comb

import pytest
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import INFINITY, ButcherTableau, get
from stabcheck.integrators.runge_kutta.collocation import NodalMethod
from stabcheck.integrators.runge_kutta.nodal_families import (
    FAMILIES,
    collocation,
    legendre,
    nodal,
    quadratic_nodes,
    written_out,
)

ORDERS = {
    "gauss": lambda s: (2 * s, s, s),
    "radau-ia": lambda s: (2 * s - 1, s - 1, s),
    "radau-iia": lambda s: (2 * s - 1, s, s - 1),
    "lobatto-iiia": lambda s: (2 * s - 2, s, s - 2),
    "lobatto-iiib": lambda s: (2 * s - 2, s - 2, s),
    "lobatto-iiic": lambda s: (2 * s - 2, s - 1, s - 1),
    "lobatto-iiic-star": lambda s: (2 * s - 2, s - 1, s - 1),
    "lobatto-iiid": lambda s: (2 * s - 2, s - 1, s - 1),
    "lobatto-iiie": lambda s: (2 * s - 2, s - 2, s - 2),
}
"""Order, stage order and adjoint order (HW IV.5, Table 5.12)."""

MEMBERS = [(family, s) for family, row in FAMILIES.items() for s in range(row[2], 13)]
PREDICATES = {  # A-stable, L-stable, algebraically stable, symplectic, symmetric
    "gauss": (True, False, True, True, True),
    "radau-ia": (True, True, True, False, False),
    "radau-iia": (True, True, True, False, False),
    "lobatto-iiia": (True, False, False, False, True),
    "lobatto-iiib": (True, False, False, False, True),
    "lobatto-iiic": (True, True, True, False, False),
    "lobatto-iiic-star": (False, False, False, False, False),
    "lobatto-iiid": (True, False, True, True, True),
    "lobatto-iiie": (True, False, True, True, True),
}


@pytest.mark.parametrize(("family", "s"), MEMBERS)
def test_the_orders_are_those_of_the_literature(family, s):
    method = nodal(family, s)
    found = method.order, method.stage_order, method.adjoint_order
    assert found == ORDERS[family](s)


@pytest.mark.parametrize(("family", "s"), [m for m in MEMBERS if m[1] <= 8])
def test_the_predicates_are_those_of_the_literature(family, s):
    method = nodal(family, s)
    found = (
        method.is_A_stable, method.is_L_stable, method.is_algebraically_stable,
        method.is_symplectic, method.is_symmetric,
    )  # fmt: skip
    assert found == PREDICATES[family]


@pytest.mark.parametrize(("family", "s"), [m for m in MEMBERS if m[1] <= 4])
def test_the_tableau_has_the_same_facts(family, s):
    method = nodal(family, s)
    tableau = written_out(method)
    if not isinstance(tableau, ButcherTableau):
        pytest.skip("the nodes lie in no quadratic field")
    for key in ("order", "stability_function", "circle_contractivity_radius",
                "is_algebraically_stable", "principal_error_norm"):  # fmt: skip
        assert getattr(tableau, key) == getattr(method, key)


@pytest.mark.parametrize("s", range(1, 9))
def test_the_stability_functions_are_pade_approximations(s):
    pairs = {"gauss": (s, s), "radau-ia": (s - 1, s), "radau-iia": (s - 1, s)}
    if s > 1:
        pairs |= {
            "lobatto-iiia": (s - 1, s - 1),
            "lobatto-iiib": (s - 1, s - 1),
            "lobatto-iiic": (s - 2, s),
            "lobatto-iiic-star": (s, s - 2),
        }
    for family, (k, j) in pairs.items():
        pade = get(f"pade:{k},{j}").stability_function
        assert nodal(family, s).stability_function == pade


def test_the_nodes_of_gauss_with_two_stages_are_written_in_a_quadratic_field():
    nodes = quadratic_nodes(nodal("gauss", 2).nodes)
    assert [x.decimal(6) for x in nodes] == ["0.211325", "0.788675"]
    assert quadratic_nodes(nodal("gauss", 4).nodes) is None
    assert isinstance(get("gauss:4"), NodalMethod)
    assert isinstance(get("gauss:3"), ButcherTableau)


@given(st.lists(st.fractions(0, 1, max_denominator=9), min_size=1, max_size=4,
                unique=True))  # fmt: skip
def test_any_distinct_rational_nodes_agree_with_their_tableau(nodes):
    M = fmpq_poly([1])
    for c in nodes:
        M *= fmpq_poly([-c.numerator, c.denominator])
    powers = tuple(Fraction(int(c.p), int(c.q)) for c in M.coeffs())
    images = tuple(
        tuple(Fraction(int(c.p), int(c.q)) for c in image.coeffs()) or (Fraction(0),)
        for image in collocation(M)
    )
    method = NodalMethod("drawn", powers, images)
    tableau = written_out(method)
    assert tableau.order == method.order
    assert tableau.stability_function == method.stability_function
    assert tableau.is_algebraically_stable == method.is_algebraically_stable
    if min(tableau.b) >= 0:
        assert tableau.circle_contractivity_radius == method.circle_contractivity_radius


def test_laguerre_nodes_give_one_pole():
    for s in range(1, 6):
        Q = get(f"sirk:{s},1/3").stability_function.Q
        expected = tuple(Fraction((-1) ** k * comb(s, k), 3**k) for k in range(s + 1))
        assert expected == Q
        assert get(f"sirk:{s},1/3").order >= s


def test_legendre_polynomials_are_orthogonal():
    for s in range(1, 6):
        for k in range(s):
            product = (legendre(s) * legendre(k)).integral()
            assert product(1) - product(0) == 0


def test_facts_of_eight_stages_are_complete():
    method = get("gauss:8")
    assert method.circle_contractivity_radius == INFINITY
    assert method.ssp_coefficient == 0
    assert method.principal_error_norm is None
    assert method.real_stability_interval == INFINITY
    assert method.imaginary_stability_interval == INFINITY


def test_nodes_that_coincide_are_refused():
    with pytest.raises(InvalidInput, match="give distinct nodes"):
        NodalMethod("twice", (0, 0, 1), ((0, 1), (0,)))
