"""Facts of multistep methods against values computed elsewhere, and closed forms.

The decimals are those of an independent exact computation; tan(alpha) of the BDF
methods stands in Hairer, Wanner, BIT 59 (2019), doi:10.1007/s10543-019-00796-x.
"""

from fractions import Fraction
from math import inf

import pytest

from stabcheck.integrators import facts, get

DECIMALS = {
    "imaginary_stability_interval": {
        "AB1": "0", "AB4": "0.42998707990925598145955270561620112699383446963246",
        "AM1-step": "0", "AM2-step": "0", "AM7-step": "0", "BDF2": "inf", "BDF4": "0",
        "BDF5": "0.71080767101372335282185896407277032195258662927482",
        "BDF6": "0.84313816209715746051325251585365111127593321970996",
        "Nystrom2": "0", "Nystrom4": "0", "MilneSimpson2": "0", "MilneSimpson5": "0",
        "eSSPMS2(5)": "0", "NDF1": "inf", "NDF2": "inf", "NDF3": "0",
    },
    "A_alpha_degrees": {
        "AB2": "0", "AM1-step": "90", "AM6-step": "0", "BDF2": "90",
        "BDF3": "86.032366860211647332387423479",
        "BDF4": "73.35167047457848211040953686394365091334",
        "BDF5": "51.83975583604991039160272153341158113217",
        "BDF6": "17.83977779224570010163248055272441000057",
        "NDF4": "66.18176110781789618370015869652445730361",
        "Nystrom2": "0", "MilneSimpson4": "0", "eSSPMS2(6)": "0",
    },
}  # fmt: skip
RATIONALS = {
    "real_stability_interval": {
        "AB1": "2", "AB2": "1", "AB3": "6/11", "AB4": "3/10", "AB5": "90/551",
        "AB6": "5/57", "AB7": "1890/40633", "AB8": "945/38716", "AM2-step": "6",
        "AM3-step": "3", "AM4-step": "90/49", "AM5-step": "45/38", "Nystrom3": "0",
        "MilneSimpson4": "0", "eSSPMS2(3)": "4/3", "eSSPMS2(6)": "8/5",
        "Momentum residual gamma=1/2": "6", "Momentum residual gamma=9/10": "38",
        "Momentum residual gamma=99/100": "398", "LM-ResNet k=-1/2": "3",
        "LM-ResNet k=1/4": "3/2", "LM-ResNet k=1/2": "1", "BDF7": "0",
    },
    "error_constant": {
        "AB1": "1/2", "AB2": "5/12", "AB4": "251/720", "AB6": "19087/60480",
        "AB7": "5257/17280", "AB8": "1070017/3628800", "AM2-step": "-1/24",
        "AM4-step": "-3/160", "AM7-step": "-33953/3628800", "BDF1": "-1/2",
        "BDF6": "-1/7", "BDF7": "-1/8", "Nystrom2": "1/6", "Nystrom3": "1/6",
        "Nystrom5": "7/45", "MilneSimpson4": "-1/180", "MilneSimpson5": "-37/7560",
        "eSSPMS2(3)": "1/3", "eSSPMS2(6)": "5/6", "eBDF5": "5/6", "NDF1": "-63/200",
        "NDF2": "-1/6", "NDF4": "-109/960",
    },
    "ssp_coefficient": {
        "AB1": "1", "AB2": "0", "AM1-step": "2", "BDF2": "0", "eSSPMS2(3)": "1/2",
        "eSSPMS2(4)": "2/3", "eSSPMS2(5)": "3/4", "esspms3:4": "1/3",
        "esspms3:5": "1/2", "esspms3:6": "17/30", "dln:1": "2",
    },
    # The locus of these lies on the axis: closed where the strict notion gives 0.
    "closed_imaginary_stability_interval": {"Nystrom2": "1", "AB2": "0"},
}  # fmt: skip
ORDERS = {
    **{f"AB{k}": k for k in range(1, 13)}, **{f"am:{k}": k + 1 for k in range(1, 9)},
    **{f"BDF{k}": k for k in range(1, 8)}, **{f"NDF{k}": k for k in range(1, 6)},
    **{f"eBDF{k}": k for k in range(1, 8)}, **{f"Nystrom{k}": k for k in range(2, 7)},
    "MilneSimpson2": 4, "MilneSimpson3": 4, "MilneSimpson4": 5, "MilneSimpson5": 6,
    **{f"esspms2:{k}": 2 for k in range(3, 9)},
    **{f"esspms3:{k}": 3 for k in range(4, 7)}, "dln:1/2": 2, "dln:2/3": 2, "dln:1": 2,
    "leapfrog-residual": 2, "momentum-residual:1/2": 1, "lm-resnet:1/4": 1,
}  # fmt: skip


