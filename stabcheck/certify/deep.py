"""Claims about a range of maps over an input tube, exact at the first order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established
from stabcheck.growth.deep import (
    Along,
    Curvature,
    along,
    curvature_of,
    deep_growth,
    deep_inverse,
    is_covered,
)
from stabcheck.layers import Residual, Stack

TENSOR_ROWS = 256
"""Up to this many rows the second derivatives of a stack are formed: seconds a map."""
COUPLED_ROWS = 512
"""Up to this many rows stacks are bounded without them."""
LARGEST_GROWTH = 1e6
"""A growth above this says nothing: a smaller tube is tried."""
HALVINGS = 10
"""How often the radius is halved in the search for a tube on which it converges."""


@dataclass(frozen=True)
class DeepRange:
    """What is established of a range of maps on a tube of one radius."""

    growth: Established
    shrink: Established | None
    radius: Fraction


@dataclass(frozen=True, eq=False)
class Linearised:
    """A range of maps along its trajectory, with second derivatives where small."""

    path: Along
    curved: Curvature | None

    def growth(self, radius: Fraction) -> float | None:
        """The growth over a tube in floats; None where nothing useful is bounded."""
        found = deep_growth(self.path, self.curved, self._radii(radius))
        if found is None or not found.claimed < LARGEST_GROWTH:
            return None
        return found.claimed

    def shrink(self, radius: Fraction) -> float | None:
        """The shrink over a tube in floats; None where nothing is bounded."""
        found = deep_inverse(self.path, self.curved, self._radii(radius))
        return None if found is None else 1 / found.claimed

    def _radii(self, radius: Fraction) -> np.ndarray:
        return np.full(self.path.tokens, float(radius))


def linearised(
    stack: Stack, first: int, last: int, state: np.ndarray
) -> Linearised | None:
    """The maps `[first, last)` along a state; None where the theorems do not hold."""
    maps = stack.maps[first:last]
    fits = all(
        isinstance(map_, Residual)
        and map_.integrator.name == "forward-euler"
        and is_covered(map_.branch)
        for map_ in maps
    )
    if not fits or state.size > COUPLED_ROWS:
        return None
    path = along(maps, state)
    curved = curvature_of(path) if state.size <= TENSOR_ROWS else None
    return Linearised(path, curved)


def certify_deep(
    draft: Draft,
    hint: str,
    stack: Stack,
    states: Sequence[np.ndarray],
    subject: dict[str, Any],
    radius: Fraction,
) -> DeepRange | None:
    """Claim growth and shrink on the tube of this radius, or of the largest half of it.

    **Returns:** None where the theorems do not hold or nothing is bounded.
    """
    first, last = subject["maps"]
    found = linearised(stack, first, last, states[first])
    if found is None:
        return None
    for _ in range(HALVINGS):
        value = found.growth(radius)
        if value is not None:
            break
        radius = radius / 2
    else:
        return None
    coupled = found.curved is None
    domain = draft.tube(hint, states[first], radius)
    theorem = "depth-tube-coupled" if coupled else "depth-tube-first-order"
    bound = round_up(value)
    claim = Claim(theorem, "growth", subject, domain, bound, tier="float64")
    grown = Established(draft.claim(claim), bound, theorem)
    kept = found.shrink(radius)
    if kept is None:
        return DeepRange(grown, None, radius)
    theorem = "depth-tube-inverse-coupled" if coupled else "depth-tube-inverse"
    bound = round_down(kept)
    claim = Claim(theorem, "shrink", subject, domain, bound, tier="float64")
    return DeepRange(grown, Established(draft.claim(claim), bound, theorem), radius)
