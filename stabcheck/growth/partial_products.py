r"""Norms of all partial products $P_{l,k} = J_l\cdots J_{k+1}$ of a chain of Jacobians.

They are formed between anchors, and from the start to every place; elsewhere norms
multiply.  The norms are those that one product with the transpose bounds: what the
checker can verify cheaply, not the norms themselves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

DIRECTIONS = 96
SWEEPS = 4
SHARP = 1.4
"""A bound so many times an estimate is replaced by the estimate, with room."""
ESTIMATE_ROOM = 0.02
MOST_OPERATIONS = 2e12
"""Of the products between all anchors: a minute."""
MOST_ANCHORS = 32
LONGEST = 4
"""Block-diagonal maps in a row without an anchor."""


def provable_norm(array: np.ndarray) -> float:
    """The norm that is proved of a matrix, or of diagonal blocks `(n, d, d)`.

    Sharp behind few large singular values, or within `ESTIMATE_ROOM` where many are
    as large as the first; else up to `SHARP` times too large.
    """
    if array.ndim == 3:
        return max(provable_norm(block) for block in array)
    tall = array if array.shape[0] >= array.shape[1] else array.T
    gram = tall.T @ tall
    size = np.linalg.norm(gram)
    if not (np.isfinite(size) and size > 0):
        return float(np.linalg.norm(tall))
    rng = np.random.default_rng(0)
    start = rng.standard_normal((len(gram), min(DIRECTIONS, len(gram))))
    basis, _ = np.linalg.qr(start)
    for _ in range(SWEEPS):
        basis, _ = np.linalg.qr(gram @ basis)
    image = gram @ basis
    inner = basis.T @ image
    along = float(np.linalg.eigvalsh(inner)[-1])
    seen, kept = np.sum(image * image), np.sum(inner * inner)
    across = max(seen - kept, 0.0)
    behind = np.sqrt(max(size**2 - 2 * seen + kept, 0.0))
    half = abs(along - behind) / 2
    square = (along + behind) / 2 + np.sqrt(half * half + across)
    bound = float(np.sqrt(min(square, size)))
    estimate = float(np.sqrt(max(along, 0.0)))
    if estimate > 0 and bound > SHARP * estimate:
        raised = estimate * (1 + ESTIMATE_ROOM)
        if _is_definite(raised**2, gram):
            return raised
    return bound


def _is_definite(square: float, gram: np.ndarray) -> bool:
    try:
        np.linalg.cholesky(square * np.eye(len(gram)) - gram)
    except np.linalg.LinAlgError:
        return False
    return True


def times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The product of two maps' Jacobians, dense or diagonal blocks `(n, d, d)`."""
    if left.ndim == right.ndim:
        return left @ right
    if left.ndim == 3:
        slabs = right.reshape(len(left), left.shape[1], right.shape[1])
        return (left @ slabs).reshape(right.shape)
    slabs = left.reshape(len(left), len(right), right.shape[1]).transpose(1, 0, 2)
    return (slabs @ right).transpose(1, 0, 2).reshape(left.shape)


def chosen_anchors(is_dense: Sequence[bool], rows: int) -> tuple[int, ...]:
    """Places between which products are formed: behind dense maps, where affordable.

    **Arguments:** `is_dense`, of every map; `rows`, of their matrices.

    **Returns:** increasing places from 0 to the length.
    """
    length = len(is_dense)
    places, last = [], 0
    for place, dense in enumerate(is_dense, start=1):
        if (dense or place - last >= LONGEST) and place < length:
            places.append(place)
            last = place
    # All pairs of m anchors cost about m^2/2 products and as many squares.
    affordable = int(np.sqrt(2 * MOST_OPERATIONS / (3.0 * rows**3)))
    most = min(max(affordable, 2), MOST_ANCHORS)
    if len(places) > most:
        picked = np.linspace(0, len(places) - 1, most).round().astype(int)
        places = [places[k] for k in sorted(set(picked.tolist()))]
    return (0, *places, length)


