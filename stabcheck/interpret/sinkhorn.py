r"""Sinkhorn's weights at convergence, and the linear system of their derivative.

$P_{ik} = e^{f_i + S_{ik} + g_k}$ with row and column sums one.  Sweeps
$g = -\log \sum_i e^{S + f}$, $f = -\log \sum_k e^{S + g}$ come near; Newton's steps on
the same linear system as the derivative's then converge quadratically.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stabcheck.errors import Undecided

Array = Any

SWEEPS = 2000
"""More are not tried: weights this near to a permutation are not computed."""

NEAR = 0.1
"""Marginals as near as this to one are corrected by Newton's step after each sweep."""


def tolerance(size: int, eps: float) -> float:
    """The error of marginals that rounding leaves in sums of so many weights."""
    return 8 * size * eps


def projected(xp: Any, weights: Array, given: Array) -> Array:
    r"""$R + P \circ (f \oplus g)$ without marginals, for every $R$.

    **Arguments:** `xp`, `numpy` or `jax.numpy`; `weights` `(..., n, m)`; `given`
    `(..., K, n, m)`.
    """
    rows, columns = given.sum(axis=-1), given.sum(axis=-2)
    f, g = potentials(xp, weights, -rows, -columns)
    return given + weights[..., None, :, :] * (f[..., :, None] + g[..., None, :])


def potentials(
    xp: Any, weights: Array, rows: Array, columns: Array
) -> tuple[Array, Array]:
    r"""$f$ and $g$ with $f_i + \sum_k P_{ik} g_k$ and $\sum_i P_{ik} f_i + g_k$ given.

    $g_1 = 0$: the system without its row and column is positive definite.  `rows`
    `(..., K, n)`, `columns` `(..., K, m)`.
    """
    size = weights.shape[-2]
    right = xp.concatenate([rows, columns[..., 1:]], axis=-1)
    try:
        solution = xp.linalg.solve(_system(xp, weights), xp.swapaxes(right, -1, -2))
    except np.linalg.LinAlgError as error:
        raise Undecided(
            "asked for Sinkhorn's weights or their derivative, found a system that is "
            "singular to rounding: weights this near to a permutation; take smaller "
            "logits, or unroll some iterations"
        ) from error
    solution = xp.swapaxes(solution, -1, -2)
    zero = xp.zeros_like(solution[..., :1])
    g = xp.concatenate([zero, solution[..., size:]], axis=-1)
    return solution[..., :size], g


def _system(xp: Any, weights: Array) -> Array:
    inner = weights[..., :, 1:]
    rows = weights.sum(axis=-1)[..., None] * xp.eye(weights.shape[-2])
    columns = inner.sum(axis=-2)[..., None] * xp.eye(inner.shape[-1])
    top = xp.concatenate([rows, inner], axis=-1)
    bottom = xp.concatenate([xp.swapaxes(inner, -1, -2), columns], axis=-1)
    return xp.concatenate([top, bottom], axis=-2).astype(weights.dtype)


def swept(xp: Any, logits: Array, f: Array) -> tuple[Array, Array, Array]:
    """One sweep: both potentials, and the weights, whose rows sum to one."""
    g = -_log_sum(xp, logits + f[..., :, None], -2)
    f = -_log_sum(xp, logits + g[..., None, :], -1)
    return f, g, xp.exp(f[..., :, None] + logits + g[..., None, :])


def corrected(xp: Any, f: Array, weights: Array) -> Array:
    """Newton's step for the potentials of the rows, once the marginals are near."""
    off = 1 - weights.sum(axis=-2)
    near = xp.abs(off).max(axis=-1, keepdims=True) <= NEAR
    # Far from it the step is not taken, and its system need not be regular.
    weights = xp.where(near[..., None], weights, 1 / weights.shape[-1])
    step, _ = potentials(
        xp, weights, xp.zeros_like(weights[..., None, :, 0]), off[..., None, :]
    )
    return xp.where(near, f + step[..., 0, :], f)


def weights_of(logits: np.ndarray) -> np.ndarray:
    """Sinkhorn's weights of the last two axes, in NumPy.

    **Raises:** `Undecided` where the sweeps do not settle.
    """
    enough = tolerance(logits.shape[-1], np.finfo(logits.dtype).eps)
    f = np.zeros(logits.shape[:-1], dtype=logits.dtype)
    for _ in range(SWEEPS):
        f, _, weights = swept(np, logits, f)
        if np.abs(weights.sum(axis=-2) - 1).max() <= enough:
            return weights
        f = corrected(np, f, weights)
    raise Undecided(
        f"asked for Sinkhorn's weights, found marginals off by more than {enough:.1e} "
        f"after {SWEEPS} sweeps; take smaller logits, or unroll some iterations"
    )


def _log_sum(xp: Any, logits: Array, axis: int) -> Array:
    most = logits.max(axis=axis, keepdims=True)
    summed = xp.log(xp.exp(logits - most).sum(axis=axis, keepdims=True)) + most
    return xp.squeeze(summed, axis=axis)
