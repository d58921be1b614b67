r"""Evaluation of averages: every value is centred before it is weighted.

$E f = c + E(f - c)$ because the weights sum to one, and central moments do not see $c$.
In balls the error of a weight is then multiplied by a deviation, not by a value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stabcheck.symbolic.enclosing.average import (
    Central,
    Deviation,
    partition_sign,
    partitions,
)
from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lowering.backend import Operand

if TYPE_CHECKING:
    from stabcheck.symbolic.lowering.walk import Walk


def central(walk: Walk, node: Central) -> Operand:
    """The value of a mean, a deviation or a joint cumulant."""
    weights = walk.value(node.weights)
    average = _Average(walk, node.over, weights)
    values = [walk.value(value) for value in node.values]
    centres = [average.centre(value) for value in values]
    centred = [
        average.sum([value, centre], [1, -1])
        for value, centre in zip(values, centres, strict=True)
    ]
    if isinstance(node, Deviation):
        return average.deviation(centred[0], node.at)
    if len(values) == 1:
        return average.sum([centres[0], average.mean(centred)], [1, 1])
    return average.cumulant(centred)


class _Average:
    """Weighted means over one index."""

    def __init__(self, walk: Walk, over: Index, weights: Operand) -> None:
        self.walk, self.over, self.weights = walk, over, weights

    def mean(self, values: Sequence[Operand]) -> Operand:
        """The mean of a product."""
        operands = [self.weights, *values]
        if self._entries(operands) <= self.walk.backend.written_out:
            return self._hull(operands)
        labels = self._labels(operands)
        out = tuple(label for label in labels if label != self.over)
        number = {label: place for place, label in enumerate(labels)}
        array = self.walk.backend.einsum(
            [(o.array, [number[label] for label in o.labels]) for o in operands],
            [number[label] for label in out],
        )
        return Operand(array, out)

    def _hull(self, operands: Sequence[Operand]) -> Operand:
        """The mean of a product written out entry by entry."""
        labels = self._labels(operands)
        kept = tuple(label for label in labels if label != self.over)
        every = (*kept, self.over)
        weights = self.walk.aligned(self.weights, every)
        product = self.walk.aligned(self._product(operands[1:]), every)
        return Operand(self.walk.backend.mean(weights, product), kept)

    def _entries(self, operands: Sequence[Operand]) -> int:
        return math.prod(self.walk.size(label) for label in self._labels(operands))

    def centre(self, value: Operand) -> Operand:
        """A point near the mean."""
        mean = self.mean([value])
        return Operand(self.walk.backend.centre(mean.array), mean.labels)

    def deviation(self, centred: Operand, at: Index) -> Operand:
        own = Operand(
            centred.array,
            tuple(at if label == self.over else label for label in centred.labels),
        )
        if self._entries([own, self.weights]) <= self.walk.backend.written_out:
            gap = self.sum([own, centred], [1, -1])
            axes = gap.labels.index(at), gap.labels.index(self.over)
            apart = self.walk.backend.off_diagonal(gap.array, *axes)
            return self.mean([Operand(apart, gap.labels)])
        return self.sum([own, self.mean([centred])], [1, -1])

    def cumulant(self, centred: Sequence[Operand]) -> Operand:
        terms, signs = [], []
        for blocks in partitions(range(len(centred))):
            means = [self.mean([centred[at] for at in block]) for block in blocks]
            terms.append(self._product(means))
            signs.append(partition_sign(blocks))
        return self.sum(terms, signs)

    def sum(self, terms: Sequence[Operand], factors: Sequence[int]) -> Operand:
        """A sum of terms with whole factors."""
        labels = self._labels(terms)
        result = self.walk.aligned(terms[0], labels)
        for term, factor in zip(terms[1:], factors[1:], strict=True):
            array = self.walk.aligned(term, labels)
            for _ in range(abs(factor)):
                result = result + array if factor > 0 else result - array
        return Operand(result, labels)

    def _product(self, operands: Sequence[Operand]) -> Operand:
        labels = self._labels(operands)
        result = self.walk.aligned(operands[0], labels)
        for operand in operands[1:]:
            result = result * self.walk.aligned(operand, labels)
        return Operand(result, labels)

    def _labels(self, operands: Sequence[Operand]) -> tuple[Index, ...]:
        return tuple(dict.fromkeys(label for o in operands for label in o.labels))
