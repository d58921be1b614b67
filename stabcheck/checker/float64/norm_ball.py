r"""Balls of matrices in the spectral norm: midpoint in float64, radius as a norm.

A chain of layers needs no entrywise radii: the norm of the error is what the bounds
use, and it does not grow with absolute values as entrywise radii do.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    from_fraction,
    outward,
)
from stabcheck.checker.float64.norms import (
    frobenius,
    nonnegative_norm,
    schatten_norm,
)


@dataclass(frozen=True)
class NormBall:
    r"""Every matrix $A$ with $\lVert A - C\rVert_2 \le r$.

    `midpoint` $C$ is (N, N), or (n, d, d): the diagonal blocks of a block-diagonal
    matrix, and then $A$ is block diagonal too.
    """

    midpoint: np.ndarray
    radius: float

    @property
    def is_block_diagonal(self) -> bool:
        return self.midpoint.ndim == 3

    @property
    def rows(self) -> int:
        """The size N of the whole matrix."""
        if self.is_block_diagonal:
            return self.midpoint.shape[0] * self.midpoint.shape[1]
        return self.midpoint.shape[0]

    def norm(self) -> float:
        """An upper bound of the norm of every matrix in the ball."""
        return float(outward(schatten_norm(self.midpoint) + self.radius))


def in_norm(enclosure: MidpointRadius) -> NormBall:
    """The ball of a square matrix, or of diagonal blocks, enclosed entrywise."""
    return NormBall(enclosure.midpoint, nonnegative_norm(enclosure.radius))


def identity_plus(step: Fraction, ball: NormBall) -> NormBall:
    r"""Enclose $I + hA$: the derivative of a forward Euler step."""
    size = from_fraction(step)
    h = float(size.midpoint)
    midpoint = ball.midpoint * h
    # |h - fl(h)| |A| and the roundings of the product and of the sum.
    moved = float(size.radius) * (frobenius(ball.midpoint) + ball.radius)
    rounding = 2 * UNIT_ROUNDOFF * frobenius(midpoint) + midpoint.size * SMALLEST
    diagonal = np.einsum("...ii->...i", midpoint)
    diagonal += 1.0
    rounding += UNIT_ROUNDOFF * float(np.abs(diagonal).max())
    return NormBall(midpoint, float(outward(h * ball.radius + moved + rounding)))


def multiply(left: NormBall, right: NormBall) -> NormBall:
    r"""Enclose $AB$: $\lVert AB - P\rVert \le \lVert C_A\rVert r_B + r_A(\lVert
    C_B\rVert + r_B) + \lVert C_AC_B - P\rVert$ for the float product $P$.
    """
    product, rounding = _product(left.midpoint, right.midpoint)
    error = rounding
    if right.radius > 0:
        error += schatten_norm(left.midpoint) * right.radius
    if left.radius > 0:
        error += left.radius * (schatten_norm(right.midpoint) + right.radius)
    return NormBall(product, float(outward(error)))


def _product(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float]:
    """The float product of matrices or diagonal blocks, and its error in norm."""
    if left.ndim == 3 and right.ndim == 2:
        blocks, width, columns = len(left), left.shape[1], right.shape[1]
        found = accurate_product(left, right.reshape(blocks, width, columns))
        return found.midpoint.reshape(right.shape), _whole(found)
    if left.ndim == 2 and right.ndim == 3:
        rows, blocks, width = len(left), len(right), right.shape[1]
        slabs = left.reshape(rows, blocks, width).transpose(1, 0, 2)
        found = accurate_product(slabs, right)
        return found.midpoint.transpose(1, 0, 2).reshape(left.shape), _whole(found)
    found = accurate_product(left, right)
    return found.midpoint, frobenius(found.radius)


def _whole(slabs: MidpointRadius) -> float:
    """The Frobenius norm of the radii of slabs that make up one matrix."""
    return frobenius(slabs.radius.reshape(-1, slabs.radius.shape[-1]))
