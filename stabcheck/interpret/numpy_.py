r"""Arrays of NumPy, in the number type of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import erf, expit
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput
from stabcheck.interpret import sinkhorn
from stabcheck.interpret.arrays import ArrayBackend

DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True)
class NumpyBackend(ArrayBackend):
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
        "softplus": lambda x: np.logaddexp(x, 0),
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


BACKEND = NumpyBackend()
