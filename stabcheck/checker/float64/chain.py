r"""The product of many Jacobians with an error in norm (theorem `depth-point`).

With float products $\tilde P_l = \mathrm{fl}(C_l\tilde P_{l-1})$,
$e_l \ge \lVert J_l\tilde P_{l-1} - \tilde P_l\rVert$ and
$s_l \ge \lVert J_L\cdots J_{l+1}\rVert$,

$$\lVert J_L\cdots J_1 - \tilde P_L\rVert \le \sum_l s_l e_l .$$

The $s_l$ come from float products from the left whose own error may be crude.  That
error grows with the product of the norms of the factors, so that long chains are made
of short ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from stabcheck.checker.float64.midpoint_radius import outward
from stabcheck.checker.float64.norm_ball import NormBall, crude_multiply, multiply

LINKS = 6
"""Dense factors of a short chain: that many matrices are in memory at once."""

Group = list[NormBall]
"""Factors first to last: block-diagonal ones, at most one dense, then blocks."""


def groups(factors: Iterable[NormBall]) -> Iterator[Group]:
    """Cut a sequence of factors before every dense factor but the first."""
    current: Group = []
    dense = False
    for factor in factors:
        if not factor.is_block_diagonal:
            if dense:
                yield current
                current = []
            dense = True
        current.append(factor)
    if current:
        yield current


def chain_product(factors: Iterable[NormBall]) -> NormBall:
    """Enclose the product of at least one factor, given first to last."""
    levels: list[list[Group]] = [[]]
    for group in groups(factors):
        levels[0].append(group)
        level = 0
        while len(levels[level]) > LINKS:
            if level + 1 == len(levels):
                levels.append([])
            links, levels[level] = levels[level][:LINKS], levels[level][LINKS:]
            levels[level + 1].append([telescoped(links)])
            level += 1
    # Higher levels hold earlier factors: what is left below comes after them.
    rest: list[Group] = []
    for links in levels:
        rest = [[telescoped([*links, *rest])]]
    return rest[0][0]


def telescoped(links: Sequence[Group]) -> NormBall:
    """Enclose the product of the links, given first to last, by the theorem's sum."""
    suffixes = _suffix_norms(links)
    factors = [factor for group in links for factor in group]
    partial, total = factors[0].midpoint, factors[0].radius * suffixes[0]
    for factor, suffix in zip(factors[1:], suffixes[1:], strict=True):
        step = multiply(factor, NormBall(partial, 0.0))
        partial = step.midpoint
        total += float(outward(suffix * step.radius))
    return NormBall(partial, float(outward(total)) * (1 + 2.0**-40))


def _suffix_norms(links: Sequence[Group]) -> list[float]:
    r"""Bound $\lVert J_L\cdots J_{l+1}\rVert$ for every factor, in order of l.

    Products from the left of whole groups, and of the blocks behind a factor within
    its group: the norm of a group is far below the product of its factors' norms.
    """
    norms: list[float] = []
    after: NormBall | None = None
    for group in reversed(links):
        tail: NormBall | None = None
        for factor in reversed(group):
            norms.append(_suffix_norm(after, tail))
            tail = factor if tail is None else multiply(tail, factor)
        if len(norms) < sum(len(other) for other in links) and tail is not None:
            after = tail if after is None else crude_multiply(after, tail)
    return norms[::-1]


def _suffix_norm(after: NormBall | None, tail: NormBall | None) -> float:
    parts = [part for part in (after, tail) if part is not None]
    if not parts:
        return 1.0
    return reduce(crude_multiply, parts).norm
