"""The guide to designs runs as it stands, and its table is that of the program."""

import json
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from stabcheck.cli.designs import short

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "designs.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall(GUIDE) if found == kind]


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "examples" / "designs", tmp_path / "examples" / "designs")
    return tmp_path


def run(command: list[object], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_code_runs_and_the_commands_print_what_the_guide_says(folder):
    for code in blocks("python"):
        found = run([sys.executable, "-W", "error", "-c", code], folder)
        assert found.returncode == 0, found.stderr
    for block in blocks("console"):
        command, _, expected = block.removeprefix("$ ").partition("\n")
        found = run(["bash", "-c", command], folder)
        assert found.returncode == 0, found.stderr
        lines = [
            re.sub(r" \(\d+\.\d s\)$", "", line) for line in found.stdout.splitlines()
        ]
        assert lines == expected.splitlines()


def test_the_file_in_the_guide_is_the_recommended_design():
    (file,) = blocks("toml")
    given = (ROOT / "examples" / "designs" / "soft-pre-norm.toml").read_text()

    def lines(text):
        bare = (line.split("#")[0].strip() for line in text.splitlines())
        return {line for line in bare if line}

    assert lines(file) <= lines(given)


def test_the_table_is_the_catalogue():
    found = run([sys.executable, "-m", "stabcheck.cli", "designs", "--json"], ROOT)
    records = {record["design"]: record for record in json.loads(found.stdout)}
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", GUIDE, re.MULTILINE)
    table = {name: row.split("|") for name, row in rows if name in records}
    assert set(table) == set(records)
    for name, cells in table.items():
        growth, shrink = cells[-2:]
        assert growth.strip() == short(records[name]["growth"], up=True)
        assert shrink.strip() == short(records[name]["shrink"], up=False)
        # Rounded outward: three digits promise no more than the certificate.
        assert Fraction(growth.strip()) >= Fraction(records[name]["growth"])
        assert Fraction(shrink.strip()) <= Fraction(records[name]["shrink"])


def test_every_file_that_the_guide_names_exists():
    assert (ROOT / "docs" / "designs.png").is_file()
    named = re.findall(r"`((?:examples|benchmarks)/[\w./-]+)`", GUIDE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
