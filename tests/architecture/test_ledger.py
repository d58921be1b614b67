"""One theorem, one id: ledger, proofs, property tests and checker rules agree."""

import ast
from pathlib import Path

import pytest

from stabcheck.checker.rules import THEOREMS as RULES
from stabcheck.theorems import LEDGER

ROOT = Path(__file__).resolve().parents[2]
PROOFS = {path.stem.replace("_", "-") for path in (ROOT / "proofs").glob("*.py")}


def marks() -> list[tuple[str, bool]]:
    """Every `pytest.mark.theorem(id, refutes=...)` of the tests: id, refutes or not."""
    found = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "theorem"
                and isinstance(node.func.value, ast.Attribute)
                and node.func.value.attr == "mark"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                refutes = any(keyword.arg == "refutes" for keyword in node.keywords)
                found.append((node.args[0].value, refutes))
    return found


MARKS = marks()


def test_every_theorem_that_is_called_proved_has_a_proof_file():
    proved = {id for id, theorem in LEDGER.items() if theorem.status == "proved"}
    assert sorted(proved - PROOFS) == []


def test_every_proof_file_proves_a_theorem_of_the_ledger():
    assert sorted(PROOFS - set(LEDGER)) == []


def test_every_theorem_that_is_called_cited_has_no_proof_here():
    cited = {id for id, theorem in LEDGER.items() if theorem.status == "cited"}
    assert sorted(cited & PROOFS) == []


def test_every_rule_of_the_checker_is_a_theorem_of_the_ledger_and_conversely():
    ruled = {id for id, theorem in LEDGER.items() if theorem.rule}
    assert ruled == set(RULES)


@pytest.mark.parametrize("id", sorted(LEDGER))
def test_every_theorem_has_a_property_test(id):
    assert any(found == id and not refutes for found, refutes in MARKS)


@pytest.mark.parametrize("id", sorted(i for i, t in LEDGER.items() if t.rule))
def test_every_theorem_with_a_rule_has_a_better_constant_refuted(id):
    assert any(found == id and refutes for found, refutes in MARKS)


def test_every_mark_names_a_theorem_of_the_ledger():
    assert sorted({id for id, _ in MARKS} - set(LEDGER)) == []


def test_a_mark_can_be_found():
    assert MARKS
