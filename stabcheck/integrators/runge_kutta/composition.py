"""Compositions of Runge-Kutta methods."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.runge_kutta import structure
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def compose(
    name: str, *parts: ButcherTableau, fractions: Sequence[Fraction] | None = None
) -> ButcherTableau:
    """One step of each method after the other, the first one applied first.

    **Arguments:** `name`; `parts`; `fractions` of the step, equal ones by default.

    **Raises:** `InvalidInput` unless there is one fraction for each part and their sum
    is 1.
    """
    shares = [Fraction(1, len(parts))] * len(parts) if fractions is None else fractions
    if not parts or len(shares) != len(parts):
        raise InvalidInput(
            f"asked to compose {len(parts)} methods over {len(shares)} fractions of "
            "the step; give one fraction for each method"
        )
    A, b = structure.composed(
        [((part.A, part.b), Fraction(x)) for part, x in zip(parts, shares, strict=True)]
    )
    return ButcherTableau(name, A, b)
