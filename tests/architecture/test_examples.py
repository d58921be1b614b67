"""Every example runs; every design of the examples is certified."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
ARGUMENTS = {"train_certified_designs": ("--quick",)}
"""Of the scripts that take minutes unless told otherwise."""
DESIGNS = sorted((ROOT / "examples").glob("*.toml"))


def run(*command: object, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_the_example_runs(script, tmp_path):
    arguments = ARGUMENTS.get(script.stem, ())
    found = run("-W", "error", script, *arguments, folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert found.stdout
    assert found.stderr == ""


@pytest.mark.parametrize("design", DESIGNS, ids=[path.stem for path in DESIGNS])
def test_the_design_is_certified(design, tmp_path):
    command = ("-m", "stabcheck.cli", "certify", design, "--out", "out", "--json")
    found = run(*command, folder=tmp_path)
    assert found.returncode == 0, found.stderr
    record = json.loads(found.stdout)
    assert float(record["depth"]["growth"]) < 100
    assert float(record["depth"]["shrink"]) > 0
    assert (tmp_path / "out" / "certificate.json").is_file()


def test_there_are_examples_of_both_kinds():
    assert SCRIPTS
    assert DESIGNS
