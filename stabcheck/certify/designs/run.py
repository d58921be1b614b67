"""Certify a design: claims written, every file checked, and what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.certificate import DOCUMENT, write_text
from stabcheck.certify.designs.answers import Answer, answer
from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.statement import statement_of
from stabcheck.certify.designs.steps import MethodSteps, largest_steps
from stabcheck.certify.run import PARTS, check_in_a_process, claim_folder
from stabcheck.errors import Rejected, Undecided

CHECKS = 2
"""How many checkers run at once."""


@dataclass(frozen=True)
class Outcome:
    """A certified design: its answer, its largest steps and the checker's verdict.

    `verdict` is None where nothing is promised and no file was written.
    """

    design: Design
    answer: Answer
    methods: tuple[MethodSteps, ...]
    verdict: dict[str, Any] | None


def run(design: Design, folder: Path, *, force: bool) -> Outcome:
    """Certify a design and leave the accepted certificates in `folder`.

    `certificate.json` is about the design; `steps/` holds one file for every other
    method of the table of largest steps.

    **Raises:** `InvalidInput` where the folder holds another run's files; `Rejected`
    or `Undecided` where the checker does not accept a file.
    """
    methods = tuple(largest_steps(design))
    found = _own(design, methods)
    if not found.chain.length:
        return Outcome(design, found, methods, None)
    claim_folder(folder, [repr(design)], force)
    (folder / PARTS).rmdir()
    paths = list(_written(design, found, methods, folder))
    with ThreadPoolExecutor(CHECKS) as pool:
        verdicts = list(pool.map(lambda path: check_in_a_process(path, 1), paths))
    for path, verdict in zip(paths, verdicts, strict=True):
        _accept(path, verdict)
    claims = sum(verdict["claims"] for verdict in verdicts)
    return Outcome(design, found, methods, verdicts[0] | {"claims": claims})


def _own(design: Design, methods: tuple[MethodSteps, ...]) -> Answer:
    """The answer for the design as it is, with the largest steps of its methods."""
    names = {branch.method.name for branch in design.branches}
    for row in methods:
        if names == {row.method.name}:
            return row.answer
    return answer(design)


def _written(
    design: Design, found: Answer, methods: tuple[MethodSteps, ...], folder: Path
) -> Iterator[Path]:
    """Write every file; the design's own comes first."""
    said = statement_of(design)
    yield _write(folder / DOCUMENT, found, said)
    for row in methods:
        if row.answer is not found:
            (folder / "steps").mkdir(exist_ok=True)
            file = folder / "steps" / f"{row.method.name.replace(':', '-')}.json"
            yield _write(file, row.answer, f"{said} Stepped by {row.method.name}.")


def _write(path: Path, found: Answer, said: str) -> Path:
    document = found.chain.document(said, {"source": found.design.name})
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return path


def _accept(path: Path, verdict: dict[str, Any]) -> None:
    """Put aside what the checker does not accept, and say so."""
    if verdict["status"] == "accepted":
        return
    path.replace(path.with_name(f"not-accepted-{path.name}"))
    reasons = "; ".join(
        f"claim {index} ({theorem}): {reason}"
        for index, theorem, reason in verdict.get("reasons", [])[:3]
    )
    error = Undecided if verdict["status"] == "undecided" else Rejected
    raise error(
        f"the checker does not accept {path.name} ({verdict['status']}): "
        f"{reasons or 'no reason given'}"
    )


def bounds_at(design: Design, depth: int) -> dict[str, Fraction]:
    """Growth and shrink over another depth, unchecked: for tables."""
    found = answer(design.at_depth(depth))
    return {quantity: line.value for quantity, line in found.depth.items()}
