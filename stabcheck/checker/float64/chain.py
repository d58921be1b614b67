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

import numpy as np

from stabcheck.checker.float64.midpoint_radius import SMALLEST, gamma, outward
from stabcheck.checker.float64.norm_ball import NormBall, multiply
from stabcheck.checker.float64.norms import frobenius, schatten_norm

LINKS = 6
"""Factors of a short chain: that many matrices are in memory at once."""


def merged(factors: Iterable[NormBall]) -> Iterator[NormBall]:
    """Multiply block-diagonal factors into the dense ones: that costs little.

    Factors come first to last; so do the results, of which only a single one can be
    block diagonal.  Blocks are multiplied with each other first: the norm of their
    product, which amplifies the radius of the dense factor, is smaller than the
    product of their norms.
    """
    dense: NormBall | None = None
    blocks: NormBall | None = None
    for factor in factors:
        if factor.is_block_diagonal:
            blocks = factor if blocks is None else multiply(factor, blocks)
            continue
        if dense is None:
            dense = factor if blocks is None else multiply(factor, blocks)
        else:
            yield _joined(dense, blocks)
            dense = factor
        blocks = None
    yield _joined(dense, blocks)


def _joined(dense: NormBall | None, blocks: NormBall | None) -> NormBall:
    """The blocks behind the dense factor; one of the two may be missing."""
    if dense is not None and blocks is not None:
        return multiply(blocks, dense)
    found = blocks if dense is None else dense
    if found is None:
        raise ValueError("the product of no factors was asked for")
    return found


def chain_product(factors: Iterable[NormBall]) -> NormBall:
    """Enclose the product of at least one factor, given first to last."""
    levels: list[list[NormBall]] = [[]]
    for factor in merged(factors):
        levels[0].append(factor)
        level = 0
        while len(levels[level]) == LINKS:
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(telescoped(levels[level]))
            levels[level] = []
            level += 1
    # Higher levels hold earlier factors: what is left below comes after them.
    rest: list[NormBall] = []
    for links in levels:
        rest = [telescoped([*links, *rest])] if links or rest else []
    return rest[0]


def telescoped(links: Sequence[NormBall]) -> NormBall:
    """Enclose the product of the links, given first to last, by the theorem's sum."""
    partial, local = links[0].midpoint, [links[0].radius]
    for link in links[1:]:
        step = multiply(link, NormBall(partial, 0.0))
        partial = step.midpoint
        local.append(step.radius)
    suffixes = _suffix_norms(links)
    total = sum(
        float(outward(s * e)) for s, e in zip(suffixes, local, strict=True)
    )
    return NormBall(partial, total * (1 + 2.0**-40))


def _suffix_norms(links: Sequence[NormBall]) -> list[float]:
    r"""Bound $\lVert J_L\cdots J_{l+1}\rVert$ for every l, in order of l."""
    norms = [1.0]
    product: np.ndarray | None = None
    error = 0.0
    for link in reversed(links[1:]):
        if product is None:
            product, error = link.midpoint, link.radius
        else:
            size = len(product)
            rounding = gamma(size) * frobenius(product) * frobenius(link.midpoint)
            rounding += size * size * SMALLEST
            error = error * link.norm() + norms[-1] * link.radius + rounding
            product = product @ link.midpoint
        error = float(outward(error))
        norms.append(float(outward(schatten_norm(product) + error)))
    return norms[::-1]
