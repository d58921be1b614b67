r"""Contraction of intervals, exact to first order in each product.

A product of several intervals is taken apart into midpoints and errors, and what
multiplies an error is summed before its absolute value is taken: to first order the
radius is $\sum |\partial|\, r$, as narrow as the product allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stabcheck.interpret.midpoint_radius import ROOM, TINY, MidpointRadius, U

Labelled = Sequence[tuple[np.ndarray, Sequence[int]]]
Operands = Sequence[tuple[MidpointRadius, Sequence[int]]]


def contracted(operands: Operands, out: Sequence[int]) -> MidpointRadius:
    """The sum of products over the axes that `out` does not name."""
    if len(operands) == 1:
        return _summed(*operands[0], out)
    middles = [(ball.midpoint, labels) for ball, labels in operands]
    growth = _gamma(operands, out)
    with np.errstate(all="ignore"):
        radius = _rounding(middles, out, growth) + spread(operands, out)
        return MidpointRadius(_einsum(middles, out), radius * ROOM)


def spread(operands: Operands, out: Sequence[int]) -> np.ndarray:
    """How far the products may lie from those of the midpoints, summed over axes.

    The midpoints may be off by one rounding each.
    """
    growth = _gamma(operands, out)
    sizes = _sizes(operands)
    radius = np.zeros([sizes[label] for label in out])
    with np.errstate(all="ignore"):
        for chosen in _error_patterns(operands):
            radius = radius + _product_of_errors(operands, chosen, out, growth)
        return radius * (1 + growth) * ROOM


def _error_patterns(operands: Operands) -> list[tuple[int, ...]]:
    """The nonempty sets of operands whose errors are multiplied."""
    moving = [at for at, (ball, _) in enumerate(operands) if not ball.is_exact]
    return [
        tuple(at for place, at in enumerate(moving) if number >> place & 1)
        for number in range(1, 2 ** len(moving))
    ]


def _product_of_errors(
    operands: Operands, chosen: tuple[int, ...], out: Sequence[int], growth: float
) -> np.ndarray:
    """What the product of the errors of some operands may add."""
    errors = [(operands[at][0].radius, operands[at][1]) for at in chosen]
    others = [
        (ball.midpoint, labels)
        for at, (ball, labels) in enumerate(operands)
        if at not in chosen
    ]
    if others:
        wanted = {*out, *(label for _, labels in errors for label in labels)}
        every = dict.fromkeys(label for _, labels in others for label in labels)
        kept = [label for label in every if label in wanted]
        slope = np.abs(_einsum(others, kept)) + _rounding(others, kept, growth)
        errors = [(slope, kept), *errors]
    return _einsum(_raised(errors), out)


def _einsum(operands: Labelled, out: Sequence[int]) -> np.ndarray:
    flat = [part for array, labels in operands for part in (array, list(labels))]
    return np.einsum(*flat, list(out), optimize=len(operands) > 1)


def _rounding(
    operands: Labelled,
    out: Sequence[int],
    growth: float,
) -> np.ndarray:
    """The rounding errors of a contraction; zero where every product has a zero."""
    sizes = [(np.abs(array), labels) for array, labels in operands]
    total = _einsum(_raised(sizes), out)
    lost = TINY * np.prod([1 + size.max(initial=0.0) for size, _ in sizes])
    return np.where(total > 0, growth * total + lost * (1 + growth / U), 0.0)


def _raised(operands: Labelled) -> Labelled:
    """Absolute values with a floor: a product is zero only where one of them is."""
    floor = 2.0 ** (-960 // len(operands))
    return [
        (np.where(size > 0, np.maximum(size, floor), 0.0), labels)
        for size, labels in operands
    ]


def _gamma(operands: Operands, out: Sequence[int]) -> float:
    r"""$\gamma_k$ for the sum of products over what `out` does not name."""
    sizes = _sizes(operands)
    terms = math.prod(size for label, size in sizes.items() if label not in out)
    steps = (terms + len(operands) + 4) * U
    return 2 * steps / (1 - steps)


def _sizes(operands: Operands) -> dict[int, int]:
    return {
        label: size
        for ball, labels in operands
        for label, size in zip(labels, ball.shape, strict=True)
    }


def _summed(
    ball: MidpointRadius, labels: Sequence[int], out: Sequence[int]
) -> MidpointRadius:
    """One operand, some of its axes summed or read on the diagonal."""
    middles, radii = [(ball.midpoint, labels)], [(ball.radius, labels)]
    total = _einsum(middles, out)
    radius = _einsum(radii, out)
    if set(labels) == set(out):
        return MidpointRadius(total, radius)
    growth = _gamma([(ball, labels)], out)
    with np.errstate(all="ignore"):
        radius = radius + _rounding(middles, out, growth)
        return MidpointRadius(total, radius * (1 + growth) * ROOM)
