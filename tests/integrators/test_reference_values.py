"""Every fact against values computed elsewhere.

The decimals are those of an independent exact computation (isolated roots of integer
polynomials, 28 digits); where the literature has a closed form it is named.
"""

from fractions import Fraction
from math import inf

import pytest

from stabcheck.integrators import get

CUBIC = "2.5127453266183286240237345261"  # any three stages of order three
QUARTIC = "2.7852935634052816235297591898"
VALUES = {
    "real_stability_interval": {
        "forward-euler": "2", "heun": "2", "explicit-midpoint": "2", "ralston2": "2",
        "ssprk3": CUBIC, "kutta3": CUBIC, "heun3": CUBIC, "rk4": QUARTIC,
        "rk38": QUARTIC, "backward-euler": "inf", "implicit-midpoint": "inf",
        "trapezoid": "inf",
    },
    "imaginary_stability_interval": {
        "forward-euler": "0", "heun": "0", "explicit-midpoint": "0", "ralston2": "0",
        "ssprk3": "1.7320508075688772935274463415",  # sqrt(3)
        "heun3": "1.7320508075688772935274463415",
        "rk4": "2.8284271247461900976033774484",  # sqrt(8)
        "backward-euler": "inf", "implicit-midpoint": "inf", "trapezoid": "inf",
    },
    "largest_disc_radius": {
        "forward-euler": "1", "heun": "1", "explicit-midpoint": "1",
        "ssprk3": "1.2563726633091643120118672631",
        "rk4": "1.3926467817026408117648795949",
        "backward-euler": "inf", "trapezoid": "inf",
    },
    "circle_contractivity_radius": {
        "forward-euler": "1", "heun": "1", "ssprk3": "1", "rk4": "1", "heun3": "0",
        "ralston2": "0.7912878474779200032940235968",  # (sqrt(21) - 3)/2
        "kutta3": "0.5",
        "rk38": "0.4641016151377545870548926830",  # 2 sqrt(3) - 3
        "explicit-midpoint": "0", "trapezoid": "2", "backward-euler": "inf",
        "implicit-midpoint": "inf",
    },
    # Kraaijevanger, BIT 31 (1991); Ferracina and Spijker (2008) for the midpoint rule.
    "absolute_monotonicity_radius": {
        "forward-euler": "1", "heun": "1", "ssprk3": "1", "explicit-midpoint": "0",
        "rk4": "0", "kutta3": "0", "ralston2": "0.5", "implicit-midpoint": "2",
        "trapezoid": "2", "backward-euler": "inf",
    },
    "linear_absolute_monotonicity_radius": {
        "forward-euler": "1", "heun": "1", "ssprk3": "1", "rk4": "1", "heun3": "1",
    },
    "principal_error_norm": {
        "forward-euler": "0.5",
        "heun": "0.1863389981249824747007644723",  # sqrt(5/144)
        "explicit-midpoint": "0.1717960677340691895758920773",  # sqrt(17/576)
        "heun3": "0.04629629629629629629629629630",
        "ssprk3": "0.07216878364870322056364359750",  # sqrt(1/192)
        "rk4": "0.01450458234319821026781763697",  # sqrt(349/1658880)
        "trapezoid": "0.1178511301977579207334740604",  # sqrt(1/72)
    },
}  # fmt: skip
CASES = [
    (name, key, value) for key, row in VALUES.items() for name, value in row.items()
]
ORDERS = {
    "forward-euler": 1, "heun": 2, "explicit-midpoint": 2, "ralston2": 2, "heun3": 3,
    "kutta3": 3, "ssprk3": 3, "rk4": 4, "rk38": 4, "backward-euler": 1,
    "implicit-midpoint": 2, "trapezoid": 2, "lie-trotter": 1,
}  # fmt: skip
PREDICATES = {  # A-stable, L-stable, algebraically stable
    "backward-euler": (True, True, True),
    "implicit-midpoint": (True, False, True),
    "trapezoid": (True, False, False),
    "rk4": (False, False, False),
    "heun": (False, False, False),
    "forward-euler": (False, False, False),
}


@pytest.mark.parametrize(("name", "key", "value"), CASES)
def test_a_fact_has_its_reference_value_to_27_decimals(name, key, value):
    found = getattr(get(name), key)
    if value == "inf":
        assert found == inf
        return
    unit = Fraction(1, 10**27)
    lower, upper = found.enclosure(unit / 10)
    assert Fraction(value) - unit <= lower <= upper <= Fraction(value) + unit


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_the_order_is_that_of_the_literature(name, order):
    assert get(name).order == order


@pytest.mark.parametrize(("name", "expected"), PREDICATES.items())
def test_the_predicates_are_those_of_the_literature(name, expected):
    method = get(name)
    found = method.is_A_stable, method.is_L_stable, method.is_algebraically_stable
    assert found == expected


def test_closed_forms_are_roots_of_their_minimal_polynomials():
    assert get("rk4").imaginary_stability_interval.minimal_polynomial == (-8, 0, 1)
    assert get("ralston2").circle_contractivity_radius.minimal_polynomial == (-3, 3, 1)
    assert get("rk38").circle_contractivity_radius.minimal_polynomial == (-3, 6, 1)


def test_half_of_the_real_interval_of_rk4_is_its_disc():
    method = get("rk4")
    half = [c * 2**k for k, c in enumerate((-24, 12, -4, 1))]
    assert method.real_stability_interval.minimal_polynomial == (-24, 12, -4, 1)
    assert [c * 8 for c in method.largest_disc_radius.minimal_polynomial] == half


def test_the_nonlinear_radius_never_exceeds_the_linear_one():
    for name in ORDERS:
        if name != "lie-trotter":
            method = get(name)
            assert method.circle_contractivity_radius <= method.largest_disc_radius


def test_exact_values_compare_exactly():
    assert get("rk4").circle_contractivity_radius == 1
    assert get("kutta3").circle_contractivity_radius == Fraction(1, 2)
    assert get("backward-euler").largest_disc_radius == inf
    assert get("rk4").largest_disc_radius > Fraction(139, 100)
    assert get("rk4").largest_disc_radius < Fraction(7, 5)
