"""Colours, lines and axes that all pictures share."""

from __future__ import annotations

from matplotlib.axes import Axes

from stabcheck.plots.window import Window

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette: told apart with every kind of colour vision."""
DASHES = ("solid", "dashed", "dotted")
"""Methods with one and the same stability function share a boundary: dashes differ."""
INK, PALE = "#222222", "#999999"
FILL = 0.13
"""Opacity of the inside of a region."""


def frame(axes: Axes, window: Window) -> None:
    """Limits, labels and thin axes for a part of the plane of $z$."""
    axes.set_aspect("auto" if window.is_stretched else "equal")
    axes.set_xlim(window.left, window.right)
    axes.set_ylim(window.bottom, window.top)
    axes.set_xlabel(r"$\mathrm{Re}\ z$", color=INK)
    label = r"$\mathrm{Im}\ z$" + (" (stretched)" if window.is_stretched else "")
    axes.set_ylabel(label, color=INK)
    plain(axes)


def plain(axes: Axes) -> None:
    """Thin axes through 0, no box."""
    axes.axhline(0, color=PALE, linewidth=0.8, zorder=1)
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=1)
    axes.tick_params(colors=INK, labelsize=9, width=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=PALE, linewidth=0.8)
