r"""Arrays with an error in norm: what floats and their roundings leave unknown.

The contraction of two arrays in which every summed index stands in both has $\lVert
|A||B|\rVert_F \le \lVert A\rVert_F\lVert B\rVert_F$, so that the error of a float
contraction of $k$ terms is at most $\gamma_k\lVert A\rVert_F\lVert B\rVert_F$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.checker.float64.accurate import split_product
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    gamma,
    outward,
)
from stabcheck.checker.float64.norms import frobenius

ROOM = 1 + 2.0**-30
FLOOR = 2.0**-900
"""Above what underflows in sums of at most 2^60 products that grow by 2^100 later."""


def upward(value):
    """Upper bound of a nonnegative quantity after at most 2^22 roundings of such."""
    return value * ROOM + FLOOR


def length(array: np.ndarray) -> float:
    """An upper bound of the Frobenius norm of an array of any shape."""
    return frobenius(np.ascontiguousarray(array).reshape(-1))


@dataclass(frozen=True, eq=False)
class Near:
    """Every array within `radius` of `middle`.

    In the Frobenius norm; for a matrix that multiplies others the spectral norm of
    the error suffices.  `norm`, where it is known, bounds the spectral norm of the
    middle as a matrix, or of each matrix of a stack, that multiplies others.
    """

    middle: np.ndarray
    radius: float
    norm: float = np.inf

    @cached_property
    def size(self) -> float:
        """A bound of the Frobenius norm of the middle."""
        return length(self.middle)

    @property
    def factor(self) -> float:
        """How much a multiplication with the middle enlarges errors at most."""
        return min(self.size, self.norm)

    def reshape(self, *shape: int) -> Near:
        return Near(self.middle.reshape(shape), self.radius)

    def transpose(self, *axes: int) -> Near:
        norm = self.norm if axes == (1, 0) else np.inf
        return Near(self.middle.transpose(axes), self.radius, norm)

    def __getitem__(self, index) -> Near:
        return Near(self.middle[index], self.radius)

    def __add__(self, other: Near) -> Near:
        middle = self.middle + other.middle
        error = self.radius + other.radius + UNIT_ROUNDOFF * length(middle)
        return Near(middle, float(outward(error)))

    def __neg__(self) -> Near:
        return Near(-self.middle, self.radius, self.norm)


def near(enclosure: MidpointRadius) -> Near:
    """An array enclosed entry by entry."""
    return Near(enclosure.midpoint, length(enclosure.radius))


def exactly(array: np.ndarray) -> Near:
    """A float64 or float32 array itself."""
    return Near(np.asarray(array, dtype=np.float64), 0.0)


def contract(indices: str, a: Near, b: Near) -> Near:
    """Contract two arrays as `einsum` does; summed indices stand in both."""
    inputs, output = indices.split("->")
    first, second = inputs.split(",")
    summed = set(first) & set(second) - set(output)
    sizes = dict(zip(first, a.middle.shape, strict=True))
    terms = int(np.prod([sizes[index] for index in summed], dtype=np.int64))
    middle = np.einsum(indices, a.middle, b.middle, optimize=bool(summed))
    factors = _factor(a, first, second), _factor(b, second, first)
    return Near(middle, _error(a, b, terms, middle.size, factors))


def _factor(array: Near, own: str, other: str) -> float:
    """The factor of an operand: of a stack, only where the other is stacked alike."""
    alike = len(own) < 3 or own[0] in other
    return array.factor if alike else array.size


def multiply(a: Near, b: Near) -> Near:
    """The matrix product; leading axes broadcast as in `matmul`.

    An operand that is broadcast counts once in its norm: the other one has the batch.
    """
    middle = a.middle @ b.middle
    alike = a.middle.shape[:-2] == b.middle.shape[:-2]
    factors = (a.factor, b.factor) if alike else (a.size, b.size)
    return Near(middle, _error(a, b, a.middle.shape[-1], middle.size, factors))


def multiply_accurately(a: Near, b: Near) -> Near:
    """The product of matrices, or of stacks of them, almost as accurate as rounded."""
    found = split_product(a.middle, b.middle)
    carried = a.factor * b.radius + a.radius * (b.factor + b.radius)
    return Near(found.midpoint, float(outward(found.frobenius_error() + carried)))


def _error(
    a: Near, b: Near, terms: int, cells: int, factors: tuple[float, float]
) -> float:
    rounding = gamma(terms) * a.size * b.size
    underflow = 2 * terms * SMALLEST * float(np.sqrt(cells))
    carried = factors[0] * b.radius + a.radius * (factors[1] + b.radius)
    return float(outward(rounding + underflow + carried))


def stacked(parts: list[Near], axis: int = 0) -> Near:
    """Arrays side by side."""
    middle = np.concatenate([part.middle for part in parts], axis=axis)
    return Near(middle, together([part.radius for part in parts]))


def together(radii: list[float]) -> float:
    """The error of an array of disjoint parts: the root of the sum of squares."""
    largest = max(radii)
    if largest == 0:
        return 0.0
    shares = np.array(radii) / largest
    return float(upward(largest * np.sqrt(shares @ shares)))
