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
COARSE = 0.5
"""A region that fills less than this share of its box, in width or height, gets a grid
of its own: zeros far outside have made the first one coarse."""


def contour_curves(factored: FactoredFunction, real: float) -> list[Points]:
    r"""The curves $|R| = 1$ round an interval $[-\alpha, 0]$, complex arrays `(m,)`."""
    left = min(-real, float(factored.zeros.real.min())) * (1 + MARGIN)
    right = max(-MARGIN * left, float(factored.zeros.real.max()))
    box = left, right, _half_height(factored, left, right)
    lines = _lines(factored, *box)
    near = _box_round(lines, real)
    while near[1] - near[0] < COARSE * (box[1] - box[0]) or near[2] < COARSE * box[2]:
        box, lines = near, _lines(factored, *near)
        near = _box_round(lines, real)
    # A line that the box cuts is part of an island far away.
    return [polished(factored, line) for line in lines if line[0] == line[-1]]


def _lines(
    factored: FactoredFunction, left: float, right: float, height: float
) -> list[Points]:
    """The contour lines in a box, symmetric about the real axis."""
    x = np.linspace(left, right, COLUMNS)
    y = np.linspace(-height, height, ROWS)
    grid = x[None, :] + 1j * y[:, None]
    lines = contour_generator(x, y, factored.height(grid)).lines(0.0)
    return [line[:, 0] + 1j * line[:, 1] for line in lines]


def _box_round(lines: list[Points], real: float) -> tuple[float, float, float]:
    """Left, right and height of a box round the lines at the interval."""
    at_it = [z for z in lines if z.real.min() <= 0 and z.real.max() >= -real]
    points = np.concatenate([np.array([-real, 0.0]), *at_it])
    margin = MARGIN * float(np.ptp(points.real))
    height = (1 + 2 * MARGIN) * float(np.abs(points.imag).max())
    return points.real.min() - margin, points.real.max() + margin, height


def _half_height(factored: FactoredFunction, left: float, right: float) -> float:
    """The height of a box above which no point is stable, up to a factor of 1.1."""
    x = np.linspace(left, right, ALONG_THE_TOP)
    height = float(np.abs(factored.zeros.imag).max()) + 1e-3 * (right - left)
    while (factored.height(x + 1j * height) <= 0).any():
        height *= 1.1
    return 1.05 * height
