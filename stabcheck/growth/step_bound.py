"""A proposed growth or shrink of a step, or the reason why no theorem gives one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from stabcheck.bounds.bound import outward


@dataclass(frozen=True)
class StepBound:
    """What a theorem says about one step or a whole stack.

    **Arguments:** `quantity` (`growth`, `shrink` or `mixed-growth`), `theorem`,
    `value` moved outward (None if the theorem does not apply), `reason` why not.
    """

    quantity: str
    theorem: str
    value: float | None
    reason: str | None = None


def established(quantity: str, theorem: str, value: float) -> StepBound:
    """A value that the theorem establishes, moved outward; a shrink is at least 0."""
    moved = outward(quantity, value, 1.0)
    if quantity == "shrink":
        moved = max(moved, 0.0)
    return StepBound(quantity, theorem, moved)


def not_established(quantity: str, theorem: str, reason: str) -> StepBound:
    """No value, with the reason in words."""
    return StepBound(quantity, theorem, None, reason)


def root_bound(square: Fraction, *, upward: bool) -> float:
    """A float64 number whose square is at least (at most) a rational."""
    root = math.sqrt(square)
    while upward and Fraction(root) ** 2 < square:
        root = math.nextafter(root, math.inf)
    while not upward and Fraction(root) ** 2 > square:
        root = math.nextafter(root, 0.0)
    return root
