"""Methods known by their stability function only."""

from fractions import Fraction
from math import factorial

import pytest
from flint import fmpz_poly
from hypothesis import given
from integrators.drawn import rational_methods, tableaux

from stabcheck.errors import InvalidInput
from stabcheck.integrators import RationalMethod, facts, get, square_root


def chebyshev(stages: int) -> RationalMethod:
    """T_s(1 + z/s^2), undamped."""
    argument = fmpz_poly([stages**2, 1])
    terms = fmpz_poly.chebyshev_t(stages).coeffs()
    P = sum(
        (
            int(c) * argument**k * stages ** (2 * (stages - k))
            for k, c in enumerate(terms)
        ),
        fmpz_poly([]),
    )
    return RationalMethod(
        f"chebyshev {stages}",
        [Fraction(int(c), stages ** (2 * stages)) for c in P.coeffs()],
    )


@given(tableaux())
def test_a_tableau_and_its_stability_function_share_all_linear_facts(method):
    R = method.stability_function
    same = RationalMethod("same", R.P, R.Q)
    for key in (
        "real_stability_interval", "imaginary_stability_interval", "is_L_stable",
        "largest_disc_radius", "error_constant", "A_alpha_degrees", "is_I_stable",
        "linear_absolute_monotonicity_radius", "is_A_stable",
    ):  # fmt: skip
        assert getattr(method, key) == getattr(same, key)
    assert same.order >= method.order


def test_what_needs_a_tableau_is_none():
    method = RationalMethod("taylor 2", [1, 1, "1/2"])
    record = facts(method)
    for key in ("circle_contractivity_radius", "is_algebraically_stable"):
        assert record[key] is None
    assert (method.order, method.stages) == (2, 2)
    assert method.family == "stability polynomial"
    assert get("backward-euler").family == "diagonally implicit Runge-Kutta"


@given(rational_methods())
def test_common_factors_change_nothing(method):
    def times(p):
        return [a + 2 * b for a, b in zip([*p, 0], [0, *p], strict=True)]

    other = RationalMethod("other", times(method.P), times(method.Q))
    assert other.stability_function == method.stability_function


@given(rational_methods())
def test_the_error_constant_is_the_first_defect_of_the_series(method):
    R, p = method.stability_function, method.order
    z = Fraction(1, 10**6)
    exponential = sum(z**k / factorial(k) for k in range(p + 8))
    defect = (exponential - R(z)) / z ** (p + 1)
    assert abs(defect - method.error_constant.rational) < Fraction(1, 10)


@pytest.mark.parametrize("stages", [1, 2, 5, 10, 20])
def test_chebyshev_polynomials_reach_twice_the_square_of_the_stages(stages):
    # Every extremum is a tangency; NodePy finds 76.4 in place of 800.
    method = chebyshev(stages)
    assert method.real_stability_interval == 2 * stages**2
    assert method.imaginary_stability_interval == 0


def test_a_function_over_a_number_field_has_exact_facts():
    gamma = 1 - square_root(2) / 2
    method = RationalMethod("sdirk", [1, 1 - 2 * gamma], [1, -2 * gamma, gamma**2])
    assert method.is_L_stable
    assert method.order == 2
    # e^z Q - P has the coefficient 1/6 - gamma + gamma^2 at z^3.
    assert method.error_constant == Fraction(1, 6) - gamma + gamma**2


@pytest.mark.parametrize(
    ("P", "Q", "message"),
    [
        ([1, 2], [1], "give a consistent method"),
        ([2, 1], [1], "give a consistent method"),
        ([1, 1], [0, 1], "P may not be zero, nor Q"),
        ([], [1], "P may not be zero, nor Q"),
        ([1, 0.5], [1], "write a fraction"),
    ],
)
def test_what_is_no_stability_function_is_refused(P, Q, message):
    with pytest.raises(InvalidInput, match=message):
        RationalMethod("wrong", P, Q)
