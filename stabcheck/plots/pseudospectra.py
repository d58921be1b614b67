r"""Pseudospectra $\sigma_\varepsilon(A) = \{z : \sigma_{\min}(zI - A) < \varepsilon\}$.

A perturbation of size $\varepsilon$ moves eigenvalues to anywhere in them, and only in
them (Trefethen, Embree, *Spectra and Pseudospectra*, section 2).  Estimates, by inverse
iteration in the Schur form at the points of a grid (*ibid.*, section 39).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

MOST_ROWS = 400
"""Of larger matrices the estimates take minutes."""
COLUMNS, ROWS = 61, 31
"""Grid points in the upper half-plane; a real matrix mirrors them."""
ITERATIONS = 6
"""Of inverse iteration: the singular value to some percent, a hair of a contour."""
LEVELS = 3
COLOURS = ("#bbbbbb", "#888888", "#555555")
"""From the largest level to the smallest."""


@dataclass(frozen=True)
class Pseudospectra:
    r"""Smallest singular values of $zI - A$ over a grid.

    **Arguments:** `x`, `y`, the coordinates; `smallest`, `(len(y), len(x))`; `levels`,
    the $\varepsilon$ that are drawn, ascending powers of ten.
    """

    x: np.ndarray
    y: np.ndarray
    smallest: np.ndarray
    levels: tuple[float, ...]

    @classmethod
    def of(cls, matrix: np.ndarray, numerical_range: np.ndarray) -> Pseudospectra:
        """Those of a real matrix over a box round its numerical range."""
        size = float(np.abs(numerical_range).max()) or 1.0
        largest = 10.0 ** np.floor(np.log10(size / 2))
        levels = tuple(largest / 10.0**k for k in reversed(range(LEVELS)))
        left, right = numerical_range.real.min(), numerical_range.real.max()
        top = float(np.abs(numerical_range.imag).max())
        x = np.linspace(left - 1.2 * largest, right + 1.2 * largest, COLUMNS)
        y = np.linspace(0, top + 1.2 * largest, ROWS)
        upper = smallest_singular_values(matrix, x[None, :] + 1j * y[:, None])
        mirrored = np.concatenate([upper[:0:-1], upper])
        return cls(x, np.concatenate([-y[:0:-1], y]), mirrored, levels)

    def draw(self, axes: Axes) -> list[Any]:
        """Draw the contours; the entry of a legend."""
        axes.contour(
            self.x,
            self.y,
            np.log10(np.maximum(self.smallest, 1e-300)),
            levels=[float(np.log10(level)) for level in self.levels],
            colors=COLOURS[::-1],
            linewidths=1.0,
            linestyles="solid",
            zorder=5.5,
        )
        shown = ", ".join(f"{level:g}" for level in reversed(self.levels))
        label = rf"pseudospectra of $hJ$, $\varepsilon$ = {shown}"
        return [Line2D([], [], color=COLOURS[1], linewidth=1.0, label=label)]


def smallest_singular_values(matrix: np.ndarray, z: np.ndarray) -> np.ndarray:
    r"""Estimates of $\sigma_{\min}(zI - A)$ at complex points `(...)`, from above.

    **Arguments:** `matrix`, `(N, N)`; `z`, points.
    """
    from scipy.linalg import schur

    triangle = schur(matrix, output="complex")[0]
    points = np.asarray(z, dtype=complex).ravel()
    rng = np.random.default_rng(0)
    shape = (len(points), len(triangle))
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    norm = np.ones(len(points))
    with np.errstate(all="ignore"):
        for _ in range(ITERATIONS):
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            x = _backward(triangle, points, _forward(triangle, points, x))
            norm = np.linalg.norm(x, axis=1)
    # At an eigenvalue the solution is infinite: the value is 0.
    estimate = np.where(np.isfinite(norm), 1 / np.sqrt(norm), 0.0)
    return estimate.reshape(np.shape(z))


def _forward(T: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Solutions of $(zI - T)^* x = b$, one row for each point."""
    x = np.empty_like(b)
    adjoint = T.conj().T
    for k in range(len(T)):
        known = x[:, :k] @ adjoint[k, :k]
        x[:, k] = (b[:, k] + known) / (z - T[k, k]).conj()
    return x


def _backward(T: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Solutions of $(zI - T) x = b$, one row for each point."""
    x = np.empty_like(b)
    for k in reversed(range(len(T))):
        known = x[:, k + 1 :] @ T[k, k + 1 :]
        x[:, k] = (b[:, k] + known) / (z - T[k, k])
    return x
