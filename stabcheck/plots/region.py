r"""Stability regions $S = \{z : |R(z)| \le 1\}$, and what a layer's Jacobian covers.

A picture, not a certificate: eigenvalues inside a region prove nothing for a
non-normal Jacobian.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, StabilityFunction
from stabcheck.integrators import get as integrator_named
from stabcheck.plots.overlay import Overlay, closed, of_layer
from stabcheck.plots.window import Window, windows

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette: told apart with every kind of colour vision."""
DASHES = ("solid", "dashed", "dotted")
"""Methods with one and the same stability function share a boundary: dashes differ."""
INK, PALE = "#222222", "#999999"
GRID_POINTS = 700
FILL = 0.13


def stability_region(
    *methods: ButcherTableau | str,
    layer: Any = None,
    state: Any = None,
    numerical_range: Any = None,
    spectrum: Any = None,
    ritz_values: Any = None,
    title: str | None = None,
) -> Figure:
    r"""Draw the stability regions of one or more methods, and $hJ$ over them.

    **Arguments:** `methods`, Runge-Kutta methods or their names; `layer` and `state`,
    a layer and a state `(n, d)` whose $hW(J)$ and outer eigenvalues are drawn; or
    complex arrays already multiplied by $h$: `numerical_range`, points of its boundary
    in order, `spectrum`, `ritz_values`; `title`.

    **Returns:** a matplotlib figure; `figure.savefig("region.png")` saves it.

    **Raises:** `InvalidInput` without a method, for a splitting, a layer without its
    state, or an overlay that is not finite.
    """
    tableaux = [_tableau(method) for method in methods]
    if not tableaux:
        raise InvalidInput("asked to draw the region of no method; name at least one")
    if layer is None and state is not None:
        raise InvalidInput("asked to draw a state without its layer; give both")
    overlay = Overlay.of(numerical_range, spectrum, ritz_values)
    if layer is not None:
        overlay = of_layer(layer, state)
    functions = [method.stability_function for method in tableaux]
    panels = windows(functions, overlay.points)
    figure = Figure(figsize=_figure_size(panels), layout="constrained")
    ratios = [panel.width / panel.height for panel in panels]
    every_axes = figure.subplots(1, len(panels), squeeze=False, width_ratios=ratios)[0]
    for axes, panel in zip(every_axes, panels, strict=True):
        _frame(axes, panel)
        handles = _draw_regions(axes, panel, tableaux)
        handles += _draw_overlay(axes, overlay)
    for panel in panels[1:]:
        every_axes[0].add_patch(_outline(panel))
        every_axes[-1].text(
            0.98,
            0.98,
            "the marked part, enlarged",
            transform=every_axes[-1].transAxes,
            horizontalalignment="right",
            verticalalignment="top",
            fontsize=9,
            color=INK,
            zorder=8,
        )
    if title:
        figure.suptitle(title, fontsize=10.5, color=INK, wrap=True)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        frameon=False,
        fontsize=9,
        ncols=min(len(handles), 3 if len(panels) == 1 else 4),
        handlelength=2.2,
        columnspacing=1.6,
    )
    return figure


def _tableau(method: ButcherTableau | str) -> ButcherTableau:
    found = integrator_named(method) if isinstance(method, str) else method
    if not isinstance(found, ButcherTableau):
        name = getattr(found, "name", repr(found))
        raise InvalidInput(
            f"asked for the stability region of {name}, whose stability function has "
            "one argument for each field; draw Runge-Kutta methods"
        )
    return found


def _figure_size(panels: Sequence[Window]) -> tuple[float, float]:
    height = 4.6
    width = sum(height * panel.width / panel.height + 0.8 for panel in panels)
    shrunk = min(1.0, 11.0 / width)
    return max(width * shrunk, 5.6), height * shrunk + 1.3


def _outline(panel: Window) -> Rectangle:
    return Rectangle(
        (panel.left, panel.bottom),
        panel.width,
        panel.height,
        fill=False,
        edgecolor=INK,
        linewidth=0.8,
        linestyle=(0, (2, 2)),
        zorder=7,
    )


def _frame(axes: Axes, window: Window) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(window.left, window.right)
    axes.set_ylim(window.bottom, window.top)
    axes.set_xlabel(r"$\mathrm{Re}\ z$", color=INK)
    axes.set_ylabel(r"$\mathrm{Im}\ z$", color=INK)
    axes.axhline(0, color=PALE, linewidth=0.8, zorder=1)
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=1)
    axes.tick_params(colors=INK, labelsize=9, width=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=PALE, linewidth=0.8)


def _draw_regions(
    axes: Axes, window: Window, tableaux: Sequence[ButcherTableau]
) -> list[Any]:
    grid = window.grid(GRID_POINTS)
    seen: list[StabilityFunction] = []
    handles: list[Any] = []
    for k, method in enumerate(tableaux):
        R = method.stability_function
        colour = COLOURS[k % len(COLOURS)]
        dash = DASHES[seen.count(R) % len(DASHES)]
        height = _distance_from_boundary(R, grid)
        if R not in seen:
            axes.contourf(
                grid.real,
                grid.imag,
                height,
                levels=[-2, 0],
                colors=[colour],
                alpha=FILL,
                zorder=2,
            )
        axes.contour(
            grid.real,
            grid.imag,
            height,
            levels=[0],
            colors=[colour],
            linewidths=1.8,
            linestyles=[dash],
            zorder=3 + k / 100,
        )
        seen.append(R)
        handles.append(
            Line2D(
                [], [], color=colour, linewidth=1.8, linestyle=dash, label=method.name
            )
        )
    return handles


def _distance_from_boundary(R: StabilityFunction, grid: np.ndarray) -> np.ndarray:
    r"""$(|P| - |Q|)/(|P| + |Q|)$: negative inside $S$, bounded, smooth at poles."""
    P = np.abs(np.polyval([float(c) for c in reversed(R.P)], grid))
    Q = np.abs(np.polyval([float(c) for c in reversed(R.Q)], grid))
    return (P - Q) / (P + Q)


def _draw_overlay(axes: Axes, overlay: Overlay) -> list[Any]:
    handles: list[Any] = []
    if len(overlay.numerical_range):
        curve = closed(overlay.numerical_range)
        axes.fill(curve.real, curve.imag, color=INK, alpha=0.10, zorder=4, linewidth=0)
        axes.plot(curve.real, curve.imag, color=INK, linewidth=1.3, zorder=5)
        handles.append(
            Patch(facecolor="#e4e4e4", edgecolor=INK, label="numerical range of $hJ$")
        )
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
