r"""Methods for $q' = p$, $p' = -\omega^2q$: the growth in one step over $h\omega$.

Splittings into exact flows, partitioned and Nystrom methods map $(q, p/\omega)$ by a
matrix of polynomials in $h\omega$; they are stable while both eigenvalues lie in the
unit disc.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.polynomials import exact_coefficients
from stabcheck.integrators.several_fields.oscillator import Oscillator
from stabcheck.plots.factored import float_of
from stabcheck.plots.style import COLOURS, DASHES, INK, PALE, plain

POINTS = 1200
BEYOND = 1.25
"""The picture goes so far beyond the longest interval."""
LONGEST = 12.0
"""And ends there if one is unbounded."""


def is_oscillatory(method: Any) -> bool:
    """Whether the method has a map of the harmonic oscillator."""
    return hasattr(type(method), "oscillator")


def oscillator_growth(*methods: Any, title: str | None = None) -> Figure:
    r"""Draw the spectral radius of one step of the harmonic oscillator.

    **Arguments:** `methods`, with an `oscillator`; `title`.

    **Returns:** a matplotlib figure; a dot ends the exact stability interval.

    **Raises:** `InvalidInput` for other methods, or none.
    """
    for method in methods:
        if not is_oscillatory(method):
            raise InvalidInput(
                f"asked for the oscillator under {method.name}, which does not treat "
                "positions and momenta apart"
            )
    if not methods:
        raise InvalidInput("asked for the oscillator under no method; name one")
    ends = [float(method.oscillator_stability_interval) for method in methods]
    finite = [end for end in ends if np.isfinite(end)]
    longest = BEYOND * max([*finite, 1.0]) if len(finite) == len(ends) else LONGEST
    x = np.linspace(0, min(longest, LONGEST), POINTS)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    plain(axes)
    axes.axhline(1, color=PALE, linewidth=0.8, linestyle="dashed")
    for k, (method, end) in enumerate(zip(methods, ends, strict=True)):
        colour = COLOURS[k % len(COLOURS)]
        label = f"{method.name}: stable to {end:.4g}"
        radius = spectral_radius(method.oscillator, x)
        axes.plot(
            x,
            radius,
            color=colour,
            linewidth=1.8,
            linestyle=DASHES[k // len(COLOURS) % len(DASHES)],
            label=label.replace("inf", "∞"),
        )
        if np.isfinite(end) and end <= x[-1]:
            axes.plot([end], [1], "o", color=colour, markersize=6)
    axes.set_xlim(0, x[-1])
    axes.set_ylim(0.75, 2.0)
    axes.set_xlabel(r"$h\omega$", color=INK)
    axes.set_ylabel("spectral radius of one step", color=INK)
    axes.legend(frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=10.5, color=INK)
    return figure


def spectral_radius(oscillator: Oscillator, x: np.ndarray) -> np.ndarray:
    r"""The larger modulus of the eigenvalues at points $h\omega$."""
    below = _values(oscillator.denominator, x)
    half = _values(oscillator.trace, x) / below / 2
    determinant = _values(oscillator.determinant, x) / below**2
    root = np.sqrt((half**2 - determinant).astype(complex))
    return np.maximum(np.abs(half + root), np.abs(half - root))


def _values(p: Any, x: np.ndarray) -> np.ndarray:
    return np.polyval([float_of(c) for c in reversed(exact_coefficients(p))], x)
