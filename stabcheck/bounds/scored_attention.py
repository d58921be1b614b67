r"""Attention whose scores are turned by rotary positions, capped, or both.

One head computes $\sum_jp_{ij}(x_jW_V + b_V)$ with $p_i$ the softmax over the
admissible $j$ of $\phi(s\,q_i\cdot k_j) + B_{ij}$, $q_i = R_i(W_Q^Tx_i + b_Q)$, $k_j =
R_j(W_K^Tx_j + b_K)$ and $\phi(u) = c\tanh(u/c)$.  Its Jacobian has the slopes $t_{ij} =
1 - \tanh^2(s\,q_i\cdot k_j/c)$; theorems `rotary-attention-jacobian` and
`soft-cap-attention-jacobian`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from stabcheck.bounds.parameters import Attention, softmax
from stabcheck.bounds.rotary import Rotary
from stabcheck.bounds.validation import Array, checked_number, checked_state
from stabcheck.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class ScoredHeads:
    """All heads at a state: axes are heads, then tokens.

    `query`, `key` `(H, n, d_k)` turned and with their biases, `value` `(H, n, d_v)`;
    `score` before the cap, `logit` after it and with the bias of logits, -inf where a
    token sees nothing, `slope` of the cap, `weights`, each `(H, n, n)`.
    """

    query: Array
    key: Array
    value: Array
    score: Array
    logit: Array
    slope: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class ScoredAttention:
    """Softmax attention with rotary positions, a soft cap on its scores, or both.

    **Arguments:** `plain`, the same attention without them; `rotary`; `soft_cap`, the
    number $c$ of `c tanh(s/c)` (Gemma 2, arXiv:2408.00118).

    **Raises:** `InvalidInput`.
    """

    plain: Attention
    rotary: Rotary | None = None
    soft_cap: Fraction | float | int | None = None

    is_token_wise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.plain, Attention):
            raise InvalidInput(
                f"asked for scored attention of a {type(self.plain).__name__}; give an "
                "Attention"
            )
        if self.rotary is None and self.soft_cap is None:
            raise InvalidInput(
                "asked for scored attention, found neither rotary positions nor a soft "
                "cap; use the plain attention"
            )
        if self.rotary is not None:
            self.rotary.check_width(self.plain.key_width)
        if self.soft_cap is not None and not (
            checked_number("soft_cap", self.soft_cap) > 0
        ):
            raise InvalidInput(
                f"asked for the soft cap {self.soft_cap}; it must be positive"
            )

    @property
    def heads(self) -> int:
        return self.plain.heads

    @property
    def features(self) -> int:
        return self.plain.features

    def turned(self, rows: Array, *, by: Array | None = None) -> Array:
        """Queries or keys turned by their positions, or as they are."""
        return rows if self.rotary is None else self.rotary.turned(rows, by=by)

    def at(self, state: Array) -> ScoredHeads:
        """Queries, keys, values and weights at a state `(n, d)`."""
        plain = self.plain
        query, key, value = plain.projections(state)
        if plain.b_K is not None:
            key = key + plain.b_K.astype(np.float64)[:, None, :]
        query, key = self.turned(query), self.turned(key)
        score = plain.scale_value * query @ key.transpose(0, 2, 1)
        slope, logit = np.ones_like(score), score
        if self.soft_cap is not None:
            cap = float(self.soft_cap)
            logit = cap * np.tanh(score / cap)
            with np.errstate(over="ignore"):
                slope = np.cosh(score / cap) ** -2.0
        logit = plain.logits(logit)
        return ScoredHeads(query, key, value, score, logit, slope, softmax(logit))

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        plain, at = self.plain, self.at(state)
        heads = at.weights @ at.value
        if plain.b_V is not None:
            heads = heads + plain.b_V.astype(np.float64)[:, None, :]
        output = np.einsum("hiv,hvd->id", heads, plain.output_matrices())
        return output if plain.b_O is None else output + plain.b_O.astype(np.float64)

    def linearise(self, state: Array) -> ScoredDerivative:
        """The derivative at a state, for many products."""
        return ScoredDerivative(self, self.at(checked_state(state, self.features)))

    def jvp(self, state: Array, direction: Array) -> Array:
        """Derivative of the field at `state` in `direction`, shape `(n, d)`."""
        return self.linearise(state).jvp(checked_state(direction, self.features))

    def vjp(self, state: Array, covector: Array) -> Array:
        """The transpose of `jvp` applied to a covector `(n, d)`."""
        return self.linearise(state).vjp(checked_state(covector, self.features))

    def jacobian(self, state: Array) -> Array:
        r"""Dense Jacobian `(n d, n d)`, token-major.

        $J_{ij} = p_{ij}(U + Uy_{ij}a_{ij}^T) + \delta_{ij}U\sum_kp_{ik}y_{ik}b_{ik}^T$
        per head, $a_{ij} = st_{ij}W_KR_j^Tq_i$ and $b_{ij} = st_{ij}W_QR_i^Tk_j$.
        """
        plain, at = self.plain, self.at(state)
        tokens, d, scale = at.query.shape[1], self.features, plain.scale_value
        total = np.zeros((tokens, d, tokens, d))
        back, diagonal = -np.arange(tokens), np.arange(tokens)
        for h, W_O in enumerate(plain.output_matrices()):
            P, slope = at.weights[h], scale * at.slope[h]
            W_Q, W_K, W_V = (
                W[h].astype(np.float64) for W in (plain.W_Q, plain.W_K, plain.W_V)
            )
            output = (at.value[h] - (P @ at.value[h])[:, None]) @ W_O
            weighted = P[..., None] * output
            # (i, j, k): the query i seen from position j, the key j from position i.
            queries = self._seen(at.query[h], back).transpose(1, 0, 2) @ W_K.T
            keys = self._seen(at.key[h], back) @ W_Q.T
            total += np.einsum("ij,ba->iajb", P, W_V @ W_O)
            total += np.einsum("ija,ij,ijb->iajb", weighted, slope, queries)
            total[diagonal, :, diagonal] += np.einsum(
                "ija,ij,ijb->iab", weighted, slope, keys
            )
        return total.reshape(tokens * d, tokens * d)

    def _seen(self, rows: Array, back: Array) -> Array:
        """Rows `(n, k)` turned back by every position: `(position, row, k)`."""
        wide = np.broadcast_to(rows, (len(back), *rows.shape))
        if self.rotary is None:
            return wide
        return self.rotary.turned(wide.transpose(1, 0, 2), by=back).transpose(1, 0, 2)


@dataclass(frozen=True, eq=False)
class ScoredDerivative:
    """Scored attention linearised at a state: products in both directions."""

    field: ScoredAttention
    at: ScoredHeads

    def jvp(self, direction: Array) -> Array:
        """Derivative in a direction `(n, d)`."""
        plain, at = self.field.plain, self.at
        query, key, value = (
            np.einsum("id,hdk->hik", direction, W.astype(np.float64))
            for W in (plain.W_Q, plain.W_K, plain.W_V)
        )
        query, key = self.field.turned(query), self.field.turned(key)
        scores = query @ at.key.transpose(0, 2, 1) + at.query @ key.transpose(0, 2, 1)
        moved = self._softmax_change(plain.scale_value * at.slope * scores)
        heads = at.weights @ value + moved @ at.value
        return np.einsum("hiv,hvd->id", heads, plain.output_matrices())

    def vjp(self, covector: Array) -> Array:
        """The transpose of `jvp`, term by term."""
        plain, at, field = self.field.plain, self.at, self.field
        output = np.einsum("id,hvd->hiv", covector, plain.output_matrices())
        moved = self._softmax_change(output @ at.value.transpose(0, 2, 1))
        scores = plain.scale_value * at.slope * moved
        back = -np.arange(scores.shape[1])
        parts = (
            (field.turned(scores @ at.key, by=back), plain.W_Q),
            (field.turned(scores.transpose(0, 2, 1) @ at.query, by=back), plain.W_K),
            (at.weights.transpose(0, 2, 1) @ output, plain.W_V),
        )
        return sum(
            np.einsum("hik,hdk->id", rows, W.astype(np.float64)) for rows, W in parts
        )

    def _softmax_change(self, logits: Array) -> Array:
        """The softmax Jacobian, symmetric, applied to rows of logits."""
        mean = (self.at.weights * logits).sum(axis=-1, keepdims=True)
        return self.at.weights * (logits - mean)
