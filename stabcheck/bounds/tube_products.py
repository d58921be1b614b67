r"""Products of seminorms: their weights, the blocks they make, and sums over tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.validation import Array

MOVED = 7
"""Products with one weight a head: see `TubeForm.moved_products`."""


@dataclass(frozen=True, eq=False)
class ProductWeights:
    """The positive weights g: three per head and token, `(H, n)`, seven per head."""

    mixing: Array
    key: Array
    receiver: Array
    moved: Array

    def flat(self) -> Array:
        """All weights in one vector."""
        parts = (self.mixing, self.key, self.receiver, self.moved)
        return np.concatenate([part.ravel() for part in parts])

    @staticmethod
    def of(vector: Array, heads: int, tokens: int) -> ProductWeights:
        """The inverse of `flat`."""
        size = heads * tokens
        first = vector[: 3 * size].reshape(3, heads, tokens)
        return ProductWeights(*first, vector[3 * size :].reshape(heads, MOVED))


@dataclass(frozen=True, eq=False)
class Blocks:
    """What stands on the four spaces of a head: `(H, n, k, k)`, `value` `(H, n)`."""

    output: Array
    value: Array
    key: Array
    query: Array


def gram(matrices: Array) -> Array:
    """W_h^T W_h for every head."""
    return matrices.transpose(0, 2, 1) @ matrices


def moments(weights: Array, deviations: Array) -> Array:
    """sum_j w_ij y_ij y_ij^T, `(H, n, k, k)`."""
    weighted = weights[..., None] * deviations
    return weighted.transpose(0, 1, 3, 2) @ deviations


def paired(forms: Array, densities: Array) -> Array:
    """Traces of products of symmetric matrices, `(H, n)`."""
    return np.einsum("hiab,hiab->hi", forms, densities)


def lifted(blocks: Array, matrices: Array) -> Array:
    """sum_h W_h B_hi W_h^T for every token, `(n, d, d)`."""
    heads, d, width = matrices.shape
    left = matrices[:, None] @ blocks  # (H, n, d, k)
    left = left.transpose(1, 2, 0, 3).reshape(len(blocks[0]), d, heads * width)
    right = matrices.transpose(0, 2, 1).reshape(heads * width, d)
    return left @ right
