r"""Attention with rotary positions or a soft cap on a ball of tokens.

With $\hat q = \|W_Q\|R + |b_Q|$, $\hat k = \|W_K\|R + |b_K|$ a head has slopes of at
most $\hat a = s\hat q\|W_K\|$ and $\hat b = s\hat k\|W_Q\|$; its logits spread by at
most $\min(2s\hat q\hat k, 2c)$ in a row, and by the spread of the score bias.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import norm_of_products, spectral_norm_bound
from stabcheck.bounds.scored_attention import ScoredAttention
from stabcheck.bounds.validation import Array, checked_count, checked_nonnegative
from stabcheck.errors import InvalidInput

QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")


def scored_attention_ball(
    field: ScoredAttention, radius: float, tokens: int, quantity: str
) -> Bound:
    r"""Bound a quantity where every token has norm at most `radius`.

    Theorem `scored-attention-ball`: $\sum_h\|U_h\|(\sqrt{m_h} + R\hat a_h\sqrt{g_h} +
    R\hat b_h)$, $m$ the largest column sum of $\bar p_i = 1/(1 + (k_i - 1)e^{-D_i})$
    over the rows that see the column, $g$ that of $\max_{p \le \bar p_i}
    p\operatorname{vf}(p)$; both are 1 for `mixed-norm`, whose bound is free of n.

    **Raises:** `InvalidInput` for another quantity.
    """
    if quantity not in QUANTITIES:
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds {', '.join(QUANTITIES)}"
        )
    radius = checked_nonnegative("radius", radius)
    tokens, plain = checked_count("tokens", tokens), field.plain
    scale = abs(plain.scale_value)
    norm_query, norm_key = (
        spectral_norm_bound(W.astype(np.float64)) for W in (plain.W_Q, plain.W_K)
    )
    query = norm_query * radius + _lengths(plain.b_Q, plain.heads)
    key = norm_key * radius + _lengths(plain.b_K, plain.heads)
    spread = 2 * scale * query * key
    if field.soft_cap is not None:
        spread = np.minimum(spread, 2 * float(field.soft_cap))
    one = np.ones(plain.heads)
    mixing, moving = (one, one)
    if quantity != "mixed-norm":
        mixing, moving = _column_masses(field, tokens, spread)
    outputs = plain.output_matrices().transpose(0, 2, 1)
    through = norm_of_products(plain.W_V.astype(np.float64), outputs)
    sent = radius * scale * query * norm_key * np.sqrt(moving)
    received = radius * scale * key * norm_query
    value = float((through * (np.sqrt(mixing) + sent + received)).sum())
    value = -value if quantity == "log-norm-lower" else value
    return Bound("scored-attention-ball", quantity, outward(quantity, value))


def _lengths(biases: Array | None, heads: int) -> Array:
    if biases is None:
        return np.zeros(heads)
    return np.linalg.norm(biases.astype(np.float64), axis=1)


def _column_masses(
    field: ScoredAttention, tokens: int, spread: Array
) -> tuple[Array, Array]:
    """The largest column sums of weights, and of weights times variances: `(H,)`."""
    plain = field.plain
    seen = plain.admissible(tokens)
    total = np.repeat(spread[:, None], tokens, axis=1)
    if plain.bias is not None:
        bias = np.broadcast_to(plain.bias, (plain.heads, tokens, tokens))
        above = np.where(seen, bias, -np.inf).max(axis=2)
        total = total + above - np.where(seen, bias, np.inf).min(axis=2)
    keys = seen.sum(axis=1)
    top = 1 / (1 + (keys - 1) * np.exp(-total))
    # Up to 1/2 the mass is the weight; 4 p^2 (1 - p) rises up to p = 2/3.
    p = np.clip(top, 0.5, 2 / 3)
    share = np.where(top <= 0.5, top, 4 * p * p * (1 - p))
    share = np.where(keys == 1, 0.0, share)
    return tuple((part @ seen.astype(np.float64)).max(axis=1) for part in (top, share))