def cases(table):
    return [(m, key, v) for key, row in table.items() for m, v in row.items()]


@pytest.mark.parametrize(("name", "key", "value"), cases(DECIMALS))
def test_a_fact_has_its_reference_value_to_all_digits(name, key, value):
    found = getattr(get(name), key)
    if value == "inf":
        assert found == inf
        return
    digits = len(value.partition(".")[2])
    unit = Fraction(1, 10**digits)
    lower, upper = found.enclosure(unit / 10)
    assert Fraction(value) - unit <= lower <= upper <= Fraction(value) + unit


@pytest.mark.parametrize(("name", "key", "value"), cases(RATIONALS))
def test_a_fact_is_the_rational_of_the_reference(name, key, value):
    assert getattr(get(name), key).rational == Fraction(value)


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_the_order_is_the_one_of_the_family_and_not_one_more(name, order):
    method = get(name)
    assert method.order == order
    if method.advance == 1:
        assert method.characteristic.linear_order == order


@pytest.mark.parametrize("k", range(1, 13))
def test_bdf_is_zero_stable_to_six_steps(k):
    assert get(f"bdf:{k}").is_zero_stable == (k <= 6)


@pytest.mark.parametrize(
    ("name", "polynomial"),
    [
        ("bdf:3", (-(329**2) * 35, 135**2)),
        ("bdf:4", (-(699**2) * 6, 512**2)),
        ("bdf:6", (-(45503**2) * 195, 1974375**2)),
    ],
)
def test_the_squared_tangent_of_the_wedge_is_the_closed_form(name, polynomial):
    constant, leading = get(name).A_alpha_degrees.minimal_polynomial
    assert constant * polynomial[1] == polynomial[0] * leading


def test_milne_simpson_holds_the_axis_up_to_the_root_of_three():
    found = get("milne-simpson:2").closed_imaginary_stability_interval
    assert found.minimal_polynomial == (-3, 0, 1)


def test_the_trapezoidal_rule_holds_the_whole_axis():
    method = get("am:1")
    assert method.closed_imaginary_stability_interval == inf
    assert method.is_A_stable
    assert not method.is_L_stable
    assert method.largest_disc_radius == inf


def test_implicit_euler_never_loses_monotonicity():
    assert get("bdf:1").ssp_coefficient == inf
    assert get("bdf:1").is_L_stable
    assert get("bdf:2").is_L_stable


def test_the_leapfrog_is_weakly_stable_and_adams_strongly():
    assert get("leapfrog-residual").is_zero_stable
    assert not get("leapfrog-residual").is_strongly_stable
    assert get("ab:4").is_strongly_stable


def test_facts_say_what_does_not_apply():
    record = facts(get("bdf:3"), 20)
    assert record["real_stability_interval"] == "inf"
    assert record["A_alpha_degrees"] == "86.032366860211647332"
    assert record["stages"] is None
    assert record["is_algebraically_stable"] is None
    assert record["principal_error_norm"] is None
    assert "zeta^3" in record["stability_function"]


def test_the_labels_name_the_members_of_the_families():
    assert get("AM3-step") is get("am:3")
    assert get("MilneSimpson4") is get("milne-simpson:4")
    assert get("Momentum residual gamma=9/10") is get("momentum-residual:9/10")
    assert get("LM-ResNet k=-1/4") is get("lm-resnet:-1/4")
    assert get("eSSPMS2(3)") == get("esspms2:3")
