r"""Balls of Arb: object arrays of `flint.arb`, an enclosure of every entry.

For enclosures on the user's side and for agreement tests.  The checker has an
arithmetic of its own and does not import this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from typing import Any, ClassVar

import flint
import numpy as np
from flint import arb, fmpq
from sympy import Expr, Rational, pi

from stabcheck.errors import InvalidInput
from stabcheck.interpret import weighted_mean
from stabcheck.interpret.arrays import ArrayBackend, contracted
from stabcheck.interpret.ball_arrays import from_balls, rounded, to_balls
from stabcheck.interpret.interval_contraction import spread
from stabcheck.symbolic.enclosing.enclosure_form import enclosure_form
from stabcheck.symbolic.field import Field
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.proving.ball_functions import BALL_FUNCTIONS, ball_power

PRECISION = 128
"""Working bits: entries at a point come out to about 30 digits."""


@dataclass(frozen=True)
class BallBackend(ArrayBackend):
    """The interpretation in ball arithmetic with so many bits."""

    precision: int = PRECISION

    written_out: ClassVar[int] = 2**16
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        name: np.frompyfunc(function, 1, 1) for name, function in BALL_FUNCTIONS.items()
    }

    def array(self, value: Any) -> np.ndarray:
        return np.frompyfunc(_ball, 1, 1)(np.asarray(value))

    def number(self, value: Expr) -> arb:
        if value == pi:
            return arb.pi()
        return arb(fmpq(int(value.p), int(value.q)))

    def einsum(
        self, operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
    ) -> np.ndarray:
        if len(operands) == 1:
            return contracted(operands, out)
        middles = [(_MIDDLE(array), labels) for array, labels in operands]
        narrow = [(rounded(array), labels) for array, labels in operands]
        return np.asarray(_WIDENED(contracted(middles, out), spread(narrow, out)))

    def power(self, base: np.ndarray, exponent: Rational) -> np.ndarray:
        return np.frompyfunc(lambda ball: ball_power(ball, exponent), 1, 1)(base)

    def softmax(
        self, logits: np.ndarray, mask: np.ndarray | None, sink: np.ndarray | None
    ) -> np.ndarray:
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
                ratios = [(other - own).exp() for other in others]
                if sink is not None:
                    ratios.append((sink[row] - own).exp())
                weights[(*row, key)] = 1 / sum(ratios, start=arb(1))
        return weights

    def centre(self, array: np.ndarray) -> np.ndarray:
        return np.asarray(_MIDDLE(array))

    def mean(self, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        # In float64 the widest mean is cheap to find; where balls are narrow, the sum
        # in full precision lies inside it.
        total = (weights * values).sum(axis=-1)
        hull = to_balls(weighted_mean.mean(from_balls(weights), from_balls(values)))
        return np.asarray(_MET(total, hull))

    def off_diagonal(self, array: np.ndarray, one: int, two: int) -> np.ndarray:
        array = np.array(array)
        same = np.arange(array.shape[one])
        at = [slice(None)] * array.ndim
        at[one] = at[two] = same
        array[tuple(at)] = arb(0)
        return array

    def output(self, field: Field, walk: Walk) -> np.ndarray:
        return super().output(enclosure_form(field), walk)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def precise(*arguments: Any) -> Any:
            with flint.ctx.workprec(self.precision):
                return function(*arguments)

        return precise


def _widened(ball: arb, radius: float) -> arb:
    return ball + arb(0, radius if math.isfinite(radius) else math.inf)


def _met(one: arb, two: arb) -> arb:
    """The intersection of two enclosures of one value."""
    if not one.is_finite():
        return two
    return one.intersection(two) if two.is_finite() else one


_MIDDLE = np.frompyfunc(arb.mid, 1, 1)
_WIDENED = np.frompyfunc(_widened, 2, 1)
_MET = np.frompyfunc(_met, 2, 1)


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
