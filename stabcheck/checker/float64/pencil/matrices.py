r"""The matrices of theorem `attention-pencil`, as balls in the spectral norm.

On a subspace the first order of the Jacobian is exact: $\sum_b (u\cdot
K_b\delta)(f_b\cdot v)$ with $K_b = \partial(Jf_b)/\partial X$, at most $\tfrac12(u^{
\mathsf T}\sum_b s_bK_b\operatorname{diag}(c)K_b^{\mathsf T}u + T\sum_b(f_b\cdot
v)^2/s_b)$ where $T \ge \sum_k\delta_k^2/c_k$ on the domain.  The rest are the products
of `pencil_products`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb

from stabcheck.checker.float64.definite import sharp_norm
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    add,
    exact,
    from_arb,
    gamma,
    multiply,
    outward,
    product,
    subtract,
)
from stabcheck.checker.float64.norm_ball import NormBall, in_norm
from stabcheck.checker.float64.norm_ball import multiply as ball_product
from stabcheck.checker.float64.norms import frobenius, nonnegative_norm
from stabcheck.checker.float64.pencil.products import Sides
from stabcheck.checker.pencil.heads import PencilHead

BATCH = 8
"""Vectors of the subspace whose matrices are formed at once."""


@dataclass(frozen=True)
class HeadArrays:
    """One head enclosed: (d, d) matrices, (n, n) weights, (n, n, d) values, (n, n, nd).

    `linear` holds the coefficients $z_{ik}$ of the changes of the centred logits.
    """

    form: MidpointRadius
    through: MidpointRadius
    weight: MidpointRadius
    value: MidpointRadius
    linear: MidpointRadius


def head_arrays(head: PencilHead) -> HeadArrays:
    """Round a head's balls to float64, outward."""
    tokens, features = head.weight.nrows(), head.form.nrows()

    def table(lines: Sequence[Sequence[Sequence[arb]]]) -> MidpointRadius:
        flat = [x for row in lines for line in row for x in line]
        return from_arb(flat, (tokens, tokens, features))

    weight = from_arb(head.weight.entries(), (tokens, tokens))
    query = from_arb([x for line in head.query for x in line], (tokens, features))
    centring = subtract(exact(np.eye(tokens)[None]), weight[:, None, :])
    linear = multiply(centring[..., None], query[:, None, None, :])
    key, own = table(head.key), np.arange(tokens)
    turned = add(linear[own, :, own], key)
    linear.midpoint[own, :, own] = turned.midpoint
    linear.radius[own, :, own] = turned.radius
    return HeadArrays(
        form=from_arb(head.form.entries(), (features, features)),
        through=from_arb(head.through.entries(), (features, features)),
        weight=weight,
        value=table(head.value),
        linear=linear.reshape(tokens, tokens, tokens * features),
    )


def form_norm(head: HeadArrays) -> arb:
    """An upper bound of the norm of a head's bilinear form."""
    return _norm(head.form)


def steepness(head: HeadArrays, token: int, keys: list[int]) -> arb:
    r"""An upper bound of $\lVert\operatorname{diag}(\sqrt p)Z_i\rVert_2$."""
    weight = head.weight[token][keys]
    # An upper bound of the root, as an exact number: it only enlarges the matrix.
    roots = outward(np.sqrt(outward(np.maximum(weight.midpoint + weight.radius, 0.0))))
    return _norm(multiply(exact(roots[:, None]), head.linear[token][keys]))


def _norm(enclosure: MidpointRadius) -> arb:
    spread = nonnegative_norm(enclosure.radius) if enclosure.radius.any() else 0.0
    return arb(float(outward(sharp_norm(enclosure.midpoint) + spread)))


def _transposed(enclosure: MidpointRadius) -> MidpointRadius:
    axes = (*range(len(enclosure.shape) - 2), -1, -2)
    return enclosure.transpose(*(axis % len(axes) for axis in axes))


def anchor(
    heads: list[HeadArrays], shifts: list[tuple[np.ndarray, np.ndarray]]
) -> NormBall:
    """The Jacobian at the centre, its weights shifted: (nd, nd)."""
    total = None
    for head, (covariance, means) in zip(heads, shifts, strict=True):
        tokens, features = head.value.shape[1:]
        tilted = multiply(head.weight, add(exact(np.ones(())), exact(covariance)))
        spread = _transposed(multiply(tilted[..., None], head.value))
        rows = product(spread, head.linear)
        plain = multiply(head.weight, add(exact(np.ones(())), exact(means)))
        blocks = multiply(
            plain[:, None, :, None], _transposed(head.through)[None, :, None, :]
        )
        found = add(rows, blocks.reshape(tokens, features, tokens * features))
        total = found if total is None else add(total, found)
    size = total.shape[0] * total.shape[1]
    return in_norm(total.reshape(size, size))


