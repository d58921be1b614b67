r"""Stability regions $S = \{z : |R(z)| \le 1\}$, and what a layer's Jacobian covers.

A picture, not a certificate: eigenvalues inside a region prove nothing for a
non-normal Jacobian.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from stabcheck.errors import InvalidInput
from stabcheck.plots.overlay import Overlay, closed, of_layer
from stabcheck.plots.plane import PlaneRegion, plane_region
from stabcheck.plots.sets import disc_handle, draw_sets
from stabcheck.plots.style import COLOURS, DASHES, FILL, INK, frame
from stabcheck.plots.window import Window, windows

GRID_POINTS = 600


def stability_region(
    *methods: Any,
    layer: Any = None,
    state: Any = None,
    numerical_range: Any = None,
    spectrum: Any = None,
    ritz_values: Any = None,
    pseudospectra: Any = None,
    sets: bool | None = None,
    title: str | None = None,
) -> Figure:
    r"""Draw the stability regions of one or more methods, and $hJ$ over them.

    **Arguments:** `methods`, one-step methods, methods with memory, or their names;
    `layer` and `state`, a layer and a state `(n, d)` whose $hW(J)$, outer eigenvalues
    and pseudospectra are drawn; or complex arrays already multiplied by $h$:
    `numerical_range`, points of its boundary in order, `spectrum`, `ritz_values`;
    `pseudospectra`, a `Pseudospectra`; `sets`, whether the exact intervals on the axes
    and the largest disc are drawn, by default of a single method only; `title`.

    **Returns:** a matplotlib figure; `figure.savefig("region.png")` saves it.

    **Raises:** `InvalidInput` without a method, for one of several arguments, a layer
    without its state, or an overlay that is not finite.
    """
    regions = [plane_region(method) for method in methods]
    if not regions:
        raise InvalidInput("asked to draw the region of no method; name at least one")
    if layer is None and state is not None:
        raise InvalidInput("asked to draw a state without its layer; give both")
    overlay = Overlay.of(numerical_range, spectrum, ritz_values, pseudospectra)
    if layer is not None:
        overlay = of_layer(layer, state)
    with_sets = len(regions) == 1 if sets is None else sets
    panels = windows([region.extent for region in regions], overlay.points)
    figure = Figure(figsize=_figure_size(panels), layout="constrained")
    every_axes = figure.subplots(
        1, len(panels), squeeze=False, width_ratios=[panel.shape for panel in panels]
    )[0]
    for axes, panel in zip(every_axes, panels, strict=True):
        frame(axes, panel)
        handles = draw_regions(axes, panel, regions)
        if with_sets:
            handles += draw_sets(axes, panel, regions)
        handles += _draw_overlay(axes, overlay)
    for panel in panels[1:]:
        _mark(every_axes, panel)
    if title:
        figure.suptitle(title, fontsize=10.5, color=INK, wrap=True)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        frameon=False,
        fontsize=9,
        ncols=1 if with_sets else min(len(handles), 3 if len(panels) == 1 else 4),
        handlelength=2.2,
        columnspacing=1.6,
        handler_map=disc_handle(),
    )
    return figure


def _figure_size(panels: Sequence[Window]) -> tuple[float, float]:
    height = 4.6
    width = sum(height * panel.shape + 0.8 for panel in panels)
    shrunk = min(1.0, 11.0 / width)
    return max(width * shrunk, 5.6), height * shrunk + 1.3


def _mark(every_axes: Sequence[Axes], panel: Window) -> None:
    """Outline a part of the first panel that the last one enlarges."""
    outline = Rectangle(
        (panel.left, panel.bottom),
        panel.width,
        panel.height,
        fill=False,
        edgecolor=INK,
        linewidth=0.8,
        linestyle=(0, (2, 2)),
        zorder=7,
    )
    every_axes[0].add_patch(outline)
    every_axes[-1].set_title("the marked part, enlarged", fontsize=9, color=INK)


def draw_regions(
    axes: Axes, window: Window, regions: Sequence[PlaneRegion]
) -> list[Any]:
    """Fill the regions and draw their boundaries; the entries of a legend."""
    grid = window.grid(GRID_POINTS)
    seen: list[Any] = []
    handles: list[Any] = []
    for k, region in enumerate(regions):
        colour = COLOURS[k % len(COLOURS)]
        dash = DASHES[seen.count(region.identity) % len(DASHES)]
        if region.identity not in seen:
            axes.contourf(
                grid.real,
                grid.imag,
                region.height(grid),
                levels=[-2, 0],
                colors=[colour],
                alpha=FILL,
                zorder=2,
            )
        seen.append(region.identity)
        line: dict[str, Any] = {"color": colour, "linewidth": 1.8, "linestyle": dash}
        for curve in region.curves:
            axes.plot(curve.real, curve.imag, **line, zorder=3 + k / 100)
        handles.append(Line2D([], [], **line, label=region.name))
    return handles


def _draw_overlay(axes: Axes, overlay: Overlay) -> list[Any]:
    handles: list[Any] = []
    if len(overlay.numerical_range):
        curve = closed(overlay.numerical_range)
        axes.fill(curve.real, curve.imag, color=INK, alpha=0.10, zorder=4, linewidth=0)
        axes.plot(curve.real, curve.imag, color=INK, linewidth=1.3, zorder=5)
        handles.append(
            Patch(facecolor="#e4e4e4", edgecolor=INK, label="numerical range of $hJ$")
        )
    if overlay.pseudospectra is not None:
        handles += overlay.pseudospectra.draw(axes)
    for values, marker, size, label in (
        (overlay.spectrum, ".", 14, "eigenvalues of $hJ$"),
        (overlay.ritz_values, "x", 22, "outer Ritz values of $hJ$"),
    ):
        if len(values):
            handles.append(
                axes.scatter(
                    values.real,
                    values.imag,
                    marker=marker,
                    s=size,
                    color=INK,
                    linewidths=0.9,
                    zorder=6,
                    label=label,
                )
            )
    return handles
