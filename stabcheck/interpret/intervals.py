r"""Intervals of float64: the fast rigorous interpretation.

Sums and products are rounded outward in NumPy; every other function is evaluated by
Arb, entry by entry, so that no mathematical library is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput
from stabcheck.interpret.arrays import places
from stabcheck.interpret.ball_arrays import entrywise, from_balls
from stabcheck.interpret.balls import BACKEND as BALLS
from stabcheck.interpret.interval_contraction import contracted
from stabcheck.interpret.midpoint_radius import MidpointRadius
from stabcheck.interpret.softmax_weights import softmax_weights
from stabcheck.interpret.weighted_mean import mean, off_diagonal
from stabcheck.symbolic.enclosing.enclosure_form import enclosure_form
from stabcheck.symbolic.field import Field
from stabcheck.symbolic.lowering.backend import Backend
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.proving.ball_functions import BALL_FUNCTIONS, ball_power


def _heaviside(array: MidpointRadius) -> MidpointRadius:
    if not array.is_exact:
        raise InvalidInput(
            "asked for a step of a difference of positions, found it not exact; use "
            "whole numbers in masks"
        )
    return MidpointRadius.exactly(array.midpoint >= 0)


class IntervalBackend(Backend):
    """The interpretation in midpoints and radii."""

    written_out: ClassVar[int] = 2**22
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **{name: entrywise(function) for name, function in BALL_FUNCTIONS.items()},
        "Heaviside": _heaviside,
    }

    def array(self, value: Any) -> MidpointRadius:
        if isinstance(value, MidpointRadius):
            return value
        array = np.asarray(value)
        if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
            return MidpointRadius.exactly(array)
        if array.dtype.kind in "biu" and np.abs(array).max(initial=0) < 2**53:
            return MidpointRadius.exactly(array)
        return from_balls(BALLS.array(array))

    def number(self, value: Expr) -> MidpointRadius:
        return from_balls(np.asarray(BALLS.number(value), dtype=object))

    def positions(self, size: int) -> MidpointRadius:
        return MidpointRadius.exactly(np.arange(size))

    def einsum(
        self,
        operands: Sequence[tuple[MidpointRadius, Sequence[int]]],
        out: Sequence[int],
    ) -> MidpointRadius:
        return contracted(operands, out)

    def transpose(self, array: MidpointRadius, axes: Sequence[int]) -> MidpointRadius:
        return _each(array, lambda part: np.transpose(part, axes))

    def reshape(self, array: MidpointRadius, shape: Sequence[int]) -> MidpointRadius:
        return _each(array, lambda part: np.reshape(part, shape))

    def broadcast(self, array: MidpointRadius, shape: Sequence[int]) -> MidpointRadius:
        return _each(array, lambda part: np.broadcast_to(part, shape))

    def power(self, base: MidpointRadius, exponent: Rational) -> MidpointRadius:
        return entrywise(lambda ball: ball_power(ball, exponent))(base)

    def centre(self, array: MidpointRadius) -> MidpointRadius:
        return MidpointRadius.exactly(array.midpoint)

    def mean(self, weights: MidpointRadius, values: MidpointRadius) -> MidpointRadius:
        return mean(weights, values)

    def off_diagonal(self, array: MidpointRadius, one: int, two: int) -> MidpointRadius:
        return off_diagonal(array, one, two)

    def softmax(
        self,
        logits: MidpointRadius,
        mask: MidpointRadius | None,
        sink: MidpointRadius | None,
    ) -> MidpointRadius:
        return softmax_weights(logits, mask, sink)

    def output(self, field: Field, walk: Walk) -> MidpointRadius:
        return super().output(enclosure_form(field), walk)

    def scatter(
        self,
        shape: Sequence[int],
        dense: MidpointRadius | None,
        parts: Sequence[tuple[tuple[int, ...], MidpointRadius]],
    ) -> MidpointRadius:
        total = MidpointRadius.exactly(np.zeros(shape)) if dense is None else dense
        middle, radius = np.array(total.midpoint), np.array(total.radius)
        for at, block in parts:
            place = places(at, block.shape)
            moved = total[place] + block
            middle[place], radius[place] = moved.midpoint, moved.radius
            total = MidpointRadius(middle, radius)
        return total

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return BALLS.compiled(function)


def _each(
    array: MidpointRadius, change: Callable[[np.ndarray], np.ndarray]
) -> MidpointRadius:
    return MidpointRadius(change(array.midpoint), change(array.radius))


BACKEND = IntervalBackend()
