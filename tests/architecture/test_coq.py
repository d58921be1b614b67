"""The kernel-checked level: skipped with a notice, complete, mutants in place."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "proofs" / "coq"


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("coq_check", FOLDER / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_coqc_a_notice_says_that_nothing_was_checked(tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / "check.py"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "NOT checked" in done.stdout
    assert "make coq INSTALL=1" in done.stdout


def test_every_file_has_mutants_and_each_sharpens_a_statement_that_stands_in_it(check):
    files = [*FOLDER.glob("*.v"), *check.LIBRARIES.glob("*.v")]
    assert {path.name for path in files} == set(check.MUTANTS)
    for path in files:
        text = path.read_text()
        mutants = check.mutated(text, path.name)
        assert len(mutants) >= 3
        assert all(mutant != text for _, mutant in mutants)


def test_a_file_that_is_not_complete_is_refused(check, tmp_path, capsys):
    path = tmp_path / "Softmax.v"
    path.write_text("Theorem false : 0 = 1.\nAdmitted.\n")
    assert not check.checked(path)
    assert "complete" in capsys.readouterr().out
