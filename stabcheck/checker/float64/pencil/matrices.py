r"""The matrices of theorem `attention-pencil`, as balls in the spectral norm.

On a subspace the first order of the Jacobian is exact: $\sum_b (u\cdot
K_b\delta)(f_b\cdot v)$ with $K_b = \partial(Jf_b)/\partial X$, at most $\tfrac12(u^{
\mathsf T}\sum_b s_bK_b\operatorname{diag}(c)K_b^{\mathsf T}u + T\sum_b(f_b\cdot
v)^2/s_b)$ where $T \ge \sum_k\delta_k^2/c_k$ on the domain.  The rest are the products
of `pencil_products`.
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
from stabcheck.checker.float64.norm_ball import NormBall, in_norm
from stabcheck.checker.float64.norm_ball import multiply as ball_product
from stabcheck.checker.float64.norms import frobenius
from stabcheck.checker.float64.pencil.arrays import HeadArrays, transposed
from stabcheck.checker.float64.pencil.products import Sides


def anchor(
    heads: list[HeadArrays], shifts: list[tuple[np.ndarray, np.ndarray]]
) -> NormBall:
    """The Jacobian at the centre, its weights shifted: (nd, nd)."""
    total = None
    for head, (covariance, means) in zip(heads, shifts, strict=True):
        tokens, features = head.value.shape[1:]
        tilted = multiply(head.weight, add(exact(np.ones(())), exact(covariance)))
        spread = transposed(multiply(tilted[..., None], head.value))
        rows = product(spread, head.linear)
        plain = multiply(head.weight, add(exact(np.ones(())), exact(means)))
        blocks = multiply(
            plain[:, None, :, None], transposed(head.through)[None, :, None, :]
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
        gram = product(transposed(head.through), head.through)
        means = multiply(exact(side.through[:, None, None]), gram[None])
        weighted = multiply(exact(side.values[..., None]), head.value)
        found = add(means, product(transposed(head.value), weighted))
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
        keys = product(transposed(head.form), head.form)
        own = product(head.form, transposed(head.form))
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
