"""Jacobians of maps along a trajectory: dense, or the blocks of a token-wise map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stabcheck.certify.centres import dense_jacobian
from stabcheck.growth.partial_products import times
from stabcheck.layers import Normalise, Residual, Stack

KEPT_BYTES = 2**31
"""Jacobians are kept for a second use as long as they take less memory than this."""


def is_token_wise(map_: Residual | Normalise) -> bool:
    """Whether a map acts on every token by itself."""
    if isinstance(map_, Normalise):
        return True
    return all(part.is_token_wise for part in map_.branch)


def map_jacobian(map_: Residual | Normalise, state: np.ndarray) -> np.ndarray:
    """The Jacobian of a normalisation or a forward Euler step at a state.

    **Returns:** `(n d, n d)`; of a token-wise map its blocks, `(n, d, d)`.
    """
    if isinstance(map_, Normalise):
        return map_.field.token_jacobians(state)
    h = float(map_.step_size)
    if not is_token_wise(map_):
        return np.eye(state.size) + h * dense_jacobian(map_.branch, state)
    product: np.ndarray | None = None
    for part in map_.branch:
        blocks = part.token_jacobians(state)
        product = blocks if product is None else blocks @ product
        state = part(state)
    return np.eye(state.shape[1]) + h * product


class MapJacobians:
    """The Jacobians of a stack's maps at the states in front of them."""

    def __init__(self, stack: Stack, states: Sequence[np.ndarray]) -> None:
        self.stack, self.states = stack, states
        self._kept: dict[int, np.ndarray] = {}

    def at(self, index: int) -> np.ndarray:
        """The Jacobian of one map, dense or in blocks."""
        if index in self._kept:
            return self._kept[index]
        found = map_jacobian(self.stack.maps[index], self.states[index])
        if sum(a.nbytes for a in self._kept.values()) + found.nbytes <= KEPT_BYTES:
            self._kept[index] = found
        return found

    def product(self, first: int, last: int) -> np.ndarray:
        """The dense Jacobian of the maps `[first, last)`."""
        product = self.at(first)
        for index in range(first + 1, last):
            product = times(self.at(index), product)
        return dense(product)


def dense(blocks: np.ndarray) -> np.ndarray:
    """The whole matrix of diagonal blocks `(n, d, d)`; a dense one as it is."""
    if blocks.ndim == 2:
        return blocks
    tokens, features = blocks.shape[:2]
    found = np.zeros((tokens, features, tokens, features))
    own = np.arange(tokens)
    found[own, :, own] = blocks
    return found.reshape(tokens * features, -1)
