"""The command line: verdicts, exit codes, output for machines, rules that stumble."""

import json
from fractions import Fraction

import pytest
from checker.mutations import mutated

from stabcheck.checker import Verdict, check, rules
from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided, Malformed
from stabcheck.checker.hypotheses import decide_at_most
from stabcheck.checker.main import main


def lowered(document, _) -> None:
    document["claims"][0]["bound"] = [1, 1000]


def test_an_accepted_certificate_exits_with_zero(accepted, capsys):
    assert main([str(accepted), "--jobs", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "accepted: 12 claims"
    assert printed.err == ""


def test_a_rejected_one_exits_with_one_and_names_claim_theorem_and_reason(
    accepted, tmp_path, capsys
):
    path = mutated(accepted, tmp_path, lowered)
    assert main([str(path), "--jobs", "1"]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("claim 0 (attention-norm-tube): the head-factored bound is")
    assert "not at most the claimed 0.001" in first
    assert last == "rejected: 12 claims"


def test_the_verdict_for_machines_is_json(accepted, tmp_path, capsys):
    assert main([str(accepted), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "accepted"
    assert found["claims"] == 12
    assert found["reasons"] == []
    assert len(found["results"]) == 8
    path = mutated(accepted, tmp_path, lowered)
    assert main([str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["reasons"][0][:2] == [0, "attention-norm-tube"]
    assert found["results"] == []


@pytest.mark.parametrize(
    "options", [["--jobs", "0"], ["--precision", "8"], ["--precision", "99999"], ["-x"]]
)
def test_options_out_of_range_exit_with_two(accepted, options):
    with pytest.raises(SystemExit) as stop:
        main([str(accepted), *options])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (ClaimRejected("no"), "rejected", "no"),
        (ClaimUndecided("maybe"), "undecided", "maybe"),
        (Malformed("odd"), "malformed", "odd"),
        (ImportError("numpy"), "undecided", "a module is missing: numpy"),
        (ZeroDivisionError("x"), "rejected", "could not be applied: ZeroDivisionError"),
        (AttributeError("x"), "rejected", "could not be applied: AttributeError"),
        (MemoryError("x"), "rejected", "could not be applied: MemoryError"),
        (RecursionError("x"), "rejected", "could not be applied: RecursionError"),
    ],
)
def test_a_rule_that_stumbles_has_not_established_its_claim(
    accepted, monkeypatch, raised, status, reason
):
    def stumble(*_):
        raise raised

    check(accepted, jobs=1)  # loads the rules, so that the patch stays in place
    monkeypatch.setitem(rules.RULES, "attention-norm-tube", stumble)
    verdict = check(accepted, jobs=1)
    assert verdict.status == status
    assert [index for index, *_ in verdict.reasons] == [0]
    assert reason in verdict.reasons[0][2]


def test_the_worst_of_several_failures_is_the_verdict(accepted, monkeypatch):
    def undecided(*_):
        raise ClaimUndecided("maybe")

    def rejected(*_):
        raise ClaimRejected("no")

    check(accepted, jobs=1)
    monkeypatch.setitem(rules.RULES, "attention-norm-tube", undecided)
    monkeypatch.setitem(rules.RULES, "feed-forward-tube", rejected)
    verdict = check(accepted, jobs=1)
    assert verdict.status == "rejected"
    assert [index for index, *_ in verdict.reasons] == [0, 9, 10, 11]


def test_a_ball_about_the_bound_is_undecided_and_says_so():
    third = Fraction(1, 3)
    with pytest.raises(ClaimUndecided, match="within the rounding"):
        decide_at_most(ball(third), third, "a third")


def test_every_rule_is_registered_under_its_id():
    for theorem in rules.THEOREMS:
        assert callable(rules.rule_of(theorem))
    with pytest.raises(LookupError, match="missing from the list"):
        rules.rule("wishful-thinking")(lambda *_: None)


def test_a_verdict_is_a_plain_record():
    verdict = Verdict("rejected", "float64", 3, [(1, "t", "why")], "words")
    assert verdict.text() == "claim 1 (t): why\nrejected (float64 tier): 3 claims"


def test_many_results_are_cut_in_the_text_only(accepted):
    verdict = check(accepted, jobs=1)
    many = Verdict("accepted", "exact", 50, results=["a line"] * 50)
    assert many.text().splitlines()[-3] == "and 30 more, see --json"
    assert len(verdict.results) == 8


def test_two_workers_say_what_one_says(tmp_path, accepted):
    path = mutated(accepted, tmp_path, lowered)
    assert check(path, jobs=1) == check(path, jobs=2)
