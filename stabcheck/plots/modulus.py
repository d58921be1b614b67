r"""Contours of $|R(z)|$, or of the largest root of a method with memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stabcheck.plots.plane import plane_region
from stabcheck.plots.style import COLOURS, INK, frame
from stabcheck.plots.window import windows

POINTS = 220
LEVELS = (-2.0, -1.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
r"""Of $\log_{10}$ of the modulus: 0 is the boundary."""
WIDE = 2.0
"""A wider window has its scale below, a narrower one at its right."""
PAPER = "PuOr_r"
"""A diverging palette, told apart in grey by its lightness and by the sign."""


def modulus_contours(method: Any, title: str | None = None) -> Figure:
    r"""Draw contours of the growth in one step over $z = h\lambda$.

    **Arguments:** `method`, with one argument, itself or its name; `title`.

    **Returns:** a matplotlib figure; the boundary of the region is the thick line.

    **Raises:** `InvalidInput` for a method of several arguments.
    """
    region = plane_region(method)
    window = windows([region.extent], np.zeros(0, dtype=complex))[0]
    grid = window.grid(POINTS)
    with np.errstate(all="ignore"):
        values = np.log10(region.modulus(grid))
    shown = np.clip(np.nan_to_num(values, nan=LEVELS[-1]), LEVELS[0], LEVELS[-1])
    height = 4.8 * min(1.0, WIDE / window.shape)
    below = 1.4 if window.shape > WIDE else 0.0
    size = (1.8 + height * window.shape, height + below)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    frame(axes, window)
    filled = axes.contourf(
        grid.real, grid.imag, shown, levels=LEVELS, cmap=PAPER, alpha=0.8
    )
    lines = axes.contour(
        grid.real, grid.imag, shown, levels=LEVELS[1:-1], colors=INK, linewidths=0.5
    )
    axes.clabel(lines, fontsize=7, fmt="%g")
    for curve in region.curves:
        axes.plot(curve.real, curve.imag, color=COLOURS[1], linewidth=2.0)
    side = "bottom" if window.shape > WIDE else "right"
    bar = figure.colorbar(filled, ax=axes, shrink=0.9, location=side)
    bar.set_label(r"$\log_{10}$ of the growth in one step", color=INK)
    axes.set_title(title or region.name, fontsize=10.5, color=INK)
    return figure
