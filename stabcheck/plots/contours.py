"""The boundary of the region of a method of very many stages, from contour lines.

Such regions are long and thin.  The contour lines of a fine grid round them, one cell
wide in error, are moved onto the boundary by Newton's method.
"""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator

from stabcheck.plots.boundary import polished
from stabcheck.plots.factored import FactoredFunction, Points

COLUMNS, ROWS = 3000, 161
MARGIN = 0.02
ALONG_THE_TOP = 400
"""Points that have to be unstable above a box that holds the region."""


def contour_curves(factored: FactoredFunction, real: float) -> list[Points]:
    r"""The curves $|R| = 1$ round an interval $[-\alpha, 0]$, complex arrays `(m,)`."""
    left = min(-real, float(factored.zeros.real.min())) * (1 + MARGIN)
    right = max(-MARGIN * left, float(factored.zeros.real.max()))
    x = np.linspace(left, right, COLUMNS)
    y = np.linspace(-1, 1, ROWS) * _half_height(factored, left, right)
    grid = x[None, :] + 1j * y[:, None]
    lines = contour_generator(x, y, factored.height(grid)).lines(0.0)
    return [polished(factored, line[:, 0] + 1j * line[:, 1]) for line in lines]


def _half_height(factored: FactoredFunction, left: float, right: float) -> float:
    """The height of a box above which no point is stable, up to a factor of 1.1."""
    x = np.linspace(left, right, ALONG_THE_TOP)
    height = float(np.abs(factored.zeros.imag).max()) + 1e-3 * (right - left)
    while (factored.height(x + 1j * height) <= 0).any():
        height *= 1.1
    return 1.05 * height
