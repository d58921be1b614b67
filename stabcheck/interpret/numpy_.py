r"""Arrays of NumPy, in the number type of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import erf, expit
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput
from stabcheck.interpret import sinkhorn
from stabcheck.symbolic.lowering.backend import Backend

DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True)
class NumpyBackend(Backend):
    """The interpretation in NumPy: eager, no compilation.

    `dtype` is float64 unless the state is of float32.
    """

    dtype: Any = DOUBLE

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": np.exp,
        "log": np.log,
        "erf": erf,
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        "sigmoid": expit,
        "relu": lambda x: np.maximum(x, 0),
        "step": lambda x: (x > 0).astype(x.dtype),
        "impulse": np.zeros_like,
        "elu1": lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))),
        "Heaviside": lambda x: (x >= 0).astype(x.dtype),
        "absolute": np.abs,
    }

    def following(self, state: Any) -> NumpyBackend:
        single = getattr(state, "dtype", None) == np.float32
        return NumpyBackend(np.dtype(np.float32)) if single else BACKEND

    def array(self, value: Any) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise InvalidInput(
                f"asked to evaluate in {self.dtype}, found values of type "
                f"{array.dtype}; pass real numbers"
            )
        return array.astype(self.dtype)

    def number(self, value: Expr) -> np.ndarray:
        return self.dtype.type(float(value))

    def positions(self, size: int) -> np.ndarray:
        return np.arange(size, dtype=self.dtype)

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

    def softmax(
        self, logits: np.ndarray, mask: np.ndarray | None, sink: np.ndarray | None
    ) -> np.ndarray:
        if mask is not None:
            logits = np.where(mask > 0, logits, -np.inf)
        if sink is not None:
            logits = np.concatenate([logits, sink[..., None]], axis=-1)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        return weights if sink is None else weights[..., :-1]

    def sinkhorn(self, logits: np.ndarray) -> np.ndarray:
        return sinkhorn.weights_of(logits)

    def projected(self, weights: np.ndarray, given: np.ndarray) -> np.ndarray:
        return sinkhorn.projected(np, weights, given)

    def scatter(
        self,
        shape: Sequence[int],
        dense: np.ndarray | None,
        parts: Sequence[tuple[tuple[int, ...], np.ndarray]],
    ) -> np.ndarray:
        total = np.zeros(shape, self.dtype) if dense is None else np.array(dense)
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
