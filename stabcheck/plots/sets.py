"""The exact intervals and the largest disc of a method, drawn into its region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerPatch
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse

from stabcheck.plots.plane import PlaneRegion
from stabcheck.plots.style import COLOURS, INK
from stabcheck.plots.window import Window


def draw_sets(axes: Axes, window: Window, regions: Sequence[PlaneRegion]) -> list[Any]:
    """Draw both intervals and the disc of every region; the entries of a legend.

    The line of an unbounded interval ends at the frame, of a bounded one at a tick.
    """
    handles: list[Any] = []
    for k, region in enumerate(regions):
        colour = INK if len(regions) == 1 else COLOURS[k % len(COLOURS)]
        real, imaginary, disc = region.real, region.imaginary, region.disc
        if real:
            end = max(-real, window.left)
            _interval(axes, [end, 0], [0, 0], colour, end > window.left)
        if imaginary:
            end = min(imaginary, window.top)
            _interval(axes, [0, 0], [-end, end], colour, end < window.top)
        if disc and disc < float("inf"):
            axes.add_patch(_circle(disc, colour))
        handles += _legend(region, colour, named=len(regions) > 1)
    return handles


def _interval(
    axes: Axes, x: list[float], y: list[float], colour: str, ends: bool
) -> None:
    across = "|" if y[0] == y[1] else "_"
    axes.plot(
        x,
        y,
        color=colour,
        linewidth=2.2,
        marker=across if ends else "None",
        markersize=8,
        zorder=3.5,
        solid_capstyle="butt",
    )


def _circle(radius: float, colour: str) -> Circle:
    return Circle(
        (-radius, 0),
        radius,
        fill=False,
        edgecolor=colour,
        linewidth=1.0,
        linestyle=(0, (4, 2)),
        zorder=3.4,
    )


def _legend(region: PlaneRegion, colour: str, *, named: bool) -> list[Any]:
    of = f", {region.name}" if named else ""
    real, imaginary = (_shown(x or 0.0) for x in (region.real, region.imaginary))
    label = f"intervals: real {real}, imaginary {imaginary}{of}"
    handles: list[Any] = [Line2D([], [], color=colour, linewidth=2.2, label=label)]
    if region.disc is not None:
        label = f"largest disc: radius {_shown(region.disc)}{of}"
        dashes = (0, (2, 1))
        handles.append(
            Circle((0, 0), fill=False, edgecolor=colour, linestyle=dashes, label=label)
        )
    return handles


def _shown(value: float) -> str:
    return "∞" if value == float("inf") else f"{value:.4g}"


class _RoundHandle(HandlerPatch):
    """A small circle in the legend instead of a box."""

    def create_artists(
        self, legend, orig_handle, xdescent, ydescent, width, height, fontsize, trans
    ):
        patch = Ellipse(
            (width / 2 - xdescent, height / 2 - ydescent), 1.3 * height, 1.3 * height
        )
        self.update_prop(patch, orig_handle, legend)
        patch.set_transform(trans)
        return [patch]


def disc_handle() -> dict[type, HandlerPatch]:
    """What draws a disc in a legend."""
    return {Circle: _RoundHandle()}
