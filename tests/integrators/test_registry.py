"""The registry: names, aliases, sources, and what is said of unknown names."""

import json

import pytest

from stabcheck import integrators
from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, LieTrotter, facts, get, names
from stabcheck.integrators.catalogue import rows

ISSUED = (
    "forward-euler", "heun", "ssprk3", "rk4", "backward-euler", "implicit-midpoint",
    "explicit-midpoint", "ralston2", "kutta3", "rk38", "trapezoid", "lie-trotter",
)  # fmt: skip


@pytest.mark.parametrize("name", ISSUED)
def test_a_method_is_found_by_its_name(name):
    assert name in names()
    method = get(name)
    assert method.name == name
    assert method.source
    assert isinstance(method, LieTrotter if name == "lie-trotter" else ButcherTableau)


ALIASES = [pair for row in rows() for pair in row.aliases.items()]


@pytest.mark.parametrize(("alias", "name"), ALIASES)
def test_an_alias_names_the_same_method(alias, name):
    assert get(alias) is get(name)


def test_families_are_functions_of_the_package():
    assert integrators.pade(2, 3) == get("pade:2,3")
    assert integrators.radau_iia(2).order == 3
    with pytest.raises(AttributeError, match="no attribute 'nothing_such'"):
        integrators.nothing_such  # noqa: B018


def test_case_does_not_matter():
    assert get("RK4") is get("rk44") is get(" Rk4 ")


@pytest.mark.parametrize("alias", [alias for alias, _ in ALIASES if " " in alias])
def test_blanks_may_be_several(alias):
    assert get(alias.upper().replace(" ", "   ")) is get(alias)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Crank Nicolson", "trapezoid"),
        ("implicit_midpoint", "implicit-midpoint"),
        ("BDF 4", "bdf:4"),
        ("radau5", "radau-iia:3"),
    ],
)
def test_blanks_and_underscores_stand_for_hyphens(spelling, name):
    assert get(spelling) is get(name)


@pytest.mark.parametrize("name", names())
def test_a_method_bears_the_name_it_is_listed_under(name):
    assert get(name).name == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rkc1", "without numbers as parameters; write rkc1:s,damping"),
        ("rkc1:x", "without numbers as parameters; write rkc1:s,damping"),
        ("bdf(4", "without numbers as parameters; write bdf:steps"),
        ("pade:1,2,3", "found 3 parameters; write pade:k,j"),
        ("rkc1:1001", "go up to 1000, call the family in Python"),
    ],
)
def test_a_family_says_how_its_members_are_written(name, message):
    with pytest.raises(InvalidInput, match=message):
        get(name)


@pytest.mark.parametrize(
    ("name", "nearest"), [("rk5", "rk4"), ("eulr", "euler"), ("midpiont", "midpoint")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(
        InvalidInput, match=f"found none of that name; nearest: .*{nearest}"
    ):
        get(name)


def test_a_name_like_no_other_is_answered_with_the_first():
    with pytest.raises(InvalidInput, match="nearest: forward-euler"):
        get("§§§")


@pytest.mark.parametrize("name", ISSUED)
def test_facts_are_json_of_strings_with_a_polynomial_for_every_finite_number(name):
    record = facts(get(name), 12)
    assert json.loads(json.dumps(record)) == record
    for key in record["minimal_polynomials"]:
        assert record[key] not in (None, "inf")
    assert record["conditional_on_order"] is None


def test_what_does_not_apply_is_null():
    record = facts(get("lie-trotter"))
    for key in ("real_stability_interval", "is_A_stable", "error_constant"):
        assert record[key] is None
    assert record["stability_function"] == "(1 + a) (1 + b)"
    assert facts(get("rk4"))["A_alpha_degrees"] == "0"
    assert facts(get("trapezoid"))["A_alpha_degrees"] == "90"
