r"""Balls of matrices in the spectral norm: midpoint in float64, radius as a norm.

A chain of layers needs no entrywise radii: the norm of the error is what the bounds
use, and it does not grow with absolute values as entrywise radii do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    from_fraction,
    gamma,
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
    C_B\rVert + r_B) + \lVert C_AC_B - P\rVert$ for the accurate float product $P$.
    """
    product, rounding = _by_slabs(accurate_product, left.midpoint, right.midpoint)
    return _with_radii(left, right, product, rounding)


def crude_multiply(left: NormBall, right: NormBall) -> NormBall:
    """The same with one float product instead of three, and a larger radius."""
    product, rounding = _by_slabs(_plain_product, left.midpoint, right.midpoint)
    return _with_radii(left, right, product, rounding)


def _with_radii(
    left: NormBall, right: NormBall, product: np.ndarray, rounding: float
) -> NormBall:
    error = rounding
    if right.radius > 0:
        error += schatten_norm(left.midpoint) * right.radius
    if left.radius > 0:
        error += left.radius * (schatten_norm(right.midpoint) + right.radius)
    return NormBall(product, float(outward(error)))


def _plain_product(a: np.ndarray, b: np.ndarray) -> MidpointRadius:
    """The float product, with its error bounded by row and column lengths."""
    terms = a.shape[-1]
    rows = np.sqrt((a * a).sum(axis=-1, keepdims=True))
    columns = np.sqrt((b * b).sum(axis=-2, keepdims=True))
    # Cauchy-Schwarz for |a||b|; the lengths err by much less than the factor 2.
    radius = 2 * gamma(terms) * rows * columns + 2 * terms * SMALLEST
    return MidpointRadius(a @ b, outward(radius))


def _by_slabs(
    kernel: Callable[[np.ndarray, np.ndarray], MidpointRadius],
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Multiply matrices or diagonal blocks; the product and its error in norm."""
    if left.ndim == right.ndim:
        found = kernel(left, right)
        return found.midpoint, frobenius(found.radius)
    if left.ndim == 3:
        slabs = right.reshape(len(left), left.shape[1], right.shape[1])
        found = kernel(left, slabs)
        product = found.midpoint.reshape(right.shape)
    else:
        slabs = left.reshape(len(left), len(right), right.shape[1]).transpose(1, 0, 2)
        found = kernel(slabs, right)
        product = found.midpoint.transpose(1, 0, 2).reshape(left.shape)
    # The radii of all slabs make up one matrix.
    return product, frobenius(found.radius.reshape(-1, found.radius.shape[-1]))
