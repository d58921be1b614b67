r"""Order stars: where $|R(z)| > |e^z|$ (Hairer, Wanner, *Solving ODEs II*, IV.4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from stabcheck.plots.plane import one_step_region
from stabcheck.plots.style import COLOURS, INK, frame
from stabcheck.plots.window import Window

POINTS = 700
MARGIN = 1.6
"""The window reaches so many times as far as the furthest zero or pole, up to"""
FURTHEST = 12.0


def order_star(method: Any, title: str | None = None) -> Figure:
    r"""Draw the order star of a one-step method, with the zeros and poles of $R$.

    **Arguments:** `method`, itself or its name; `title`.

    **Returns:** a matplotlib figure; the fingers, where $|R| > |e^z|$, are filled.

    **Raises:** `InvalidInput` for a method without one stability function.
    """
    region = one_step_region(method)
    R = region.factored
    star = region.method.order_star
    near = [abs(z) for z in (*R.zeros, *R.poles) if abs(z) <= FURTHEST / MARGIN]
    reach = MARGIN * max([*near, 2.0])
    window = Window(-reach, reach, -reach, reach)
    grid = window.grid(POINTS)
    with np.errstate(all="ignore"):
        height = np.tanh((np.log(np.abs(R(grid))) - grid.real) / 2)
    height = np.where(np.isnan(height), 1.0, height)
    figure = Figure(figsize=(5.6, 6.2), layout="constrained")
    axes = figure.subplots()
    frame(axes, window)
    colour = COLOURS[0]
    axes.contourf(
        grid.real, grid.imag, height, levels=[0, 2], colors=[colour], alpha=0.35
    )
    axes.contour(
        grid.real, grid.imag, height, levels=[0], colors=[colour], linewidths=1.0
    )
    marks = {"marker": "o", "color": INK, "linestyle": "none", "markersize": 6}
    axes.plot(R.zeros.real, R.zeros.imag, **marks, markerfacecolor="white")
    axes.plot(R.poles.real, R.poles.imag, **marks | {"marker": "x"})
    handles = [
        Patch(
            facecolor=colour,
            alpha=0.35,
            label=rf"$|R(z)| > |e^z|$: {star.sectors} sectors at 0",
        ),
        Line2D([], [], **marks, markerfacecolor="white", label="zeros of $R$"),
    ]
    if len(R.poles):
        handles.append(Line2D([], [], **marks | {"marker": "x"}, label="poles of $R$"))
    figure.legend(
        handles=handles, loc="outside lower center", frameon=False, ncols=3, fontsize=9
    )
    figure.suptitle(title or region.name, fontsize=10.5, color=INK)
    return figure
