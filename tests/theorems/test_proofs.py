"""Every executable proof holds, and each of its mutants is refused."""

from pathlib import Path

import pytest

from stabcheck.errors import InvalidInput
from stabcheck.theorems.proofs import find, run

FILES = find()


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_step_holds_and_every_mutant_is_refused(file):
    outcome = run(file)
    assert outcome.failure == ""
    assert outcome.proved
    assert outcome.mutants_refused >= 1


def proof(folder: Path, body: str) -> Path:
    file = folder / "a_claim.py"
    file.write_text(f'THEOREM = "a-claim"\n{body}')
    return file


STEP = "def step_1_holds():\n    assert 1 + 1 == 2\n"
REFUSED = "def mutant_1_is_sharper():\n    return 1 + 1 == 3\n"


def test_a_proof_with_a_step_and_a_refused_mutant_is_proved(tmp_path):
    assert run(proof(tmp_path, STEP + REFUSED)).proved


def test_a_proof_whose_mutant_passes_has_failed(tmp_path):
    accepted = "def mutant_1_is_sharper():\n    return 1 + 1 == 2\n"
    outcome = run(proof(tmp_path, STEP + accepted))
    assert not outcome.proved
    assert "mutant_1_is_sharper was accepted" in outcome.failure


def test_a_mutant_that_returns_nothing_counts_as_accepted(tmp_path):
    silent = "def mutant_1_is_sharper():\n    pass\n"
    assert not run(proof(tmp_path, STEP + silent)).proved


def test_a_proof_whose_step_fails_has_failed(tmp_path):
    wrong = "def step_2_fails():\n    assert 1 + 1 == 3\n"
    outcome = run(proof(tmp_path, STEP + wrong + REFUSED))
    assert not outcome.proved
    assert outcome.failure.startswith("step_2_fails")


@pytest.mark.parametrize("body", [REFUSED, STEP])
def test_a_proof_without_steps_or_without_mutants_proves_nothing(tmp_path, body):
    assert not run(proof(tmp_path, body)).proved


def test_an_unknown_id_is_refused():
    with pytest.raises(InvalidInput, match="no such proof"):
        find(["no-such-theorem"])
