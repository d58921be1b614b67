"""What the kernel found semidefinite, kept for who asks: an exporter writes it down.

Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Matrix = list[list[int]]


@dataclass(frozen=True)
class WithinRadii:
    """2^shift matrix - L L^T dominates its diagonal and the radii; L is the factor."""

    matrix: Matrix
    radii: Matrix
    factor: Matrix
    shift: int
    what: str


@dataclass(frozen=True)
class Exactly:
    """The integer matrix is semidefinite; it is a rational one times the scale."""

    matrix: Matrix
    scale: int


Judgement = WithinRadii | Exactly

_KEPT: ContextVar[list[Judgement] | None] = ContextVar("kept", default=None)


@contextmanager
def keeping() -> Iterator[list[Judgement]]:
    """Collect the judgements of the rules that run meanwhile in this process."""
    found: list[Judgement] = []
    token = _KEPT.set(found)
    try:
        yield found
    finally:
        _KEPT.reset(token)


def keep(judgement: Judgement) -> None:
    """Add a judgement where somebody collects them."""
    found = _KEPT.get()
    if found is not None:
        found.append(judgement)
