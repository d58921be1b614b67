r"""Attention that descends an energy, declared."""

from __future__ import annotations

from stabcheck.fields.heads import Heads
from stabcheck.fields.notation import H, X, a, h, i, k, l, mask_tensor, r, scale
from stabcheck.fields.options import checked_count, checked_flag
from stabcheck.fields.scores import admissible, dot
from stabcheck.symbolic import Declaration, Field, Softmax, total


def energy_attention(
    *, heads: int = 1, causal: bool = False, mask: bool = False
) -> Field:
    r"""$-\nabla E$ of $E = -s^{-1} \sum_h \sum_i \log \sum_k e^{s\,q_i \cdot k_k}$.

    $$F(X)_i = \sum_h W_Q^h \sum_k P^h_{ik} k_k + W_K^h \sum_k P^h_{ki} q_k$$

    A token is drawn to the keys that it attends to, and to the queries that attend to
    it; the Jacobian is symmetric (Hoover et al. 2023, arXiv:2302.07253).

    **Arguments:** `heads`, how many; `causal` and `mask` as for `attention`.

    **Returns:** a field with parameters `W_Q`, `W_K` `(H, d, d_k)` and `scale`.

    **Raises:** `InvalidInput`.
    """
    name = "energy-attention"
    sees = {
        "causal": checked_flag(name, "causal", causal),
        "mask": checked_flag(name, "mask", mask),
    }
    count, layout = checked_count(name, "heads", heads), Heads()
    W_Q, W_K, *_ = layout.parameters
    F = Declaration(name, X, (W_Q, W_K, mask_tensor, scale), heads=count, **sees)
    q, key = layout.projected(F, names="qk")
    logit = scale.symbol * dot(q[h, i, r], key[h, l, r], (r,))
    seen = admissible(l, window=None, **sees)
    P = F.let("P", (h, i, k), Softmax(k, l, logit, seen))
    drawn = total(P[h, i, k] * key[h, k, r] * W_Q[h, a, r], h, k, r)
    followed = total(P[h, k, i] * q[h, k, r] * W_K[h, a, r], h, k, r)
    return F.returns((i, a), drawn + followed, sizes={H: count})
