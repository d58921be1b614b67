r"""The largest share of one key where logits and values meet in the same tokens.

A key of weight $p$ counts with $p(1 + |a|^2\mathrm{Var})$ in the bounds on a ball: Var
is the variance of the values, relative to $R^2\lVert U\rVert^2$.  A large $p$ needs
logits that spread, and what spreads along the slope does not spread along the largest
values.  Theorem `attention-aligned-share`; the checker covers the same rectangle of
$(q, G)$ with cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.validation import Array

MOST_CELLS = 1500
"""A share that needs more is not claimed: the checker has seconds."""
HALVINGS = 12
WORTH = 0.99
"""A share closer than this to the one without alignment is not claimed."""
LEAST = 0.125


@dataclass(frozen=True)
class Tie:
    r"""$\mathrm{Var} \le \Xi\,(1 - \nu^2) - \tau\,\mathrm{Var}(\sigma)/\alpha^2$."""

    form: float
    logit: float


def aligned_share(
    alpha: float, keys: int, spread: float, plain: float, tie: Tie | None
) -> float:
    r"""A number above $p(1 + \alpha^2\mathrm{Var})$ for a row with that many keys.

    **Arguments:** `spread` of the score bias; `plain`, the bound without alignment
    (`largest_share`), returned where nothing better is found; `tie`, if one holds.
    """
    if alpha**2 <= 0 or keys == 1 or not np.isfinite(plain):
        return plain
    row = _Row(alpha, keys, spread, tie)
    if not row.is_covered(WORTH * plain, MOST_CELLS):
        return plain
    low, high = LEAST * plain, WORTH * plain
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        if row.is_covered(middle, MOST_CELLS):
            high = middle
        else:
            low = middle
    return high


@dataclass(frozen=True)
class _Row:
    alpha: float
    keys: int
    spread: float
    tie: Tie | None

    def is_covered(self, share: float, most: int) -> bool:
        """Whether at most so many cells prove the share."""
        cells, count = np.array([[0.0, 1.0, 0.0, 2 * self.alpha]]), 0
        while len(cells):
            count += len(cells)
            if count > most:
                return False
            open_cells = cells[~self._below(share, *cells.T)]
            cells = _halves(open_cells, 2 * self.alpha)
        return True

    def _below(self, share: float, q1: Array, q2: Array, G1: Array, G2: Array) -> Array:
        square = self.alpha**2
        variance = self._variance(q1, q2, G1, G2)
        least = np.minimum(share / (1 + square * variance), 1)
        p = np.minimum(self._largest_weight(least, q1, q2, G1, G2), 1)
        peak = np.minimum(p, (1 + np.sqrt(1 + 0.75 / square)) / 3)
        alone = peak * (1 + 4 * square * peak * (1 - peak))
        alone = np.where(p <= 0.5, np.inf, alone)
        return np.minimum(p * (1 + square * variance), alone) <= share

    def _variance(self, q1: Array, q2: Array, G1: Array, G2: Array) -> Array:
        y = np.clip(1, q1 * G1 / self.alpha, q2 * G2 / self.alpha)
        trace = np.clip(y * (2 - y), 0, 1)
        if self.tie is None:
            return trace
        logits = G1**2 * np.minimum(q1 * (1 - q1), q2 * (1 - q2)) / self.alpha**2
        tied = self.tie.form * trace - self.tie.logit * logits
        return np.minimum(trace, np.maximum(tied, 0))

    def _largest_weight(
        self, least: Array, q1: Array, q2: Array, G1: Array, G2: Array
    ) -> Array:
        """The largest weight among those of at least `least`."""
        far = 2 * self.alpha + np.log1p(-q1 * -np.expm1(-G1))
        q, low = (q1 + q2) / 2, -np.expm1(-G2)
        slope = np.abs(G2 - low / (1 - q * low))
        mean = q * G2 + np.log1p(-q * low) + slope * (q2 - q1) / 2
        middle = np.clip(0.5, q1, q2)
        above = G2 * np.sqrt(middle * (1 - middle) * (1 - least) / least)
        with np.errstate(over="ignore"):
            weight = np.exp(self.spread + np.minimum(far, above + mean)) / self.keys
            others = (self.keys - 1) * np.exp(-2 * self.alpha - self.spread)
        return np.minimum(weight, 1 / (1 + others))


def _halves(cells: Array, longest: float) -> Array:
    """Each cell cut in two across its longer side, relative to the rectangle."""
    q1, q2, G1, G2 = cells.T
    q, G = (q1 + q2) / 2, (G1 + G2) / 2
    wide = (q2 - q1) > (G2 - G1) / longest
    first = np.stack([q1, np.where(wide, q, q2), G1, np.where(wide, G2, G)], axis=1)
    second = np.stack([np.where(wide, q, q1), q2, np.where(wide, G1, G), G2], axis=1)
    return np.concatenate([first, second])
