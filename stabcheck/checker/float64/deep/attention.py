r"""Attention behind a normalisation, along a tube: frames, couplings, curvature.

With weights $p$, values less their means $\tilde v_{ij}$, the centred change of a logit
$\theta_{ij}$ and, a move $\zeta$ of the normalised tokens away, $p' = p(1 + \tau)$,
$\eta_{ij} = \zeta_j - \sum_kp_{ik}\zeta_k$, the derivative of a head is

$$\sum_jp'_{ij}v_j[\cdot] + \sum_jp'_{ij}(\tilde v + W_V^{\mathsf T}\eta)_{ij} (\theta +
\chi)_{ij}[\cdot] - \nu_i\kappa_i[\cdot],\quad \nu_i = \sum_jp_{ij}\tau_{ij}(\tilde v +
W_V^{\mathsf T}\eta)_{ij},\quad \kappa_i = \sum_jp_{ij}\tau_{ij}(\theta + \chi)_{ij}$$

with $\chi_{ij}[v] = q(\zeta_i)\cdot k(v_j - \sum_kp_{ik}v_k) + q(v_i)\cdot
k(\eta_{ij})$.  Theorem `softmax-second-order` bounds $\tau - \theta$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.checker.float64.deep.arrays import (
    Near,
    contract,
    exactly,
    multiply,
    multiply_accurately,
    stacked,
    together,
    upward,
)
from stabcheck.checker.float64.deep.attention_couplings import (
    Sizes,
    Supports,
    couplings,
)
from stabcheck.checker.float64.deep.coupling import Coupling, Frame, frame
from stabcheck.checker.float64.deep.graded import Graded
from stabcheck.checker.float64.deep.support import (
    matrix_norm,
    scalar_support,
    vector_support,
)


@dataclass(frozen=True, eq=False)
class Head:
    """One head at normalised tokens; scales are inside the queries.

    Matrices `(d, .)` and the output `(d_v, d)`; weights `(n, n)`, the largest value
    of each, zero where the mask hides a key; queries `(n, d_k)`; keys and values less
    their means, `(n, n, .)`.
    """

    query_matrix: Near
    key_matrix: Near
    value_matrix: Near
    output: Near
    weights: Near
    largest_weights: np.ndarray
    query: Near
    key: Near
    value: Near

    @cached_property
    def shares(self) -> Near:
        r"""$\delta_{jk} - p_{ik}$, `(n, n, n)`."""
        n = len(self.largest_weights)
        middle = np.eye(n)[None] - self.weights.middle[:, None]
        radius = n * self.weights.radius + 2.0**-52 * n * n
        return Near(middle, float(upward(radius)))

    @cached_property
    def logit_rows(self) -> Near:
        """The functionals theta on normalised tokens, `(n, n, n, d)`."""
        slope = contract("ik,dk->id", self.query, self.key_matrix)
        rows = contract("ijk,id->ijkd", self.shares, slope)
        turned = contract("ijk,dk->ijd", self.key, self.query_matrix)
        spread = np.zeros_like(rows.middle)
        own = np.arange(len(spread))
        spread[own, :, own] = turned.middle
        return rows + Near(spread, turned.radius)

    @cached_property
    def logit_sizes(self) -> np.ndarray:
        """Upper bounds of the lengths of those functionals by token, `(n, n, n)`."""
        rows = self.logit_rows
        lengths = np.sqrt((rows.middle * rows.middle).sum(axis=-1))
        return upward(lengths + rows.radius + 2.0**-500)


@dataclass(frozen=True, eq=False)
class AttentionPart:
    """All heads of an attention field behind token Jacobians `inner` `(n, d, d)`."""

    heads: tuple[Head, ...]
    inner: Near

    @cached_property
    def right(self) -> Frame:
        """Logits, keys, queries, values of each head, then whole tokens."""
        n, d, _ = self.inner.middle.shape
        parts = []
        for head in self.heads:
            moved = head.logit_rows.reshape(n * n, n, d).transpose(1, 0, 2)
            logits = multiply_accurately(moved, self.inner).transpose(1, 0, 2)
            parts.append(logits.reshape(n * n, 1, n * d))
            for matrix in (head.key_matrix, head.query_matrix, head.value_matrix):
                rows = contract("da,jde->jae", matrix, self.inner)
                parts.append(on_diagonal(rows))
        whole = exactly(np.eye(n * d)).reshape(n, d, n * d)
        return frame([*parts, whole])

    @cached_property
    def left(self) -> Frame:
        """Columns W_O^T v~_ij of each head, then blocks W_O^T, as rows."""
        n, d, _ = self.inner.middle.shape
        parts = []
        for head in self.heads:
            pairs = on_diagonal(contract("ija,ad->ijd", head.value, head.output))
            parts.append(pairs.reshape(n * n, 1, n * d))
            blocks = np.broadcast_to(head.output.middle, (n, *head.output.middle.shape))
            parts.append(on_diagonal(Near(blocks, n * head.output.radius)))
        return frame(parts)

    def split(self, rows: Near) -> list[tuple[Near, ...]]:
        """Logits `(n, n, m)`, keys, queries, values `(n, k, m)` of every head."""
        n, m = self.inner.middle.shape[0], rows.middle.shape[1]
        found, start = [], 0
        for head in self.heads:
            parts = [rows[start : start + n * n].reshape(n, n, m)]
            start += n * n
            for matrix in (head.key_matrix, head.query_matrix, head.value_matrix):
                stop = start + n * matrix.middle.shape[1]
                parts.append(rows[start:stop].reshape(n, -1, m))
                start = stop
            found.append(tuple(parts))
        return found

    def supports(self, rows: Near, radii: np.ndarray) -> Supports:
        """Largest values over balls, of the right frame times what moves."""
        found = []
        for head, (logit, key, query, value) in zip(
            self.heads, self.split(rows), strict=True
        ):
            centred = [
                contract("ijk,kam->ijam", head.shares, part) for part in (key, value)
            ]
            found.append(
                (
                    scalar_support(logit, radii),
                    vector_support(query, radii),
                    vector_support(centred[0], radii),
                    vector_support(centred[1], radii),
                    vector_support(key, radii),
                    vector_support(value, radii),
                )
            )
        return Supports(*(np.stack(parts) for parts in zip(*found, strict=True)))

    def lengths(self, found: Supports, moved: np.ndarray) -> np.ndarray:
        """The supports as a vector over the right groups."""
        parts = []
        for head in range(len(self.heads)):
            parts += [found.logit[head].ravel(), found.key[head]]
            parts += [found.query[head], found.value[head]]
        return np.concatenate([*parts, moved])

    def couplings(
        self, linear: Supports, drift: Supports, rest: np.ndarray, turns: Graded
    ) -> tuple[Coupling, Coupling, Coupling]:
        """What is linear in the input, linear in the drift, and the rest."""
        shape = (self.left.groups, self.right.groups)
        return couplings(self.sizes, linear, drift, rest, turns, shape)

    @cached_property
    def sizes(self) -> Sizes:
        """The nonnegative numbers of the heads that couplings are made of."""
        weights = np.stack([head.largest_weights for head in self.heads])
        share = np.stack(
            [upward(np.abs(h.shares.middle) + h.shares.radius) for h in self.heads]
        )
        norms = [
            np.array([matrix_norm(getattr(head, name)) for head in self.heads])
            for name in ("query_matrix", "key_matrix", "value_matrix")
        ]
        logit = np.stack([head.logit_sizes for head in self.heads])
        return Sizes(weights, share, logit, *norms)

    def second_derivative(self, first: Near, second: Near) -> Near:
        """F''[a, b] of right frames times two matrices: `(n d, k, m)`."""
        n, d, _ = self.inner.middle.shape
        k, m = first.middle.shape[1], second.middle.shape[1]
        found = exactly(np.zeros((n, d, k * m)))
        radii = [0.0] * n
        halves = zip(self.split(first), self.split(second), strict=True)
        for head, (one, two) in zip(self.heads, halves, strict=True):
            turned = Near(head.output.middle.T, head.output.radius)
            for i in range(n):
                block = _bilinear(head, one, two, i)
                part = multiply(turned, block.reshape(-1, k * m))
                found.middle[i] += part.middle
                # The sum of the heads is rounded once for each.
                radii[i] += part.radius + 2.0**-52 * part.size * len(self.heads)
        return Near(found.middle.reshape(n * d, k, m), together(radii))


def on_diagonal(blocks: Near) -> Near:
    """Blocks `(n, k, d)` as rows of a block-diagonal matrix: `(n, k, n d)`."""
    n, k, d = blocks.middle.shape
    found = np.zeros((n, k, n, d))
    own = np.arange(n)
    found[own, :, own] = blocks.middle
    return Near(found.reshape(n, k, n * d), blocks.radius)


def _bilinear(head: Head, one: tuple[Near, ...], two: tuple[Near, ...], i: int) -> Near:
    """The second derivative of one head's value at token i: `(d_v, k, m)`."""
    p = head.weights[i]
    weighted = contract("j,ja->ja", p, head.value[i])
    lines = []
    for logit, key, query, value in (one, two):
        mean = contract("j,jam->am", p, value)
        spread = contract("j,jam->ajm", p, value) + -contract("j,am->ajm", p, mean)
        keys = contract("ja,jbm->abm", weighted, key)
        lines.append((logit[i], query[i], spread, keys))
    (a, qa, va, ka), (b, qb, vb, kb) = lines
    curved = contract("ja,jm->ajm", weighted, b) + vb
    left = stacked([a, qa])
    found = multiply(left.transpose(1, 0), stacked([curved, kb], axis=1))
    left = stacked([va, ka], axis=1).transpose(0, 2, 1)
    return found + multiply(left, stacked([b, qb]))
