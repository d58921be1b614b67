"""The part of the complex plane that a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Points = np.ndarray[Any, np.dtype[np.complex128]]

MARGIN = 0.08
"""Room round what has to be seen, relative to its size."""
LEAST_HALF_WIDTH = 2.0
"""Of a window on regions."""
FLATTEST = 0.16
"""Least height over width, and width over height, at equal scales."""
THINNEST = 0.07
"""What is flatter has its axes scaled apart: a line would be all that is seen of it."""
NOTHING = 1e-9
"""What is smaller than this is a point, up to rounding."""
SMALL = 0.2
"""What is smaller than this share of the window gets a panel of its own."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the complex plane.

    **Arguments:** the sides; `is_stretched`, whether the axes are scaled apart.
    """

    left: float
    right: float
    bottom: float
    top: float
    is_stretched: bool = False

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def size(self) -> float:
        return max(self.width, self.height)

    @property
    def shape(self) -> float:
        """Width over height on paper."""
        return 1 / (2 * FLATTEST) if self.is_stretched else self.width / self.height

    def grid(self, points: int) -> Points:
        """A rectangular grid over the window, about `points` along the longer side."""
        columns = max(2, round(points * min(1.0, self.shape)))
        rows = max(2, round(points * min(1.0, 1 / self.shape)))
        x = np.linspace(self.left, self.right, columns)
        y = np.linspace(self.bottom, self.top, rows)
        return x[None, :] + 1j * y[:, None]


def windows(regions: Sequence[Points], overlay: Points) -> list[Window]:
    """A window on everything, and a closer one where some of it is much smaller.

    **Arguments:** `regions`, what has to be seen of each region; `overlay`, all points
    drawn over them.
    """
    seen = [(points, LEAST_HALF_WIDTH) for points in regions]
    if len(overlay):
        seen.append((overlay, 0.0))
    outer = window_on([points for points, _ in seen], LEAST_HALF_WIDTH)
    whole = max(extent_of(points) for points, _ in seen) or 1.0
    small = [p for p in seen if NOTHING < extent_of(p[0]) / whole < SMALL]
    if not small:
        return [outer]
    least = min(least for _, least in small)
    close = window_on([points for points, _ in small], least)
    return [outer, close] if close.size < 2 * SMALL * outer.size else [outer]


def extent_of(points: Points) -> float:
    """The larger side of the box of points and 0, twice for their height over 0."""
    box = np.append(points, 0)
    return max(float(np.ptp(box.real)), 2 * float(np.abs(box.imag).max()))


def window_on(seen: Sequence[Points], least_half_width: float) -> Window:
    """A window that shows all points and 0, symmetric about the real axis."""
    points = np.concatenate([np.zeros(1), *seen])
    centre = (points.real.min() + points.real.max()) / 2
    half_width = np.ptp(points.real) / 2
    half_height = np.abs(points.imag).max()
    # Regions of less than unit size are shown as large as those of Euler's method.
    least = min(least_half_width, 2 * max(half_width, half_height))
    half_width = max(half_width, least / 2) * (1 + 2 * MARGIN)
    is_thin = half_height < THINNEST * half_width
    half_height = max(half_height, least / 2) * (1 + 2 * MARGIN)
    if not is_thin:
        half_height = max(half_height, FLATTEST * half_width)
    half_width = max(half_width, FLATTEST * half_height)
    return Window(
        centre - half_width, centre + half_width, -half_height, half_height, is_thin
    )
