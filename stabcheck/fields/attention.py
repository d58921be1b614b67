r"""Softmax attention, declared.

$$F(X)_i = \sum_h \sum_k P^h_{ik}\,(W_V^{hT} x_k + b_V^h)\,W_O^h + b_O,$$
$$P^h_i = \operatorname{softmax}_k\; s\,(W_Q^{hT} x_i + b_Q^h) \cdot
(W_K^{hT} x_k + b_K^h)$$
"""

from __future__ import annotations

from sympy import Heaviside

from stabcheck.errors import InvalidInput
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    H,
    X,
    a,
    b_K,
    b_O,
    b_Q,
    c,
    h,
    i,
    k,
    l,
    mask_tensor,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Declaration, Field, Softmax, Tensor, total


def attention(
    *,
    heads: int = 1,
    causal: bool = False,
    mask: bool = False,
    bias: bool | str = False,
    biases: bool = False,
    output: bool = True,
) -> Field:
    r"""Multi-head softmax attention.

    **Arguments:** `heads`, how many; `causal`, whether a token sees only itself and
    earlier ones; `mask`, whether a parameter `mask` `(n, n)` of zeros and ones says
    what a token sees; `bias`, whether a parameter `bias` is added to the logits:
    `True` for `(n, n)`, `"head"` for `(H, n, n)`; `biases`, whether the projections
    have biases `b_Q`, `b_K` `(H, d_k)`, `b_V` `(H, d_v)`, `b_O` `(d,)`; `output`,
    whether there is a `W_O` `(H d_v, d)`; without it one head with `d_v = d`.

    **Returns:** a field with parameters `W_Q`, `W_K` `(H, d, d_k)`, `W_V` `(H, d, d_v)`
    and `scale`, which is `1/sqrt(d_k)` unless given.

    **Raises:** `InvalidInput`.
    """
    settings = {
        "heads": _checked_heads(heads, output),
        "causal": _checked_flag("causal", causal),
        "mask": _checked_flag("mask", mask),
        "bias": "head" if bias == "head" else _checked_flag("bias", bias),
        "biases": _checked_flag("biases", biases),
        "output": _checked_flag("output", output),
    }
    v = s if output else a  # the index of a value: the features themselves if no W_O
    W_V, b_V = Tensor("W_V", (h, c, v)), Tensor("b_V", (h, v))
    at = (h, i, l) if bias == "head" else (i, l)
    B, M = Tensor("bias", at), mask_tensor
    parameters = (W_Q, W_K, W_V, W_O, b_Q, b_K, b_V, b_O, M, B, scale)
    sees = (M[i, l] if mask else 1) * (Heaviside(i - l, 1) if causal else 1)
    has, biased, out = int(biases), int(bool(bias)), W_O[h, s, a] if output else 1

    F = Declaration(_name(settings), X, parameters, **settings)
    q = F.let("q", (h, i, r), total(W_Q[h, c, r] * X[i, c], c) + has * b_Q[h, r])
    key = F.let("k", (h, k, r), total(W_K[h, c, r] * X[k, c], c) + has * b_K[h, r])
    value = F.let("v", (h, k, v), total(W_V[h, c, v] * X[k, c], c) + has * b_V[h, v])
    logits = scale.symbol * total(q[h, i, r] * key[h, l, r], r) + biased * B[at]
    P = F.let("P", (h, i, k), Softmax(k, l, logits, sees))
    mean = total(P[h, i, k] * value[h, k, v] * out, h, k, *((s,) if output else ()))
    return F.returns((i, a), mean + has * b_O[a], sizes={H: heads})


def _name(settings: dict[str, object]) -> str:
    words = {"causal": "causal", "mask": "masked", "biases": "biased"}
    chosen = [word for key, word in words.items() if settings[key]]
    return "-".join([*chosen, "attention"])


def _checked_heads(heads: int, output: bool) -> int:
    if isinstance(heads, bool) or not isinstance(heads, int) or heads < 1:
        raise InvalidInput(
            f"asked for attention with heads={heads!r}; give a whole number of at "
            "least 1"
        )
    if heads > 1 and not output:
        raise InvalidInput(
            f"asked for attention with {heads} heads and no W_O, found nothing that "
            "brings the heads together; leave output=True"
        )
    return heads


def _checked_flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(
            f"asked for attention with {name}={value!r}; give True or False"
        )
    return value
