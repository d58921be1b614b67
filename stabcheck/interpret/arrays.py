"""What every interpretation in NumPy arrays does alike, whatever their entries are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stabcheck.symbolic.lowering.backend import Backend


class ArrayBackend(Backend):
    """Arrays of floats, or of objects with sums and products.

    Subclasses give the entries: `array`, `number`, `power`, `softmax` and `functions`.
    """

    def positions(self, size: int) -> np.ndarray:
        return self.array(np.arange(size))

    def einsum(
        self, operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
    ) -> np.ndarray:
        return contracted(operands, out)

    def transpose(self, array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
        return np.transpose(array, axes)

    def reshape(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.reshape(array, shape)

    def broadcast(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.broadcast_to(array, shape)

    def scatter(
        self,
        shape: Sequence[int],
        dense: np.ndarray | None,
        parts: Sequence[tuple[tuple[int, ...], np.ndarray]],
    ) -> np.ndarray:
        total = self.array(np.zeros(shape)) if dense is None else np.array(dense)
        for at, block in parts:
            total[places(at, block.shape)] += block
        return total

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function


def contracted(
    operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
) -> np.ndarray:
    """The product, summed over the axes that `out` does not name."""
    flat = [part for array, labels in operands for part in (array, list(labels))]
    return np.asarray(np.einsum(*flat, list(out), optimize=len(operands) > 1))


def places(at: Sequence[int], shape: Sequence[int]) -> tuple[np.ndarray, ...]:
    """An index array for each axis of a result: axis `k` follows axis `at[k]`."""
    grid = np.ogrid[tuple(slice(size) for size in shape)]
    return tuple(grid[axis] for axis in at)
