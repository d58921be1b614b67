"""One-leg twins, G-stability, predictor-correctors, extended BDF, Enright."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrators.multistep_pairs import damped_pairs, largest_root

from stabcheck.errors import InvalidInput
from stabcheck.integrators import facts, get
from stabcheck.integrators.memory import memory_sets
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.memory.one_leg import OneLeg
from stabcheck.integrators.memory.predictor_corrector import PredictorCorrector
from stabcheck.integrators.memory.second_derivative import SecondDerivativeMultistep
from stabcheck.integrators.runge_kutta.contractivity import is_positive_semidefinite


def is_identity(method) -> bool:
    """Whether G and M satisfy the identity of G-stability in every coefficient."""
    G, M = method.g_stability.G, method.g_stability.M
    k = len(G)
    a, b = method.alpha[-k - 1 :], method.beta[-k - 1 :]
    zero = Fraction(0)
    for i in range(k + 1):
        for j in range(k + 1):
            shifted = G[i - 1][j - 1] if i and j else zero
            own = G[i][j] if i < k and j < k else zero
            if (a[i] * b[j] + a[j] * b[i]) / 2 != shifted - own + M[i][j]:
                return False
    return True


@pytest.mark.parametrize("name", ["bdf:1", "bdf:2", "am:1", "ndf:1", "ndf:2", "dln:1"])
def test_a_stable_methods_have_their_matrix(name):
    method = get(name)
    assert method.is_G_stable
    assert is_identity(method)
    assert is_positive_semidefinite(method.g_stability.G)
    assert is_positive_semidefinite(method.g_stability.M)


def test_the_matrix_of_bdf2_is_that_of_the_literature():
    quarter = Fraction(1, 4)
    expected = ((quarter, -2 * quarter), (-2 * quarter, 5 * quarter))
    assert expected == get("bdf:2").g_stability.G


@given(st.fractions(0, 1, max_denominator=20).filter(lambda d: 0 < d < 1))
def test_the_matrix_of_the_dln_family_is_diagonal(d):
    method = get(f"dln:{d}")
    assert method.order == 2
    assert method.is_A_stable
    assert (((1 - d) / 4, 0), (0, (1 + d) / 4)) == method.g_stability.G


@given(damped_pairs(4))
def test_a_stability_gives_the_matrix_and_nothing_else_does(method):
    if method.is_A_stable:
        assert method.is_G_stable
        assert is_identity(method)
        assert is_positive_semidefinite(method.g_stability.M)
    else:
        assert method.g_stability is None


@pytest.mark.parametrize("name", ["bdf:3", "am:2", "leapfrog-residual", "ab:2"])
def test_other_methods_have_no_matrix(name):
    assert not get(name).is_G_stable


def test_a_common_factor_leaves_no_matrix():
    # The trapezoidal rule times zeta + 1/2; times zeta it is the rule itself.
    half = Fraction(1, 2)
    method = LinearMultistep(
        "reducible", [-half, -half, 1], [half**2, half + half**2, half]
    )
    assert not method.is_G_stable
    shifted = LinearMultistep("shifted", [0, -1, 1], [0, half, half])
    assert shifted.g_stability == get("am:1").g_stability


ONE_LEG = {"bdf:3": 3, "am:1": 2, "am:2": 2, "ab:3": 2, "dln:1/2": 2}


@pytest.mark.parametrize(("name", "order"), ONE_LEG.items())
def test_a_one_leg_twin_keeps_stability_and_may_lose_order(name, order):
    twin = OneLeg(get(name))
    assert twin.order == order
    assert twin.name == f"{name}-one-leg"
    for key in ("real_stability_interval", "A_alpha_degrees", "is_G_stable"):
        assert getattr(twin, key) == getattr(get(name), key)
    assert facts(twin)["order"] == order


@pytest.mark.parametrize("k", range(1, 9))
def test_the_pairs_have_the_order_of_the_corrector(k):
    for family in ("abm-pece", "abm-pec"):
        method = get(f"{family}:{k}")
        assert method.order == k == method.characteristic.linear_order
    assert get(f"shampine-gordon:{k}").order == k + 1


REAL_PECE = {"abm-pece:2": "2", "shampine-gordon:1": "2", "shampine-gordon:2": "2.4"}


@pytest.mark.parametrize(("name", "value"), REAL_PECE.items())
def test_the_intervals_of_the_pairs_are_rational_where_a_root_is_minus_one(name, value):
    assert get(name).real_stability_interval == Fraction(value)
    assert get(name).A_alpha_degrees == 0


def recurrence_of_pece(predictor, corrector, z, steps=60):
    """A run of PECE on the test equation; the growth of its last values."""
    k = max(predictor.steps, corrector.steps)
    rng = np.random.default_rng(1)
    y = list(rng.standard_normal(k) + 1j * rng.standard_normal(k))

    def advance(method, old, newest):
        n = method.steps
        a, b = [float(x) for x in method.alpha], [float(x) for x in method.beta]
        value = sum((-a[j] + z * b[j]) * old[len(old) - n + j] for j in range(n))
        return (value + z * b[n] * newest) / a[n]

    for _ in range(steps):
        predicted = advance(predictor, y, 0.0)
        y.append(advance(corrector, y, predicted))
    return abs(y[-1])


@pytest.mark.parametrize("k", [2, 4])
def test_the_characteristic_polynomial_of_pece_is_that_of_the_recurrence(k):
    method = get(f"abm-pece:{k}")
    end = float(method.real_stability_interval)
    pair = method.predictor, method.corrector
    assert recurrence_of_pece(*pair, -0.9 * end, 400) < 1e-3
    assert recurrence_of_pece(*pair, -1.1 * end, 400) > 1e3


@pytest.mark.parametrize(
    ("predictor", "corrector", "options", "message"),
    [
        ("am:2", "am:3", {}, "give an explicit predictor"),
        ("ab:2", "ab:3", {}, "give an explicit predictor"),
        ("ab:2", "am:1", {"corrections": 0}, "at least 1"),
        ("ab:2", "am:1", {"corrections": 2, "evaluates_last": False}, "and 1 if"),
    ],
)
def test_a_pair_that_is_none_is_refused(predictor, corrector, options, message):
    with pytest.raises(InvalidInput, match=message):
        PredictorCorrector("refused", get(predictor), get(corrector), **options)


@pytest.mark.parametrize("k", range(1, 10))
def test_enright_has_two_orders_more_than_steps(k):
    method = get(f"enright:{k}")
    assert method.order == k + 2 == method.characteristic.linear_order
    assert method.is_A_stable == (k <= 2)
    assert (method.real_stability_interval == inf) == (k <= 7)


def test_a_second_derivative_method_that_is_none_is_refused():
    with pytest.raises(InvalidInput, match="defects 0 and -1/2"):
        SecondDerivativeMultistep("refused", [-1, 1], [1, "1/2"], [0, 0])
    with pytest.raises(InvalidInput, match="2 alphas, 1 betas"):
        SecondDerivativeMultistep("refused", [-1, 1], [1], [0, 0])


@pytest.mark.parametrize("family", ["extended-bdf", "mebdf"])
@pytest.mark.parametrize("k", range(1, 9))
def test_extended_differences_have_one_order_more_than_steps(family, k):
    method = get(f"{family}:{k}")
    assert method.order == k + 1 == method.characteristic.linear_order
    assert method.is_A_stable == method.is_L_stable == (k <= 3)
    assert method.is_zero_stable


# HW V.3 prints two decimals of each wedge.
WEDGES = {
    "enright:3": "87.88", "enright:4": "82.03", "enright:5": "73.10",
    "enright:6": "59.95", "enright:7": "37.61", "extended-bdf:4": "87.61",
    "extended-bdf:5": "80.21", "extended-bdf:6": "67.73", "mebdf:4": "88.36",
    "mebdf:5": "83.07", "mebdf:6": "74.48", "mebdf:7": "61.98",
}  # fmt: skip


@pytest.mark.parametrize(("name", "degrees"), WEDGES.items())
def test_the_wedges_are_those_of_the_literature(name, degrees):
    unit = Fraction(1, 200)
    found = get(name).A_alpha_degrees
    assert Fraction(degrees) - unit <= found <= Fraction(degrees) + unit


ROUTES = ["bdf:3", "bdf:5", "ndf:4", "ab:3", "am:3", "esspms2:4", "leapfrog-residual"]


@pytest.mark.parametrize("name", ROUTES)
def test_the_two_routes_to_a_set_agree(name):
    """The locus of a multistep method, and the resultants that serve every method."""
    method = get(name)
    if method.real_stability_interval != 0:
        disc = memory_sets.largest_disc_radius(method.characteristic)
        assert disc == method.largest_disc_radius
    if method.real_stability_interval == inf:
        angle = memory_sets.widest_angle(method.characteristic)
        assert angle == method.A_alpha_degrees


MEMORY = ["abm-pece:2", "abm-pece:3", "abm-pec:2", "tsrk3", "peer:4", "enright:3"]


@pytest.mark.parametrize("name", MEMORY)
def test_the_largest_disc_is_stable_and_no_larger_one_is(name):
    method = get(name)
    radius = float(method.largest_disc_radius)
    turns = np.exp(1j * np.linspace(0.02, np.pi, 400))
    for factor, is_stable in ((1 - 1e-6, True), (1 + 1e-2, False)):
        circle = radius * factor * (turns - 1)
        largest = max(largest_root(method, z) for z in circle)
        assert (largest <= 1 + 1e-9) == is_stable


def test_a_runge_kutta_pair_has_the_disc_of_its_method():
    expected = get("kutta3").largest_disc_radius
    assert get("glee-rk32g1").largest_disc_radius == expected


def test_roots_at_infinity_are_not_stable():
    # (1 - z) zeta - 1 has no root at z = 1; at z = -1 it is 1/2.
    method = get("bdf:1")
    assert largest_root(method, 1.0) == np.inf
    assert largest_root(method, -1.0) == 0.5
