r"""Attention to a context: the keys and values belong to another sequence, declared."""

from __future__ import annotations

from sympy import S

from stabcheck.fields.notation import (
    W_O,
    W_Q,
    H,
    X,
    a,
    b_K,
    b_O,
    b_Q,
    c,
    e,
    h,
    i,
    inverse_temperature,
    k_c,
    l_c,
    r,
    s,
    scale,
)
from stabcheck.fields.options import checked_count, checked_flag
from stabcheck.symbolic import Declaration, Field, Softmax, Tensor, total

b_V = Tensor("b_V", (h, s))
W_K, W_V = Tensor("W_K", (h, e, r)), Tensor("W_V", (h, e, s))
Y = Tensor("Y", (k_c, e))
mask_tensor = Tensor("mask", (i, k_c), zero_one=True)
patterns = Tensor("Y", (k_c, c))


def cross_attention(
    *, heads: int = 1, mask: bool = False, biases: bool = False
) -> Field:
    r"""Attention to the tokens of a context $Y$, which is a parameter.

    $$F(X)_i = \sum_h \sum_k P^h_{ik}\,(W_V^{hT} y_k + b_V^h)\,W_O^h + b_O,\quad
    P^h_i = \operatorname{softmax}_k\; s\,(W_Q^{hT} x_i + b_Q^h) \cdot
    (W_K^{hT} y_k + b_K^h)$$

    Every token moves by itself: $J_{ij} = 0$ for $i \ne j$.

    **Arguments:** `heads`, how many; `mask`, whether a parameter `mask` `(n, n_c)` of
    zeros and ones says what a token sees; `biases`, whether the projections have
    biases.

    **Returns:** a field with parameters `Y` `(n_c, d_c)`, `W_Q` `(H, d, d_k)`, `W_K`
    `(H, d_c, d_k)`, `W_V` `(H, d_c, d_v)`, `W_O` `(H d_v, d)`, `scale`.

    **Raises:** `InvalidInput`.
    """
    name = "cross-attention"
    settings = {
        "heads": checked_count(name, "heads", heads),
        "mask": checked_flag(name, "mask", mask),
        "biases": checked_flag(name, "biases", biases),
    }
    parameters = (Y, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V, b_O, mask_tensor, scale)
    has, sees = int(biases), mask_tensor[i, l_c] if mask else S.One

    F = Declaration(name, X, parameters, **settings)
    q = F.let("q", (h, i, r), total(W_Q[h, c, r] * X[i, c], c) + has * b_Q[h, r])
    key = total(W_K[h, e, r] * Y[k_c, e], e) + has * b_K[h, r]
    k = F.let("k", (h, k_c, r), key)
    value = total(W_V[h, e, s] * Y[k_c, e], e) + has * b_V[h, s]
    v = F.let("v", (h, k_c, s), value)
    logits = scale.symbol * total(q[h, i, r] * k[h, l_c, r], r)
    P = F.let("P", (h, i, k_c), Softmax(k_c, l_c, logits, sees))
    mean = total(P[h, i, k_c] * v[h, k_c, s] * W_O[h, s, a], h, k_c, s)
    return F.returns((i, a), mean + has * b_O[a], sizes={H: heads})


def hopfield() -> Field:
    r"""The modern Hopfield field, $\sum_k P_{ik}\, y_k - x_i$ with patterns $y_k$.

    $P_i = \operatorname{softmax}_k\, \beta\, x_i \cdot y_k$; it is the negative
    gradient of $|x|^2/2 - \beta^{-1} \log \sum_k e^{\beta\, x \cdot y_k}$ for each
    token, and its Euler step of size 1 is the retrieval of Ramsauer et al. 2020,
    arXiv:2008.02217.

    **Returns:** a field with parameters `Y` `(n_c, d)` and the number
    `inverse_temperature`, which is `1/sqrt(d)` unless given.
    """
    F = Declaration("hopfield", X, (patterns, inverse_temperature))
    logits = inverse_temperature.symbol * total(X[i, c] * patterns[l_c, c], c)
    P = F.let("P", (i, k_c), Softmax(k_c, l_c, logits))
    return F.returns((i, a), total(P[i, k_c] * patterns[k_c, a], k_c) - X[i, a])
