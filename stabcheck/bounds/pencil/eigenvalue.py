"""The largest eigenvalue of the pencil's matrix, smoothed over the top of the spectrum.

Large matrices are looked at through a block Krylov space that starts from the vectors
of the step before: the values are estimates from below, good enough to search by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.pencil.matrix import Multipliers, PencilMatrix
from stabcheck.bounds.validation import Array

DENSE_ROWS = 200
"""Larger matrices are looked at through their leading eigenvectors only."""
LEADING = 16
BLOCKS = 6
FIRST_BLOCKS = 16
"""Blocks of the Krylov spaces: from the vectors of the step before, from nothing."""


@dataclass(frozen=True, eq=False)
class Found:
    """A matrix with multipliers, its top eigenvalue and weighted eigenvectors."""

    matrix: PencilMatrix
    multipliers: Multipliers
    value: float
    vectors: Array


class SmoothTop:
    """The log-sum-exp of the top of the spectrum and its gradient; keeps the best."""

    def __init__(self, matrix: PencilMatrix, sharpness: float) -> None:
        self.matrix = matrix
        self.sharpness = sharpness
        self.best: Found = Found(matrix, None, np.inf, None)  # type: ignore[arg-type]
        self.guess: Array | None = None

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        vector = np.exp(logarithms)
        multipliers = split(self.matrix, vector)
        values, vectors = self._leading(self.matrix.at(multipliers))
        top = float(values[-1])
        powers = np.exp(self.sharpness * (values - top))
        total = powers.sum()
        weighted = vectors * np.sqrt(powers / total)
        if top < self.best.value or self.best.vectors is None:
            self.best = Found(self.matrix, multipliers, top, weighted)
        rising, falling = self.matrix.slopes(weighted)
        smooth = top + np.log(total) / self.sharpness
        return float(smooth), vector * rising - falling / vector

    def _leading(self, matrix: Array) -> tuple[Array, Array]:
        if len(matrix) <= DENSE_ROWS or not np.isfinite(matrix).all():
            return np.linalg.eigh(matrix)
        if self.guess is None:
            start = np.random.default_rng(0).standard_normal((len(matrix), LEADING))
            self.guess = _block_krylov(matrix, start, FIRST_BLOCKS)[1]
        values, self.guess = _block_krylov(matrix, self.guess, BLOCKS)
        return values, self.guess


def _block_krylov(matrix: Array, start: Array, blocks: int) -> tuple[Array, Array]:
    """Estimates of the largest eigenvalues, ascending, from a block Krylov space."""
    basis = np.linalg.qr(start)[0]
    block = image = basis
    images = []
    for step in range(blocks):
        image = matrix @ block
        images.append(image)
        if step + 1 < blocks:
            block = image - basis @ (basis.T @ image)
            block = np.linalg.qr(block - basis @ (basis.T @ block))[0]
            basis = np.concatenate([basis, block], axis=1)
    values, vectors = np.linalg.eigh(basis.T @ np.concatenate(images, axis=1))
    return values[-LEADING:], basis @ vectors[:, -LEADING:]


def split(matrix: PencilMatrix, vector: Array) -> Multipliers:
    """The multipliers of a vector in the order of `Multipliers.flat`."""
    shape = matrix.products.on_receivers.shape
    size = int(np.prod(shape))
    return Multipliers(vector[:size].reshape(shape), vector[size:])
