r"""The deviation of a row of logits where tokens move by themselves, and its integrals.

The second cumulant of the logits under the weights $p_ke^{th_k}$ is at most the largest
variance under any law below the largest weights: its integrals in $t$ bound $\psi$ and
$\chi$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.logits import Logits
from stabcheck.bounds.pencil.saturation import saturated
from stabcheck.bounds.validation import Array

PANELS = 10
"""Panels of the unit interval in the integrals of the variance of the logits."""


@dataclass(frozen=True, eq=False)
class Panels:
    """What bounds the deviation of the logits under tilted weights, tokens separate."""

    heads: PencilHeads
    total: Array
    half_range: Array
    common: Array
    squares: Array

    @staticmethod
    def of(heads: PencilHeads, domain: PencilDomain, found: Logits) -> Panels:
        squares = domain.own_supports(heads.centred_keys) ** 2
        return Panels(
            heads,
            found.total,
            _half_range(heads, domain, found),
            found.apart.max(axis=2),
            np.where(heads.seen[None], squares, 0.0),
        )

    def deviation(self, upper: Array) -> Array:
        """Bound the deviation under all weights below `upper`, `(H, n)`."""
        order = np.argsort(-self.squares, axis=2)
        squares = np.take_along_axis(self.squares, order, axis=2)
        filled = np.cumsum(np.take_along_axis(upper, order, axis=2), axis=2)
        shares = np.diff(np.minimum(filled, 1.0), axis=2, prepend=0.0)
        variance = (shares * squares).sum(axis=2)
        return np.minimum(self.half_range, self.common + np.sqrt(variance))

    def integrals(self) -> tuple[Array, Array]:
        r"""$\int_0^1(1-t)\sigma^2$ and $\int_0^2(1-|t-1|)\sigma^2$, from above."""
        P, others = self.heads.weights, self.heads.others
        first = second = np.zeros_like(self.common)
        for panel in range(2 * PANELS):
            right, middle = (panel + 1) / PANELS, (panel + 0.5) / PANELS
            tilted = P * saturated(P, others, right * self.total)
            variance = self.deviation(tilted) ** 2 / PANELS
            if panel < PANELS:
                first = first + (1 - middle) * variance
            second = second + (1 - abs(middle - 1)) * variance
        return first, second


def _half_range(heads: PencilHeads, domain: PencilDomain, found: Logits) -> Array:
    """Half the range of the changes of a row of logits, `(H, n)`."""
    count, tokens, _ = heads.shape
    result = np.zeros((count, tokens))
    for i in range(tokens):
        keys = np.flatnonzero(heads.seen[i])
        turned = heads.keys[:, keys] + (keys == i)[:, None] * heads.slopes[:, i, None]
        differences = turned[:, :, None] - turned[:, None]
        ranges = domain.support(i, differences)
        far = np.where(keys == i, found.pairs[:, i, keys], found.apart[:, i, keys])
        ranges = ranges + far[:, :, None] + far[:, None]
        np.einsum("hkk->hk", ranges)[...] = 0.0
        result[:, i] = ranges.max(axis=(1, 2)) / 2
    return result
