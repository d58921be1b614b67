r"""The value of nodes that are defined by equations: axes brought into their order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lowering.backend import Operand
from stabcheck.symbolic.sinkhorn import Implicit, Sinkhorn

if TYPE_CHECKING:
    from stabcheck.symbolic.lowering.walk import Walk


def solved(walk: Walk, node: Implicit) -> Operand:
    """The matrix that a node is, over the labels of its parts."""
    over, at = tuple(node.over), (node.row, node.column)
    parts = [walk.value(part) for part in node.parts]
    batch = _others(parts[0], over)
    first = walk.finished(parts[0], (*batch, *over))
    if isinstance(node, Sinkhorn):
        return walk.distinct(walk.backend.sinkhorn(first), (*batch, *at))
    # What varies with the second part alone shares the factors of one system.
    free = _others(parts[1], (*over, *batch))
    labels = (*batch, *free, *over)
    sizes = [walk.size(index) for index in labels]
    matrix = (*sizes[: len(batch)], math.prod(sizes[len(batch) : -2]), *sizes[-2:])
    second = walk.backend.reshape(walk.finished(parts[1], labels), matrix)
    result = walk.backend.projected(first, second)
    return walk.distinct(walk.backend.reshape(result, sizes), (*batch, *free, *at))


def _others(operand: Operand, known: tuple[Index, ...]) -> tuple[Index, ...]:
    rest = [index for index in operand.labels if index not in known]
    return tuple(sorted(rest, key=lambda index: index.label))
