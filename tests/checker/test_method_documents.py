"""Certificates about methods as files: accepted, mutated, malformed, on the way out."""

import copy
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker.methods import LITTLE, claim_of

import stabcheck.checker
from stabcheck.checker import check
from stabcheck.checker.main import main
from stabcheck.checker.reading.method_records import FACTS
from stabcheck.errors import InvalidInput
from stabcheck.integrators import get, names
from stabcheck.integrators.certificates import certificate

METHODS = [
    "forward-euler", "backward-euler", "implicit-midpoint", "trapezoid", "heun",
    "ralston2", "ssprk3", "rk4", "rk38", "dopri5", "bogacki-shampine3", "rkf45",
    "radau-iia:2", "ssprk104", "rkc2:7", "pade:2,3", "taylor:20", "rkc1:20",
    "gauss:2", "gauss:5",
]  # fmt: skip


IRRATIONAL = ["gauss:2", "sdirk2", "kvaerno4", "gill4"]


def saved(folder: Path, document: Any) -> Path:
    path = folder / "method.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("name", METHODS)
def test_the_certificate_of_a_method_is_accepted(name, tmp_path):
    document = certificate(get(name))
    verdict = check(saved(tmp_path, document))
    assert verdict.reasons == []
    assert verdict.status == "accepted"
    assert verdict.tier == "exact"
    assert verdict.claims == len(document["claims"]) >= 6
    assert len(verdict.results) == verdict.claims


def test_every_quantity_is_claimed_and_named_in_the_guide():
    claimed = {
        claim["quantity"]
        for name in ("rk4", "bdf:3", "bdf:2")
        for claim in certificate(get(name))["claims"]
    }
    assert claimed == set(FACTS)
    guide = Path(stabcheck.checker.__file__).with_name("README.md").read_text()
    assert [name for name in FACTS if f"`{name}`" not in guide] == []


def test_the_verdict_speaks_the_checkers_own_words(tmp_path, capsys):
    path = saved(tmp_path, certificate(get("rk4")) | {"statement": "it is A-stable"})
    assert main([str(path)]) == 0
    printed = capsys.readouterr().out
    assert "real-interval of rk4: at least 2.78529356340528, by less than" in printed
    assert "A-stable of rk4: no (a-stability-by-e-polynomial)" in printed
    assert "not checked: statement = it is A-stable" in printed
    assert printed.endswith("accepted: 10 claims\n")