def _quadratic(left: MidpointRadius, weight: np.ndarray) -> NormBall:
    r"""Enclose $E^{\mathsf T}\operatorname{diag}(w)E$ for exact weights $w \ge 0$.

    With $E = C + D$: one float product, its rounding by Cauchy-Schwarz, and
    $2\lVert wC\rVert_F\lVert D\rVert_F + \max w\,\lVert D\rVert_F^2$.
    """
    rows = len(weight)
    scaled = weight[:, None] * left.midpoint
    middle = scaled.T @ left.midpoint
    lengths = frobenius(scaled), frobenius(left.midpoint), frobenius(left.radius)
    rounding = (gamma(rows) + 2 * UNIT_ROUNDOFF) * lengths[0] * lengths[1]
    spread = 2 * lengths[0] * lengths[2] + float(weight.max()) * lengths[2] ** 2
    underflow = 4 * rows * middle.size * SMALLEST * (1 + lengths[1])
    return NormBall(middle, float(outward(rounding + spread + underflow)))


def _sum(*balls: NormBall) -> NormBall:
    """Add dense balls."""
    middle = np.zeros_like(balls[0].midpoint)
    radius = 0.0
    for ball in balls:
        middle = middle + ball.midpoint
        radius += ball.radius + UNIT_ROUNDOFF * frobenius(middle)
    return NormBall(middle, float(outward(radius)))


def _dense(blocks: MidpointRadius) -> NormBall:
    """Diagonal blocks (n, d, d) as one matrix."""
    tokens, features = blocks.shape[:2]
    ball = in_norm(blocks)
    middle = np.zeros((tokens, features, tokens, features))
    middle[np.arange(tokens), :, np.arange(tokens)] = ball.midpoint
    size = tokens * features
    return NormBall(middle.reshape(size, size), ball.radius)


def left_side(
    heads: list[HeadArrays],
    sides: list[Sides],
    pencil: NormBall,
) -> NormBall:
    """The matrix Q: the pencil, and the products' values and means."""
    total = None
    for head, side in zip(heads, sides, strict=True):
        gram = product(_transposed(head.through), head.through)
        means = multiply(exact(side.through[:, None, None]), gram[None])
        weighted = multiply(exact(side.values[..., None]), head.value)
        found = add(means, product(_transposed(head.value), weighted))
        total = found if total is None else add(total, found)
    return _sum(pencil, _dense(total))


def right_side(
    heads: list[HeadArrays], sides: list[Sides], subspace: np.ndarray, share: np.ndarray
) -> NormBall:
    """The matrix R: `share` are the exact weights of the subspace's vectors."""
    inside, outside = (_right_part(heads, sides, part) for part in (0, 1))
    projection = _complement(subspace)
    turned = ball_product(ball_product(projection, outside), projection)
    return _sum(_quadratic(exact(subspace), share), inside, turned)


def _complement(subspace: np.ndarray) -> NormBall:
    """Enclose I - F^T F, symmetric."""
    middle = -(subspace.T @ subspace)
    length = frobenius(subspace)
    rounding = gamma(len(subspace) + 1) * length * length
    diagonal = np.einsum("ii->i", middle)
    diagonal += 1.0
    rounding += UNIT_ROUNDOFF * float(np.abs(diagonal).max())
    rounding += 2 * len(subspace) * middle.size * SMALLEST
    return NormBall(middle, float(outward(rounding)))


def _right_part(heads: list[HeadArrays], sides: list[Sides], part: int) -> NormBall:
    blocks, dense = None, []
    for head, side in zip(heads, sides, strict=True):
        tokens, _, size = head.linear.shape
        flat = head.linear.reshape(tokens * tokens, size)
        dense.append(_quadratic(flat, side.linear[part].ravel()))
        keys = product(_transposed(head.form), head.form)
        own = product(head.form, _transposed(head.form))
        # Sums over the receivers of nonnegative numbers, rounded upward.
        weights = [
            outward(side.keys[part].sum(axis=0)),
            side.own[part],
            outward(side.plain[part].sum(axis=0)),
        ]
        parts = [keys, own, exact(np.eye(size // tokens))]
        for weight, matrix in zip(weights, parts, strict=True):
            found = multiply(exact(weight[:, None, None]), matrix[None])
            blocks = found if blocks is None else add(blocks, found)
    return _sum(_dense(blocks), *dense)


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
    rows = product(_transposed(weighted), head.linear[None])
    rows = rows.reshape(count, tokens, features, tokens, features)
    # Values and keys that move with their token, and the receiver's own query.
    heavy = multiply(multiply(values[..., 0], head.weight)[None], turned)
    rows = add(
        rows,
        multiply(
            heavy[:, :, None, :, None], _transposed(head.through)[None, None, :, None]
        ),
    )
    weights = multiply(keys[..., 0], head.weight)
    kept = _transposed(multiply(weights[..., None], head.value))
    pulled = product(f, head.form)[:, :, None, None, :]
    rows = add(rows, multiply(kept[None, ..., None], pulled))
    images = product(f, _transposed(head.form))
    own = product(kept[None], images[:, None])
    token = np.arange(tokens)
    diagonal = add(rows[:, token, :, token], own.transpose(1, 0, 2, 3))
    rows.midpoint[:, token, :, token] = diagonal.midpoint
    rows.radius[:, token, :, token] = diagonal.radius
    return rows.reshape(count, size, size)
