r"""Growth over an input tube from deviations of the maps, norm by norm.

Theorem `depth-tube-norm-wise`.  It needs no structure of the maps and no second
derivative: it holds for stacks of any size, on small tubes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import mul

import numpy as np

from stabcheck.growth.partial_products import PartialProducts

STEPS = 100
"""Halvings of the ratio of a radius that works to one that does not."""


@dataclass(frozen=True)
class NormWise:
    r"""What the theorem gives on one tube.

    **Arguments:** `deviation` $d_L$; `radii` $r_l$ in front of every map, that hold the
    states.
    """

    deviation: float
    radii: list[float]


def norm_wise(
    products: PartialProducts,
    deviations: Sequence[Callable[[float], float]],
    offset: float,
    radius: float,
) -> NormWise | None:
    """The deviation of the derivative over the tube of this radius.

    **Arguments:** `deviations`, of every map's Jacobian, as functions of the radius;
    `offset`, how far a map of a stored state is from the next one, at most.

    **Returns:** None where something is not finite.
    """
    length = radius * float(np.sqrt(products.tokens))
    radii, forces, drifts = [radius], [], []
    moved = drift = 0.0
    for number, deviation in enumerate(deviations):
        if number > 0:
            radii.append((products.row(number) + moved) * length + drift)
        epsilon = deviation(radii[-1])
        if not np.isfinite(epsilon):
            return None
        forces.append(epsilon * (products.norm_from_start(number) + moved))
        drifts.append(offset + epsilon * drift)
        norms = [products.norm(number + 1, k + 1) for k in range(number + 1)]
        moved = float(np.dot(norms, forces))
        drift = float(np.dot(norms, drifts))
        if not np.isfinite(moved + drift):
            return None
    return NormWise(moved, radii)


def largest_radius(
    products: PartialProducts,
    slopes: Sequence[float],
    offset: float,
    most: float,
    allowed: float,
) -> float | None:
    """The largest radius up to `most` on which the derivative moves by `allowed`.

    **Arguments:** `slopes`, deviations of the maps per radius.

    **Returns:** None where even tiny tubes deviate more.
    """
    linear = [partial(mul, slope) for slope in slopes]

    def fits(radius: float) -> bool:
        with np.errstate(over="ignore", invalid="ignore"):
            found = norm_wise(products, linear, offset, radius)
        return found is not None and found.deviation <= allowed

    if fits(most):
        return most
    low, high = most * 2.0**-STEPS, most
    if not fits(low):
        return None
    for _ in range(STEPS):
        middle = float(np.sqrt(low) * np.sqrt(high))
        low, high = (middle, high) if fits(middle) else (low, middle)
        if high < low * 1.001:
            break
    return low
