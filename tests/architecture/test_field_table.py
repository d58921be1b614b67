"""The page of the declared fields has a row for each, and every cell is answered."""

import re
from pathlib import Path

import pytest

from stabcheck.fields import FIELDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fields.md").read_text()
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}
REASONS = set(re.findall(r"^- `(\w+)`: ", PAGE, re.MULTILINE))
VALUE = re.compile(r"\d+(\.\d+)?( s)?|\de[+-]\d\d")


def test_every_declared_field_has_a_row_and_a_formula():
    assert sorted(ROWS) == sorted(FIELDS)
    for name in FIELDS:
        assert f"### `{name}`\n\n```math\n\\begin{{aligned}}" in PAGE


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_cell_is_a_value_or_has_a_listed_reason(name):
    for cell in ROWS[name]:
        reason = re.fullmatch(r"n/a \((\w+)\)", cell)
        assert VALUE.fullmatch(cell) or (reason and reason[1] in REASONS), cell


def test_the_page_shows_the_example_as_it_is():
    assert (ROOT / "examples" / "own_field.py").read_text() in PAGE
