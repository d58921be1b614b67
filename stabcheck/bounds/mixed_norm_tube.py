r"""The mixed norm of attention over a tube: the largest token of $Jv$."""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.local_attention import (
    LocalAttention,
    local_attention,
    tube_weights,
)
from stabcheck.bounds.norms import norm_of_products, trace_power_norm
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_nonnegative


def attention_mixed_norm_tube(
    attention: Attention,
    state: Array,
    radius: float,
    *,
    local: LocalAttention | None = None,
) -> Bound:
    r"""Bound $\sup\|J\|_{\infty,2}$ over a tube.  Theorem `attention-mixed-norm-tube`.

    In row $i$, with $F_i = \|[\sqrt{\bar p_{ij}}\,y_{ij}]_jU^T\| + \varepsilon\|U\|$,
    $T_i = \|[\sqrt{\bar p_{ij}}\,y_{ij}]_jA^T\| + \varepsilon\|A\|$ and $\hat a_i =
    |a_i| + \varepsilon\|A\|$: $\sqrt{\|U\|^2 + F_i^2\hat a_i^2} + F_iT_i$, summed over
    the heads, or the same before the output matrix, concatenated.

    Proof: $|UE_iv| + |\operatorname{Cov}_i(Ux, a_i\cdot v)| \le \|U\|e + F_i\hat
    a_i\sqrt{1 - e^2}$ with $e = |E_iv|$, since $E_i|v|^2 \le 1$.

    **Arguments:** `state` `(n, d)`; `radius`, of every token; `local`, the local
    quantities at `state` when they are known already.
    """
    local = local or local_attention(attention, state)
    radius = checked_nonnegative("radius", radius)
    with np.errstate(over="ignore", invalid="ignore"):
        roots = np.sqrt(tube_weights(local, radius).upper)[..., None]
        outputs = attention.output_matrices()
        W_Q, W_V = (W.astype(np.float64) for W in (attention.W_Q, attention.W_V))
        moved_form = radius * local.norm_form[:, None]
        spread = roots * local.value_deviation
        turned = roots * local.key_deviation @ W_Q.transpose(0, 2, 1)[:, None]
        slopes = local.query_slope + moved_form
        keys = local.scale * trace_power_norm(turned) + moved_form

        def rows(norm: Array, deviations: Array) -> Array:
            reach = trace_power_norm(deviations) + radius * norm[:, None]
            means = np.sqrt(norm[:, None] ** 2 + (reach * slopes) ** 2)
            return means + reach * keys

        through = norm_of_products(W_V, outputs.transpose(0, 2, 1))
        summed = rows(through, spread @ outputs[:, None]).sum(axis=0)
        before = rows(local.norm_value, spread)
        joined = trace_power_norm(outputs.reshape(-1, attention.features))
        joined = joined * np.sqrt((before**2).sum(axis=0))
        value = float(np.minimum(summed, joined).max())
    if not np.isfinite(value):
        return Bound("attention-mixed-norm-tube", "mixed-norm", np.inf)
    return Bound(
        "attention-mixed-norm-tube", "mixed-norm", outward("mixed-norm", value)
    )
