r"""The bilinear form of the attention Jacobian on a tube, head by head.

For directions $u$, $w$ let $z^O_i = W_Ou_i$, $z^V_j = W_V^Tw_j$, $z^K_j = W_K^Tw_j$,
$z^Q_i = W_Q^Tw_i$ (a head's own matrices).  At a state of the tube $u^TJ'w$ is the sum
over heads and tokens of

1. the mean $\sum_jp'_{ij}\,z^O_i\cdot z^V_j$,
2. $\operatorname{Cov}_{p'_i}(f', \psi')$ with $f'_j = z^O_i\cdot v'_j$ and
   $\psi'_j = s\,q'_i\cdot z^K_j$,
3. $\operatorname{Cov}_{p'_i}(f', \varphi')$ with $\varphi'_j = s\,z^Q_i\cdot k'_j$.

At the centre's weights $p$ let $f$ and $\varphi$ have mean zero.  Entrywise $\underline
p \le p' \le \bar p$; $m$ is the midpoint, $e$ half the width, $D \ge |p' - p|$, $l_i =
\sum_jD_{ij}$.  Each part is its value at the weights $m$, times a share in $[0, 1]$ for
the covariances, plus products of a seminorm of $u$ and one of $w$:

* means: $e_{ij}|z^O_i||z^V_j|$;
* keys, $w = (1-t)\bar p + te$: $\sum_jw_{ij}|f_j||\psi_j|$ and
  $t\,(l_i\sum_jD_{ij}f_j^2)^{1/2}(\sum_j\bar p_{ij}\psi_j^2)^{1/2}$;
* receivers, $w = (1-t)\bar p + t(e + lD)$: $\sum_jw_{ij}|f_j||\varphi_j|$;
* moved tokens: $|f'_j - f_j| \le \varepsilon|W_Vz^O_i|$, $|\psi'_j - \psi_j| \le
  \varepsilon s|W_Qz^K_j|$, $|\varphi'_j - \varphi_j| \le \varepsilon s|W_Kz^Q_i|$, each
  against the moments $\sum_j\bar p_{ij}(\cdot)^2$.

A product $ab$ is at most $\tfrac12(ga^2 + b^2/g)$ for every weight $g > 0$: what is
left is one symmetric $(d, d)$ matrix a token for $u$ and one for $w$.  The logarithmic
norms have $w = \pm u$.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from stabcheck.bounds.local_attention import LocalAttention, tube_weights
from stabcheck.bounds.norms import symmetric_part
from stabcheck.bounds.tube_products import (
    Blocks,
    ProductWeights,
    gram,
    lifted,
    moments,
    paired,
)
from stabcheck.bounds.validation import Array

LARGEST = 1e100
"""Moments above this are not worth a bound; their products might overflow."""


class TubeForm:
    """The form at a centre, for one radius, one sign of J and two shares.

    `joint` keeps the couplings of different tokens at the weights m exactly; without it
    they are products like the others, and the key share has to be 0.
    """

    def __init__(
        self,
        local: LocalAttention,
        radius: float,
        sign: int,
        key_share: float,
        receiver_share: float,
        *,
        joint: bool,
    ) -> None:
        self.local, self.sign, self.joint = local, sign, joint
        self.key_share, self.receiver_share = key_share, receiver_share
        tube = tube_weights(local, radius)
        self.upper = tube.upper
        self.middle = (tube.upper + tube.lower) / 2
        half = tube.width / 2
        self.turn = tube.change.sum(axis=2, keepdims=True) * tube.change
        diagonal = np.eye(local.tokens)
        self.mixing = half if joint else half + self.middle * (1 - diagonal)
        self.keys = (1 - key_share) * tube.upper + key_share * half
        self.receivers = (1 - receiver_share) * tube.upper
        self.receivers = self.receivers + receiver_share * (half + self.turn)
        attention = local.attention
        self.W_Q, self.W_K, self.W_V = (
            W.astype(np.float64) for W in (attention.W_Q, attention.W_K, attention.W_V)
        )
        self.W_O = attention.output_matrices()
        # numpy overflows to infinity, which `is_finite` finds; Python raises.
        square = np.square(local.scale * np.float64(radius))
        self.value_move = np.square(np.float64(radius)) * gram(self.W_V)[:, None]
        self.query_move = square * gram(self.W_Q)[:, None]
        self.key_move = square * gram(self.W_K)[:, None]

    @property
    def is_finite(self) -> bool:
        """Whether every moment of the form is small enough for float64 products."""
        parts = (self.value_move, self.query_move, self.key_move)
        # A NaN fails the comparison too.
        return all((part < LARGEST).all() for part in (*parts, *self.moments.values()))

    @property
    def shape(self) -> tuple[int, int]:
        """Heads and tokens."""
        return self.upper.shape[:2]

    def _values(self, weights: Array) -> Array:
        return moments(weights, self.local.value_deviation)

    def _keys(self, weights: Array) -> Array:
        return self.local.scale**2 * moments(weights, self.local.key_deviation)

    def _queries(self, weights: Array) -> Array:
        """s^2 sum_i w_ij q_i q_i^T for every j, `(H, n, d_k, d_k)`."""
        q = self.local.query
        return self.local.scale**2 * np.einsum("hij,hia,hib->hjab", weights, q, q)

    @cached_property
    def moments(self) -> dict[str, Array]:
        """The seminorms that do not depend on the weights g."""
        return {
            "mixing": self.mixing.sum(axis=2),
            "key": self._values(self.keys),
            "receiver": self._values(self.receivers),
            "receiver-key": self._keys(self.receivers),
            "upper": self._values(self.upper),
            "upper-key": self._keys(self.upper),
            "upper-query": self._queries(self.upper),
            "turn": self._values(self.key_share * self.turn),
        }

    @cached_property
    def moved_products(self) -> list[tuple[Array, str, Array]]:
        """(left on z^O, space of the right, right) of the products with one weight.

        In order: turned means against psi; f' - f, f, f' - f against psi, psi' - psi
        and psi' - psi; f' - f, f, f' - f against phi, phi' - phi, phi' - phi.
        """
        m = self.moments
        mass = self.upper.sum(axis=1)[..., None, None]
        value = np.broadcast_to(self.value_move, m["upper"].shape)
        key = np.broadcast_to(self.key_move, m["upper-key"].shape)
        query = mass * self.query_move
        return [
            (m["turn"], "key", self.key_share * m["upper-query"]),
            (value, "key", m["upper-query"]),
            (m["upper"], "key", query),
            (value, "key", query),
            (value, "query", m["upper-key"]),
            (m["upper"], "query", key),
            (value, "query", key),
        ]

    def blocks(self, g: ProductWeights) -> Blocks:
        """Twice the products: sums of g a^2 on z^O and of b^2/g on the other spaces."""
        m = self.moments
        width = self.W_O.shape[1]
        output = (g.mixing * m["mixing"])[..., None, None] * np.eye(width)
        output = output + g.key[..., None, None] * m["key"]
        output = output + g.receiver[..., None, None] * m["receiver"]
        sums = {
            "key": self._queries(self.keys / g.key[..., None]),
            "query": m["receiver-key"] / g.receiver[..., None, None],
        }
        for (left, space, right), weight in zip(
            self.moved_products, g.moved.T, strict=True
        ):
            scale = weight[:, None, None, None]
            output = output + scale * left
            sums[space] = sums[space] + right / scale
        value = np.einsum("hij,hi->hj", self.mixing, 1 / g.mixing)
        return Blocks(output, value, sums["key"], sums["query"])

    def token_matrices(self, g: ProductWeights) -> tuple[Array, Array]:
        """The blocks on u and on w, lifted and summed over the heads, `(n, d, d)`."""
        blocks = self.blocks(g)
        spread = blocks.value[..., None, None] * np.eye(self.W_V.shape[2])
        left = lifted(blocks.output, self.W_O.transpose(0, 2, 1))
        right = lifted(spread, self.W_V) + lifted(blocks.key, self.W_K)
        right = right + lifted(blocks.query, self.W_Q)
        return symmetric_part(left), symmetric_part(right)

    def sides(
        self, first: Array, second: Array
    ) -> tuple[ProductWeights, ProductWeights]:
        """The sides a^2 and b^2 of the products, averaged over densities.

        **Arguments:** `first` of u and `second` of w, `(n, d, d)` each.
        """
        m = self.moments
        on_output = self._seen(first, self.W_O.transpose(0, 2, 1))
        seen = {
            "key": self._seen(second, self.W_K),
            "query": self._seen(second, self.W_Q),
        }
        on_value = np.trace(self._seen(second, self.W_V), axis1=2, axis2=3)
        q, square = self.local.query, self.local.scale**2
        psi = square * np.einsum("hia,hjab,hib->hij", q, seen["key"], q)
        left = ProductWeights(
            m["mixing"] * np.trace(on_output, axis1=2, axis2=3),
            paired(m["key"], on_output),
            paired(m["receiver"], on_output),
            np.stack(
                [paired(a, on_output).sum(axis=1) for a, _, _ in self.moved_products],
                axis=1,
            ),
        )
        right = ProductWeights(
            np.einsum("hij,hj->hi", self.mixing, on_value),
            (self.keys * psi).sum(axis=2),
            paired(m["receiver-key"], seen["query"]),
            np.stack(
                [
                    paired(b, seen[space]).sum(axis=1)
                    for _, space, b in self.moved_products
                ],
                axis=1,
            ),
        )
        return left, right

    @staticmethod
    def _seen(density: Array, matrices: Array) -> Array:
        """W_h^T rho_i W_h for every head and token, `(H, n, k, k)`."""
        inner = density[None] @ matrices[:, None]
        return matrices.transpose(0, 2, 1)[:, None] @ inner

    def anchor(self) -> Array:
        """The part at the weights m: `(n d, n d)` if joint, else `(n, d, d)`."""
        local, scale = self.local, self.local.attention.scale_value
        W_O = self.sign * self.W_O
        through = self.W_V @ W_O
        spread = self.middle[..., None] * local.value_deviation
        covariances = np.einsum("hija,hijb->hiab", spread, local.key_deviation)
        covariances = self.receiver_share * scale * covariances
        own = W_O.transpose(0, 2, 1)[:, None] @ covariances
        own = (own @ self.W_Q.transpose(0, 2, 1)[:, None]).sum(axis=0)
        tokens, d = local.state.shape
        diagonal = np.arange(tokens)
        if not self.joint:
            kept = self.middle[:, diagonal, diagonal]
            return own + np.einsum("hi,hba->iab", kept, through)
        total = np.einsum("hij,hba->iajb", self.middle, through)
        slopes = scale * local.query @ self.W_K.transpose(0, 2, 1)
        total += self.key_share * np.einsum(
            "hija,hib->iajb", spread @ W_O[:, None], slopes
        )
        total[diagonal, :, diagonal] += own
        return total.reshape(tokens * d, tokens * d)
