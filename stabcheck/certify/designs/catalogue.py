"""The catalogue of designs: files that ship with the package, and a line of each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.certify.designs.answers import Answer, answer
from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.formatting import digits, shown
from stabcheck.certify.designs.reading import read
from stabcheck.certify.designs.steps import METHODS, MethodSteps, largest_steps
from stabcheck.errors import InvalidInput

FOLDERS = (
    Path(__file__).with_name("files"),
    Path(__file__).resolve().parents[3] / "examples" / "designs",
)
"""Where an installed wheel and a checkout keep the files."""


@dataclass(frozen=True)
class Entry:
    """A line of the table: a design, its constants, largest steps, growth, shrink.

    `purpose` says for what the `steps` are the largest: `contractive` where some
    method has one, else `invertible`.
    """

    design: Design
    answer: Answer
    purpose: str
    steps: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The entry that `designs --json` prints."""
        depth = self.answer.depth
        return {
            "design": self.design.name,
            "fields": [branch.field["kind"] for branch in self.design.branches],
            "layer": self.design.layer,
            "metric": self.design.metric,
            "domain": self.design.domain["kind"],
            "constants": self.constants,
            "purpose": self.purpose,
            "largest_steps": self.steps,
            "layers": self.design.depth,
            "growth": shown(depth.get("growth")),
            "shrink": shown(depth.get("shrink")) or "0",
            "theorems": sorted({line.theorem for line in self._lines()}),
            "reason": None if depth else next(iter(self.answer.reasons.values()), None),
        }

    @property
    def constants(self) -> list[str]:
        """K of each field, or the spectrum of a symmetric Jacobian."""
        found = []
        for lines in self.answer.constants:
            if "spectrum-lower" in lines:
                low, high = shown(lines["spectrum-lower"]), lines["spectrum-upper"]
                found.append(f"[{low}, {shown(high)}]")
            elif "lipschitz" in lines:
                found.append(digits(lines["lipschitz"].value, up=True, count=4))
        return found

    def _lines(self):
        for lines in self.answer.constants:
            yield from lines.values()
        for group in (self.answer.layer, self.answer.depth, self.answer.every_depth):
            yield from group.values()


def files() -> list[Path]:
    """The design files of the catalogue.

    **Raises:** `InvalidInput` where the package was installed without them.
    """
    for folder in FOLDERS:
        found = sorted(folder.glob("*.toml"))
        if found:
            return found
    raise InvalidInput("asked for the catalogue of designs, found no files of it here")


def entry(design: Design) -> Entry:
    """The line of one design."""
    rows = largest_steps(design)
    for purpose in ("contractive", "invertible"):
        steps = {
            row.method.name: _smallest(row, purpose)
            for row in rows
            if row.method.name in METHODS
        }
        if any(step != "-" for step in steps.values()):
            break
    return Entry(design, answer(design), purpose, steps)


def _smallest(row: MethodSteps, purpose: str) -> str:
    """The largest step that is certified for every part."""
    steps = [step for step in row.steps if step.purpose == purpose]
    if any(step.value == 0 for step in steps):
        return "-"
    finite = [step for step in steps if step.value is not None]
    least = min(finite, key=lambda step: step.value or 0, default=None)
    return least.number if least else "any"


def table() -> list[Entry]:
    """Every design of the catalogue."""
    return [entry(read(path)) for path in files()]


def exponent(growth: Fraction) -> float:
    """The decimal logarithm of a growth of any size."""
    from math import log10

    scale = growth.numerator.bit_length() - growth.denominator.bit_length()
    return log10(float(growth / Fraction(2) ** scale)) + scale * log10(2)
