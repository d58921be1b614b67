r"""Attention behind a normalisation, along a tube: frames, couplings, curvature.

With attention weights $p$, values less their means $\tilde v_{ij} = v_j - \bar v_i$ and
the centred change of a logit $\theta_{ij}$ the derivative is $\sum_jp_{ij}v_j[\cdot] +
\sum_jp_{ij}\tilde v_{ij}\theta_{ij}[\cdot]$ and, a move $\zeta$ of the normalised
tokens away, with $p' = p(1 + \tau)$, $\eta_{ij} = \zeta_j - \sum_kp_{ik}\zeta_k$,

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

from stabcheck.bounds import Attention
from stabcheck.growth.deep.attention_couplings import Sizes, Supports, couplings
from stabcheck.growth.deep.coupling import Coupling, Frame
from stabcheck.growth.deep.graded import Graded
from stabcheck.growth.deep.support import (
    matrix_norm,
    scalar_support,
    vector_support,
)


@dataclass(frozen=True, eq=False)
class AttentionPart:
    """The heads at normalised tokens `(n, d)`, whose Jacobians are `inner`.

    Scales are inside the queries.  Leading axes: head, query token, key token.
    """

    field: Attention
    tokens: np.ndarray
    inner: np.ndarray

    @cached_property
    def matrices(self) -> tuple[np.ndarray, ...]:
        """Scaled queries, keys, values `(H, d, .)` and outputs `(H, d_v, d)`."""
        field = self.field
        inputs = (field.W_Q * field.scale_value, field.W_K, field.W_V)
        arrays = [np.asarray(W, dtype=np.float64) for W in inputs]
        return (*arrays, field.output_matrices())

    @cached_property
    def centre(self) -> tuple[np.ndarray, ...]:
        """Weights p, scaled queries, centred keys and centred values."""
        query, key, value = self.field.projections(self.tokens)
        p = self.field.attention_weights(query, key)
        scaled = query * self.field.scale_value
        return p, scaled, centred(p, key), centred(p, value)

    @cached_property
    def logit_rows(self) -> np.ndarray:
        """The functionals theta on normalised tokens, `(H, n, n, n, d)`."""
        p, query, key, _ = self.centre
        queries, keys, *_ = self.matrices
        n = len(self.tokens)
        slope = query @ np.swapaxes(keys, 1, 2)
        share = np.eye(n)[None, None] - p[:, :, None]
        rows = share[..., None] * slope[:, :, None, None]
        own = np.arange(n)
        turned = key @ np.swapaxes(queries, 1, 2)[:, None]
        rows[:, own, :, own] += turned.transpose(1, 0, 2, 3)
        return rows

    @cached_property
    def right(self) -> Frame:
        """Logits, keys, queries, values of each head, then whole tokens."""
        n, d, _ = self.inner.shape
        rows, group, count = [], [], 0
        queries, keys, values, _ = self.matrices
        for head in range(len(keys)):
            logits = np.einsum(
                "ijkd,kde->ijke", self.logit_rows[head], self.inner, optimize=True
            )
            parts = [logits.reshape(n * n, 1, n * d)]
            parts += [self._at_tokens(W[head]) for W in (keys, queries, values)]
            for part in parts:
                rows.append(part.reshape(-1, n * d))
                group.append(count + np.repeat(np.arange(len(part)), part.shape[1]))
                count += len(part)
        rows.append(np.eye(n * d))
        group.append(count + np.repeat(np.arange(n), d))
        return Frame(np.concatenate(rows), np.concatenate(group))

    def _at_tokens(self, matrix: np.ndarray) -> np.ndarray:
        """The rows W^T D_j at token j: `(n, k, n d)`."""
        n, d, _ = self.inner.shape
        found = np.zeros((n, matrix.shape[1], n, d))
        own = np.arange(n)
        found[own, :, own] = matrix.T @ self.inner
        return found.reshape(n, -1, n * d)

    @cached_property
    def left(self) -> Frame:
        """Columns W_O^T v~_ij of each head, then blocks W_O^T, as rows."""
        n, d, _ = self.inner.shape
        outputs, spread = self.matrices[3], self.centre[3]
        rows, group, count = [], [], 0
        own = np.arange(n)
        for head, output in enumerate(outputs):
            pairs = np.zeros((n, n, n, d))
            pairs[own, :, own] = spread[head] @ output
            blocks = np.zeros((n, len(output), n, d))
            blocks[own, :, own] = output
            for part in (pairs.reshape(n * n, 1, n * d), blocks):
                rows.append(part.reshape(-1, n * d))
                group.append(count + np.repeat(np.arange(len(part)), part.shape[1]))
                count += len(part)
        return Frame(np.concatenate(rows), np.concatenate(group))

    def split(self, rows: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """Logits `(n, n, m)`, keys, queries, values `(n, k, m)` of every head."""
        n, m = len(self.tokens), rows.shape[1]
        found, start = [], 0
        for head in range(self.field.heads):
            parts = [rows[start : start + n * n].reshape(n, n, m)]
            start += n * n
            for matrix in (self.matrices[place][head] for place in (1, 0, 2)):
                stop = start + n * matrix.shape[1]
                parts.append(rows[start:stop].reshape(n, -1, m))
                start = stop
            found.append(tuple(parts))
        return found

    def supports(self, rows: np.ndarray, radii: np.ndarray) -> Supports:
        """Largest values over balls, of the right frame times what moves."""
        p = self.centre[0]
        found = []
        for head, (logit, key, query, value) in enumerate(self.split(rows)):
            found.append(
                (
                    scalar_support(logit, radii),
                    vector_support(query, radii),
                    vector_support(centred_rows(p[head], key), radii),
                    vector_support(centred_rows(p[head], value), radii),
                    vector_support(key, radii),
                    vector_support(value, radii),
                )
            )
        return Supports(*(np.stack(parts) for parts in zip(*found, strict=True)))

    def lengths(self, found: Supports, moved: np.ndarray) -> np.ndarray:
        """The supports as a vector over the right groups."""
        parts = []
        for head in range(self.field.heads):
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
        p = self.centre[0]
        same = np.eye(len(self.tokens), dtype=bool)
        share = np.where(same, 1 - p[:, :, None], p[:, :, None])
        logit = np.sqrt((self.logit_rows**2).sum(axis=-1))
        norms = [
            np.array([matrix_norm(W) for W in stack]) for stack in self.matrices[:3]
        ]
        return Sizes(p, share, logit, *norms)

    def second_derivative(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """F''[a, b] of right frames times two matrices: `(n d, k, m)`."""
        n, d, _ = self.inner.shape
        p, _, _, spread = self.centre
        k, m = first.shape[1], second.shape[1]
        found = np.zeros((n, d, k * m))
        halves = zip(self.split(first), self.split(second), strict=True)
        for head, (one, two) in enumerate(halves):
            output = self.matrices[3][head]
            for i in range(n):
                block = _bilinear(p[head, i], spread[head, i], one, two, i)
                found[i] += output.T @ block.reshape(len(output), k * m)
        return found.reshape(n * d, k, m)


def centred(p: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows less their mean under each row of weights: `(H, n, n, k)`."""
    return rows[:, None] - (p @ rows)[:, :, None]


def centred_rows(p: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """The same for maps `(n, k, m)` of one head: `(n, n, k, m)`."""
    flat = maps.reshape(len(maps), -1)
    return maps[None] - (p @ flat).reshape(maps.shape)[:, None]


def _bilinear(
    p: np.ndarray,
    spread: np.ndarray,
    one: tuple[np.ndarray, ...],
    two: tuple[np.ndarray, ...],
    i: int,
) -> np.ndarray:
    """The second derivative of one head's value at token i: `(d_v, k, m)`."""
    lines = []
    for logit, key, query, value in (one, two):
        mean = np.tensordot(p, value, 1)
        weighted = p[:, None] * spread
        lines.append(
            (
                logit[i],
                query[i],
                (p[:, None, None] * (value - mean)).transpose(1, 0, 2),
                np.tensordot(weighted, key, (0, 0)),
            )
        )
    (a, qa, va, ka), (b, qb, vb, kb) = lines
    curved = (p[:, None] * spread).T[:, :, None] * b
    left = np.concatenate([a, qa])
    right = np.concatenate([curved + vb, kb], axis=1)
    found = left.T @ right
    left = np.concatenate([va, ka], axis=1)
    return found + np.swapaxes(left, 1, 2) @ np.concatenate([b, qb])
