r"""Which layer costs most, by leaving it out.

At the state itself, along the same trajectory, the Jacobian of one layer is replaced by
the identity; the layer without which the norm of the product is least costs most.
These norms are estimates, not claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stabcheck import spectra
from stabcheck.certify.depth_product import Factor
from stabcheck.layers import Normalise, Stack

TOLERANCE = 1e-3
ITERATIONS = 40
"""Golub-Kahan steps: far more than three digits of a norm need."""


@dataclass(frozen=True)
class LeftOut:
    """The growth at the point without each layer, or without each map of the only one.

    **Arguments:** `growths`, estimates by name, in the order of the depth.
    """

    growths: dict[str, float]

    @property
    def costliest(self) -> str:
        """The name without which the growth is least."""
        return min(self.growths, key=lambda name: self.growths[name])


def leave_one_out(stack: Stack, states: Sequence[np.ndarray]) -> LeftOut:
    """Estimate the growth at the point without each layer in turn.

    **Arguments:** `stack`, of normalisations and forward Euler steps; `states`, in
    front of every map.
    """
    derivatives = [
        spectra.linearise(
            (map_.field,) if isinstance(map_, Normalise) else map_.branch, state
        )
        for map_, state in zip(stack.maps, states, strict=False)
    ]
    sizes = [
        None if isinstance(map_, Normalise) else float(map_.step_size)
        for map_ in stack.maps
    ]
    shape = states[0].shape
    parts = stack.layers
    if len(parts) == 1:
        parts = tuple((m.name, k, k + 1) for k, m in enumerate(stack.maps))

    def growth_without(first: int, last: int) -> float:
        kept = [k for k in range(len(stack.maps)) if not first <= k < last]

        def forward(vector: np.ndarray) -> np.ndarray:
            moved = vector.reshape(shape)
            for k in kept:
                found = derivatives[k].jvp(moved)
                moved = found if sizes[k] is None else moved + sizes[k] * found
            return moved.ravel()

        def backward(vector: np.ndarray) -> np.ndarray:
            moved = vector.reshape(shape)
            for k in reversed(kept):
                found = derivatives[k].vjp(moved)
                moved = found if sizes[k] is None else moved + sizes[k] * found
            return moved.ravel()

        size = states[0].size
        return spectra.spectral_norm(
            forward, backward, size, tolerance=TOLERANCE, iterations=ITERATIONS
        ).value

    return LeftOut({name: growth_without(first, last) for name, first, last in parts})


def largest_factor(factors: Sequence[Factor]) -> str | None:
    """The map of the largest certified growth; None where there is none at all."""
    known = [factor for factor in factors if factor.growth]
    if not known:
        return None
    return max(known, key=lambda factor: factor.growth.value).name
