r"""From the bilinear form on a tube to one symmetric matrix, and back to its weights.

With the anchor $K$ (the form at the weights m), the products' matrices $A$ on $u$ and
$B$ on $w$: for the logarithmic norms $H(K) + \tfrac12(A + B)$, whose largest eigenvalue
bounds $\mu_2(J')$; for the norm the dilation $\begin{pmatrix}A & K\\ K^T & B
\end{pmatrix}$, since $u^TKw + \tfrac12(u^TAu + w^TBw)$ is half its form at $(u, w)$ and
$|u|^2 + |w|^2 = 2$.  Without couplings of different tokens there is one such matrix a
token.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.norms import symmetric_part
from stabcheck.bounds.tube_form import TubeForm
from stabcheck.bounds.tube_products import ProductWeights
from stabcheck.bounds.validation import Array


class TubeMatrix:
    """The matrix of a form as a function of the weights; `dilated` for the norm."""

    def __init__(self, form: TubeForm, *, dilated: bool) -> None:
        self.form, self.dilated = form, dilated
        self.anchor = form.anchor()

    def at(self, weights: ProductWeights) -> Array:
        """The matrix: `(N, N)` if joint, else one of `(n, k, k)` a token."""
        first, second = self.form.token_matrices(weights)
        if not self.dilated:
            middle = (first + second) / 2
            return symmetric_part(self.anchor) + self._spread(middle)
        blocks = [
            [self._spread(first), self.anchor],
            [np.swapaxes(self.anchor, -1, -2), self._spread(second)],
        ]
        return np.block(blocks)

    def _spread(self, blocks: Array) -> Array:
        """Blocks of the tokens as they are, or as one block diagonal matrix."""
        if not self.form.joint:
            return blocks
        tokens, d, _ = blocks.shape
        total = np.zeros((tokens, d, tokens, d))
        diagonal = np.arange(tokens)
        total[diagonal, :, diagonal] = blocks
        return total.reshape(tokens * d, tokens * d)

    def slopes(
        self, weights: Array, vectors: Array, shares: Array
    ) -> tuple[Array, Array]:
        r"""How the mean of eigenvalues moves with each log weight, as two sides.

        **Arguments:** `weights`, flat; `vectors` and `shares` of the eigenvalues.
        **Returns:** g a^2 and b^2/g of every product; the slope is their difference.
        """
        if self.dilated:
            half = vectors.shape[-2] // 2
            first = self._densities(vectors[..., :half, :], shares)
            second = self._densities(vectors[..., half:, :], shares)
            factor = 1.0
        else:
            first = second = self._densities(vectors, shares)
            factor = 0.5
        left, right = self.form.sides(first, second)
        return factor * weights * left.flat(), factor * right.flat() / weights

    def _densities(self, vectors: Array, shares: Array) -> Array:
        """The diagonal blocks `(n, d, d)` of the weighted projections."""
        tokens, d = self.form.local.state.shape
        if self.form.joint:
            kept = shares > 1e-12
            inner = vectors[:, kept].reshape(tokens, d, -1)
            return (inner * shares[kept]) @ inner.transpose(0, 2, 1)
        return (vectors * shares[:, None, :]) @ vectors.transpose(0, 2, 1)
