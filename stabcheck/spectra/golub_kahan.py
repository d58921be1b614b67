r"""Golub-Kahan bidiagonalisation with reorthogonalisation: $\|J\|_2$ from products.

Works on $J$ itself, so that the norm keeps the precision that $J^{\mathsf T}J$ would
halve (Golub and Van Loan, *Matrix Computations*, 4th ed., 10.4.4).
"""

from __future__ import annotations

import numpy as np

from stabcheck.spectra.lanczos import (
    CHECK_EVERY,
    MOST_ITERATIONS,
    TOLERANCE,
    Extreme,
    Matvec,
    finite,
    noisy_start,
)


def spectral_norm(
    jvp: Matvec,
    vjp: Matvec,
    size: int,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    iterations: int = MOST_ITERATIONS,
) -> Extreme:
    r"""Estimate $\|J\|_2$; the vector is the right singular vector.

    **Arguments:** `jvp` and `vjp`, products with $J$ and $J^{\mathsf T}$ on `(size,)`;
    `start`, a guess of the right singular vector; `tolerance`, of the residual
    $\|J^{\mathsf T}u - \sigma v\|$ relative to the norm.
    """
    most = min(size, iterations)
    right, left = np.empty((most + 1, size)), np.empty((most, size))
    bidiagonal = np.zeros((most, most + 1))
    right[0] = noisy_start(size, start)
    for k in range(most):
        image = _orthogonal(left[:k], finite(jvp(right[k])))
        bidiagonal[k, k], left[k] = _split(image)
        rest = _orthogonal(right[: k + 1], finite(vjp(left[k])))
        bidiagonal[k, k + 1], right[k + 1] = _split(rest)
        count = k + 1
        exhausted = bidiagonal[k, count] <= 1e-15 * bidiagonal.max()
        if exhausted or count == most or count % CHECK_EVERY == 0:
            outer, values, inner = np.linalg.svd(bidiagonal[:count, :count])
            residual = float(bidiagonal[k, count] * abs(outer[-1, 0]))
            if exhausted or residual <= tolerance * values[0]:
                break
    vector = inner[0] @ right[:count]
    vector /= np.linalg.norm(vector)
    return Extreme(float(values[0]), vector, residual, count)


def _orthogonal(basis: np.ndarray, vector: np.ndarray) -> np.ndarray:
    for _ in range(2):
        vector = vector - (basis @ vector) @ basis
    return vector


def _split(vector: np.ndarray) -> tuple[float, np.ndarray]:
    """Norm and unit vector; the zero vector stays zero and ends the process."""
    norm = float(np.linalg.norm(vector))
    return norm, vector / (norm or 1.0)
