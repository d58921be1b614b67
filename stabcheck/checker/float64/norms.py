r"""Upper bounds of spectral norms of float64 arrays.

A two-dimensional array is a matrix, a three-dimensional one the diagonal blocks of a
block-diagonal matrix, whose norm is the largest norm of a block.  Every function
returns an upper bound, infinite where something overflowed.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    gamma,
    outward,
    upper_product,
)

POWER_STEPS = 4


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.inf


def frobenius(array: np.ndarray) -> float:
    """Bound the Frobenius norm, for blocks the largest one of a block."""
    if array.ndim == 3:
        return max(frobenius(block) for block in array)
    flat = array.reshape(-1)
    # A sum of k squares errs by the factor 1 + 3 gamma_k and k underflows.
    squares = float(np.vdot(flat, flat)) * (1 + 3 * gamma(flat.size))
    return _finite(outward(np.sqrt(outward(squares + flat.size * SMALLEST))))


def nonnegative_norm(array: np.ndarray) -> float:
    r"""Bound the norm of an entrywise nonnegative array, nearly sharply.

    Collatz-Wielandt: $x > 0$ and $N^{\mathsf T}Nx \le \lambda x$ entrywise give
    $\lVert N\rVert_2^2 \le \lambda$.
    """
    transposed = np.swapaxes(array, -1, -2)
    vector = np.ones((*array.shape[:-2], array.shape[-1], 1))
    best = np.inf
    for _ in range(POWER_STEPS):
        image = upper_product(array, vector)
        # Scaled between the two products, so that squares do not overflow.
        size = float(image.max())
        image = upper_product(transposed, outward(image / size))
        ratio = float(np.max(image / vector))
        bound = outward(np.sqrt(outward(size)) * np.sqrt(outward(ratio)))
        best = min(best, bound) if bound >= 0 else best
        top = image.max(axis=(-2, -1), keepdims=True)
        if not (np.isfinite(top).all() and (top > 0).all()):
            break
        vector = image / top + 2.0**-20
    return _finite(best)


def schatten_norm(matrix: np.ndarray) -> float:
    r"""Bound the norm by $\lVert M^{\mathsf T}M\rVert_F^{1/2}$: one product.

    At most the fourth root of the rank too large; the Frobenius norm is wrong by up
    to its square root.
    """
    if matrix.ndim == 3:
        return max(schatten_norm(block) for block in matrix)
    length = frobenius(matrix)
    gram = frobenius(matrix.T @ matrix)
    rows = matrix.shape[0]
    # |fl(M^T M) - M^T M| <= gamma |M|^T |M| + k eta entrywise.
    error = gamma(rows) * length * length + rows * matrix.shape[1] * SMALLEST
    return min(length, _finite(outward(np.sqrt(outward(gram + error)))))
