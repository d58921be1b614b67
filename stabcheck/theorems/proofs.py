"""Runs the executable proofs: every step must hold, every mutant must be refused."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from stabcheck.errors import InvalidInput

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
"""The proofs stand beside the package in a checkout; an installed wheel has none."""


@dataclass(frozen=True)
class Outcome:
    """What running one proof file gave."""

    theorem: str
    steps: int
    mutants_refused: int
    seconds: float
    proved: bool
    failure: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def find(ids: Iterable[str] = (), folder: Path = PROOFS) -> list[Path]:
    """The proof files of the given theorem ids, or all of them.

    **Raises:** `InvalidInput` where the folder or one of the files is missing.
    """
    if not folder.is_dir():
        raise InvalidInput(
            f"asked for the proofs, found no folder {folder}: run from a checkout"
        )
    if not ids:
        return sorted(folder.glob("*.py"))
    files = {id: folder / f"{id.replace('-', '_')}.py" for id in ids}
    missing = [id for id, file in files.items() if not file.is_file()]
    if missing:
        raise InvalidInput(
            f"asked to prove {', '.join(missing)}, found no such proof; "
            "`stabcheck theorems` lists the ids and which of them are cited only"
        )
    return list(files.values())


def load(file: Path) -> ModuleType:
    """Import a proof file as a module of its own."""
    specification = importlib.util.spec_from_file_location(f"proof_{file.stem}", file)
    if specification is None or specification.loader is None:
        raise InvalidInput(f"asked to run the proof {file}, found no Python file there")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def run(file: Path) -> Outcome:
    """Run one proof: all `step_` and `witness_` functions, then all `mutant_` ones.

    A step holds when it returns; a mutant is refused when it returns `False`.  A file
    without steps, without mutants, or named otherwise than its theorem, proves nothing.
    """
    start = time.perf_counter()
    module = load(file)
    theorem = getattr(module, "THEOREM", "")
    steps = _functions(module, ("step_", "witness_"))
    mutants = _functions(module, ("mutant_",))
    failure = _shape_failure(file, theorem, steps, mutants)
    refused = 0
    for name in steps if not failure else []:
        try:
            getattr(module, name)()
        except Exception as error:  # a proof step may fail in any way: it is reported
            failure = f"{name}: {type(error).__name__} {error}".strip()
            break
    for name in mutants if not failure else []:
        if getattr(module, name)() is not False:
            failure = f"{name} was accepted"
            break
        refused += 1
    seconds = time.perf_counter() - start
    return Outcome(
        theorem or file.stem, len(steps), refused, seconds, not failure, failure
    )


def _functions(module: ModuleType, prefixes: tuple[str, ...]) -> list[str]:
    return [name for name in vars(module) if name.startswith(prefixes)]


def _shape_failure(
    file: Path, theorem: str, steps: list[str], mutants: list[str]
) -> str:
    if theorem.replace("-", "_") != file.stem:
        return f"THEOREM is {theorem!r} in the file {file.name}"
    if not steps:
        return "no step_ function"
    return "" if mutants else "no mutant_ function"
