r"""The aligned shares of an attention field on a ball, head by head.

Rows that see every key share one number a head, theorem `attention-aligned-share`;
rows with fewer keys keep that of `attention-norm-ball`.  The alignment is known for
heads without a query bias: then $\mathrm{Var}_i(w\cdot x) + \mathrm{Var}_i(\sigma)/
(Rt)^2 \le \operatorname{tr} C_i\,\lambda_{\max}(U^TU + A^TA/t^2)$ for $|w| =
|U^Tu|$, $|u| = 1$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.aligned_share import Tie, aligned_share
from stabcheck.bounds.ball_heads import BallHeads, largest_share, score_spreads
from stabcheck.bounds.head_forms import HeadForms
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention, AttentionFamily
from stabcheck.bounds.validation import Array

LOGIT_WEIGHTS = (0.35, 0.6, 1.0, 1.6, 2.5)
r"""Candidates for $\tau = \lVert A\rVert^2/(t\lVert U\rVert)^2$."""
ROOM = 1 + 1e-6
"""Shares are claimed so much above what float64 covers."""


@dataclass(frozen=True, eq=False)
class BallShares:
    """`peaks` `(H, n)` of the heads by themselves; `shares`, `ties` `(H,)`: claimed."""

    peaks: Array
    shares: Array
    ties: Array


def ball_shares(field: Attention | AttentionFamily, heads: BallHeads) -> BallShares:
    """The peaks of the heads, better where logits and values are known to be tied."""
    full = heads.admissible.all(axis=1)
    count = len(heads.alpha)
    shares, ties = np.ones(count), np.ones(count)
    peaks = heads.peaks.copy()
    if not full.any():
        return BallShares(peaks, shares, ties)
    spreads = np.zeros(count)
    if isinstance(field, Attention):
        rows = score_spreads(field, heads.admissible > 0)[:, full].max(axis=1)
        spreads = np.broadcast_to(rows, (count,))
    for h in range(count):
        shares[h], ties[h] = _share(field, heads, h, float(spreads[h]))
        peaks[h, full] = np.minimum(peaks[h, full], shares[h])
    return BallShares(peaks, shares, ties)


def _share(
    field: Attention | AttentionFamily, heads: BallHeads, h: int, spread: float
) -> tuple[float, float]:
    """The claimed share of one head and the weight of its tie."""
    alpha, keys = float(heads.alpha[h]), heads.tokens
    plain = ROOM * largest_share(alpha, 2 * alpha + spread, keys)
    weights, ties = _ties(field, heads, h)
    shares = [aligned_share(alpha, keys, spread, plain, tie) for tie in ties]
    best = int(np.argmin(shares))
    return float(dyadic(ROOM * shares[best])), weights[best]


def _ties(
    field: Attention | AttentionFamily, heads: BallHeads, h: int
) -> tuple[list[float], list[Tie | None]]:
    """Weights and their ties; one that says nothing where none is known."""
    through, form = float(heads.through[h]), float(heads.form[h])
    usable = through > 0 and form > 0
    if isinstance(field, AttentionFamily) or not usable:
        return [1.0], [None]
    if field.b_Q is not None and np.any(field.b_Q[h]):
        return [1.0], [None]
    forms = HeadForms.of(field, h)
    weights = [float(dyadic(form / through / tau**0.5)) for tau in LOGIT_WEIGHTS]
    ties: list[Tie | None] = []
    for t in weights:
        top = forms.largest(1.0, t**-2)
        ties.append(Tie(top / through**2, (form / (t * through)) ** 2))
    return weights, ties
