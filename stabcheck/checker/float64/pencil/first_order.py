r"""The first order of the Jacobian on a subspace, as a ball in the spectral norm.

On a vector $f_b$ it is $(u\cdot K_b\delta)(f_b\cdot v)$ with $K_b =
\partial(Jf_b)/\partial X$.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    add,
    exact,
    gamma,
    multiply,
    outward,
    product,
)
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.norms import frobenius
from stabcheck.checker.float64.pencil.arrays import HeadArrays, transposed

BATCH = 8
"""Vectors of the subspace whose matrices are formed at once."""


def pencil(
    heads: list[HeadArrays],
    shares: np.ndarray,
    subspace: np.ndarray,
    scales: np.ndarray,
    weights: np.ndarray,
) -> NormBall:
    r"""Enclose $\sum_b s_bK_b\operatorname{diag}(c)K_b^{\mathsf T}$.

    `shares` (4, H, n): how much of covariance, means, moved values and moved keys is
    kept in the first order.
    """
    size = subspace.shape[1]
    middle = np.zeros((size, size))
    radius = 0.0
    terms = size + len(subspace)
    for start in range(0, len(subspace), BATCH):
        vectors = subspace[start : start + BATCH]
        batch = directional(heads, shares, vectors)
        for place in range(batch.shape[0]):
            exact_part = batch.midpoint[place]
            weight = weights * scales[start + place]
            scaled = exact_part * weight
            middle += scaled @ exact_part.T
            lengths = [
                frobenius(part) for part in (scaled, exact_part, batch.radius[place])
            ]
            rounding = (gamma(terms) + 4 * UNIT_ROUNDOFF) * lengths[0] * lengths[1]
            spread = 2 * lengths[0] * lengths[2] + weight.max() * lengths[2] ** 2
            radius += outward(rounding + spread) + 8 * size**3 * SMALLEST
    return NormBall(middle, float(outward(radius * (1 + 2.0**-30))))


def directional(
    heads: list[HeadArrays], shares: np.ndarray, vectors: np.ndarray
) -> MidpointRadius:
    r"""Enclose $\partial(Jf)/\partial X$, in shares, for every vector: (m, nd, nd)."""
    total = None
    for place, head in enumerate(heads):
        found = _directional(head, shares[:, place], vectors)
        total = found if total is None else add(total, found)
    return total


def _directional(
    head: HeadArrays, shares: np.ndarray, vectors: np.ndarray
) -> MidpointRadius:
    count = len(vectors)
    tokens, features = head.value.shape[1:]
    size = tokens * features
    covariance, means, values, keys = (exact(share[:, None, None]) for share in shares)
    f = exact(vectors.reshape(count, tokens, features))
    # Logit changes z_ik . f, as (m, i, k).
    turned = product(head.linear, exact(vectors.T)).transpose(2, 0, 1)
    moved = product(f, head.through)
    spread = multiply(turned[..., None], multiply(covariance, head.value)[None])
    change = add(multiply(means, moved[:, None]), spread)
    weighted = multiply(head.weight[None, ..., None], change)
    rows = product(transposed(weighted), head.linear[None])
    rows = rows.reshape(count, tokens, features, tokens, features)
    # Values and keys that move with their token, and the receiver's own query.
    heavy = multiply(multiply(values[..., 0], head.weight)[None], turned)
    rows = add(
        rows,
        multiply(
            heavy[:, :, None, :, None], transposed(head.through)[None, None, :, None]
        ),
    )
    weights = multiply(keys[..., 0], head.weight)
    kept = transposed(multiply(weights[..., None], head.value))
    pulled = product(f, head.form)[:, :, None, None, :]
    rows = add(rows, multiply(kept[None, ..., None], pulled))
    images = product(f, transposed(head.form))
    own = product(kept[None], images[:, None])
    token = np.arange(tokens)
    diagonal = add(rows[:, token, :, token], own.transpose(1, 0, 2, 3))
    rows.midpoint[:, token, :, token] = diagonal.midpoint
    rows.radius[:, token, :, token] = diagonal.radius
    return rows.reshape(count, size, size)
