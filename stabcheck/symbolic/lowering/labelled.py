"""Arrays with labelled axes: contraction, and the order of what comes out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lowering.backend import Operand

if TYPE_CHECKING:
    from stabcheck.symbolic.lowering.walk import Walk


def contracted(
    walk: Walk,
    operands: Sequence[Operand],
    summed: Collection[Index],
    order: tuple[Index, ...],
) -> Operand:
    """The product of some arrays, summed over some of their labels."""
    every = dict.fromkeys(index for operand in operands for index in operand.labels)
    number = {index: position for position, index in enumerate(every)}
    out = ordered([index for index in every if index not in summed], order)
    array = walk.backend.einsum(
        [(o.array, [number[index] for index in o.labels]) for o in operands],
        [number[index] for index in out],
    )
    return Operand(array, out)


def ordered(labels: Sequence[Index], order: tuple[Index, ...]) -> tuple[Index, ...]:
    """Distinct labels, those of the preferred order last and in that order."""
    distinct = list(dict.fromkeys(labels))
    first = [index for index in order if index in distinct]
    return (*(index for index in distinct if index not in order), *first)
