r"""Enclosures of softmax weights.

A weight grows with its own logit and falls with the others: it lies between
$1/(1 + \sum e^{u_l - l_k})$ and $1/(1 + \sum e^{l_l - u_k})$, with $l$ and $u$ the ends
of the logits.
"""

from __future__ import annotations

import math

import numpy as np
from flint import arb

from stabcheck.errors import InvalidInput
from stabcheck.interpret.ball_arrays import from_balls
from stabcheck.interpret.midpoint_radius import TINY, MidpointRadius, U


def softmax_weights(
    logits: MidpointRadius, mask: MidpointRadius | None, sink: MidpointRadius | None
) -> MidpointRadius:
    """Softmax over the last axis, where the mask is not zero, beside a sink."""
    seen = np.ones(logits.shape, dtype=bool) if mask is None else _seen(mask)
    ends = [logits.lower, logits.upper]
    if sink is None:
        return _weights(*ends, seen)
    ends = [
        np.concatenate([end, bound[..., None]], axis=-1)
        for end, bound in zip(ends, (sink.lower, sink.upper), strict=True)
    ]
    beside = np.ones((*seen.shape[:-1], 1), dtype=bool)
    return _weights(*ends, np.concatenate([seen, beside], axis=-1))[..., :-1]


def _seen(mask: MidpointRadius) -> np.ndarray:
    if not (mask.is_exact and np.isin(mask.midpoint, (0, 1)).all()):
        raise InvalidInput("asked for a mask of zeros and ones, found intervals")
    return mask.midpoint > 0


def _weights(lower: np.ndarray, upper: np.ndarray, seen: np.ndarray) -> MidpointRadius:
    """Enclosures of softmax weights from ends of logits, over the last axis."""
    top = np.where(seen, upper, -np.inf).max(axis=-1, keepdims=True)
    small, large = (_exponential(end, top, seen) for end in (lower, upper))
    keys = lower.shape[-1]
    room = 1 + 8 * (keys + 4) * U
    apart = ~np.eye(keys, dtype=bool)
    others_large = np.where(apart, large.upper[..., None, :], 0.0).sum(axis=-1) * room
    others_small = np.where(apart, small.lower[..., None, :], 0.0).sum(axis=-1) / room
    least, most = small.lower, large.upper
    with np.errstate(all="ignore"):
        low = np.maximum(least / (least + others_large) / room - TINY, 0.0)
        high = np.minimum(most / (most + others_small) * room + TINY, 1.0)
    lone = seen & (seen.sum(axis=-1, keepdims=True) == 1)
    low = np.where(lone, 1.0, np.where(seen, low, 0.0))
    high = np.where(lone, 1.0, np.where(seen, high, 0.0))
    unknown = ~np.isfinite(low + high)
    return MidpointRadius.between(
        np.where(unknown, 0.0, low), np.where(unknown & seen, 1.0, high)
    )


def _exponential(end: np.ndarray, top: np.ndarray, seen: np.ndarray) -> MidpointRadius:
    """$e^{\\mathrm{end} - \\mathrm{top}}$ by Arb, 0 where not seen."""
    known = seen & np.isfinite(end) & np.isfinite(top)
    shift = np.broadcast_to(top, end.shape)
    balls = np.full(end.shape, arb(0), dtype=object)
    balls[known] = _SHIFTED(end[known], shift[known])
    balls[seen & ~known] = arb(0, math.inf)
    return from_balls(balls)


_SHIFTED = np.frompyfunc(lambda end, top: (arb(end) - arb(top)).exp(), 2, 1)
