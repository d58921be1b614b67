r"""Norms of all partial products $P_{l,k} = J_l\cdots J_{k+1}$ of a chain of Jacobians.

Between *anchors*, chosen places of the chain, the products are formed; elsewhere norms
multiply.  With $a$ the last anchor up to $l$ and $b$ the first one from $k$ on,

$$\lVert P_{l,k}\rVert \le \lVert P_{l,a}\rVert\,\lVert P_{a,b}\rVert\,\lVert
P_{b,k}\rVert,$$

where the outer ones lie between two neighbouring anchors: products of diagonal blocks
are formed there, and multiply with the norms of dense factors.  The products
$B_l = P_{l,0}$ are formed at every place.

Float products $\tilde P_l = \mathrm{fl}(C_l\tilde P_{l-1})$ with local errors $e_l$ are
within $\sum_m\lVert P_{l,m}\rVert e_m$ of the true one (theorem `depth-point`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stabcheck.checker.float64.deflated import deflated_norm
from stabcheck.checker.float64.midpoint_radius import outward
from stabcheck.checker.float64.norm_ball import NormBall, crude_multiply


@dataclass(eq=False)
class PartialProducts:
    """A chain of so many maps, and what is known of its partial products.

    `inside` and `between` hold upper bounds of norms by (l, k): between neighbouring
    anchors, and from anchor to anchor.  Of the float products from the start: `norms`,
    `rows`, the largest norm of the rows of a token, and local `errors`, map by map.
    """

    anchors: tuple[int, ...]
    tokens: int
    inside: dict[tuple[int, int], float] = field(default_factory=dict)
    between: dict[tuple[int, int], float] = field(default_factory=dict)
    norms: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    rows: list[float] = field(default_factory=lambda: [1.0])
    errors: list[float] = field(default_factory=list)
    whole: NormBall | None = None

    def norm(self, last: int, first: int) -> float:
        r"""A bound of $\lVert P_{l,k}\rVert$."""
        if last == first:
            return 1.0
        low = self._anchor_up_to(last)
        high = self.anchors[bisect_left(self.anchors, first)]
        if low < high:
            return self._within(last, first)
        ends = self._within(last, low) * self._within(high, first)
        return float(outward(ends * self._between(low, high)))

    def _anchor_up_to(self, place: int) -> int:
        return self.anchors[bisect_right(self.anchors, place) - 1]

    def _within(self, last: int, first: int) -> float:
        return 1.0 if last == first else self.inside[last, first]

    def _between(self, last: int, first: int) -> float:
        return 1.0 if last == first else self.between[last, first]

    def error(self, last: int) -> float:
        r"""How far the float product near $B_l$ is from it, in norm."""
        found = sum(
            self.norm(last, place + 1) * self.errors[place] for place in range(last)
        )
        return float(outward(found)) * (1 + 2.0**-40)

    def norm_from_start(self, last: int) -> float:
        r"""A bound of $\lVert B_l\rVert$: by itself, by its rows, or by a product."""
        by_rows = self.row(last) * float(np.sqrt(self.tokens))
        found = [float(outward(by_rows))]
        if last in self.norms:
            found.append(float(outward(self.norms[last] + self.error(last))))
        low = self._anchor_up_to(last)
        if low < last:
            product = self._within(last, low) * self.norm_from_start(low)
            found.append(float(outward(product)))
        return min(found)

    def row(self, last: int) -> float:
        r"""A bound of the norm of the rows of any token of $B_l$."""
        return float(outward(self.rows[last] + self.error(last)))


def partial_products(
    factors: Iterable[NormBall], tokens: int, anchors: Sequence[int]
) -> PartialProducts:
    """Follow a chain of Jacobians, first to last.

    **Arguments:** `anchors`, increasing, the first one 0, the last one the length.
    """
    found = PartialProducts(tuple(anchors), tokens)
    chunks: dict[int, NormBall] = {}
    runs: list[tuple[int, NormBall]] = []
    whole: NormBall | None = None
    start = 0
    for place, factor in enumerate(factors):
        if place in found.anchors:
            start, runs = place, []
        if not factor.is_block_diagonal and whole is not None:
            found.norms.setdefault(place, deflated_norm(whole.midpoint))
        runs = _extended(found, runs, factor, (start, place))
        if start > 0:
            before = chunks.get(start)
            chunks[start] = factor if before is None else crude_multiply(factor, before)
        whole = _advanced(found, factor, whole)
        if place + 1 in found.anchors:
            found.norms[place + 1] = deflated_norm(whole.midpoint)
        found.rows.append(_row_norm(whole.midpoint, tokens))
    _join(found, chunks)
    found.whole = whole
    return found


def _bounded(ball: NormBall) -> float:
    return float(outward(deflated_norm(ball.midpoint) + ball.radius))


def _extended(
    found: PartialProducts,
    runs: list[tuple[int, NormBall]],
    factor: NormBall,
    places: tuple[int, int],
) -> list[tuple[int, NormBall]]:
    """Bound the products from every place since the anchor to behind this factor."""
    start, place = places
    if factor.is_block_diagonal:
        runs = [(first, crude_multiply(factor, made)) for first, made in runs]
        runs.append((place, factor))
        for first, made in runs:
            found.inside[place + 1, first] = _bounded(made)
        norm, rest = found.inside[place + 1, runs[0][0]], runs[0][0]
    else:
        norm, rest, runs = _bounded(factor), place, []
        found.inside[place + 1, place] = norm
    for first in range(start, rest):
        product = norm * found.inside[rest, first]
        found.inside[place + 1, first] = float(outward(product))
    return runs


def _advanced(
    found: PartialProducts, factor: NormBall, whole: NormBall | None
) -> NormBall:
    """The float product with one factor more; its local error is noted."""
    if whole is None:
        found.errors.append(factor.radius)
        return NormBall(factor.midpoint, 0.0)
    made = crude_multiply(NormBall(factor.midpoint, 0.0), whole)
    place = len(found.errors)
    # The rows bound the norm of the float product before, cheaply.
    size = found.rows[place] * float(np.sqrt(found.tokens))
    found.errors.append(float(outward(made.radius + factor.radius * size)))
    return NormBall(made.midpoint, 0.0)


def _row_norm(matrix: np.ndarray, tokens: int) -> float:
    """The largest norm of the rows of a token."""
    if matrix.ndim == 3:
        return deflated_norm(matrix)
    return max(deflated_norm(rows) for rows in np.split(matrix, tokens))


def _join(found: PartialProducts, chunks: dict[int, NormBall]) -> None:
    """Products from every anchor but the first to every later one, last ones first."""
    ends = dict(zip(found.anchors, found.anchors[1:], strict=False))
    for start in sorted(chunks, reverse=True):
        end = ends[start]
        partial = chunks[start].midpoint
        local = {end: chunks[start].radius}
        size = deflated_norm(partial)
        found.between[end, start] = float(outward(size + local[end]))
        while end in chunks:
            factor = chunks[end]
            made = crude_multiply(
                NormBall(factor.midpoint, 0.0), NormBall(partial, 0.0)
            )
            error = made.radius + factor.radius * size
            end, partial = ends[end], made.midpoint
            local[end] = float(outward(error))
            size = deflated_norm(partial)
            # Behind each local error stand products that are bounded already.
            total = sum(
                found.norm(end, place) * error for place, error in local.items()
            )
            found.between[end, start] = float(outward(size + total)) * (1 + 2.0**-40)
