"""Arnoldi: outer Ritz values of a non-normal matrix, for pictures only.

Eigenvalues of attention Jacobians are a diagnostic; no certificate rests on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stabcheck.errors import InvalidInput

Matrix = np.ndarray | Callable[[np.ndarray], np.ndarray]

STEPS_PER_VALUE = 4
EXHAUSTED = 1e-13


def outer_ritz_values(
    matrix: Matrix, *, count: int = 40, size: int | None = None
) -> np.ndarray:
    r"""The `count` best converged Ritz values: they lie at the rim of the spectrum.

    **Arguments:** `matrix`, dense `(N, N)`, or a product $v \mapsto Jv$ with `size`.

    **Returns:** complex numbers, at most `count` and a conjugate, largest modulus
    first.  Reference: Trefethen and Bau, *Numerical Linear Algebra*, lectures 33-34.
    """
    product = matrix if callable(matrix) else matrix.__matmul__
    rows = size if callable(matrix) else len(matrix)
    if not rows or count < 1:
        raise InvalidInput(
            f"asked for {count} Ritz values of a matrix of {rows} rows; "
            "give a count and a size >= 1"
        )
    hessenberg, last = _arnoldi(product, rows, min(rows, STEPS_PER_VALUE * count))
    values, vectors = np.linalg.eig(hessenberg)
    residuals = last * np.abs(vectors[-1])
    chosen = residuals <= np.sort(residuals)[min(count, len(values)) - 1]
    # Conjugates have equal residuals up to rounding: take both or none.
    kept = values[chosen].astype(np.complex128)
    kept = np.unique(np.concatenate([kept, kept[kept.imag != 0].conj()]))
    return kept[np.argsort(-np.abs(kept), kind="stable")]


def _arnoldi(
    product: Callable[[np.ndarray], np.ndarray], size: int, most: int
) -> tuple[np.ndarray, float]:
    """The Hessenberg matrix `(k, k)` of `most` steps and the entry below it."""
    basis = np.empty((most + 1, size))
    hessenberg = np.zeros((most + 1, most))
    start = np.random.default_rng(0).standard_normal(size)
    basis[0] = start / np.linalg.norm(start)
    for k in range(most):
        rest = product(basis[k])
        for _ in range(2):
            coordinates = basis[: k + 1] @ rest
            hessenberg[: k + 1, k] += coordinates
            rest = rest - coordinates @ basis[: k + 1]
        norm = float(np.linalg.norm(rest))
        if norm <= EXHAUSTED * np.abs(hessenberg).max():
            break
        hessenberg[k + 1, k] = norm
        basis[k + 1] = rest / norm
    return hessenberg[: k + 1, : k + 1], norm
