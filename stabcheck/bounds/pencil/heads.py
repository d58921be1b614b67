r"""Attention at a state as the pencil needs it: deviations from the means of each row.

Per head, with $A = sW_QW_K^{\mathsf T}$, $M = W_VW_O$ and the weights $p_i$ of token
$i$: slopes $a_i = A^{\mathsf T}x_i + sW_Kb_Q$, keys $b_k = Ax_k$, values $y_{ik} =
M^{\mathsf T}(x_k - \bar x_i)$ and the rows $z_{ik}\cdot v = a_i\cdot(v_k - \bar v_i) +
(b_k - \bar b_i)\cdot v_i$, all means under $p_i$.  A receiver is a head and a token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_state


@dataclass(frozen=True, eq=False)
class PencilHeads:
    """All heads at a state, leading axes head and token.

    `forms` $A$, `maps` $M$ `(H, d, d)`; `slopes` $a$ `(H, n, d)`; `keys` $b$ `(H, n,
    d)`; `weights` $p$, `others` $1 - p$ `(H, n, n)`; `values` $y$, `centred_keys`
    `(H, n, n, d)`; `rows` $z$ `(H, n, n, n d)`; `seen` `(n, n)`, the admissible pairs.
    """

    attention: Attention
    state: Array
    forms: Array
    maps: Array
    slopes: Array
    keys: Array
    weights: Array
    others: Array
    values: Array
    centred_keys: Array
    rows: Array
    seen: Array

    @property
    def shape(self) -> tuple[int, int, int]:
        """Heads, tokens, features."""
        heads, tokens, _ = self.weights.shape
        return heads, tokens, self.state.shape[1]

    def jacobian(self) -> Array:
        r"""$J_0$, dense."""
        return self.anchor(np.ones_like(self.weights), np.ones_like(self.weights))

    def anchor(self, covariance: Array, means: Array) -> Array:
        r"""Rows $\sum_kp_{ik}(\kappa_{ik}y_{ik}z_{ik}^{\sf T} + \nu_{ik}M^{\sf T})$.

        **Arguments:** `covariance` $\kappa$ and `means` $\nu$, `(H, n, n)`.

        **Returns:** the matrix `(n d, n d)`, heads summed.
        """
        _, tokens, features = self.shape
        scaled = (self.weights * covariance)[..., None] * self.values
        rows = (scaled.swapaxes(2, 3) @ self.rows).sum(axis=0)
        blocks = rows.reshape(tokens, features, tokens, features)
        blocks += np.einsum("hik,hbc->ickb", self.weights * means, self.maps)
        return blocks.reshape(tokens * features, tokens * features)

    def first_derivative(self, vector: Array, shares: Array) -> Array:
        r"""The matrix of $\delta \mapsto (DJ(X_0)[\delta])f$ with shares of its parts.

        Row i is $\sum_kp_{ik}\{l_{ik}(\mu M^{\sf T}f_k + \lambda y_{ik}\,z_{ik}\cdot f)
        + \nu M^{\sf T}\delta_k\,z_{ik}\cdot f + \eta y_{ik}(\delta_i\cdot Af_k +
        f_i\cdot A\delta_k)\}$ with $l_{ik} = z_{ik}\cdot\delta$.

        **Arguments:** `vector` $f$ `(n d,)`; `shares` $\lambda, \mu, \nu, \eta$ `(4, H,
        n)`.  **Returns:** `(n d, n d)`.
        """
        _, tokens, features = self.shape
        f = vector.reshape(tokens, features)
        covariance, means, moved_values, moved_keys = shares[..., None]
        P, diagonal = self.weights, np.arange(tokens)
        along = self.rows @ vector
        moved = means[..., None] * (f[None, None] @ self.maps[:, None])
        moved = moved + (covariance * along)[..., None] * self.values
        mean = (P[..., None] * moved).sum(axis=2)
        # l_ik = a_i.(d_k - mean) + (b_k - mean).d_i, each times what it reweights.
        spread = P[..., None] * (moved - mean[:, :, None])
        result = np.einsum("hikc,hie->icke", spread, self.slopes, optimize=True)
        result += np.einsum("hik,hec->icke", moved_values * P * along, self.maps)
        pulled = np.einsum("ib,hbe->hie", f, self.forms)
        scaled = (moved_keys * P)[..., None] * self.values
        result += np.einsum("hikc,hie->icke", scaled, pulled, optimize=True)
        own = np.einsum("hikc,hike->ice", spread, self.centred_keys, optimize=True)
        reached = np.einsum("hab,kb->hka", self.forms, f)
        own += np.einsum("hikc,hke->ice", scaled, reached, optimize=True)
        result[diagonal, :, diagonal] += own
        return result.reshape(tokens * features, tokens * features)


def pencil_heads(attention: Attention, state: Array) -> PencilHeads:
    """The heads of an attention at a state `(n, d)`."""
    X = checked_state(state, attention.features)
    query, key, _ = attention.projections(X)
    W_Q, W_K, W_V = (
        W.astype(np.float64) for W in (attention.W_Q, attention.W_K, attention.W_V)
    )
    scale, P = attention.scale_value, attention.attention_weights(query, key)
    maps = W_V @ attention.output_matrices()
    slopes = scale * query @ W_K.transpose(0, 2, 1)
    keys = scale * key @ W_Q.transpose(0, 2, 1)
    heads, tokens, features = slopes.shape
    centred_keys = keys[:, None] - (P @ keys)[:, :, None]
    values = (X[None, None] - (P @ X)[:, :, None]) @ maps[:, None]
    from_mean = np.eye(tokens)[None, None] - P[:, :, None, :]
    rows = from_mean[..., None] * slopes[:, :, None, None, :]
    receiver = np.arange(tokens)
    rows[:, receiver, :, receiver] += centred_keys.swapaxes(0, 1)
    return PencilHeads(
        attention=attention,
        state=X,
        forms=scale * W_Q @ W_K.transpose(0, 2, 1),
        maps=maps,
        slopes=slopes,
        keys=keys,
        weights=P,
        others=_others(P),
        values=values,
        centred_keys=centred_keys,
        rows=rows.reshape(heads, tokens, tokens, tokens * features),
        seen=attention.admissible(tokens),
    )


def _others(weights: Array) -> Array:
    """The sum of the other weights of a row: `1 - p` without cancellation."""
    off = 1.0 - np.eye(weights.shape[-1])
    return weights @ off
