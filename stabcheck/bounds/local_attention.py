r"""What the tube bounds of attention need to know about its centre, head by head.

At the centre $X$, with $q_i = x_i W_Q + b_Q$, $k_j = x_j W_K$, $v_j = x_j W_V$:
the softmax rows $p_i$, the deviations about the row means $y^v_{ij}$, $y^k_{ij}$,
$\sigma_i = \|[\sqrt{p_{ij}}\,y^v_{ij}]_j\|$, $\tau_i = s\,\|[\sqrt{p_{ij}}\,
y^k_{ij}]_j\|$ and the norms of the weights.  On the tube of radius $\varepsilon$ the
logits move, up to a constant in $j$, by at most $\eta_{ij} = \varepsilon(s|W_Q
y^k_{ij}| + s|W_K q_i|) + s\|W_Q W_K^T\|\varepsilon^2$, which encloses the softmax
weights: $\underline p_{ij} \le p'_{ij} \le \bar p_{ij}$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.norms import (
    norm_of_products,
    spectral_norm_bound,
    trace_power_norm,
)
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_state

LARGEST_MOVE = 700.0  # e^-700 is as good as 0; infinities would cancel to NaN


@dataclass(frozen=True, eq=False)
class LocalAttention:
    """Head-wise quantities at one state; axes are heads, then tokens.

    `query` `(H, n, d_k)`; `weights` `(H, n, n)`; `log_weights` their logarithms;
    `value_deviation` `(H, n, n, d_v)`, `key_deviation` `(H, n, n, d_k)`;
    `sigma`, `tau` `(H, n)`; `key_slope` `(H, n, n)` and `query_slope` `(H, n)` the two
    terms of eta for radius 1; norms of the weights `(H,)`.
    """

    attention: Attention
    state: Array
    query: Array
    weights: Array
    log_weights: Array
    value_deviation: Array
    key_deviation: Array
    sigma: Array
    tau: Array
    key_slope: Array
    query_slope: Array
    norm_query: Array
    norm_key: Array
    norm_value: Array
    norm_form: Array
    norm_weights: Array

    @property
    def scale(self) -> float:
        return abs(self.attention.scale_value)

    @property
    def tokens(self) -> int:
        return self.state.shape[0]


@dataclass(frozen=True, eq=False)
class TubeWeights:
    """Enclosure of the softmax weights on a tube, axes `(H, n, n)` and `(H, n)`.

    `upper` is p-bar, `lower` p-low, `width` their difference, which does not cancel;
    `change` bounds |p' - p| entrywise; `ratio` is max p-bar/p, and `relative` (kappa)
    bounds max(p-bar/p - 1, 1 - p-low/p).
    """

    upper: Array
    lower: Array
    width: Array
    change: Array
    ratio: Array
    relative: Array


def local_attention(attention: Attention, state: Array) -> LocalAttention:
    """Evaluate the local quantities of `attention` at a state `(n, d)`."""
    X = checked_state(state, attention.features)
    query, key, value = attention.projections(X)
    weights = attention.attention_weights(query, key)
    W_Q, W_K, W_V = (
        W.astype(np.float64) for W in (attention.W_Q, attention.W_K, attention.W_V)
    )
    scale = abs(attention.scale_value)
    root = np.sqrt(weights)[..., None]
    value_deviation = value[:, None] - (weights @ value)[:, :, None]
    key_deviation = key[:, None] - (weights @ key)[:, :, None]
    # |W_Q y| through the Gram matrix of W_Q, which is d_k by d_k.
    gram = W_Q.transpose(0, 2, 1) @ W_Q
    squares = np.einsum("hijk,hijk->hij", key_deviation, key_deviation @ gram[:, None])
    slopes = np.einsum("hik,hdk->hid", query, W_K)
    return LocalAttention(
        attention=attention,
        state=X,
        query=query,
        weights=weights,
        log_weights=_log_weights(attention, query, key),
        value_deviation=value_deviation,
        key_deviation=key_deviation,
        sigma=trace_power_norm(root * value_deviation),
        tau=scale * trace_power_norm(root * key_deviation),
        key_slope=scale * np.sqrt(np.maximum(squares, 0.0)),
        query_slope=scale * np.linalg.norm(slopes, axis=2),
        norm_query=spectral_norm_bound(W_Q),
        norm_key=spectral_norm_bound(W_K),
        norm_value=spectral_norm_bound(W_V),
        norm_form=scale * norm_of_products(W_Q, W_K),
        norm_weights=spectral_norm_bound(weights),
    )


def tube_weights(local: LocalAttention, radius: float) -> TubeWeights:
    """Enclose the softmax weights for every state with tokens within `radius`."""
    with np.errstate(over="ignore"):
        eta = radius * (local.key_slope + local.query_slope[..., None])
        eta = eta + local.norm_form[:, None, None] * radius * radius
    return moved_weights(local.weights, local.log_weights, eta)


def moved_weights(p: Array, log_weights: Array, eta: Array) -> TubeWeights:
    """Enclose softmax weights whose logits move by at most `eta`, `(H, n, n)` each.

    Each difference is a sum of terms of one sign, so that small radii do not cancel.
    """
    admissible = np.isfinite(log_weights)
    eta = np.where(admissible, np.minimum(eta, LARGEST_MOVE), 0.0)
    others = _sum_over_others(p)
    decay = np.exp(-eta)
    less = _sum_over_others(p * decay)
    lost = _sum_over_others(p * -np.expm1(-eta))
    with np.errstate(all="ignore"):
        # p-bar/p - 1 = sum_{k != j} p_k (e^{eta_j} - e^{-eta_k}) / (p e^eta + less)
        above = (-np.expm1(-eta) * others + decay * lost) / (p + decay * less)
        above = np.where(admissible & (others > 0), above, 0.0)
        odds = np.log(less) - log_weights - eta
        upper = np.where(admissible, np.exp(-np.logaddexp(0.0, odds)), 0.0)
        # 1 - p-low/p = sum_{k != j} p_k (e^{eta_k} - e^{-eta_j}) / (p e^-eta + more)
        # with both sides divided by the largest e^{eta_k} of the row.
        top = eta.max(axis=-1, keepdims=True)
        more = _sum_over_others(p * np.exp(eta - top))
        gained = _sum_over_others(p * np.exp(eta - top) * -np.expm1(-eta))
        shrunk = np.exp(-top) * -np.expm1(-eta) * others
        below = (gained + shrunk) / (np.exp(-top) * p * decay + more)
        below = np.where(admissible & (others > 0), np.minimum(below, 1.0), 0.0)
        change = np.where(p > 0, p * np.maximum(above, below), upper)
        lower = np.where(p > 0, p * (1 - below), 0.0)
        width = np.where(p > 0, p * (above + below), upper)
    return TubeWeights(
        upper=upper,
        lower=lower,
        width=width,
        change=np.minimum(change, np.maximum(upper, p)),
        ratio=1.0 + above.max(axis=-1),
        relative=np.maximum(above, below).max(axis=-1),
    )


def _log_weights(attention: Attention, query: Array, key: Array) -> Array:
    tokens = query.shape[1]
    logits = attention.scale_value * query @ key.transpose(0, 2, 1)
    if attention.bias is not None:
        logits = logits + attention.bias.astype(np.float64)
    logits = np.where(attention.admissible(tokens), logits, -np.inf)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _sum_over_others(terms: Array) -> Array:
    """Sums over k != j along the last axis, without subtracting."""
    before = np.cumsum(terms, axis=-1)
    after = np.cumsum(terms[..., ::-1], axis=-1)[..., ::-1]
    total = np.zeros_like(terms)
    total[..., 1:] += before[..., :-1]
    total[..., :-1] += after[..., 1:]
    return total
