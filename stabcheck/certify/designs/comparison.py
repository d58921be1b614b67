"""Designs side by side: what differs in the files, and what it buys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.certify.designs import catalogue
from stabcheck.certify.designs.advice import Change
from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.formatting import digits
from stabcheck.certify.designs.reading import read
from stabcheck.errors import InvalidInput


def compared(files: Sequence[Path]) -> dict[str, Any]:
    """The designs of files, and the changes of each against the first.

    **Raises:** `InvalidInput` for fewer than two files, or one that is no design.
    """
    if len(files) < 2:
        raise InvalidInput(f"asked to compare {len(files)} design; give two or more")
    entries = [catalogue.entry(read(path)) for path in files]
    first = entries[0]
    return {
        "designs": [
            entry.to_json() | {"step": entry.design.step.text} for entry in entries
        ],
        "changes": [
            {
                "design": entry.design.name,
                "changed": list(differences(first.design, entry.design)),
                "buys": _gain(first, entry),
            }
            for entry in entries[1:]
        ],
    }


def _gain(first: catalogue.Entry, other: catalogue.Entry) -> str:
    found = []
    for quantity in ("growth", "shrink"):
        before = first.answer.depth.get(quantity)
        after = other.answer.depth.get(quantity)
        if before is None or after is None or not before.value or not after.value:
            if before is not after:
                states = (
                    "none" if line is None else "some" for line in (before, after)
                )
                found.append(f"{quantity}: {' -> '.join(states)}")
            continue
        ratio = catalogue.exponent(after.value / before.value)
        found.append(f"{quantity} times 10^{ratio:.3g}")
    return ", ".join(found)


def differences(first: Design, other: Design) -> Iterator[str]:
    """What the second design has otherwise, one line a difference."""
    before, after = _flat(first), _flat(other)
    for key in sorted(before.keys() | after.keys()):
        left, right = before.get(key, "-"), after.get(key, "-")
        if left != right:
            yield f"{key}: {left} -> {right}"


def _flat(design: Design) -> dict[str, str]:
    found = {
        "layer": design.layer,
        "step": design.step.text,
        "depth": str(design.depth),
        "metric": design.metric,
        "domain": " ".join(str(value) for value in design.domain.values()),
    } | {key: str(value) for key, value in design.scheme.items()}
    for place, branch in enumerate(design.branches):
        for key, value in branch.field.items():
            found[f"field {place + 1} {key}"] = str(value)
        found[f"field {place + 1} leak"] = str(branch.leak)
        found[f"field {place + 1} scale"] = branch.scale.text
        found[f"field {place + 1} method"] = branch.method.name
    return found


def change_record(change: Change) -> dict[str, Any]:
    """The entry that `design advise --json` prints."""
    return {
        "change": change.label,
        "growth": _digits(change.growth, up=True),
        "shrink": _digits(change.shrink, up=False) or "0",
        "reason": change.reason or None,
    }


def _digits(value: Fraction | None, *, up: bool) -> str | None:
    return None if value is None else digits(value, up=up)
