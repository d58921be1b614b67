"""The part of the complex plane that a picture shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabcheck.integrators import StabilityFunction

Points = np.ndarray[Any, np.dtype[np.complex128]]

LOCUS_ANGLES = 400
"""Angles at which the boundary locus is sampled to find its extent."""
REACH = 50.0
"""A boundary that goes further out is taken to be unbounded."""
MARGIN = 0.08
"""Room round what has to be seen, relative to its size."""
LEAST_HALF_WIDTH = 2.0
"""Of a window on regions that are all unbounded."""
FLATTEST = 0.55
"""Least height over width, and width over height."""
SMALL = 0.3
"""What is smaller than this share of the window gets a panel of its own."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the complex plane."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def size(self) -> float:
        return max(self.width, self.height)

    def grid(self, points: int) -> Points:
        """A rectangular grid over the window, about `points` along the longer side."""
        columns = max(2, round(points * self.width / self.size))
        rows = max(2, round(points * self.height / self.size))
        x = np.linspace(self.left, self.right, columns)
        y = np.linspace(self.bottom, self.top, rows)
        return x[None, :] + 1j * y[:, None]


def windows(
    functions: Iterable[StabilityFunction], overlays: Iterable[Points]
) -> list[Window]:
    """A window on everything, and a closer one where one kind is much smaller."""
    locus = np.concatenate([np.zeros(0), *map(boundary_locus, functions)])
    overlay = np.concatenate([np.zeros(0), *map(np.ravel, overlays)])
    regions = window_on(np.append(locus, 0), LEAST_HALF_WIDTH)
    if not len(overlay):
        return [regions]
    close = window_on(np.append(overlay, 0), 0.0)
    outer = window_on(np.concatenate([locus, overlay, [0]]), LEAST_HALF_WIDTH)
    smaller = min(regions, close, key=lambda window: window.size)
    return [outer, smaller] if 0 < smaller.size < SMALL * outer.size else [outer]


def window_on(seen: Points, least_half_width: float) -> Window:
    """A window that shows all points, symmetric about the real axis."""
    centre = (seen.real.min() + seen.real.max()) / 2
    half_width = max(np.ptp(seen.real) / 2, least_half_width) * (1 + 2 * MARGIN)
    half_height = max(np.abs(seen.imag).max(), least_half_width) * (1 + 2 * MARGIN)
    half_height = max(half_height, FLATTEST * half_width)
    half_width = max(half_width, FLATTEST * half_height)
    return Window(centre - half_width, centre + half_width, -half_height, half_height)


def boundary_locus(R: StabilityFunction) -> Points:
    r"""Points with $|R(z)| = 1$: the roots of $P - e^{it}Q$ over all angles.

    Empty for an unbounded region: its boundary sets no extent.
    """
    size = max(len(R.P), len(R.Q))
    P = np.array([float(c) for c in R.P] + [0.0] * (size - len(R.P)))
    Q = np.array([float(c) for c in R.Q] + [0.0] * (size - len(R.Q)))
    # Half an angle's offset keeps the leading coefficient away from zero.
    angles = 2 * np.pi * (np.arange(LOCUS_ANGLES) + 0.5) / LOCUS_ANGLES
    locus = [np.roots((P - np.exp(1j * t) * Q)[::-1]) for t in angles]
    points = np.concatenate(locus)
    return points if np.abs(points).max() <= REACH else points[:0]
