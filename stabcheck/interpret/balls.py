r"""Balls of Arb: object arrays of `flint.arb`, an enclosure of every entry.

For enclosures on the user's side and for agreement tests.  The checker has an
arithmetic of its own and does not import this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import wraps
from typing import Any, ClassVar

import flint
import numpy as np
from flint import arb, fmpq
from sympy import Expr, Rational, pi

from stabcheck.errors import InvalidInput
from stabcheck.interpret.numpy_ import places
from stabcheck.symbolic.pointwise import ball_power

PRECISION = 128
"""Working bits: entries at a point come out to about 30 digits."""


class BallBackend:
    """The interpretation in ball arithmetic."""

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": np.frompyfunc(arb.exp, 1, 1),
        "erf": np.frompyfunc(arb.erf, 1, 1),
        "tanh": np.frompyfunc(arb.tanh, 1, 1),
        "Heaviside": np.frompyfunc(lambda x: arb(int(x >= 0)), 1, 1),
    }

    def array(self, value: Any) -> np.ndarray:
        return np.frompyfunc(_ball, 1, 1)(np.asarray(value))

    def number(self, value: Expr) -> arb:
        if value == pi:
            return arb.pi()
        return arb(fmpq(int(value.p), int(value.q)))

    def positions(self, size: int) -> np.ndarray:
        return self.array(np.arange(size))

    def einsum(
        self, operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
    ) -> np.ndarray:
        flat = [part for array, labels in operands for part in (array, list(labels))]
        return np.asarray(np.einsum(*flat, list(out), optimize=len(operands) > 1))

    def transpose(self, array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
        return np.transpose(array, axes)

    def reshape(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.reshape(array, shape)

    def broadcast(self, array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        return np.broadcast_to(array, shape)

    def power(self, base: np.ndarray, exponent: Rational) -> np.ndarray:
        return np.frompyfunc(lambda ball: ball_power(ball, exponent), 1, 1)(base)

    def softmax(self, logits: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        r"""Weights as $1/(1 + \sum_{l \ne k} e^{u_l - u_k})$: never above 1."""
        weights = np.empty(logits.shape, dtype=object)
        for row in np.ndindex(*logits.shape[:-1]):
            keys = [
                key
                for key in range(logits.shape[-1])
                if mask is None or mask[row][key] > 0
            ]
            weights[row] = arb(0)
            for key in keys:
                own = logits[row][key]
                others = (logits[row][other] for other in keys if other != key)
                ratios = ((other - own).exp() for other in others)
                weights[(*row, key)] = 1 / sum(ratios, start=arb(1))
        return weights

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
        @wraps(function)
        def precise(*arguments: Any) -> Any:
            with flint.ctx.workprec(PRECISION):
                return function(*arguments)

        return precise


def _ball(value: Any) -> arb:
    """A number as a ball; floats and fractions exactly."""
    if isinstance(value, arb):
        return value
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    if isinstance(value, int | np.integer | np.bool_):
        return arb(int(value))
    if isinstance(value, float | np.floating):
        return arb(float(value))
    raise InvalidInput(
        f"asked to evaluate in balls, found a {type(value).__name__}; pass floats, "
        "fractions, integers or arb"
    )


BACKEND = BallBackend()
