r"""Ties between weights: what makes a matrix skew, or values minus the logits' map.

The parameters returned are those of `stabcheck.fields.attention`: $A_h = s\,W_Q^h
W_K^{hT}$ with $s$ the `scale`, $V_h = W_V^h W_O^h$.
"""

from __future__ import annotations

from typing import Any


def tied_negative(W_Q: Any, W_K: Any, *, kappa: float, scale: float) -> dict[str, Any]:
    r"""Attention with $V_h = -\kappa A_h^T$: values are keys, $W_O = -\kappa s W_Q^T$.

    **Arguments:** `W_Q`, `W_K` `(H, d, d_k)`; `kappa`; `scale`, $s$.
    """
    heads, d, width = W_Q.shape
    back = W_Q.swapaxes(-1, -2).reshape(heads * width, d)
    W_O = -kappa * scale * back
    return {"W_Q": W_Q, "W_K": W_K, "W_V": W_K, "W_O": W_O, "scale": scale}


def gram(W: Any, *, kappa: float, scale: float) -> dict[str, Any]:
    r"""The same with $A_h = s\,W_h W_h^T$: one matrix `(H, d, d_k)` for each head."""
    return tied_negative(W, W, kappa=kappa, scale=scale)


def skew(M: Any) -> Any:
    """$M - M^T$, of norm at most twice that of M; `(..., d, d)`."""
    return M - M.swapaxes(-1, -2)
