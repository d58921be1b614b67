r"""Fields linearised at a state: Jacobian products in both directions, matrix-free.

`jvp` is $V \mapsto J V$ and `vjp` is $U \mapsto J^{\mathsf T} U$ on `(n, d)`; what
depends on the state alone is computed once.  Estimates in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stabcheck.bounds.validation import Array

if TYPE_CHECKING:
    from stabcheck.bounds.parameters import Attention


@dataclass(frozen=True, eq=False)
class AttentionDerivative:
    """Attention at a state.

    `query`, `key` `(H, n, d_k)` and `value` `(H, n, d_v)` as the logits and heads use
    them, `weights` `(H, n, n)`.
    """

    attention: Attention
    query: Array
    key: Array
    value: Array
    weights: Array

    @staticmethod
    def at(attention: Attention, state: Array) -> AttentionDerivative:
        """Linearise at a state `(n, d)`."""
        query, key, value = _split(attention, state @ attention.packed_inputs)
        if attention.b_Q is not None:
            query = query + attention.b_Q.astype(np.float64)[:, None, :]
        weights = attention.attention_weights(query, key)
        return AttentionDerivative(attention, query, key, value, weights)

    def jvp(self, direction: Array) -> Array:
        r"""$\sum_h (P\,\dot V + \dot P\,V) W_O^h$ with $\dot P$ by the softmax rule."""
        attention, scale = self.attention, self.attention.scale_value
        query, key, value = _split(attention, direction @ attention.packed_inputs)
        logits = scale * (
            query @ self.key.transpose(0, 2, 1) + self.query @ key.transpose(0, 2, 1)
        )
        heads = self.weights @ value + self._softmax_change(logits) @ self.value
        return _merged(heads) @ attention.packed_output

    def vjp(self, covector: Array) -> Array:
        """The transpose of `jvp`, term by term."""
        attention, scale = self.attention, self.attention.scale_value
        tokens, heads = len(covector), attention.heads
        output = (covector @ attention.packed_output.T).reshape(tokens, heads, -1)
        output = output.transpose(1, 0, 2)
        logits = self._softmax_change(output @ self.value.transpose(0, 2, 1))
        parts = (
            scale * logits @ self.key,
            scale * logits.transpose(0, 2, 1) @ self.query,
            self.weights.transpose(0, 2, 1) @ output,
        )
        stacked = np.concatenate([_merged(part) for part in parts], axis=1)
        return stacked @ attention.packed_inputs.T

    def _softmax_change(self, logits: Array) -> Array:
        """The softmax Jacobian, symmetric, applied to rows of logits."""
        mean = (self.weights * logits).sum(axis=-1, keepdims=True)
        return self.weights * (logits - mean)


def _split(attention: Attention, packed: Array) -> tuple[Array, Array, Array]:
    """Columns of `packed_inputs` as queries, keys and values by head."""
    tokens, heads, width = len(packed), attention.heads, attention.key_width
    ends = (heads * width, 2 * heads * width)
    query, key, value = (
        part.reshape(tokens, heads, -1).transpose(1, 0, 2)
        for part in np.split(packed, ends, axis=1)
    )
    return query, key, value


def _merged(heads: Array) -> Array:
    """Heads `(H, n, k)` side by side, `(n, H k)`."""
    return heads.transpose(1, 0, 2).reshape(heads.shape[1], -1)


@dataclass(frozen=True, eq=False)
class FeedForwardDerivative:
    """Two layers with `slopes` `(n, m)` between them: never a matrix per token."""

    first: Array
    second: Array
    slopes: Array

    def jvp(self, direction: Array) -> Array:
        """Derivative in a direction `(n, d)`."""
        return (direction @ self.first * self.slopes) @ self.second

    def vjp(self, covector: Array) -> Array:
        """The transpose of `jvp`."""
        return (covector @ self.second.T * self.slopes) @ self.first.T


@dataclass(frozen=True, eq=False)
class NormalisationDerivative:
    r"""$J_i = \operatorname{diag}(\gamma)(\Pi - u_iu_i^{\mathsf T})/s_i$.

    `unit` $u_i$ `(n, d)`, `deviation` $s_i$ `(n,)`; $\Pi$ removes the mean where
    `centring` holds (LayerNorm) and is the identity otherwise (RMSNorm).
    """

    gamma: Array
    unit: Array
    deviation: Array
    centring: bool

    def jvp(self, direction: Array) -> Array:
        """Derivative in a direction `(n, d)`."""
        return self.gamma * self._inner(direction)

    def vjp(self, covector: Array) -> Array:
        """The transpose of `jvp`."""
        return self._inner(self.gamma * covector)

    def _inner(self, rows: Array) -> Array:
        along = (self.unit * rows).sum(axis=1, keepdims=True) * self.unit
        if self.centring:
            rows = rows - rows.mean(axis=1, keepdims=True)
        return (rows - along) / self.deviation[:, None]


TokenWiseDerivative = FeedForwardDerivative | NormalisationDerivative
