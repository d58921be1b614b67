"""Structure of tableaux: symplectic, symmetric, reducible, adjoint, composed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrators.drawn import nonnegative_tableaux, tableaux

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, NumberField, compose, get, square_root
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.runge_kutta.contractivity import semidefinite_pivots
from stabcheck.integrators.runge_kutta.reduction import are_equivalent

ROOT_3, ROOT_6, ROOT_15 = square_root(3), square_root(6), square_root(15)
INFINITE = float("inf")
LINEAR = ("real_stability_interval", "imaginary_stability_interval", "is_A_stable")
NONLINEAR = ("circle_contractivity_radius", "absolute_monotonicity_radius", "order")


def gauss2() -> ButcherTableau:
    """Hairer, Wanner, Solving ODEs II, IV.5, Table 5.1."""
    q = Fraction(1, 4)
    A = [[q, q - ROOT_3 / 6], [q + ROOT_3 / 6, q]]
    return ButcherTableau("gauss 2", A, ["1/2", "1/2"])


def radau3() -> ButcherTableau:
    """Hairer, Wanner, Solving ODEs II, IV.5, Table 5.6."""
    r = ROOT_6
    A = [
        [(88 - 7 * r) / 360, (296 - 169 * r) / 1800, (-2 + 3 * r) / 225],
        [(296 + 169 * r) / 1800, (88 + 7 * r) / 360, (-2 - 3 * r) / 225],
        [(16 - r) / 36, (16 + r) / 36, Fraction(1, 9)],
    ]
    return ButcherTableau("radau IIA 3", A, A[2])


def crouzeix4() -> ButcherTableau:
    """Hairer, Wanner, Solving ODEs II, IV.6: SDIRK over a cubic field."""
    g = NumberField((-1, 12, -36, 24), "1.0686").generator
    d = 1 / (6 * (2 * g - 1) ** 2)
    half = Fraction(1, 2)
    return ButcherTableau(
        "crouzeix 4",
        [[g, 0, 0], [half - g, g, 0], [2 * g, 1 - 4 * g, g]],
        [d, 1 - 2 * d, d],
    )


@given(tableaux())
def test_the_adjoint_of_the_adjoint_is_the_method(method):
    twice = method.adjoint().adjoint()
    assert (twice.A, twice.b) == (method.A, method.b)


@given(tableaux())
def test_the_adjoint_has_the_inverse_at_minus_z_as_stability_function(method):
    R, adjoint = method.stability_function, method.adjoint().stability_function
    P, Q, S, T = (exact_polynomial(c) for c in (R.P, R.Q, adjoint.P, adjoint.Q))
    mirrored = exact_polynomial([0, Fraction(-1)])
    assert S * P(mirrored) == T * Q(mirrored)
    assert method.adjoint().order == method.order


@given(tableaux(), tableaux(), st.fractions(-1, 2, max_denominator=4))
def test_composition_multiplies_stability_functions(first, second, share):
    if share in (0, 1):
        return
    both = compose("both", first, second, fractions=(share, 1 - share))
    z = Fraction(1, 97)
    expected = first.stability_function(share * z) * second.stability_function(
        (1 - share) * z
    )
    assert both.stability_function(z) == expected
    assert both.order >= 1


@given(tableaux(irrational=True, most=2))
def test_two_half_steps_have_the_order_of_the_method(method):
    assert compose("halves", method, method).order >= method.order


@given(tableaux(most=2))
def test_a_method_and_its_adjoint_compose_to_a_symmetric_one(method):
    both = compose("both", method, method.adjoint())
    assert both.is_symmetric
    assert both.order % 2 == 0


def padded(method: ButcherTableau) -> ButcherTableau:
    """The same with a stage that nothing uses and one that another repeats."""
    s = method.stages
    rows = [
        [*(a / 2 if j == 0 else a for j, a in enumerate(row)), row[0] / 2, 0]
        for row in method.A
    ]
    rows.append(list(rows[0]))
    rows.append([Fraction(1, 3)] * (s + 2))
    weights = [method.b[0] / 4, *method.b[1:], 3 * method.b[0] / 4, 0]
    return ButcherTableau("padded", rows, weights)


@given(tableaux())
def test_reducibility_does_not_change_facts(method):
    large = padded(method)
    assert large.stages == method.stages + 2
    assert large.reduced().stages == method.reduced().stages
    assert are_equivalent((large.A, large.b), (method.A, method.b))
    small = method.reduced()
    for key in (*LINEAR, "order", "is_symplectic", "is_symmetric"):
        assert getattr(large, key) == getattr(method, key) == getattr(small, key)


@given(tableaux(), tableaux())
def test_equivalent_methods_have_equal_stability_functions(first, second):
    if are_equivalent((first.A, first.b), (second.A, second.b)):
        assert first.stability_function == second.stability_function


def test_the_order_of_the_stages_does_not_matter():
    method = gauss2()
    A, b = [row[::-1] for row in method.A[::-1]], method.b[::-1]
    assert are_equivalent((A, b), (method.A, method.b))
    assert not are_equivalent((A, b), (radau3().A, radau3().b))


SYMMETRIC = {"rk4": False, "implicit-midpoint": True, "trapezoid": True, "heun": False}


@pytest.mark.parametrize(("name", "expected"), SYMMETRIC.items())
def test_symmetric_methods_are_their_own_adjoint(name, expected):
    assert get(name).is_symmetric == expected


def test_gauss_methods_are_symplectic_and_no_explicit_method_is():
    assert gauss2().is_symplectic
    assert gauss2().is_symmetric
    assert get("implicit-midpoint").is_symplectic
    for name in ("rk4", "heun", "trapezoid", "backward-euler"):
        assert not get(name).is_symplectic


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (gauss2(), (4, 2, 2)),
        (radau3(), (5, 3, 2)),
        (crouzeix4(), (4, 1, 1)),
        (get("rk4"), (4, 1, 1)),
        (get("trapezoid"), (2, 2, 0)),
        (get("implicit-midpoint"), (2, 1, 1)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_simplifying_assumptions_are_those_of_the_literature(method, expected):
    # Hairer, Wanner, Solving ODEs II, IV.5, Table 5.13 for Gauss and Radau.
    assert method.simplifying_assumptions == expected
    assert method.stage_order == min(expected[:2])


@given(tableaux())
def test_the_assumptions_imply_the_order_that_butcher_proved(method):
    # B(p), C(q), D(r) with p <= q + r + 1 and p <= 2 q + 2 give order p.
    B, C, D = method.simplifying_assumptions
    assert method.order >= min(B, C + D + 1, 2 * C + 2)


def test_methods_over_a_number_field_have_their_order_and_predicates():
    for method, order, L in ((gauss2(), 4, False), (radau3(), 5, True)):
        assert method.order == order
        assert method.is_A_stable
        assert method.is_L_stable == L
        assert method.is_algebraically_stable
        assert method.circle_contractivity_radius == INFINITE
    cubic = crouzeix4()
    assert cubic.order == 4
    assert cubic.is_algebraically_stable
    assert not cubic.is_L_stable
    # The norm over a field whose minimal polynomial is not monic.
    defects = float(cubic.principal_error_norm)
    assert abs(defects - 0.25703566026773) < 1e-14


def test_wrong_irrational_coefficients_lose_the_order():
    q = Fraction(1, 4)
    A = [[q, q - ROOT_3 / 6], [q + ROOT_3 / 6 + Fraction(1, 10**30), q]]
    assert ButcherTableau("gauss 2, one wrong", A, ["1/2", "1/2"]).order == 1


@given(tableaux())
def test_circle_contractivity_never_exceeds_the_disc(method):
    assert method.circle_contractivity_radius <= method.largest_disc_radius


@given(st.one_of(nonnegative_tableaux(), tableaux(explicit=True)))
def test_the_ssp_radius_never_exceeds_the_linear_one(method):
    linear = method.linear_absolute_monotonicity_radius
    assert method.absolute_monotonicity_radius <= linear


@given(nonnegative_tableaux())
def test_the_ssp_radius_never_exceeds_that_of_circles(method):
    # Monotone under any convex functional, a norm of a euclidean space included.
    assert method.absolute_monotonicity_radius <= method.circle_contractivity_radius


@given(tableaux())
def test_pivots_prove_what_they_say(method):
    pivots = method.algebraic_stability_pivots
    stable = pivots is not None and min(method.b) >= 0
    assert method.is_algebraically_stable == stable
    if pivots is not None:
        assert all(value > 0 for _, value in pivots)
        places = [place for place, _ in pivots]
        assert len(set(places)) == len(places) <= method.stages


def test_pivots_are_the_places_of_the_elimination():
    matrix = [[Fraction(x) for x in row] for row in ([1, 2, 0], [2, 5, 0], [0, 0, 0])]
    assert semidefinite_pivots(matrix) == [(1, 5), (0, Fraction(1, 5))]
    assert semidefinite_pivots([[Fraction(0), 1], [1, Fraction(0)]]) is None


def test_claims_that_must_fail():
    assert get("rk4").order != 5
    assert get("Lambert65").order == 2  # as NodePy 1.1.1 prints it; claimed to be 5
    assert not get("trapezoid").is_algebraically_stable


@pytest.mark.parametrize(
    ("fractions", "message"),
    [((1,), "one fraction for each"), ((1, 1), "have to add up to 1")],
)
def test_shares_that_do_not_fit_are_refused(fractions, message):
    with pytest.raises(InvalidInput, match=message):
        compose("wrong", get("rk4"), get("heun"), fractions=fractions)


def test_coefficients_of_two_fields_are_refused():
    with pytest.raises(InvalidInput, match="write all of them in one"):
        ButcherTableau("mixed", [[ROOT_3, 0], [0, ROOT_6]], ["1/2", "1/2"])


def test_embedded_weights_make_a_second_method():
    pair = ButcherTableau(
        "heun and euler", [[0, 0], [1, 0]], ["1/2", "1/2"], embedded=[1, 0]
    )
    assert pair.embedded_method.order == 1
    assert get("rk4").embedded_method is None
    with pytest.raises(InvalidInput, match="embedded weights; give one for each"):
        ButcherTableau("wrong", [[0]], [1], embedded=[1, 0])
