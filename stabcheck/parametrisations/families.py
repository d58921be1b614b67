r"""Whole branches inside a family: raw arrays to the parameters of a declared field.

Each function returns the parameters by their names and the vectors of power iteration
to carry on; `start_vectors` makes the first ones.  While weights move fast one step of
power iteration lags behind: `settled` brings the vectors up to date before weights are
kept.  Without vectors the closed form of `capped_by_powers` holds the caps at every
step, a few percent below them.  `certified_attention` and `certified_norm` prove them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stabcheck.parametrisations.spectral import (
    MARGIN,
    capped,
    capped_by_powers,
    power_norm,
    start_vector,
)

Arrays = Mapping[str, Any]
Parametrised = tuple[dict[str, Any], dict[str, Any]]

SETTLING = 200
"""After k steps the estimate is short by a share of about log(n)/(4k)."""


def start_vectors(raw: Arrays) -> dict[str, Any]:
    """A vector for every matrix among raw arrays; for every block of `W_O`."""
    matrices = {name: w for name, w in _by_head(raw).items() if w.ndim >= 2}
    return {name: start_vector(w) for name, w in matrices.items()}


def settled(raw: Arrays, vectors: Arrays, *, steps: int = SETTLING) -> dict[str, Any]:
    """The vectors after power iteration alone, for weights that no longer move."""
    blocks = _by_head(raw)
    return {n: power_norm(blocks[n], v, steps=steps)[1] for n, v in vectors.items()}


def bounded_attention(
    raw: Arrays,
    vectors: Arrays | None = None,
    *,
    alpha: float,
    value: float,
    radius: float,
    margin: float = MARGIN,
) -> Parametrised:
    r"""Attention with $\lVert A_h \rVert \le \alpha/\rho^2$, $\sum_h \lVert V_h \rVert
    \le v$ whatever is learned.

    Queries, keys, values and the blocks of `W_O` are capped at norm 1; the `scale` is
    $\alpha/\rho^2$ in place of $1/\sqrt{d_k}$ and `W_O` is multiplied by $v/H$.

    **Arguments:** `raw` and `vectors`, `W_Q`, `W_K`, `W_V` `(H, d, ...)`, `W_O`
    `(H d_v, d)` and their vectors (absent: the closed form); `alpha`; `value`, $v$;
    `radius`, $\rho$, of the tokens that the logits see; `margin`, as for `capped`.
    """
    heads = raw["W_Q"].shape[0]
    blocks = _by_head(raw)
    made, carried = _capped(blocks, vectors, dict.fromkeys(blocks, 1.0), margin)
    made["W_O"] = value / heads * made["W_O"].reshape(raw["W_O"].shape)
    return {**made, "scale": alpha / radius**2}, carried


def bounded_feed_forward(
    raw: Arrays,
    vectors: Arrays | None = None,
    *,
    first: float,
    second: float,
    margin: float = MARGIN,
) -> Parametrised:
    r"""A feed-forward branch with caps on $\lVert W_1 \rVert$ and $\lVert W_2 \rVert$.

    **Arguments:** `raw`, `W_1` `(d, m)`, `b_1`, `W_2` `(m, d)`, `b_2`; `vectors` of the
    two matrices (absent: the closed form); `first` and `second`, their caps; `margin`,
    as for `capped`.
    """
    return _capped(raw, vectors, {"W_1": first, "W_2": second}, margin)


def bounded_gradient_feed_forward(
    raw: Arrays,
    vectors: Arrays | None = None,
    *,
    step: float,
    slope: float = 1.0,
    margin: float = MARGIN,
) -> Parametrised:
    r"""A gradient branch $-\phi(xW + b)W^T$ that a step of this size does not expand.

    Caps $\lVert W \rVert^2$ at $2/(hs)$ for the step $h$ and slopes up to $s$.

    **Arguments:** `raw`, `W` `(d, m)` and `b` `(m,)`; `vectors` of `W` (absent: the
    closed form); `step`, $h$; `slope`, $s$: 1 for ReLU, softplus, tanh, 1/4 for the
    sigmoid; `margin`, as for `capped`.
    """
    return _capped(raw, vectors, {"W": (2 / (step * slope)) ** 0.5}, margin)


def _capped(
    raw: Arrays, vectors: Arrays | None, caps: Mapping[str, float], margin: float
) -> Parametrised:
    made, carried = dict(raw), dict(vectors or {})
    for name, cap in caps.items():
        if vectors is None:
            made[name] = capped_by_powers(raw[name], cap)
            continue
        made[name], carried[name] = capped(raw[name], vectors[name], cap, margin=margin)
    return made, carried


def _by_head(raw: Arrays) -> dict[str, Any]:
    """The output matrix of attention, if there is one, in blocks `(H, d_v, d)`."""
    if "W_O" not in raw:
        return dict(raw)
    W_O, heads = raw["W_O"], raw["W_Q"].shape[0]
    return {**raw, "W_O": W_O.reshape(heads, -1, W_O.shape[-1])}
