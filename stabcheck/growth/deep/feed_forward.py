r"""A GELU feed-forward behind a normalisation, along a tube.

The Jacobian of a token is $\sum_kg'(u_k)\,w_{2,k}w_{1,k}^{\mathsf T}$ with $u = zW_1 +
b_1$.  Where $u_k$ moves by at most $\kappa_k$, the slope moves by $g''(u_k)$ times
that move and at most $\tfrac12\sup|g'''|\,\kappa_k^2$ more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds import FeedForward
from stabcheck.bounds.token_wise import gelu_derivative
from stabcheck.growth.deep.coupling import Coupling, Frame
from stabcheck.growth.deep.graded import Graded
from stabcheck.growth.deep.support import matrix_norm, scalar_support

GELU_THIRD_DERIVATIVE = 0.7789
"""At least $\\max|z(z^2 - 4)|\\varphi(z)$, at $z^2 = (7 - \\sqrt{33})/2$."""


@dataclass(frozen=True)
class Supports:
    """Largest moves of the hidden values, `(n, m)`."""

    hidden: np.ndarray


@dataclass(frozen=True, eq=False)
class FeedForwardPart:
    """The hidden units at normalised tokens `(n, d)`, whose Jacobians are `inner`."""

    field: FeedForward
    tokens: np.ndarray
    inner: np.ndarray

    @cached_property
    def matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """First and second weights, `(d, m)` and `(m, d)`."""
        return tuple(
            np.asarray(W, dtype=np.float64) for W in (self.field.W_1, self.field.W_2)
        )

    @cached_property
    def slopes(self) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivative of GELU at the hidden values."""
        hidden = self.field.hidden(self.tokens)
        density = np.exp(-(hidden**2) / 2) / np.sqrt(2 * np.pi)
        return gelu_derivative(hidden), density * (2 - hidden**2)

    @cached_property
    def right(self) -> Frame:
        """Hidden units of each token, then whole tokens."""
        n, d, _ = self.inner.shape
        units = _on_diagonal(self.matrices[0].T @ self.inner)
        rows = np.concatenate([units, np.eye(n * d)])
        group = np.arange(len(units))
        return Frame(rows, np.concatenate([group, len(units) + _each(n, d)]))

    @cached_property
    def left(self) -> Frame:
        """Columns of W_2^T of each token, then whole tokens, as rows."""
        n, d, _ = self.inner.shape
        units = _on_diagonal(
            np.broadcast_to(self.matrices[1], (n, *self.matrices[1].shape))
        )
        rows = np.concatenate([units, np.eye(n * d)])
        group = np.arange(len(units))
        return Frame(rows, np.concatenate([group, len(units) + _each(n, d)]))

    def supports(self, rows: np.ndarray, radii: np.ndarray) -> Supports:
        """Largest values over balls, of the right frame times what moves."""
        n, units = self.slopes[0].shape
        hidden = scalar_support(rows[: n * units], radii)
        return Supports(hidden.reshape(n, units))

    def lengths(self, found: Supports, moved: np.ndarray) -> np.ndarray:
        """The supports as a vector over the right groups."""
        return np.concatenate([found.hidden.ravel(), moved])

    def couplings(
        self, linear: Supports, drift: Supports, rest: np.ndarray, turns: Graded
    ) -> tuple[Coupling, Coupling, Coupling]:
        """What is linear in the input, linear in the drift, and the rest."""
        slope, curvature = self.slopes
        n, units = slope.shape
        sizes = np.sqrt((self.matrices[0] ** 2).sum(axis=0))
        beyond = sizes * rest[:, None]
        moved = linear.hidden + drift.hidden + beyond
        second = GELU_THIRD_DERIVATIVE / 2 * moved**2
        bend = np.abs(curvature)
        moves = Graded(
            0.0, bend * linear.hidden, bend * drift.hidden, bend * beyond + second
        )
        columns = (moves * turns[:, None]).scaled(sizes)
        whole = turns.scaled(self._norms())
        unit = np.arange(n * units)
        token = np.repeat(np.arange(n), units)
        own = n * units + np.arange(n)
        left = np.concatenate([unit, unit, own])
        right = np.concatenate([unit, n * units + token, own])
        shape = (self.left.groups, self.right.groups)
        found = []
        for name in ("one", "drift", "rest"):
            parts = [
                np.broadcast_to(getattr(part, name), size).ravel()
                for part, size in (
                    (moves, slope.shape),
                    (columns, slope.shape),
                    (whole, (n,)),
                )
            ]
            found.append(Coupling(left, right, np.concatenate(parts), shape))
        return tuple(found)

    def _norms(self) -> np.ndarray:
        first, second = self.matrices
        return np.array(
            [matrix_norm((second.T * row) @ first.T) for row in self.slopes[0]]
        )

    def second_derivative(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """F''[a, b] of right frames times two matrices: `(n d, k, m)`."""
        n, units = self.slopes[0].shape
        outputs = self.matrices[1].T
        k, m = first.shape[1], second.shape[1]
        found = np.empty((n, outputs.shape[0], k, m))
        for i, row in enumerate(self.slopes[1]):
            at = slice(i * units, (i + 1) * units)
            bent = (outputs * row)[:, :, None] * second[at]
            found[i] = first[at].T @ bent
        return found.reshape(-1, k, m)


def _each(tokens: int, features: int) -> np.ndarray:
    return np.repeat(np.arange(tokens), features)


def _on_diagonal(blocks: np.ndarray) -> np.ndarray:
    """Blocks `(n, k, d)` as the rows of a block-diagonal matrix `(n k, n d)`."""
    n, k, d = blocks.shape
    found = np.zeros((n, k, n, d))
    own = np.arange(n)
    found[own, :, own] = blocks
    return found.reshape(n * k, n * d)
