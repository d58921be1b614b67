r"""Attention with concrete weights, and attention known only by its norms.

The names of the weights are those of the declared fields.  Tokens are rows; one head
computes $\sum_j p_{ij}(x_j W_V + b_V)$ with $p_i$ the softmax over the admissible
$j$ of $s\,(x_i W_Q + b_Q)\cdot(x_j W_K + b_K) + B_{ij}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from stabcheck.bounds.derivative import AttentionDerivative
from stabcheck.bounds.validation import (
    Array,
    checked_array,
    checked_count,
    checked_nonnegative,
    checked_number,
    checked_optional,
    checked_state,
)
from stabcheck.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Attention:
    """Multi-head softmax attention with weights.

    **Arguments:** `W_Q`, `W_K` of shape `(H, d, d_k)`, `W_V` `(H, d, d_v)`, `W_O`
    `(H d_v, d)` (absent: one head with `d_v = d`), `b_Q`, `b_K` `(H, d_k)`, `b_V`
    `(H, d_v)`, `b_O` `(d,)`, `scale` (absent: `1/sqrt(d_k)`), `causal`, `mask` `(n, n)`
    of zeros and ones, `bias` `(n, n)` or `(H, n, n)` added to the logits.

    **Raises:** `InvalidInput`.
    """

    W_Q: Array
    W_K: Array
    W_V: Array
    W_O: Array | None = None
    b_Q: Array | None = None
    b_K: Array | None = None
    b_V: Array | None = None
    b_O: Array | None = None
    scale: float | None = None
    causal: bool = False
    mask: Array | None = None
    bias: Array | None = None

    is_token_wise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        query = checked_array("W_Q", self.W_Q, (None, None, None))
        heads, features, key_width = query.shape
        value = checked_array("W_V", self.W_V, (heads, features, None))
        value_width = value.shape[2]
        kept = {
            "W_Q": query,
            "W_K": checked_array("W_K", self.W_K, (heads, features, key_width)),
            "W_V": value,
            "W_O": checked_optional("W_O", self.W_O, (heads * value_width, features)),
            "b_Q": checked_optional("b_Q", self.b_Q, (heads, key_width)),
            "b_K": checked_optional("b_K", self.b_K, (heads, key_width)),
            "b_V": checked_optional("b_V", self.b_V, (heads, value_width)),
            "b_O": checked_optional("b_O", self.b_O, (features,)),
        }
        if self.W_O is None and (heads != 1 or value_width != features):
            raise InvalidInput(
                "W_O may be absent only for one head with d_v = d, found "
                f"{heads} heads, d_v = {value_width}, d = {features}"
            )
        if self.scale is not None:
            kept["scale"] = checked_number("scale", self.scale)
        if self.mask is not None:
            kept["mask"] = _checked_mask(self.mask)
        if self.bias is not None:
            axes = np.ndim(self.bias)
            shape = (None, None) if axes == 2 else (heads, None, None)
            bias = checked_array("bias", self.bias, shape)
            if bias.shape[-1] != bias.shape[-2]:
                raise InvalidInput(f"bias must be square, found shape {bias.shape}")
            kept["bias"] = bias
        for name, array in kept.items():
            object.__setattr__(self, name, array)

    @property
    def heads(self) -> int:
        return self.W_Q.shape[0]

    @property
    def features(self) -> int:
        return self.W_Q.shape[1]

    @property
    def key_width(self) -> int:
        return self.W_Q.shape[2]

    @property
    def value_width(self) -> int:
        return self.W_V.shape[2]

    @property
    def scale_value(self) -> float:
        return self.key_width**-0.5 if self.scale is None else float(self.scale)

    def output_matrices(self) -> Array:
        """The blocks of `W_O`, shape `(H, d_v, d)`, float64."""
        if self.W_O is None:
            return np.eye(self.features)[None]
        return self.W_O.astype(np.float64).reshape(
            self.heads, self.value_width, self.features
        )

    def admissible(self, tokens: int) -> Array:
        """Which keys a query sees: booleans `(n, n)`, at least one true per row."""
        allowed = np.ones((tokens, tokens), dtype=bool)
        if self.mask is not None:
            if self.mask.shape != (tokens, tokens):
                raise InvalidInput(
                    f"mask of shape {self.mask.shape} does not fit {tokens} tokens"
                )
            allowed &= self.mask
        if self.causal:
            allowed = np.tril(allowed)
        if not allowed.any(axis=1).all():
            raise InvalidInput("some query has no admissible key: relax the mask")
        return allowed

    def projections(self, state: Array) -> tuple[Array, Array, Array]:
        """Queries with bias, keys and values without: `(H, n, d_k | d_k | d_v)`.

        `b_K` adds to each row of logits a constant that softmax does not see, and
        `b_V` a constant to the output: neither enters the weights or the Jacobian.
        """
        X = checked_state(state, self.features)
        query = np.einsum("id,hdk->hik", X, self.W_Q.astype(np.float64))
        if self.b_Q is not None:
            query = query + self.b_Q.astype(np.float64)[:, None, :]
        key = np.einsum("id,hdk->hik", X, self.W_K.astype(np.float64))
        value = np.einsum("id,hdk->hik", X, self.W_V.astype(np.float64))
        return query, key, value

    def attention_weights(self, query: Array, key: Array) -> Array:
        """Softmax rows over the admissible keys, shape `(H, n, n)`."""
        return softmax(self.logits(self.scale_value * query @ key.transpose(0, 2, 1)))

    def logits(self, scores: Array) -> Array:
        """Scores `(H, n, n)` with the bias, -inf at keys that a token does not see."""
        tokens = scores.shape[1]
        if self.bias is not None:
            if self.bias.shape[-1] != tokens:
                raise InvalidInput(
                    f"bias of shape {self.bias.shape} does not fit {tokens} tokens"
                )
            scores = scores + self.bias.astype(np.float64)
        return np.where(self.admissible(tokens), scores, -np.inf)

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        query, key, value = self.projections(state)
        heads = self.attention_weights(query, key) @ value
        if self.b_V is not None:
            heads = heads + self.b_V.astype(np.float64)[:, None, :]
        output = np.einsum("hiv,hvd->id", heads, self.output_matrices())
        return output if self.b_O is None else output + self.b_O.astype(np.float64)

    @cached_property
    def packed_inputs(self) -> Array:
        """`[W_Q | W_K | W_V]`, heads side by side: `(d, H (2 d_k + d_v))`, float64."""
        blocks = (self.W_Q, self.W_K, self.W_V)
        rows = [W.transpose(1, 0, 2).reshape(self.features, -1) for W in blocks]
        return np.concatenate(rows, axis=1).astype(np.float64)

    @cached_property
    def packed_output(self) -> Array:
        """`W_O` as one matrix `(H d_v, d)`, float64."""
        return self.output_matrices().reshape(-1, self.features)

    def linearise(self, state: Array) -> AttentionDerivative:
        """The derivative at a state, for many products."""
        return AttentionDerivative.at(self, checked_state(state, self.features))

    def jvp(self, state: Array, direction: Array) -> Array:
        """Derivative of the field at `state` in `direction`, shape `(n, d)`."""
        return self.linearise(state).jvp(checked_state(direction, self.features))

    def vjp(self, state: Array, covector: Array) -> Array:
        """The transpose of `jvp` applied to a covector `(n, d)`."""
        return self.linearise(state).vjp(checked_state(covector, self.features))

    def jacobian(self, state: Array) -> Array:
        r"""Dense Jacobian `(n d, n d)`, token-major, by `attention-jacobian`.

        $J_{ij} = p_{ij}(U + U y_{ij} a_i^T) + \delta_{ij} U C_i A^T$ for each head,
        with $a_i = s W_K(W_Q^T x_i + b_Q)$ (`attention-jacobian-projection-biases`),
        summed over the heads (`multi-head-jacobian`).
        """
        query, key, value = self.projections(state)
        weights = self.attention_weights(query, key)
        tokens = query.shape[1]
        d, scale = self.features, self.scale_value
        total = np.zeros((tokens, d, tokens, d))
        diagonal = np.arange(tokens)
        for head, W_O in enumerate(self.output_matrices()):
            P = weights[head]
            W_Q, W_K, W_V = (
                W[head].astype(np.float64) for W in (self.W_Q, self.W_K, self.W_V)
            )
            output = (value[head] - (P @ value[head])[:, None]) @ W_O
            centred_key = key[head] - (P @ key[head])[:, None]
            slope = scale * query[head] @ W_K.T
            # One (n, d, n, d) sum per head: the weight, then what varies with it.
            total += np.einsum("ij,ba->iajb", P, W_V @ W_O)
            total += np.einsum("ija,ib->iajb", P[..., None] * output, slope)
            covariance = np.einsum("ija,ijk->iak", P[..., None] * output, centred_key)
            total[diagonal, :, diagonal] += scale * covariance @ W_Q.T
        return total.reshape(tokens * d, tokens * d)


@dataclass(frozen=True)
class AttentionFamily:
    r"""Every attention with $\|A_h\|\le a$ and $\sum_h\|V_h W_O^h\|\le v$.

    $A_h = s W_Q^h W_K^{hT}$.  It has no state and is never evaluated.
    """

    tokens: int
    features: int
    heads: int
    causal: bool
    query_key_norm: float
    value_norm: float

    is_token_wise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name in ("tokens", "features", "heads"):
            checked_count(name, getattr(self, name))
        for name in ("query_key_norm", "value_norm"):
            checked_nonnegative(name, getattr(self, name))


def softmax(logits: Array) -> Array:
    """Rows of positive weights that sum to 1; -inf has the weight 0."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _checked_mask(mask: object) -> Array:
    array = np.asarray(mask)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise InvalidInput(f"mask must be square, found shape {array.shape}")
    if array.dtype != bool and not np.isin(array, (0, 1)).all():
        raise InvalidInput("mask must hold zeros and ones only")
    return array.astype(bool)
