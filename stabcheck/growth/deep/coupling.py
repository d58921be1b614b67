r"""Sets of matrices between frames, and the norms of what they make.

A deviation of a layer's Jacobian is written $L\mathcal KR$ with the exact frames $L$
`(n d, columns)`, $R$ `(rows, n d)` and an unknown $\mathcal K$ of which each block
between a group of columns and a group of rows has norm at most $K_{ab}$.  Theorem
`weighted-schur-test`: for all positive $\alpha$, $\beta$

$$\lVert X\mathcal KZ\rVert \le \lVert X\operatorname{diag}(\sqrt r)\rVert\,
\lVert\operatorname{diag}(\sqrt c)Z\rVert,\qquad r_a = \tfrac1{\alpha_a}\sum_b
K_{ab}\beta_b,\quad c_b = \tfrac1{\beta_b}\sum_aK_{ab}\alpha_a .$$
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stabcheck.growth.deep.support import matrix_norm, top_eigenvalue

LEAST_SHARE = 2.0**-30
"""Groups shorter than this share of the longest are rounding noise, if not zero."""


@dataclass(frozen=True)
class Frame:
    """Vectors in groups: rows `(count, n d)` and the group of each row.

    The left frame is kept transposed, so that both are rows.
    """

    rows: np.ndarray
    group: np.ndarray

    @property
    def groups(self) -> int:
        return int(self.group[-1]) + 1

    def times(self, matrix: np.ndarray) -> Frame:
        """The frame multiplied from the right."""
        return replace(self, rows=self.rows @ matrix)

    def sizes(self) -> np.ndarray:
        """A positive number for every group, near the norm of its rows."""
        lengths = np.zeros(self.groups)
        np.add.at(lengths, self.group, (self.rows * self.rows).sum(axis=1))
        found = np.sqrt(lengths)
        return np.maximum(found, LEAST_SHARE * found.max())

    def weighted_norm(self, weights: np.ndarray) -> float:
        r"""$\lVert\operatorname{diag}(\sqrt w)F\rVert$."""
        return matrix_norm(self._weighted(weights))

    def gram(self, weights: np.ndarray) -> np.ndarray:
        r"""$F^{\mathsf T}\operatorname{diag}(w)F$, `(n d, n d)`."""
        rows = self._weighted(weights)
        return rows.T @ rows

    def _weighted(self, weights: np.ndarray) -> np.ndarray:
        return self.rows * np.sqrt(weights)[self.group][:, None]


def beside(frames: Sequence[Frame]) -> Frame:
    """One frame of all their groups."""
    counts = np.cumsum([0, *(frame.groups for frame in frames)])
    group = [frame.group + count for frame, count in zip(frames, counts, strict=False)]
    rows = np.concatenate([frame.rows for frame in frames])
    return Frame(rows, np.concatenate(group))


@dataclass(frozen=True)
class Coupling:
    """Nonnegative entries between groups of a left and of a right frame."""

    left: np.ndarray
    right: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]

    def __add__(self, other: Coupling) -> Coupling:
        return replace(self, values=self.values + other.values)

    def scaled(self, factor: float) -> Coupling:
        return replace(self, values=self.values * factor)

    def times(self, vector: np.ndarray) -> np.ndarray:
        """The product with a vector over the right groups."""
        found = self.values * vector[self.right]
        return np.bincount(self.left, found, self.shape[0])

    def transposed_times(self, vector: np.ndarray) -> np.ndarray:
        """The product of the transpose with a vector over the left groups."""
        found = self.values * vector[self.left]
        return np.bincount(self.right, found, self.shape[1])

    def weights(self, left: Frame, right: Frame) -> tuple[np.ndarray, np.ndarray]:
        """The weights r and c of the groups, for the sizes of two frames."""
        alpha, beta = left.sizes(), right.sizes()
        return self.times(beta) / alpha, self.transposed_times(alpha) / beta

    def norm_between(self, left: Frame, right: Frame) -> float:
        """Bound the norm of everything that it makes between two frames."""
        rows, columns = self.weights(left, right)
        return left.weighted_norm(rows) * right.weighted_norm(columns)


def reach(left: Frame, lengths: np.ndarray, tokens: int) -> np.ndarray:
    r"""Bound $|(\sum_aX_ac_a)_i|$ for $|c_a| \le$ `lengths`, for each token `i`.

    `left` holds the columns of $X$ as rows, `(count, n d)`; theorem
    `product-ball-support` with the groups as balls.
    """
    blocks = left.rows.reshape(len(left.rows), tokens, -1)
    beta = np.zeros((left.groups, tokens))
    np.add.at(beta, left.group, (blocks * blocks).sum(axis=2))
    beta = np.sqrt(beta)
    total = lengths @ beta
    used = beta > 0
    share = np.where(used, lengths[:, None] / np.where(used, beta, 1.0), 0.0)
    scaled = (blocks * np.sqrt(share)[left.group][:, :, None]).transpose(1, 0, 2)
    top = top_eigenvalue(np.swapaxes(scaled, 1, 2) @ scaled)
    return np.minimum(total, np.sqrt(top * total))
