r"""Bounds from the literature, as baselines: none of them enters a certificate.

The texts of the papers were not at hand: each constant is quoted as this project's
ledger recalls it and is held only by the tests, which try to exceed it.  `BASELINES`
says where each comes from and where it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array
from stabcheck.errors import InvalidInput


@dataclass(frozen=True)
class Baseline:
    """A published bound: its function, where it stands, and how we know it."""

    bound: Callable[..., float]
    source: str
    status: str


def naive_ball(value: float, form: float, radius: float, tokens: int) -> float:
    r"""$v(\sqrt n + nR^2\lVert A\rVert)$: softmax is 1/2-Lipschitz, $|X| \le \sqrt nR$.

    **Arguments:** `value` $v = \lVert V\rVert$, `form` $\lVert A\rVert$, `radius` $R$
    of every token, `tokens` $n$.
    """
    return value * (sqrt(tokens) + tokens * radius**2 * form)


def castin_ball(value: float, form: float, radius: float, tokens: int) -> float:
    r"""$\sqrt3\,v\,(\lVert A\rVert^2R^4(4n + 1) + n)^{1/2}$.

    **Arguments:** as `naive_ball`.
    """
    inner = form**2 * radius**4 * (4 * tokens + 1) + tokens
    return sqrt(3) * value * sqrt(inner)


def castin_mean_field(
    value: float, form: float, radius: float, *, masked: bool
) -> float:
    r"""$v(1 + 3\alpha)e^{2\alpha}$, $\alpha = \lVert A\rVert R^2$, free of the tokens.

    **Raises:** `InvalidInput` under a mask: the distance between measures that it
    rests on does not see the order of the tokens, and it is exceeded there.
    """
    if masked:
        raise InvalidInput(
            "asked for the mean-field bound under a mask, where it does not hold; use "
            "a bound for masked attention"
        )
    alpha = form * radius**2
    return value * (1 + 3 * alpha) * exp(2 * alpha)


def yudin_point(field: Attention, state: Array) -> float:
    r"""$v(\lVert P\rVert + 2\lVert X\rVert^2\lVert A\rVert\max_ig_1(p_i))$ at a state.

    $g_1(p) = p_{(1)}(1 - p_{(1)} + p_{(2)})$ bounds $\lVert\operatorname{diag}p -
    pp^{\mathsf T}\rVert$.  Heads add.
    """
    query, key, _ = field.projections(state)
    weights = field.attention_weights(query, key)
    top = np.sort(weights, axis=-1)[..., ::-1]
    second = top[..., 1] if top.shape[-1] > 1 else 0.0
    spread = (top[..., 0] * (1 - top[..., 0] + second)).max(axis=-1)
    W_Q, W_K, W_V = (W.astype(np.float64) for W in (field.W_Q, field.W_K, field.W_V))
    form = _norms(field.scale_value * W_Q @ W_K.transpose(0, 2, 1))
    if field.b_Q is not None:
        raise InvalidInput("asked for the bound at a point, found a query bias")
    through = _norms(W_V @ field.output_matrices())
    square = np.linalg.norm(state, 2) ** 2
    return float(through @ (_norms(weights) + 2 * square * form * spread))


def kim_norm(
    query: Array, value: Array, output: float, tokens: int, inverse: float
) -> float:
    r"""$\frac{\sqrt n}{\sqrt{d_h}}(4c + 1)(\sum_h\lVert W_Q^h\rVert^2\lVert
    W_V^h\rVert^2)^{1/2}\lVert W_O\rVert$ for tied attention by distance.

    **Arguments:** `query` $W_Q$ `(H, d, d_h)`; `value` $W_V$ `(H, d, d_h)`; `output`
    the norm of $W_O$; `inverse` $c$ with $ce^{c+1} = n - 1$.
    """
    heads = (_norms(query) ** 2 * _norms(value) ** 2).sum()
    width = query.shape[-1]
    return float(sqrt(tokens / width) * (4 * inverse + 1) * sqrt(heads) * output)


def kim_row_sum(query: Array, value: Array, output: float, inverse: float) -> float:
    r"""The bound in the norm of largest row sums, arguments as `kim_norm`.

    $(4c + d_h^{-1/2})\lVert W_O^T\rVert_\infty\max_h\lVert W_Q^h\rVert_\infty\lVert
    W_Q^{hT}\rVert_\infty\max_h\lVert W_V^{hT}\rVert_\infty$.
    """
    rows, columns = np.abs(query).sum(axis=2), np.abs(query).sum(axis=1)
    keys = (rows.max(axis=1) * columns.max(axis=1)).max()
    values = np.abs(value).sum(axis=1).max()
    return float((4 * inverse + query.shape[-1] ** -0.5) * output * keys * values)


def lipsformer_norm(
    norms: tuple[float, float, float],
    temperature: float,
    output: float,
    epsilon: float,
    tokens: int,
) -> float:
    r"""$\nu\epsilon^{-1/2}(2n(n-1)\tau W_K + 2(n-1)\tau W_Q + 2nW_V)$ for cosines.

    **Arguments:** `norms` of $W_Q$, $W_K$, $W_V$; `temperature` $\tau$; `output`
    $\nu$; `epsilon`; `tokens` $n$.
    """
    query, key, value = norms
    others = tokens - 1
    inner = 2 * tokens * others * temperature * key + 2 * others * temperature * query
    return output * (inner + 2 * tokens * value) / sqrt(epsilon)


def _norms(matrices: Array) -> Array:
    return np.linalg.norm(matrices, 2, axis=(-2, -1))


_RECALLED = "constant as this project's ledger recalls it; not read in the paper"

BASELINES: dict[str, Baseline] = {
    "naive": Baseline(naive_ball, "folklore", "proved: two lines"),
    "castin-ball": Baseline(
        castin_ball, "Castin, Ablin, Peyre, arXiv:2312.14820, Theorem 3.3", _RECALLED
    ),
    "castin-mean-field": Baseline(
        castin_mean_field,
        "Castin, Ablin, Peyre, arXiv:2312.14820",
        f"{_RECALLED}; exceeded under a causal mask",
    ),
    "yudin-point": Baseline(
        yudin_point,
        "Yudin et al., arXiv:2507.07814",
        "reconstructed from the abstract; proved here for one head without biases",
    ),
    "kim-2": Baseline(
        kim_norm, "Kim, Papamakarios, Mnih, arXiv:2006.04710, Theorem 3.2", _RECALLED
    ),
    "kim-inf": Baseline(
        kim_row_sum, "Kim, Papamakarios, Mnih, arXiv:2006.04710, Theorem 3.2", _RECALLED
    ),
    "lipsformer": Baseline(
        lipsformer_norm, "Qi et al., arXiv:2304.09856, Theorem 1", _RECALLED
    ),
}
"""The baselines by name."""
