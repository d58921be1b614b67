"""What the checker may load and what its kernel may contain."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from checker.mutations import mutated

import stabcheck.checker as checker
from stabcheck.checker.reading.field_records import KINDS
from stabcheck.checker.reading.records import QUANTITIES
from stabcheck.checker.rules import THEOREMS

FOLDER = Path(checker.__file__).parent
KERNEL = (FOLDER / "kernel.py").read_text()
SOURCES = sorted(FOLDER.rglob("*.py"))
ALLOWED_IN_KERNEL = {"__future__", "operator"}
FLOAT64_RULES = {Path("rules") / f"{name}.py" for name in ("float64", "pencil", "deep")}
"""Modules of rules that are loaded for claims of the float64 tier only."""


def kernel_violations(source: str) -> list[str]:
    """Everything in a source that is more than arithmetic of Python integers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(f"line {node.lineno}: the literal {node.value}")
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(
            node.op, ast.Div | ast.Pow
        ):
            found.append(f"line {node.lineno}: an operator that may leave the integers")
        if isinstance(node, ast.Import):
            found += [f"import {a.name}" for a in node.names]
        if isinstance(node, ast.ImportFrom) and node.module not in ALLOWED_IN_KERNEL:
            found.append(f"import of {node.module}")
        if isinstance(node, ast.Name) and node.id in (
            "float", "complex", "round", "pow", "divmod", "eval", "exec", "open",
            "__import__", "getattr", "globals",
        ):  # fmt: skip
            found.append(f"line {node.lineno}: the name {node.id}")
    return found


def test_the_kernel_is_integers_only():
    assert kernel_violations(KERNEL) == []


@pytest.mark.parametrize(
    "line",
    [
        "x = 0.5", "x = 1j", "x = 1 / 2", "x = 1\nx /= 2", "import math",
        "from math import sqrt", "x = float(1)", "x = 2 ** -1", "x = round(1, 2)",
        "from flint import fmpz", "x = __import__('math')", "x = pow(2, -1)",
    ],
)  # fmt: skip
def test_a_planted_violation_of_the_kernel_is_found(line):
    assert kernel_violations(KERNEL + "\n" + line + "\n")


def imported_modules(source: str) -> set[str]:
    """The modules that a source imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def foreign(modules: set[str], with_numpy: bool) -> set[str]:
    """Modules beyond the standard library, python-flint and the checker itself."""
    known = {"flint", *(["numpy"] if with_numpy else [])}
    return {
        name
        for name in modules
        if name.split(".")[0] not in sys.stdlib_module_names | known
        and name != "stabcheck.checker"
        and not name.startswith("stabcheck.checker.")
    }


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(FOLDER)))
def test_the_checker_imports_the_standard_library_flint_and_itself(file):
    in_float64 = "float64" in file.relative_to(FOLDER).parts or (
        file.relative_to(FOLDER) in FLOAT64_RULES
    )
    source = file.read_text()
    # numpy is imported lazily where a claim of the float64 tier is decided.
    if not in_float64 and file.name != "context.py":
        assert "numpy" not in imported_modules(source)
    assert foreign(imported_modules(source), with_numpy=True) == set()


def test_a_planted_foreign_import_is_found():
    source = "import numpy\nfrom stabcheck.bounds import Attention\nimport scipy.linalg"
    assert foreign(imported_modules(source), with_numpy=True) == {
        "stabcheck.bounds", "scipy.linalg",
    }  # fmt: skip
    assert "numpy" in foreign(imported_modules(source), with_numpy=False)
    assert foreign({"stabcheck.checkers", "stabcheck"}, with_numpy=False)


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(FOLDER)))
def test_the_checker_never_unpickles_evaluates_or_asserts_its_input(file):
    names = {
        node.id for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name)
    }  # fmt: skip
    assert not names & {"eval", "exec", "pickle", "marshal", "__import__"}
    assert not any(
        isinstance(node, ast.Assert) for node in ast.walk(ast.parse(file.read_text()))
    )


def test_the_guide_names_every_theorem_quantity_and_kind_of_field():
    guide = (FOLDER / "README.md").read_text()
    quantities = {
        "attained-..." if name.startswith("attained") else name for name in QUANTITIES
    }
    for name in {*THEOREMS, *quantities, *KINDS}:
        assert f"`{name}`" in guide


DRIVER = """
import runpy, sys
sys.argv = ["checker", *sys.argv[1:]]
try:
    runpy.run_module("stabcheck.checker", run_name="__main__")
except SystemExit as stop:
    print("code", stop.code)
print("loaded", *sorted({name.split(".")[0] for name in sys.modules}))
print("rooms", *sorted({".".join(name.split(".")[:2]) for name in sys.modules
                        if name.startswith("stabcheck.")}))
"""


def loaded_by(path: Path, before: str = "") -> tuple[str, set[str], set[str]]:
    """Exit code, top-level modules and rooms of a child that checks a certificate."""
    result = subprocess.run(
        [sys.executable, "-c", before + DRIVER, str(path), "--jobs", "1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parents[1],
    )
    lines = {
        line.split()[0]: line.split()[1:]
        for line in result.stdout.splitlines()
        if line.split()[:1] in (["code"], ["loaded"], ["rooms"])
    }
    return lines["code"][0], set(lines["loaded"]), set(lines["rooms"])


HEAVY = {"jax", "sympy", "scipy", "numpy", "matplotlib", "hypothesis", "typer", "rich"}


def test_checking_exact_claims_loads_no_numpy_and_nothing_of_the_prover(accepted):
    code, loaded, rooms = loaded_by(accepted)
    assert code == "0"
    assert not loaded & HEAVY
    assert rooms == {"stabcheck.checker"}


def test_a_planted_import_is_seen_in_the_child(accepted):
    _, loaded, _ = loaded_by(accepted, before="import numpy\n")
    assert "numpy" in loaded


def test_numpy_is_loaded_for_a_claim_of_the_float64_tier(accepted, tmp_path):
    def to_float64(document, _) -> None:
        for claim in document["claims"]:
            if claim["theorem"] == "feed-forward-tube":
                claim["tier"] = "float64"
                del claim["witness"]

    path = mutated(accepted, tmp_path, to_float64)
    code, loaded, _ = loaded_by(path)
    assert code == "0"
    assert "numpy" in loaded
    assert not loaded & (HEAVY - {"numpy"})
