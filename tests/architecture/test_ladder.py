"""Imports point downwards, and a planted upward import is seen."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")


def linted(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [LINTER, "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "stabcheck", tmp_path / "stabcheck", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_ladder_holds(copy):
    found = linted(copy)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("bounds/norms.py", "from stabcheck.certify import run"),
        ("checker/kernel.py", "from stabcheck.certificate import digest"),
        ("certify/run.py", "from stabcheck.checker import check"),
        ("formal/claims.py", "from stabcheck.certify import run"),
        ("checker/main.py", "from stabcheck.formal import claims"),
        ("errors.py", "import stabcheck.cli.main"),
    ],
)
def test_a_planted_upward_import_is_caught(copy, room, line):
    file = copy / "stabcheck" / room
    file.write_text(file.read_text() + f"\n{line}\n")
    found = linted(copy)
    assert found.returncode == 1
    assert "BROKEN" in found.stdout


def test_every_room_stands_in_the_ladder():
    text = (ROOT / "pyproject.toml").read_text()
    rooms = {
        path.stem if path.is_file() else path.name
        for path in (ROOT / "stabcheck").iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    missing = [room for room in rooms if f"stabcheck.{room}" not in text]
    assert missing == []
