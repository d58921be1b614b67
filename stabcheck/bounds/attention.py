r"""Norm and deviation of the attention Jacobian over a tube, factored over the heads.

Both bounds read $Jz = \sum_h W_O^{hT}o^h$ with

$$o_i^h = \sum_j p_{ij}W_V^Tz_j + \operatorname{Cov}_i(v, s\,q_i\cdot W_K^Tz_j)
 + s\operatorname{Cov}_i(v, k)\,W_Q^Tz_i ,$$

bound $|o^h| \le a_h|W_V^Tz| + e_h|W_K^Tz| + d_h|W_Q^Tz|$ and sum the heads with the
weights of `balance`.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.balance import (
    ITERATIONS,
    HeadWeights,
    finite_weights,
    head_factored,
)
from stabcheck.bounds.bound import Bound
from stabcheck.bounds.local_attention import (
    LocalAttention,
    TubeWeights,
    local_attention,
    tube_weights,
)
from stabcheck.bounds.norms import spectral_norm_bound, trace_power_norm
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_nonnegative


def attention_norm_tube(
    attention: Attention,
    state: Array,
    radius: float,
    *,
    local: LocalAttention | None = None,
    iterations: int = ITERATIONS,
    weights: HeadWeights | None = None,
) -> Bound:
    r"""Bound $\sup\|J\|_2$ over the tube.  Theorem `attention-norm-tube`.

    $a_h = \min(\|\bar P\|, \|P\| + \|\max(\bar p - p, p - \underline p)\|)$,
    $e_h = \max_j\sqrt{\lambda_{\max}(s^2\sum_i\bar\sigma_i^2\bar p_{ij}q_iq_i^T)} +
    s\varepsilon\|W_Q\|\max_j\sqrt{\sum_i\bar\sigma_i^2\bar p_{ij}}$,
    $d_h = \max_i\bar\sigma_i\bar\tau_i$ with $\bar\sigma = \sqrt{\bar r}\sigma +
    \varepsilon\|W_V\|$, $\bar\tau = \sqrt{\bar r}\tau + \varepsilon s\|W_K\|$.

    Proof: variance is at most the second moment about the centre's mean,
    $p' \le \bar r p$, the triangle inequality in $L^2(p')$, and
    $|\operatorname{Cov}(f, g)| \le \bar\sigma\,(E g^2)^{1/2}$ summed over the tokens.

    **Arguments:** `state` `(n, d)`; `radius`, of every token; `local`, the local
    quantities at `state` when they are known already; `weights` of the
    heads, when they are known already; else `iterations` are spent on them.

    **Returns:** parameters `output`, `value`, `key`, `query`: H weights each.
    """
    local, radius = _prepared(attention, state, radius, local)
    tube = tube_weights(local, radius)
    with np.errstate(over="ignore", invalid="ignore"):
        sigma, tau = _inflated(local, tube, radius)
        change = spectral_norm_bound(tube.change)
        mixing = np.minimum(
            spectral_norm_bound(tube.upper), local.norm_weights + change
        )
        keys = _key_part(local, sigma**2, tube.upper)
        keys = keys + _moved_query_part(local, tube, sigma, radius)
        parts = np.stack([mixing, keys, (sigma * tau).max(axis=1)])
    weights = weights or finite_weights(attention, parts, iterations)
    return head_factored(parts, weights, "attention-norm-tube", "spectral-norm")


def attention_jacobian_deviation_tube(
    attention: Attention,
    state: Array,
    radius: float,
    *,
    local: LocalAttention | None = None,
    iterations: int = ITERATIONS,
    weights: HeadWeights | None = None,
) -> Bound:
    r"""Bound $\sup\|J(X) - J(X_0)\|_2$.  Theorem `attention-jacobian-deviation-tube`.

    $a_h = \|\max(\bar p - p, p - \underline p)\|$, and with $\alpha_i =
    \sqrt{\bar r_i}\varepsilon\|W_V\| + \kappa_i\sigma_i$,
    $e_h = \max_j\sqrt{\lambda_{\max}(s^2\sum_i\alpha_i^2p_{ij}q_iq_i^T)} +
    s\varepsilon\|W_Q\|\max_j\sqrt{\sum_i\bar\sigma_i^2\bar p_{ij}}$,
    $d_h = \max_i[\kappa_i\sigma_i\tau_i + \sqrt{\bar r_i}\varepsilon(\|W_V\|\tau_i +
    s\|W_K\|\sigma_i) + \varepsilon^2s\|W_V\|\|W_K\|]$.

    Proof: $|\operatorname{Cov}_{p'} - \operatorname{Cov}_p| \le \kappa
    \operatorname{Cov}_p$ as quadratic forms, because $\underline r\,p \le p' \le
    \bar r\,p$ and a variance is a minimum over centres of a second moment; and
    $\operatorname{Cov}_{p'}(v', \psi') - \operatorname{Cov}_p(v, \psi) =
    \operatorname{Cov}_{p'}(v', \psi' - \psi) + \operatorname{Cov}_{p'}(v' - v, \psi) +
    [\operatorname{Cov}_{p'} - \operatorname{Cov}_p](v, \psi)$.

    **Arguments**, **Returns:** as `attention_norm_tube`.
    """
    local, radius = _prepared(attention, state, radius, local)
    tube = tube_weights(local, radius)
    scale, nV, nK = local.scale, local.norm_value[:, None], local.norm_key[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        root = np.sqrt(tube.ratio)
        sigma, _ = _inflated(local, tube, radius)
        alpha = root * radius * nV + tube.relative * local.sigma
        keys = _key_part(local, alpha**2, local.weights)
        keys = keys + _moved_query_part(local, tube, sigma, radius)
        diagonal = (
            tube.relative * local.sigma * local.tau
            + root * radius * (nV * local.tau + scale * nK * local.sigma)
            + radius * radius * scale * nV * nK
        )
        mixing = spectral_norm_bound(tube.change)
        parts = np.stack([mixing, keys, diagonal.max(axis=1)])
    weights = weights or finite_weights(attention, parts, iterations)
    theorem = "attention-jacobian-deviation-tube"
    return head_factored(parts, weights, theorem, "jacobian-deviation")


def _prepared(
    attention: Attention,
    state: Array,
    radius: float,
    local: LocalAttention | None,
) -> tuple[LocalAttention, float]:
    radius = checked_nonnegative("radius", radius)
    return local or local_attention(attention, state), radius


def _inflated(
    local: LocalAttention, tube: TubeWeights, radius: float
) -> tuple[Array, Array]:
    """Deviations of values and keys on the tube, `(H, n)` each."""
    root = np.sqrt(tube.ratio)
    sigma = root * local.sigma + radius * local.norm_value[:, None]
    tau = root * local.tau + radius * local.scale * local.norm_key[:, None]
    return sigma, tau


def _key_part(local: LocalAttention, factors: Array, weights: Array) -> Array:
    """max_j sqrt(lambda_max(s^2 sum_i f_i w_ij q_i q_i^T)) per head, `(H,)`."""
    roots = np.sqrt(factors[:, :, None] * weights).transpose(0, 2, 1)
    scaled = local.scale * roots[..., None] * local.query[:, None]
    return trace_power_norm(scaled).max(axis=1)


def _moved_query_part(
    local: LocalAttention, tube: TubeWeights, sigma: Array, radius: float
) -> Array:
    """What the moved queries add to the key part, per head, `(H,)`."""
    column_mass = (sigma[:, :, None] ** 2 * tube.upper).sum(axis=1).max(axis=1)
    return local.scale * radius * local.norm_query * np.sqrt(column_mass)
