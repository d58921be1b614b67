r"""Norms by traces of powers, and the weights that balance a sum of parts.

For a positive semidefinite $G$ and every $p \ge 1$, $\lambda_{\max}(G) \le
(\operatorname{tr} G^p)^{1/p}$ (lemma `trace-power-norm`).  Ball arithmetic can
evaluate the right side with products alone, so bounds that a checker re-derives use
it in place of the norm; with $p = 256$ it is at most a factor $N^{1/512}$ above.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.validation import Array

SQUARINGS = 8  # p = 2^8 = 256


def trace_power_eigenvalue(gram: Array) -> Array:
    """Upper bound of the largest eigenvalue of stacked positive semidefinite matrices.

    **Arguments:** `gram`, shape `(..., N, N)`.  **Returns:** shape `(...)`.
    """
    power = np.asarray(gram, dtype=np.float64)
    logarithm = np.zeros(power.shape[:-2])
    for level in range(SQUARINGS + 1):
        trace = np.trace(power, axis1=-2, axis2=-1)
        zero = trace <= 0
        size = np.where(zero, 1.0, trace)
        logarithm = logarithm + np.where(zero, -np.inf, np.log(size)) / 2**level
        power = power / size[..., None, None]
        if level < SQUARINGS:
            power = power @ power
    return np.exp(logarithm)


def trace_power_norm(matrix: Array) -> Array:
    """Upper bound of the spectral norm of stacked matrices, shape `(..., M, N)`."""
    M = np.asarray(matrix, dtype=np.float64)
    size = np.abs(M).max(axis=(-2, -1), keepdims=True)
    scaled = M / np.where(size > 0, size, 1.0)
    transposed = np.swapaxes(scaled, -1, -2)
    rows, columns = M.shape[-2:]
    gram = scaled @ transposed if rows <= columns else transposed @ scaled
    return size[..., 0, 0] * np.sqrt(trace_power_eigenvalue(gram))


def spectral_norm_bound(matrix: Array) -> Array:
    r"""The smaller of the trace-power norm and $\sqrt{\|M\|_1\|M\|_\infty}$.

    Shapes `(..., M, N)` to `(...)`; the second is exact for a permutation, where the
    first loses $N^{1/512}$.
    """
    sizes = np.abs(np.asarray(matrix, dtype=np.float64))
    by_column, by_row = sizes.sum(axis=-2).max(-1), sizes.sum(axis=-1).max(-1)
    return np.minimum(trace_power_norm(matrix), np.sqrt(by_column * by_row))


def spectral_norm(matrix: Array) -> float:
    """The spectral norm through the eigenvalues of the smaller Gram matrix."""
    M = np.asarray(matrix, dtype=np.float64)
    gram = M @ M.T if M.shape[0] <= M.shape[1] else M.T @ M
    return float(np.sqrt(max(np.linalg.eigvalsh(gram)[-1], 0.0)))


def symmetric_part(matrix: Array) -> Array:
    """(M + M^T)/2."""
    return (matrix + np.swapaxes(matrix, -1, -2)) / 2


def dyadic(value: Array | float, bits: int = 40) -> Array:
    """Round to `bits` significant bits, so that a short rational says it exactly."""
    mantissa, exponent = np.frexp(value)
    return np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits)


def norm_of_products(left: Array, right: Array) -> Array:
    """Trace-power norm of stacked L R^T for tall L, R, from d_k by d_k Gram matrices.

    The eigenvalues of (L R^T)^T (L R^T) are those of S^T (L^T L) S with R^T R = S S^T,
    which is symmetric, so that powers and traces agree.
    """
    if left.shape[1] <= left.shape[2]:
        return trace_power_norm(left @ right.transpose(0, 2, 1))
    gram_left = left.transpose(0, 2, 1) @ left
    gram_right = right.transpose(0, 2, 1) @ right
    values, vectors = np.linalg.eigh(gram_right)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    product = root.transpose(0, 2, 1) @ gram_left @ root
    return np.sqrt(trace_power_eigenvalue(symmetric_part(product)))
