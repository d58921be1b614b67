r"""The numerical range $W(J) = \{x^*Jx : |x| = 1\}$ by its supporting lines.

For each angle the top eigenvector $x$ of the Hermitian part of $e^{-i\theta}J$ gives a
boundary point $x^*Jx$ (Johnson, SIAM J. Numer. Anal. 15, 1978, 595-602).  Computed
points lie in $W$ up to rounding: their hull is an inner picture of it.
"""

from __future__ import annotations

import numpy as np

from stabcheck.errors import InvalidInput
from stabcheck.spectra.lanczos import lanczos, noisy_start

DENSE = 64
"""Up to this many rows each angle is a dense eigenproblem."""
TOLERANCE = 1e-3
"""Of the residual; the error of the value is its square over a gap, a hair's width."""
MOST_ITERATIONS = 80


def numerical_range(jacobian: np.ndarray, *, angles: int = 64) -> np.ndarray:
    r"""Boundary points of the numerical range of a real matrix.

    **Arguments:** `jacobian`, real `(N, N)`; `angles`, an even number of supporting
    lines.

    **Returns:** complex points in order of their angle in $[0, 2\pi)$, not closed, and
    symmetric to the real axis.
    """
    matrix = np.asarray(jacobian, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise InvalidInput(
            "asked for the numerical range of an array of shape "
            f"{matrix.shape}; give a square matrix"
        )
    if angles < 2 or angles % 2:
        raise InvalidInput(
            f"asked for the numerical range at {angles} angles; give an even number"
        )
    # A real matrix: the lower half is the mirror image of the upper one.
    half = np.pi * np.arange(angles // 2 + 1) / (angles // 2)
    turns = np.exp(-1j * half)
    vectors = _top_vectors(matrix, turns)
    points = np.einsum("bs,bs->b", vectors.conj(), _rows(matrix, vectors))
    points[[0, -1]] = points[[0, -1]].real
    return np.concatenate([points, points[-2:0:-1].conj()])


def _top_vectors(matrix: np.ndarray, turns: np.ndarray) -> np.ndarray:
    size = len(matrix)
    if size <= DENSE:
        turned = turns[:, None, None] * matrix
        hermitian = (turned + turned.conj().transpose(0, 2, 1)) / 2
        return np.linalg.eigh(hermitian)[1][:, :, -1]

    def product(rows: np.ndarray) -> np.ndarray:
        forward = turns[:, None] * _rows(matrix, rows)
        backward = turns.conj()[:, None] * _rows(matrix.T, rows)
        return (forward + backward) / 2

    start = np.tile(noisy_start(size).astype(np.complex128), (len(turns), 1))
    return lanczos(product, start, TOLERANCE, MOST_ITERATIONS).vectors


def _rows(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A real matrix times complex rows, as one real product over all of them."""
    stacked = np.concatenate([rows.real, rows.imag]) @ matrix.T
    real, imaginary = np.split(stacked, 2)
    return real + 1j * imaginary
