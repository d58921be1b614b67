r"""The matrix inequality: the pencil on a subspace, the products, the anchor.

With multipliers $\tau, s, c > 0$ and vectors $f_b$, $\Pi = I - \sum_bf_bf_b^{\sf T}$,

$$Q = \sum_bs_bK_b\operatorname{diag}(c)K_b^{\sf T} + \sum\tau Q_\cdot,\qquad
R = B\sum_bf_bf_b^{\sf T}/s_b + \sum R_\cdot/\tau + \Pi^{\sf T}\Bigl(\sum
R'_\cdot/\tau\Bigr)\Pi$$

with $B$ the budget of the domain for $c$; the matrix is $[[Q, J], [J^{\sf T}, R]]$ for
the norm and $H(J) + \tfrac12(Q + R)$ for the logarithmic norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.products import ON_ALL, Anchor, Products
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class Multipliers:
    """`products` `(12, H, n)`, `scales` `(m,)` of the subspace: all positive."""

    products: Array
    scales: Array

    def flat(self) -> Array:
        """All of them in one vector."""
        return np.concatenate([self.products.ravel(), self.scales])


@dataclass(frozen=True, eq=False)
class PencilMatrix:
    """The matrix for a subspace `(m, n d)` and weights $c$ `(n, d)`.

    `anchor` is $J$, symmetrised (and negated for the lower companion) where
    `dilated` does not hold; `derivatives` are the $K_b$, `(m, n d, n d)`.
    """

    heads: PencilHeads
    domain: PencilDomain
    products: Products
    taken: Anchor
    anchor: Array
    subspace: Array
    derivatives: Array
    weights: Array
    dilated: bool

    @cached_property
    def budget(self) -> float:
        """The bound of the sum of squares over the domain."""
        return self.domain.budget(self.weights)

    @cached_property
    def grams(self) -> Array:
        r"""$K_b\operatorname{diag}(c)K_b^{\sf T}$, `(m, n d, n d)`."""
        scaled = self.derivatives * np.sqrt(self.weights.ravel())
        return scaled @ scaled.swapaxes(1, 2)

    @cached_property
    def rows(self) -> Array:
        """The rows z as one tall matrix."""
        return self.heads.rows.reshape(-1, self.heads.state.size)

    @cached_property
    def forms(self) -> tuple[Array, Array]:
        r"""$A^{\sf T}A$ and $AA^{\sf T}$ of each head."""
        A = self.heads.forms
        return A.swapaxes(1, 2) @ A, A @ A.swapaxes(1, 2)

    def at(self, multipliers: Multipliers) -> Array:
        """The matrix at positive multipliers."""
        left, right = self.sides(multipliers)
        if not self.dilated:
            return self.anchor + (left + right) / 2
        return np.block([[left, self.anchor], [self.anchor.T, right]])

    def sides(self, multipliers: Multipliers) -> tuple[Array, Array]:
        """The matrices Q and R."""
        diagonal = np.arange(self.heads.shape[1])
        scales, tau = multipliers.scales, multipliers.products
        left = np.tensordot(scales, self.grams, 1)
        blocks = np.einsum("jhi,jhiab->iab", tau, self.products.blocks, optimize=True)
        self._blocks(left)[diagonal, :, diagonal] += blocks
        right = self._right(slice(0, ON_ALL), 1 / tau)
        right += self._outside(self._right(slice(ON_ALL, None), 1 / tau))
        F = self.subspace
        right += (F.T * (self.budget / scales)) @ F
        return left, right

    def _blocks(self, matrix: Array) -> Array:
        _, tokens, features = self.heads.shape
        return matrix.reshape(tokens, features, tokens, features)

    def _right(self, part: slice, inverse: Array) -> Array:
        """The matrix of some products on the right, over their multipliers."""
        weights = np.einsum("jhi,jhik->hik", inverse[part], self.products.on_rows[part])
        return self._rows_gram(weights) + self._tokens(part, inverse)

    def _rows_gram(self, weights: Array) -> Array:
        r"""$\sum_{ik}\omega_{ik}z_{ik}z_{ik}^{\sf T}$ from the parts of the rows."""
        P, slopes, keys = self.heads.weights, self.heads.slopes, self.heads.centred_keys
        _, tokens, features = self.heads.shape
        size = weights.sum(axis=2)[..., None]
        # C^T diag(omega) C and C^T diag(omega) b with C = 1 - p, row by row.
        outer = P[..., :, None] * (size * P - weights)[..., None, :]
        outer -= weights[..., :, None] * P[..., None, :]
        np.einsum("hikk->hik", outer)[...] += weights
        weighted = weights[..., None] * keys
        beside = weighted - P[..., None] * weighted.sum(axis=2, keepdims=True)
        pairs = slopes[..., :, None] * slopes[..., None, :]
        result = outer.reshape(-1, tokens**2).T @ pairs.reshape(-1, features**2)
        result = result.reshape((tokens,) * 2 + (features,) * 2).swapaxes(1, 2)
        cross = np.einsum("hia,hijb->jaib", slopes, beside, optimize=True)
        result = result + cross + cross.transpose(2, 3, 0, 1)
        own = (weighted.swapaxes(2, 3) @ keys).sum(axis=0)
        diagonal = np.arange(tokens)
        result[diagonal, :, diagonal] += own
        return result.reshape((tokens * features,) * 2)

    def _tokens(self, part: slice, inverse: Array) -> Array:
        """The blocks on single tokens as a matrix."""
        _, tokens, features = self.heads.shape
        found, inverse = self.products, inverse[part]
        on_keys = np.einsum("jhi,jhik->hk", inverse, found.on_keys[part])
        receivers = (inverse * found.on_receivers[part]).sum(axis=0)
        on_tokens = np.einsum("jhi,jhik->k", inverse, found.on_tokens[part])
        inner, outer = self.forms
        blocks = np.einsum("hk,hab->kab", on_keys, inner)
        blocks += np.einsum("hk,hab->kab", receivers, outer)
        blocks += on_tokens[:, None, None] * np.eye(features)
        matrix = np.zeros((tokens * features,) * 2)
        diagonal = np.arange(tokens)
        self._blocks(matrix)[diagonal, :, diagonal] = blocks
        return matrix

    def _outside(self, matrix: Array) -> Array:
        F = self.subspace
        half = matrix - (matrix @ F.T) @ F
        return half - F.T @ (F @ half)

    def slopes(self, vectors: Array) -> tuple[Array, Array]:
        """What rises and what falls with each multiplier, on weighted vectors.

        **Arguments:** `vectors` `(rows, r)`, eigenvectors times roots of weights.

        **Returns:** two vectors in the order of `Multipliers.flat`: the sums of $u
        \\cdot Q_\\cdot u$ and of $v\\cdot R_\\cdot v$.
        """
        u, v = self.parts(vectors)
        _, tokens, features = self.heads.shape
        by_token = u.reshape(tokens, features, -1)
        left = np.einsum(
            "jhiab,iar,ibr->jhi", self.products.blocks, by_token, by_token,
            optimize=True,
        )  # fmt: skip
        inside = self.subspace @ v
        outside = v - self.subspace.T @ inside
        right = np.concatenate(
            [
                self._falling(slice(0, ON_ALL), v),
                self._falling(slice(ON_ALL, None), outside),
            ]
        )
        pencil = ((self.grams @ u) * u).sum(axis=(1, 2))
        share = self.budget * (inside**2).sum(axis=1)
        return (
            np.concatenate([left.ravel(), pencil]),
            np.concatenate([right.ravel(), share]),
        )

    def parts(self, vectors: Array) -> tuple[Array, Array]:
        """What of vectors stands on the left and on the right."""
        if not self.dilated:
            half = vectors / np.sqrt(2)
            return half, half
        size = self.heads.state.size
        return vectors[:size], vectors[size:]

    def _falling(self, part: slice, vectors: Array) -> Array:
        heads, tokens, features = self.heads.shape
        found = self.products
        squares = ((self.rows @ vectors) ** 2).sum(axis=1)
        squares = squares.reshape(heads, tokens, tokens)
        by_token = vectors.reshape(tokens, features, -1)
        A = self.heads.forms[:, None]
        keys = ((A @ by_token) ** 2).sum(axis=(2, 3))
        receivers = ((A.swapaxes(2, 3) @ by_token) ** 2).sum(axis=(2, 3))
        plain = (by_token**2).sum(axis=(1, 2))
        result = np.einsum("jhik,hik->jhi", found.on_rows[part], squares)
        result += np.einsum("jhik,hk->jhi", found.on_keys[part], keys)
        result += found.on_receivers[part] * receivers
        return result + found.on_tokens[part] @ plain

    def demand(self, multipliers: Multipliers, vectors: Array) -> Array:
        r"""$\sum_bs_b(K_b^{\sf T}u)^2$ by displacement, `(n, d)`: what $c$ pays for."""
        u, _ = self.parts(vectors)
        pulled = np.stack([(K.T @ u) ** 2 for K in self.derivatives]).sum(axis=2)
        return (multipliers.scales @ pulled).reshape(self.heads.state.shape)


def anchor_matrix(heads: PencilHeads, taken: Anchor, quantity: str) -> Array:
    """The anchor: the Jacobian with the shifts, symmetrised but for the norm."""
    matrix = heads.anchor(1 + taken.covariance, 1 + taken.means)
    if quantity == "spectral-norm":
        return matrix
    sign = -1 if quantity == "log-norm-lower" else 1
    return sign * (matrix + matrix.T) / 2


def leading_subspace(anchor: Array, count: int, *, dilated: bool) -> Array:
    """The leading right singular vectors or eigenvectors of an anchor, as rows."""
    if dilated:
        return np.linalg.svd(anchor)[2][:count]
    return np.linalg.eigh(anchor)[1][:, ::-1][:, :count].T
