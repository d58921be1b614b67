r"""Sums of squares of differences, as matrix products.

$\sum_r (u_{ir} - v_{kr})^2$ as it stands passes over all $(i, k, r)$.  Expanded, it is
a matrix product and two vectors, but $|u|^2 + |v|^2 - 2 u \cdot v$ cancels what both
have in common: so the mean of the $u_i$ is taken off both first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sympy import Add, Expr, Pow

from stabcheck.symbolic.index import Index, free_indices
from stabcheck.symbolic.lowering.backend import Operand
from stabcheck.symbolic.lowering.labelled import contracted

if TYPE_CHECKING:
    from stabcheck.symbolic.lowering.walk import Walk


def split_square(factor: Expr, summed: set[Index]) -> tuple[Expr, Expr] | None:
    """`u, v` where the factor is $(u + v)^2$ and each has an index the other lacks.

    Both have the indices that are summed over.
    """
    if not (isinstance(factor, Pow) and factor.exp == 2 and summed):
        return None
    groups: dict[frozenset[Index], list[Expr]] = {}
    for term in Add.make_args(factor.base):
        groups.setdefault(frozenset(free_indices(term)), []).append(term)
    if len(groups) != 2:
        return None
    one, two = groups
    if one <= two or two <= one or not summed <= one & two:
        return None
    return Add(*groups[one]), Add(*groups[two])


def summed_square(
    walk: Walk, left: Expr, right: Expr, summed: set[Index], order: tuple[Index, ...]
) -> Operand:
    """The sum of $(u + v)^2$ over some indices, of which both have all."""
    u, v = walk.value(left, order), walk.value(right, order)
    own = [label for label in u.labels if label not in v.labels]
    mean = contracted(walk, [u], set(own), order)
    share = Operand(mean.array / math.prod(map(walk.size, own)), mean.labels)
    u, v = _added(walk, u, share, -1), _added(walk, v, share, 1)
    product = contracted(walk, [u, v], summed, order)
    squares = [contracted(walk, [part, part], summed, order) for part in (u, v)]
    total = Operand(2 * product.array, product.labels)
    for square in squares:
        total = _added(walk, total, square, 1)
    return total


def _added(walk: Walk, one: Operand, two: Operand, sign: int) -> Operand:
    """The first with a multiple of the second, whose labels it has."""
    return Operand(one.array + sign * walk.aligned(two, one.labels), one.labels)
