"""`stabcheck prove` runs the proofs, prints a table, and fails where one fails."""

import json

from cli.command import stabcheck

from stabcheck.theorems.proofs import Outcome


def test_the_table_names_theorem_statement_proof_and_time(capsys):
    result = stabcheck(capsys, "prove", "popoviciu")
    assert result.code == 0
    heading, *_ = result.out.splitlines()
    assert heading.split() == ["id", "statement", "proved", "by", "seconds"]
    assert "popoviciu" in result.out
    assert "A variance is at" in result.out
    assert "3 steps" in result.out


def test_machines_get_the_same_outcomes(capsys):
    result = stabcheck(capsys, "prove", "popoviciu", "euler-growth", "--json")
    first, second = json.loads(result.out)
    assert (first["theorem"], second["theorem"]) == ("popoviciu", "euler-growth")
    assert first["proved"]
    assert first["mutants_refused"] >= 1


def test_an_unknown_theorem_is_refused(capsys):
    result = stabcheck(capsys, "prove", "no-such-theorem")
    assert result.code == 2
    assert "no such proof" in result.line


def test_a_failed_proof_is_rejected_and_its_row_says_where(capsys, monkeypatch):
    failure = "step_2_holds: AssertionError [1]"
    broken = Outcome("popoviciu", 3, 0, 0.5, False, failure)
    monkeypatch.setattr("stabcheck.theorems.proofs.run", lambda file: broken)
    result = stabcheck(capsys, "prove", "popoviciu")
    assert result.code == 1
    assert "not proved: popoviciu" in result.err
    assert "failed:" in result.out
    assert "[1]" in result.out
