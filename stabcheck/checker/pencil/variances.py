r"""The deviation of the logits of one softmax row, and its integrals, in balls.

The second cumulant under the weights $p_ke^{th_k}$ is at most the largest variance
under any law below the largest of these weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest, root
from stabcheck.checker.pencil.domain import Moves
from stabcheck.checker.pencil.logits import RowData, apart, square
from stabcheck.checker.pencil.saturation import saturated

PANELS = 10
"""Panels of the unit interval for the integrals of variances."""


def deviation(data: RowData, moves: Moves, total: list[arb]) -> tuple[arb, arb]:
    """Bounds of the deviation of h, and of its linear part, under p."""
    if moves.are_joint:
        linear = moves.radius * data.steepness
        heaviest = largest(data.weight)
        return linear + data.forms[0] * root(heaviest), linear
    pairs = zip(data.weight, total, strict=True)
    square = sum((p * x * x for p, x in pairs), arb(0))
    found = _spread(data, moves, data.weight).min(root(square)).min(data.half_range)
    return found, found


def _spread(data: RowData, moves: Moves, weight: Sequence[arb]) -> arb:
    """A bound of the deviation of h under any law of at most these weights."""
    squares = [square(moves.support(data.token, key)) for key in data.keys]
    pairs = list(zip(weight, squares, strict=True))

    def above(level: arb) -> arb:
        rest = sum((p * (x - level).max(arb(0)) for p, x in pairs), arb(0))
        return level + rest

    candidates = [arb(0), *squares]
    best = min(candidates, key=lambda level: float(above(level)))
    common = largest(apart(data, moves))
    return (common + root(above(best))).min(data.half_range)


def variances(data: RowData, moves: Moves, total: list[arb]) -> list[arb]:
    """Variances of h under the weights of t h, t at the right ends of the panels."""
    found = []
    for panel in range(2 * PANELS):
        t = arb(panel + 1) / PANELS
        weight = [
            (p * saturated(p, t * x)).min(arb(1))
            for p, x in zip(data.weight, total, strict=True)
        ]
        found.append(square(_spread(data, moves, weight)))
    return found


def integral(values: list[arb], kernel) -> arb:
    """The integral of a piecewise linear kernel times values, constant on panels."""
    # The kernels are linear on every panel: their value at its middle is exact.
    middles = [Fraction(2 * k + 1, 2 * PANELS) for k in range(len(values))]
    terms = [ball(kernel(t)) * value for t, value in zip(middles, values, strict=True)]
    return sum(terms, arb(0)) / PANELS
