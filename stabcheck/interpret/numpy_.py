r"""Float64 arrays of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import erf
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput


class NumpyBackend:
    """The interpretation in NumPy: eager, no compilation."""

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": np.exp,
        "erf": erf,
        "tanh": np.tanh,
        "Heaviside": lambda x: (x >= 0).astype(np.float64),
    }

    def array(self, value: Any) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise InvalidInput(
                f"asked to evaluate in float64, found values of type {array.dtype}; "
                "pass real numbers"
            )
        return array.astype(np.float64)

    def number(self, value: Expr) -> np.ndarray:
        return np.float64(float(value))

    def positions(self, size: int) -> np.ndarray:
        return np.arange(size, dtype=np.float64)

    def einsum(
        self, operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
    ) -> np.ndarray:
        flat = [part for array, labels in operands for part in (array, list(labels))]
        return np.einsum(*flat, list(out), optimize=len(operands) > 1)

    def transpose(self, array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
        return np.transpose(array, axes)

    def reshape(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.reshape(array, shape)

    def broadcast(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.broadcast_to(array, shape)

    def power(self, base: np.ndarray, exponent: Rational) -> np.ndarray:
        if exponent.q == 2:
            return np.sqrt(base) ** int(exponent.p)
        return base ** (int(exponent) if exponent.is_Integer else float(exponent))

    def softmax(self, logits: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        if mask is not None:
            logits = np.where(mask > 0, logits, -np.inf)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    def scatter(
        self,
        shape: Sequence[int],
        dense: np.ndarray | None,
        parts: Sequence[tuple[tuple[int, ...], np.ndarray]],
    ) -> np.ndarray:
        total = np.zeros(shape) if dense is None else np.array(dense)
        for at, block in parts:
            total[places(at, block.shape)] += block
        return total

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function


def places(at: Sequence[int], shape: Sequence[int]) -> tuple[np.ndarray, ...]:
    """An index array for each axis of a result: axis `k` follows axis `at[k]`."""
    grid = np.ogrid[tuple(slice(size) for size in shape)]
    return tuple(grid[axis] for axis in at)


BACKEND = NumpyBackend()
