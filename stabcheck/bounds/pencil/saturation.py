r"""Attention weights that saturate, and quotients of exponentials."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.validation import Array

CELLS = 64
"""Cells of [-H, H] in the maximum of the saturated exponential."""


def saturated(weights: Array, others: Array, rise: Array) -> Array:
    r"""$g_p(x) = 1/(p + (1-p)e^{-x/(1-p)})$: how much a weight grows, at most."""
    share = np.divide(rise, others, out=np.zeros_like(rise), where=others > 0)
    return 1 / (weights + others * np.exp(-share))


def excess_quotient(x: Array) -> Array:
    r"""$(e^x - 1 - x)/x^2$, increasing, by its series below 1/10."""
    small = np.where(x < 0.1, x, 0.0)
    series = sum(small**k / np.prod(np.arange(1.0, k + 3)) for k in range(12))
    large = np.where(x < 0.1, 1.0, x)
    return np.where(x < 0.1, series, (np.expm1(large) - large) / large**2)


def growth_quotient(x: Array) -> Array:
    r"""$(e^x - 1)/x$."""
    large = np.where(x > 0, x, 1.0)
    return np.where(x > 0, np.expm1(large) / large, 1.0)


def highest(heads: PencilHeads, total: Array, share: Array) -> Array:
    r"""The largest $\min(e^x, g_p(x)) - \lambda x$ over $|x| \le H$, cell by cell.

    **Arguments:** `share` $\lambda$ in [0, 1], `(H, n)`.
    """
    share = share[..., None]
    edges = np.linspace(-1, 1, CELLS + 1)
    best = np.zeros_like(total)
    for left, right in pairwise(edges):
        top = saturated(heads.weights, heads.others, right * total)
        best = np.maximum(best, top - share * left * total)
    ends = np.maximum(np.exp(total) - share * total, np.exp(-total) + share * total)
    return np.minimum(best, ends)


def curvature(
    weights: Array, total: Array, rise: Array, turn: Array, seen: Array
) -> Array:
    r"""Bound $\sum_kp_k|p'_k/p_k - 1 - \tilde h_k|$ of each row, `(H, n)`.

    It is the mean distance of $f_k = e^{x_k} - 1 - x_k$, $x = \tilde h - \psi$, from
    its mean $\psi$: twice $(1 - P)\sum_Sp_kf_k$ at most, $P = \sum_Sp_k$, and the sum
    is below $\psi$ and below $\theta P + \sum_kp_k(\hat f_k - \theta)_+$ for all
    $\theta$.

    **Arguments:** `total` $H$ `(H, n, n)`; `rise`, the largest $p'/p$; `turn` $\psi$
    `(H, n)`.
    """
    low = total + turn[..., None]
    upper = np.maximum(rise - 1 - np.log(rise), np.expm1(-low) + low)
    upper = np.where(seen, upper, 0.0)
    best = 2 * turn
    for k in range(upper.shape[2]):
        level = upper[..., k]
        rest = (weights * np.maximum(upper - level[..., None], 0)).sum(axis=2)
        top = np.minimum(turn, (level + rest) / 2)
        twice = 2 * top * (level + rest - top)
        none = np.full_like(level, np.inf)
        best = np.minimum(best, np.divide(twice, level, out=none, where=level > 0))
    return best
