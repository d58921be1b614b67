"""Every block of the README runs and prints what the README says; `make` excepted.

A `python` block is followed by a `text` block with its output.  In a `console` block a
line that begins with `$ ` is a command and the lines after it are its output.  Numbers
have to agree in their leading digits, seconds not at all.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, body) for kind, body in BLOCK.findall(README)]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
SECONDS = re.compile(r"\(\d+(\.\d+)? s\)")


def python_runs() -> list[tuple[str, str]]:
    """Python blocks, each with the text block that follows it."""
    return [
        (body, BLOCKS[index + 1][1])
        for index, (kind, body) in enumerate(BLOCKS)
        if kind == "python"
    ]


def console_runs() -> list[tuple[str, str]]:
    """Commands of console blocks, each with its output."""
    runs = []
    for kind, body in BLOCKS:
        if kind != "console":
            continue
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            runs.append((command, output))
    return [run for run in runs if not run[0].startswith("make")]


def assert_prints(expected: str, found: str) -> None:
    expected, found = (SECONDS.sub("(... s)", text) for text in (expected, found))
    assert NUMBER.sub("#", expected).split() == NUMBER.sub("#", found).split()
    for left, right in zip(
        NUMBER.findall(expected), NUMBER.findall(found), strict=True
    ):
        size = max(abs(float(left)), abs(float(right)))
        assert abs(float(left) - float(right)) <= 1e-2 * size, (left, right)


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.mark.parametrize(("code", "expected"), python_runs())
def test_the_python_block_prints_what_the_readme_says(code, expected, folder):
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert_prints(expected, found.stdout)


def test_the_commands_print_what_the_readme_says(folder):
    # In order and in one folder: a later command reads what an earlier one wrote.
    binaries = str(Path(sys.executable).parent)
    for command, expected in console_runs():
        found = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={"PATH": f"{binaries}:/usr/bin:/bin", "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, (command, found.stderr)
        assert_prints(expected, found.stdout)


def test_the_readme_has_runs_of_both_kinds():
    assert python_runs()
    assert console_runs()


def test_every_file_that_the_readme_names_exists():
    links = re.findall(r"\]\(([^)#]+)\)", BLOCK.sub("", README))
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (ROOT / link).exists()] == []
