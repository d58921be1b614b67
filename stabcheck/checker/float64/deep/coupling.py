r"""Sets of matrices between frames, and verified norms of what they make.

A deviation is $L\mathcal KR$ with known frames and an unknown $\mathcal K$ whose block
between group $a$ of columns of $L$ and group $b$ of rows of $R$ has norm at most
$K_{ab}$.  Theorem `weighted-schur-test`: for all positive $\alpha$, $\beta$

$$\lVert X\mathcal KZ\rVert \le \lVert X\operatorname{diag}(\sqrt r)\rVert\,
\lVert\operatorname{diag}(\sqrt c)Z\rVert,\qquad r_a = \tfrac1{\alpha_a}\sum_b
K_{ab}\beta_b,\quad c_b = \tfrac1{\beta_b}\sum_aK_{ab}\alpha_a .$$
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stabcheck.checker.float64.deep.arrays import (
    Near,
    multiply,
    multiply_accurately,
    stacked,
    together,
    upward,
)
from stabcheck.checker.float64.deep.support import (
    NEGLIGIBLE,
    matrix_norm,
    top_eigenvalue,
)
from stabcheck.checker.float64.midpoint_radius import UNIT_ROUNDOFF, gamma

LEAST_SHARE = 2.0**-30
"""Groups shorter than this share of the longest are weighed as if they had it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Vectors as rows `(count, n d)`, and the group of each; groups are contiguous."""

    rows: Near
    starts: np.ndarray
    """The first row of every group."""

    @property
    def group(self) -> np.ndarray:
        """The group of every row."""
        sizes = np.diff(self.starts, append=len(self.rows.middle))
        return np.repeat(np.arange(len(self.starts)), sizes)

    @property
    def groups(self) -> int:
        return len(self.starts)

    def times(self, matrix: Near) -> Frame:
        """The frame multiplied from the right."""
        return replace(self, rows=multiply_accurately(self.rows, matrix))

    def pushed(self, matrix: Near) -> Frame:
        """The same with ordinary roundings: for what multiplies small numbers."""
        return replace(self, rows=multiply(self.rows, matrix))

    def sizes(self) -> np.ndarray:
        """A positive number for every group, near the norm of its rows."""
        rows = self.rows.middle
        squares = np.add.reduceat((rows * rows).sum(axis=1), self.starts)
        found = np.sqrt(squares)
        return np.maximum(found, max(LEAST_SHARE * found.max(), NEGLIGIBLE))

    def weighted_norm(self, weights: np.ndarray) -> float:
        r"""Bound $\lVert\operatorname{diag}(\sqrt w)F\rVert$."""
        return matrix_norm(self._weighted(weights))

    def gram(self, weights: np.ndarray) -> Near:
        r"""$F^{\mathsf T}\operatorname{diag}(w)F$, `(n d, n d)`."""
        rows = self._weighted(weights)
        middle = rows.middle.T @ rows.middle
        error = gamma(len(rows.middle)) * rows.size**2
        error += rows.radius * (2 * rows.size + rows.radius)
        return Near(middle, float(upward(error)))

    def _weighted(self, weights: np.ndarray) -> Near:
        factors = np.sqrt(weights)
        middle = self.rows.middle * factors[self.group][:, None]
        largest = float(upward(factors.max()))
        # The factors and the products are rounded once each.
        rounding = 4 * UNIT_ROUNDOFF * self.rows.size
        error = upward(largest * (self.rows.radius + rounding))
        return Near(middle, float(error))


def frame(parts: list[Near]) -> Frame:
    """A frame of stacks of groups, each part `(groups, rows of a group, n d)`."""
    flat, starts, count = [], [], 0
    for part in parts:
        groups, size, width = part.middle.shape
        flat.append(part.middle.reshape(-1, width))
        starts.append(count + size * np.arange(groups))
        count += groups * size
    radius = together([part.radius for part in parts])
    rows = np.concatenate(flat)
    norm = matrix_norm(Near(rows, 0.0))
    return Frame(Near(rows, radius, norm), np.concatenate(starts))


def beside(frames: list[Frame]) -> Frame:
    """One frame of all their groups."""
    counts = np.cumsum([0, *(len(part.rows.middle) for part in frames)])
    starts = [part.starts + count for part, count in zip(frames, counts, strict=False)]
    return Frame(stacked([part.rows for part in frames]), np.concatenate(starts))


@dataclass(frozen=True, eq=False)
class Coupling:
    """Nonnegative entries between groups of a left and of a right frame."""

    left: np.ndarray
    right: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]

    def __add__(self, other: Coupling) -> Coupling:
        return replace(self, values=upward(self.values + other.values))

    def scaled(self, factor: float) -> Coupling:
        return replace(self, values=upward(self.values * factor))

    def times(self, vector: np.ndarray) -> np.ndarray:
        """The product with a vector over the right groups."""
        found = self.values * vector[self.right]
        return upward(np.bincount(self.left, found, self.shape[0]))

    def transposed_times(self, vector: np.ndarray) -> np.ndarray:
        """The product of the transpose with a vector over the left groups."""
        found = self.values * vector[self.left]
        return upward(np.bincount(self.right, found, self.shape[1]))

    def weights(self, left: Frame, right: Frame) -> tuple[np.ndarray, np.ndarray]:
        """The weights r and c of the groups, for the sizes of two frames."""
        alpha, beta = left.sizes(), right.sizes()
        rows = upward(self.times(beta) / alpha)
        return rows, upward(self.transposed_times(alpha) / beta)

    def norm_between(self, left: Frame, right: Frame) -> float:
        """Bound the norm of everything that it makes between two frames."""
        rows, columns = self.weights(left, right)
        found = left.weighted_norm(rows) * right.weighted_norm(columns)
        return float(upward(found))


def reach(left: Frame, lengths: np.ndarray, tokens: int) -> np.ndarray:
    r"""Bound $|(\sum_aX_ac_a)_i|$ for $|c_a| \le$ `lengths`, for each token `i`.

    `left` holds the columns of $X$ as rows; theorem `product-ball-support` with the
    groups as balls.
    """
    middle = left.rows.middle
    blocks = middle.reshape(len(middle), tokens, -1)
    squares = np.add.reduceat((blocks * blocks).sum(axis=2), left.starts, axis=0)
    beta = np.sqrt(squares)
    used = beta > NEGLIGIBLE
    share = np.where(used, lengths[:, None] / np.where(used, beta, 1.0), 0.0)
    scaled = (blocks * np.sqrt(share)[left.group][:, :, None]).transpose(1, 0, 2)
    trace = (scaled * scaled).sum(axis=(1, 2))
    error = upward((gamma(len(middle)) + 8 * UNIT_ROUNDOFF) * trace)
    top = top_eigenvalue(np.swapaxes(scaled, 1, 2) @ scaled, error)
    total = upward(lengths @ np.where(used, beta, 0.0))
    lost = (left.rows.radius + 2 * NEGLIGIBLE) * lengths.sum()
    return upward(np.minimum(total, np.sqrt(upward(top * total))) + lost)
