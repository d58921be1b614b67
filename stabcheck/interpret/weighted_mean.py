r"""Means with weights that are enclosed and sum to one.

The widest mean is a linear programme with one constraint; its dual has one unknown,
the level at which the weights are used up, and any level gives a bound.
"""

from __future__ import annotations

import numpy as np

from stabcheck.interpret.midpoint_radius import TINY, MidpointRadius, U


def mean(weights: MidpointRadius, values: MidpointRadius) -> MidpointRadius:
    """The means over the last axis of values with weights that sum to one."""
    shape = np.broadcast_shapes(weights.shape, values.shape)
    least, most = (
        np.broadcast_to(end, shape)
        for end in (np.maximum(weights.lower, 0.0), weights.upper)
    )
    upper = _largest(least, most, np.broadcast_to(values.upper, shape))
    lower = -_largest(least, most, np.broadcast_to(-values.lower, shape))
    return MidpointRadius.between(lower, upper)


def off_diagonal(array: MidpointRadius, one: int, two: int) -> MidpointRadius:
    """The array with zeros where two axes agree."""
    shape = [1] * len(array.shape)
    shape[one] = shape[two] = array.shape[one]
    apart = ~np.eye(array.shape[one], dtype=bool).reshape(shape)
    zero = MidpointRadius.exactly(0.0)
    return array.replaced(~apart, zero)


def _largest(least: np.ndarray, most: np.ndarray, values: np.ndarray) -> np.ndarray:
    r"""An upper bound of $\sum p_k v_k$ over weights between ends, of sum one.

    For every $t$ it is at most $t + \sum_k \max(p_k (v_k - t))$; the best $t$ is the
    value at which the weights, the largest values served first, are used up.
    """
    order = np.argsort(-values, axis=-1)
    spare = np.take_along_axis(most - least, order, axis=-1)
    served = least.sum(axis=-1, keepdims=True) + np.cumsum(spare, axis=-1)
    place = np.minimum((served < 1).sum(axis=-1, keepdims=True), values.shape[-1] - 1)
    with np.errstate(all="ignore"):
        level = np.take_along_axis(values, np.take_along_axis(order, place, -1), -1)
        above = values - level
        shares = above * np.where(above > 0, most, least)
        bound = level[..., 0] + shares.sum(axis=-1)
        size = np.abs(level[..., 0]) + np.abs(shares).sum(axis=-1)
        size = size + np.abs(values).max(axis=-1)
        bound = bound + size * (4 * (values.shape[-1] + 8) * U) + TINY
    return np.where(np.isnan(bound), np.inf, bound)
