r"""The error growth function $\varphi_R(x) = \sup_{\Re z \le x} |R(z)|$ as a curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stabcheck.errors import InvalidInput
from stabcheck.plots.plane import OneStepRegion, one_step_region
from stabcheck.plots.style import COLOURS, DASHES, INK, PALE, plain

LEFT, RIGHT = -4.0, 4.0
POINTS = 161
HEIGHTS = 4000
r"""Points on a line $\Re z = x$, denser near the real axis."""
TOP = 4.0


def error_growth(*methods: Any, title: str | None = None) -> Figure:
    r"""Draw $\varphi_R$ of one or more methods, beside $e^x$ of the exact flow.

    It bounds the growth of linear fields with $\mu_2(hJ) \le x$; it is infinite from
    the first pole on, and everywhere for an explicit method, whose $|R|$ is unbounded
    on every half-plane (Hairer, Wanner, *Solving ODEs II*, IV.11).

    **Arguments:** `methods`, one-step methods or their names; `title`.

    **Returns:** a matplotlib figure.

    **Raises:** `InvalidInput` for no method, a method without one stability function,
    or one that is infinite everywhere.
    """
    if not methods:
        raise InvalidInput("asked for the growth of no method; name at least one")
    regions = [one_step_region(method) for method in methods]
    for region in regions:
        R = region.method.stability_function
        if len(R.P) > len(R.Q):
            raise InvalidInput(
                f"asked for the error growth of {region.name}, whose |R| is unbounded "
                "on every half-plane; give implicit methods"
            )
    x = np.linspace(LEFT, RIGHT, POINTS)
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    plain(axes)
    axes.plot(x, np.exp(x), color=PALE, linewidth=1.2, label="$e^x$, the exact flow")
    for k, region in enumerate(regions):
        axes.plot(
            x,
            growth_values(region, x),
            color=COLOURS[k % len(COLOURS)],
            linestyle=DASHES[k // len(COLOURS) % len(DASHES)],
            linewidth=1.8,
            label=region.name,
        )
    axes.set_xlim(LEFT, RIGHT)
    axes.set_ylim(0, TOP)
    axes.set_xlabel(r"$x$, with $\mu_2(hJ) \leq x$", color=INK)
    axes.set_ylabel(r"$\varphi_R(x)$", color=INK)
    axes.legend(frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=10.5, color=INK)
    return figure


def growth_values(region: OneStepRegion, x: np.ndarray) -> np.ndarray:
    r"""$\varphi_R$ in float64 at points `(...)`, infinite beyond the first pole.

    By the maximum principle the supremum is that over the line $\Re z = x$.
    """
    R = region.factored
    y = np.tan(np.linspace(0, np.pi / 2, HEIGHTS)) * R.largest
    values = np.abs(R(x[:, None] + 1j * y[None, :-1]))
    first = min((p.real for p in R.poles), default=np.inf)
    return np.where(x < first, values.max(axis=1), np.inf)
