r"""Norm and deviation over a tube of attention with turned or capped scores.

Turns are orthogonal: turned queries and keys are as long as plain ones and move by as
much, so that the bounds of `attention` hold with turned ones in their place.  A cap
multiplies the slopes of the score $u_{ij}$ by $t_{ij} = 1 - \tanh^2(u_{ij}/c)$.  Where
a score moves by at most $\eta$, the logit moves by at most $m = \max_\pm|\phi(u \pm
\eta) - \phi(u)|$ and the slope by $\Delta t = \min(1, (m/c)(2|\tanh(u/c)| + m/c))$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.balance import (
    ITERATIONS,
    HeadWeights,
    finite_weights,
    head_factored,
)
from stabcheck.bounds.bound import Bound
from stabcheck.bounds.local_attention import TubeWeights, moved_weights
from stabcheck.bounds.norms import (
    norm_of_products,
    spectral_norm_bound,
    trace_power_norm,
)
from stabcheck.bounds.scored_attention import ScoredAttention, ScoredHeads
from stabcheck.bounds.validation import Array, checked_nonnegative, checked_state


@dataclass(frozen=True, eq=False)
class LocalScored:
    r"""Head-wise quantities at one state; axes are heads, then tokens.

    `sigma`, `tau` `(H, n)`, the deviations of $v$ and $s\,t_ik$; a score moves by at
    most $\varepsilon$ `first` + $\varepsilon^2$ `second`; norms of the weights `(H,)`.
    """

    field: ScoredAttention
    at: ScoredHeads
    sigma: Array
    tau: Array
    first: Array
    second: Array
    norm_query: Array
    norm_key: Array
    norm_value: Array
    norm_weights: Array

    @property
    def scale(self) -> float:
        return abs(self.field.plain.scale_value)


@dataclass(frozen=True, eq=False)
class ScoredTube:
    r"""On a tube: weights, slopes $\bar t$ and their changes, deviations of values.

    `moved_keys` is $\rho_i = s\max_j(\bar t_{ij}\varepsilon\|W_K\| +
    \Delta t_{ij}|k_j|)$, which bounds the moves of the rows $s\,t_{ij}k_j$.
    """

    weights: TubeWeights
    slope: Array
    turn: Array
    sigma: Array
    moved_keys: Array


def local_scored(field: ScoredAttention, state: Array) -> LocalScored:
    """Evaluate the local quantities of a field at a state `(n, d)`."""
    plain, at = field.plain, field.at(checked_state(state, field.features))
    scale = abs(plain.scale_value)
    W_Q, W_K, W_V = (W.astype(np.float64) for W in (plain.W_Q, plain.W_K, plain.W_V))
    P, root = at.weights, np.sqrt(at.weights)[..., None]
    keys = at.key[:, None]
    if field.soft_cap is None:
        # Softmax does not see the mean of a row; a cap does.
        keys = keys - (P @ at.key)[:, :, None]
    capped = at.slope[..., None] * at.key[:, None]
    capped = capped - np.einsum("hij,hijk->hik", P, capped)[:, :, None]
    values = at.value[:, None] - (P @ at.value)[:, :, None]
    by_query = _lengths(field, keys, W_Q)
    by_key = _lengths(field, at.query[:, None], W_K).transpose(0, 2, 1)
    norms = [spectral_norm_bound(W) for W in (W_Q, W_K, W_V)]
    product = norms[0] * norms[1]
    if field.rotary is None:
        product = norm_of_products(W_Q, W_K)
    return LocalScored(
        field=field,
        at=at,
        sigma=trace_power_norm(root * values),
        tau=scale * trace_power_norm(root * capped),
        first=scale * (by_query + by_key),
        second=scale * product,
        norm_query=norms[0],
        norm_key=norms[1],
        norm_value=norms[2],
        norm_weights=spectral_norm_bound(P),
    )


def _lengths(field: ScoredAttention, rows: Array, matrix: Array) -> Array:
    r"""$|WR_i^Tz_{ij}|$ for rows `(H, n or 1, n, k)`: `(H, n, n)`."""
    tokens = rows.shape[2]
    wide = np.broadcast_to(rows, (len(rows), tokens, *rows.shape[2:]))
    turned = field.turned(wide.transpose(0, 2, 1, 3), by=-np.arange(tokens))
    images = np.einsum("hjik,hdk->hijd", turned, matrix)
    return np.linalg.norm(images, axis=-1)


def scored_tube(local: LocalScored, radius: float) -> ScoredTube:
    """Enclose weights and slopes for every state with tokens within `radius`."""
    field, at = local.field, local.at
    with np.errstate(all="ignore"):
        eta = radius * local.first + radius * radius * local.second[:, None, None]
        slope, turn = at.slope, np.zeros_like(at.slope)
        if field.soft_cap is not None:
            cap = float(field.soft_cap)
            eta = _capped_moves(at.score, eta, cap)
            turn = eta / cap * (2 * np.abs(np.tanh(at.score / cap)) + eta / cap)
            slope, turn = np.minimum(1.0, slope + turn), np.minimum(1.0, turn)
        admissible = np.isfinite(at.logit)
        slope, turn = (np.where(admissible, part, 0.0) for part in (slope, turn))
        weights = moved_weights(at.weights, _log_weights(at), eta)
        sigma = np.sqrt(weights.ratio) * local.sigma
        sigma = sigma + radius * local.norm_value[:, None]
        reach = radius * local.norm_key[:, None, None]
        lengths = np.linalg.norm(at.key, axis=2)[:, None, :]
        moved = local.scale * (slope * reach + turn * lengths).max(axis=2)
    return ScoredTube(weights, slope, turn, sigma, moved)


def _capped_moves(score: Array, eta: Array, cap: float) -> Array:
    """How far `cap tanh(score/cap)` moves when the score moves by `eta`."""
    u, reach = score / cap, eta / cap
    up, down = u + reach, u - reach
    # As a quotient of hyperbolic functions a small difference does not cancel.
    lower = np.minimum(np.cosh(up), np.cosh(down))
    small = np.sinh(reach) / (np.cosh(u) * lower)
    large = np.maximum(np.tanh(up) - np.tanh(u), np.tanh(u) - np.tanh(down))
    return cap * np.where(reach < 1, small, large)


def _log_weights(at: ScoredHeads) -> Array:
    shifted = at.logit - at.logit.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def scored_attention_norm_tube(
    field: ScoredAttention,
    state: Array,
    radius: float,
    *,
    local: LocalScored | None = None,
    iterations: int = ITERATIONS,
    weights: HeadWeights | None = None,
) -> Bound:
    r"""Bound $\sup\|J\|_2$ over the tube.  Theorem `scored-attention-norm-tube`.

    As `attention_norm_tube`, with $\bar p_{ij}\bar t_{ij}^2$ for $\bar p_{ij}$ in the
    key part and $\bar\tau = \sqrt{\bar r}\tau + \rho$.

    **Arguments**, **Returns:** as `attention_norm_tube`.
    """
    radius = checked_nonnegative("radius", radius)
    local = local or local_scored(field, state)
    with np.errstate(over="ignore", invalid="ignore"):
        tube = scored_tube(local, radius)
        change = spectral_norm_bound(tube.weights.change)
        mixing = np.minimum(
            spectral_norm_bound(tube.weights.upper), local.norm_weights + change
        )
        masses = tube.sigma[:, :, None] ** 2 * tube.weights.upper * tube.slope**2
        keys = _along_queries(local, masses) + _moved_query(local, masses, radius)
        tau = np.sqrt(tube.weights.ratio) * local.tau + tube.moved_keys
        parts = np.stack([mixing, keys, (tube.sigma * tau).max(axis=1)])
    theorem = "scored-attention-norm-tube"
    weights = weights or finite_weights(field.plain, parts, iterations)
    return head_factored(parts, weights, theorem, "spectral-norm")


def scored_attention_deviation_tube(
    field: ScoredAttention,
    state: Array,
    radius: float,
    *,
    local: LocalScored | None = None,
    iterations: int = ITERATIONS,
    weights: HeadWeights | None = None,
) -> Bound:
    r"""Bound $\sup\|J(X) - J(X_0)\|_2$.  Theorem `scored-attention-deviation-tube`.

    As `attention_jacobian_deviation_tube`; the change of the slopes adds
    $\max_j\lambda_{\max}^{1/2}(s^2\sum_i\bar\sigma_i^2\bar p_{ij}\Delta t_{ij}^2
    q_iq_i^T)$ to the key part.

    **Arguments**, **Returns:** as `attention_norm_tube`.
    """
    radius = checked_nonnegative("radius", radius)
    local = local or local_scored(field, state)
    with np.errstate(over="ignore", invalid="ignore"):
        tube = scored_tube(local, radius)
        grown = np.sqrt(tube.weights.ratio) * radius * local.norm_value[:, None]
        kappa = tube.weights.relative
        alpha = grown + kappa * local.sigma
        at = local.at
        keys = _along_queries(local, alpha[:, :, None] ** 2 * at.weights * at.slope**2)
        masses = tube.sigma[:, :, None] ** 2 * tube.weights.upper
        keys = keys + _moved_query(local, masses * tube.slope**2, radius)
        if field.soft_cap is not None:
            keys = keys + _along_queries(local, masses * tube.turn**2)
        queries = (kappa * local.sigma + grown) * local.tau
        queries = queries + tube.sigma * tube.moved_keys
        mixing = spectral_norm_bound(tube.weights.change)
        parts = np.stack([mixing, keys, queries.max(axis=1)])
    theorem = "scored-attention-deviation-tube"
    weights = weights or finite_weights(field.plain, parts, iterations)
    return head_factored(parts, weights, theorem, "jacobian-deviation")


def _along_queries(local: LocalScored, masses: Array) -> Array:
    """max_j sqrt(lambda_max(s^2 sum_i mass_ij q_i q_i^T)) per head, `(H,)`."""
    roots = np.sqrt(masses).transpose(0, 2, 1)[..., None]
    return trace_power_norm(local.scale * roots * local.at.query[:, None]).max(axis=1)


def _moved_query(local: LocalScored, masses: Array, radius: float) -> Array:
    """s eps |W_Q| max_j sqrt(sum_i mass_ij) per head, `(H,)`."""
    most = masses.sum(axis=1).max(axis=1)
    return local.scale * radius * local.norm_query * np.sqrt(most)
