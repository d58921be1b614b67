r"""Balls of matrices in the spectral norm: midpoint in float64, radius as a norm.

A chain of layers needs no entrywise radii: the norm of the error is what the bounds
use, and it does not grow with absolute values as entrywise radii do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from stabcheck.checker.float64.accurate import split_product
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

    @cached_property
    def midpoint_norm(self) -> float:
        """An upper bound of the norm of the midpoint."""
        return schatten_norm(self.midpoint)

    @property
    def norm(self) -> float:
        """An upper bound of the norm of every matrix in the ball."""
        return float(outward(self.midpoint_norm + self.radius))


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
    return _product(left, right, _accurate)


def crude_multiply(left: NormBall, right: NormBall) -> NormBall:
    """The same with one float product instead of three, and a larger radius."""
    return _product(left, right, _plain)


Kernel = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]]
"""A product of stacked matrices and its error in the Frobenius norm of all of them."""


def _accurate(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float]:
    found = split_product(a, b)
    return found.midpoint, found.frobenius_error()


def _plain(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float]:
    # Cauchy-Schwarz for |A||B|, slab by slab, and over the slabs.
    terms = a.shape[-1]
    lengths = [frobenius(part.reshape(-1, part.shape[-1])) for part in (a, b)]
    product = a @ b
    underflow = float(np.sqrt(product.size)) * 2 * terms * SMALLEST
    return product, float(outward(gamma(terms) * lengths[0] * lengths[1] + underflow))


def _product(left: NormBall, right: NormBall, kernel: Kernel) -> NormBall:
    product, error = _by_slabs(kernel, left.midpoint, right.midpoint)
    if right.radius != 0:
        error += left.midpoint_norm * right.radius
    if left.radius != 0:
        error += left.radius * (right.midpoint_norm + right.radius)
    return NormBall(product, float(outward(error)))


def _by_slabs(
    kernel: Kernel, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, float]:
    """Multiply matrices or diagonal blocks; the product and its error in norm."""
    if left.ndim == right.ndim:
        return kernel(left, right)
    if left.ndim == 3:
        slabs = right.reshape(len(left), left.shape[1], right.shape[1])
        product, error = kernel(left, slabs)
        return product.reshape(right.shape), error
    slabs = left.reshape(len(left), len(right), right.shape[1]).transpose(1, 0, 2)
    product, error = kernel(slabs, right)
    return product.transpose(1, 0, 2).reshape(left.shape), error