def mutants(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every claim made a little too strong, in turn."""
    for place, claim in enumerate(document["claims"]):
        for key, value in claim.items():
            for moved in moves(claim, key, value):
                changed = copy.deepcopy(document)
                changed["claims"][place] |= moved
                yield f"{claim['quantity']} {key}", changed


def moves(claim: dict[str, Any], key: str, value: Any) -> Iterator[dict[str, Any]]:
    if key == "holds":
        yield {key: not value}
    elif key == "order":
        yield {key: value + 1}
        if value > 1:
            yield {key: value - 1}
    elif key == "G":
        first, *rest = value
        yield {key: [[-first[0], first[1]], *rest]}
        yield {key: [[1000 * first[0] + first[1], 1000 * first[1]], *rest]}
        yield {key: rest}
    elif key in ("P", "Q"):
        yield {key: [*value, [1, 1]]}
        yield {key: [[value[0][0] + 1, value[0][1]], *value[1:]]}
    elif key == "lower" and value != "infinity":
        upper = Fraction(*claim["upper"])
        further = upper + LITTLE
        yield {
            "lower": [upper.numerator, upper.denominator],
            "upper": [further.numerator, further.denominator],
        }
        yield {"lower": "infinity", "upper": "infinity"}
    elif key == "upper" and value != "infinity":
        yield {"upper": claim["lower"]}
    elif key == "upper":
        yield {"upper": [10**6, 1]}


@pytest.mark.parametrize(
    "name",
    ["rk4", "ssprk3", "radau-iia:2", "trapezoid", "bdf:2", "bdf:4", *IRRATIONAL],
)
def test_every_claim_made_too_strong_is_rejected(name, tmp_path):
    found = list(mutants(certificate(get(name))))
    assert len(found) >= 3
    for what, document in found:
        verdict = check(saved(tmp_path, document))
        assert (what, verdict.status) == (what, "rejected")
        assert len(verdict.reasons) == 1


@pytest.mark.parametrize("name", ["rk4", "ssprk3", "radau-iia:2"])
def test_a_wrong_coefficient_in_any_one_place_is_caught(name, tmp_path):
    document = certificate(get(name))
    rows = [*document["method"]["A"], document["method"]["b"]]
    for i, row in enumerate(rows):
        for j, (p, q) in enumerate(row):
            changed = copy.deepcopy(document)
            target = [*changed["method"]["A"], changed["method"]["b"]][i]
            target[j] = [1000 * p + q, 1000 * q]
            verdict = check(saved(tmp_path, changed))
            assert verdict.status == "rejected"
            assert "order-by-rooted-trees" in {
                theorem for _, theorem, _ in verdict.reasons
            }


@pytest.mark.parametrize("name", IRRATIONAL)
def test_the_certificate_of_an_irrational_tableau_is_accepted(name, tmp_path):
    document = certificate(get(name))
    assert "generator" in document["method"]
    verdict = check(saved(tmp_path, document))
    assert (verdict.status, verdict.reasons) == ("accepted", [])
    quantities = {claim["quantity"] for claim in document["claims"]}
    assert {"order", "circle-contractivity", "algebraically-stable"} <= quantities
    assert "absolute-monotonicity" not in quantities


def test_the_interval_says_which_root_the_coefficients_are_powers_of(tmp_path):
    # The conjugate of sdirk2 is sdirk2-plus: of order 2 as well, and not contractive.
    document = certificate(get("sdirk2"))
    generator = document["method"]["generator"]
    low, high = generator["lower"], generator["upper"]
    generator |= {"lower": [-high[0], high[1]], "upper": [-low[0], low[1]]}
    verdict = check(saved(tmp_path, document))
    assert [theorem for _, theorem, _ in verdict.reasons] == [
        "circle-contractivity-radius"
    ]


@pytest.mark.parametrize(
    ("quantity", "theorem", "value", "match"),
    [
        (
            "stability-function",
            "stability-function-rational",
            {"P": [[1, 1]], "Q": [[1, 1]]},
            "rational stability function",
        ),
        (
            "absolute-monotonicity",
            "absolute-monotonicity-by-resolvent",
            {"lower": [0, 1], "upper": [1, 1]},
            "rational coefficients",
        ),
    ],
)
def test_what_no_rule_decides_of_irrational_coefficients_is_rejected(
    quantity, theorem, value, match, tmp_path
):
    document = certificate(get("sdirk2"))
    document["claims"] = [{"theorem": theorem, "quantity": quantity} | value]
    verdict = check(saved(tmp_path, document))
    assert verdict.status == "rejected"
    assert match in verdict.reasons[0][2]


def without(key: str):
    def change(document: dict[str, Any]) -> None:
        del document[key]

    return change


def setting(*path: Any):
    *keys, last, value = path

    def change(document: dict[str, Any]) -> None:
        target: Any = document
        for key in keys:
            target = target[key]
        target[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("method"), "lacks the key 'method'"),
        (without("claims"), "lacks the key 'claims'"),
        (setting("extra", 1), "unknown key 'extra'"),
        (setting("claims", []), "makes no claim"),
        (setting("claims", {}), "claims is no list"),
        (setting("claims", 0, []), "is no JSON object"),
        (setting("claims", 0, {}), "lacks the key 'quantity'"),
        (setting("claims", 0, "quantity", "beauty"), "'beauty' is no fact"),
        (setting("claims", 1, "theorem", "euler-growth"), "has to be 'order-by"),
        (setting("claims", 1, "order", 11), "integer in [1, 10]"),
        (setting("claims", 1, "order", True), "integer in [1, 10]"),
        (setting("claims", 2, "lower", [-1, 1]), "is below 0"),
        (setting("claims", 2, "lower", [1, 0]), "is no rational"),
        (setting("claims", 2, "upper", 3), "is no rational"),
        (setting("claims", 2, "tier", "exact"), "unknown key 'tier'"),
        (setting("claims", 5, "holds", 1), "has to be true or false"),
        (setting("claims", 0, "P", []), "1 to 65 coefficients"),
        (setting("method", "b", []), "A has to be square"),
        (setting("method", "A", 0, [[0, 1]]), "A has to be square"),
        (setting("method", {"name": "x", "P": [[1, 1]], "Q": [[0, 1]]}), "P(0) and"),
        (setting("method", "name", "two\nlines"), "one line of printable text"),
        (
            setting(
                "method", {"name": "x", "alpha": [[1, 1]], "beta": [[1, 1], [1, 1]]}
            ),
            "last alpha",
        ),
        (setting("statement", "two\nlines"), "one line of printable text"),
        (setting("provenance", []), "is no JSON object"),
        (setting("schema", "stabcheck-method/2"), "lacks the key"),
    ],
)
def test_a_file_that_is_no_certificate_gives_one_line(tmp_path, change, reason):
    document = certificate(get("rk4"))
    change(document)
    verdict = check(saved(tmp_path, document))
    assert verdict.status == "malformed"
    assert reason in verdict.reasons[0][2]


def test_a_claim_about_a_tableau_is_rejected_where_there_is_none(tmp_path):
    document = certificate(get("rk4"))
    R = claim_of(document, "stability-function")
    document["method"] = {"name": "rk4", "P": R["P"], "Q": R["Q"]}
    verdict = check(saved(tmp_path, document))
    assert verdict.status == "rejected"
    assert {theorem for _, theorem, _ in verdict.reasons} == {
        "order-by-rooted-trees", "circle-contractivity-radius",
        "algebraic-stability", "absolute-monotonicity-by-resolvent",
    }  # fmt: skip


def test_a_rule_about_methods_refuses_a_certificate_about_layers(accepted, tmp_path):
    from checker.mutations import mutated

    def renamed(document, _) -> None:
        document["claims"][0]["theorem"] = "algebraic-stability"

    verdict = check(mutated(accepted, tmp_path, renamed), jobs=1)
    assert verdict.status == "rejected"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ros3p", "with irrational coefficients"),
        ("lie-trotter", "only methods with one stability"),
        ("rkc1:65", "of degree 65"),
    ],
)
def test_a_method_without_a_certificate_is_refused_with_its_reason(name, reason):
    with pytest.raises(InvalidInput, match=reason):
        certificate(get(name))


def test_coefficients_published_in_decimals_only_are_refused():
    conditional = next(
        method
        for method in map(get, names())
        if getattr(method, "published_order", None) is not None
    )
    with pytest.raises(InvalidInput, match="in decimals only"):
        certificate(conditional)