@dataclass(eq=False)
class PartialProducts:
    """Norms by (l, k): between neighbouring anchors, from anchor to anchor.

    Of the products from the start: `norms`, where formed, `rows`, the largest norm of
    the rows of a token, and what rounding a checker will bound in each map's product;
    `whole`, the last one.
    """

    anchors: tuple[int, ...]
    tokens: int
    inside: dict[tuple[int, int], float] = field(default_factory=dict)
    between: dict[tuple[int, int], float] = field(default_factory=dict)
    norms: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    rows: list[float] = field(default_factory=lambda: [1.0])
    errors: list[float] = field(default_factory=list)
    whole: np.ndarray | None = None

    def norm(self, last: int, first: int) -> float:
        r"""A bound of $\lVert P_{l,k}\rVert$."""
        if last == first:
            return 1.0
        low, high = self._up_to(last), self.anchors[bisect_left(self.anchors, first)]
        if low < high:
            return self.inside[last, first]
        ends = self.inside.get((last, low), 1.0) * self.inside.get((high, first), 1.0)
        return ends * self.between.get((low, high), 1.0)

    def norm_from_start(self, last: int) -> float:
        r"""A bound of $\lVert P_{l,0}\rVert$."""
        found = [self.row(last) * float(np.sqrt(self.tokens))]
        if last in self.norms:
            found.append(self.norms[last] + self.error(last))
        low = self._up_to(last)
        if low < last:
            found.append(self.inside[last, low] * self.norm_from_start(low))
        return min(found)

    def row(self, last: int) -> float:
        r"""A bound of the norm of the rows of any token of $P_{l,0}$."""
        return self.rows[last] + self.error(last)

    def error(self, last: int) -> float:
        r"""The rounding in $P_{l,0}$, in norm."""
        return sum(self.norm(last, k + 1) * self.errors[k] for k in range(last))

    def _up_to(self, place: int) -> int:
        return self.anchors[bisect_right(self.anchors, place) - 1]


def partial_products(
    factors: Iterable[np.ndarray], tokens: int, anchors: Sequence[int]
) -> PartialProducts:
    """Follow a chain of Jacobians, first to last, dense or diagonal blocks."""
    found = PartialProducts(tuple(anchors), tokens)
    chunks: dict[int, np.ndarray] = {}
    runs: list[tuple[int, np.ndarray]] = []
    whole: np.ndarray | None = None
    start = 0
    for place, factor in enumerate(factors):
        if place in found.anchors:
            start, runs = place, []
        if factor.ndim == 2 and whole is not None and place not in found.norms:
            found.norms[place] = provable_norm(whole)
        runs = _extended(found, runs, factor, (start, place))
        if start > 0:
            before = chunks.get(start)
            chunks[start] = factor if before is None else times(factor, before)
        found.errors.append(_rounding(factor, whole))
        whole = factor if whole is None else times(factor, whole)
        if place + 1 in found.anchors:
            found.norms[place + 1] = provable_norm(whole)
        parts = whole if whole.ndim == 3 else np.split(whole, tokens)
        found.rows.append(max(provable_norm(part) for part in parts))
    _join(found, chunks)
    found.whole = whole
    return found


def _rounding(factor: np.ndarray, whole: np.ndarray | None) -> float:
    """About what is bounded of the rounding of a factor and of its product."""
    size = _length(factor) * (1.0 if whole is None else _length(whole))
    return factor.shape[-1] * 2.0**-51 * size


def _length(array: np.ndarray) -> float:
    """The Frobenius norm, of blocks the largest one of a block."""
    slabs = array if array.ndim == 3 else array[None]
    return max(float(np.linalg.norm(slab)) for slab in slabs)


def _extended(
    found: PartialProducts,
    runs: list[tuple[int, np.ndarray]],
    factor: np.ndarray,
    places: tuple[int, int],
) -> list[tuple[int, np.ndarray]]:
    """Bound the products from every place since the anchor to behind this factor."""
    start, place = places
    if factor.ndim == 3:
        runs = [(first, factor @ made) for first, made in runs] + [(place, factor)]
        for first, made in runs:
            found.inside[place + 1, first] = provable_norm(made)
        rest = runs[0][0]
    else:
        runs, rest = [], place
        found.inside[place + 1, place] = provable_norm(factor)
    norm = found.inside[place + 1, rest]
    for first in range(start, rest):
        found.inside[place + 1, first] = norm * found.inside[rest, first]
    return runs


def _join(found: PartialProducts, chunks: dict[int, np.ndarray]) -> None:
    """Products from every anchor but the first to every later one."""
    ends = dict(zip(found.anchors, found.anchors[1:], strict=False))
    for start, product in chunks.items():
        made, end = product, ends[start]
        found.between[end, start] = provable_norm(made)
        while end in chunks:
            made, end = times(chunks[end], made), ends[end]
            found.between[end, start] = provable_norm(made)
