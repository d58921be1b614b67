r"""Arrays of float64 intervals, as midpoints and radii, rounded outward.

Rounding is bounded as in Higham, Accuracy and Stability of Numerical Algorithms,
sections 2.2 and 3.1: a sum or product errs by at most $u$ times itself, a sum of $K$
products of $k$ factors, in whatever order, by at most $\gamma_{K+k}$ times the sum of
their absolute values, and an underflow by less than `TINY`.  A radius is made of a few
such operations on numbers that are not negative and multiplied by `ROOM` at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

U = 2.0**-53
"""The unit roundoff of float64."""

ROOM = 1 + 64 * U
"""More than the relative error of a dozen roundings of nonnegative numbers."""

TINY = 2.0**-1060
"""More than the absolute errors of a few underflows."""


@dataclass(frozen=True, eq=False)
class MidpointRadius:
    """The intervals `midpoint - radius` to `midpoint + radius`, entry by entry."""

    midpoint: np.ndarray
    radius: np.ndarray

    # NumPy then leaves a product with one of its scalars to this class.
    __array_ufunc__ = None

    @classmethod
    def exactly(cls, midpoint: Any) -> MidpointRadius:
        """Points."""
        array = np.asarray(midpoint, dtype=np.float64)
        return cls(array, np.zeros(array.shape))

    @classmethod
    def between(cls, lower: np.ndarray, upper: np.ndarray) -> MidpointRadius:
        """The narrowest of these intervals around given ends."""
        with np.errstate(all="ignore"):
            midpoint = lower + (upper - lower) / 2
            reach = np.maximum(midpoint - lower, upper - midpoint)
            radius = np.where(reach == 0, 0.0, reach * ROOM + TINY)
        known = np.isfinite(radius)
        return cls(np.where(known, midpoint, 0.0), np.where(known, radius, np.inf))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.midpoint.shape

    @property
    def lower(self) -> np.ndarray:
        """Lower ends, rounded down; minus infinity where nothing is known."""
        return self._end(-1.0)

    @property
    def upper(self) -> np.ndarray:
        """Upper ends, rounded up; infinity where nothing is known."""
        return self._end(1.0)

    @property
    def is_exact(self) -> bool:
        return not self.radius.any()

    def met(self, other: MidpointRadius) -> MidpointRadius:
        """The intersection of two enclosures of the same values."""
        lower = np.maximum(self.lower, other.lower)
        upper = np.minimum(self.upper, other.upper)
        if (lower > upper).any():
            raise ArithmeticError(
                "asked to intersect two enclosures of one value, found them apart: one "
                "of them is wrong; report it"
            )
        narrower = MidpointRadius.between(lower, upper)
        # Ends are rounded outward: where one of the two lies inside, keep it as it is.
        for one in (other, self):
            inside = (one.lower >= lower) & (one.upper <= upper)
            narrower = narrower.replaced(inside, one)
        return narrower

    def replaced(self, where: np.ndarray, other: MidpointRadius) -> MidpointRadius:
        """The entries of another one in some places."""
        return MidpointRadius(
            np.where(where, other.midpoint, self.midpoint),
            np.where(where, other.radius, self.radius),
        )

    def __getitem__(self, at: Any) -> MidpointRadius:
        return MidpointRadius(self.midpoint[at], self.radius[at])

    def __neg__(self) -> MidpointRadius:
        return MidpointRadius(-self.midpoint, self.radius)

    def __sub__(self, other: MidpointRadius) -> MidpointRadius:
        return self + (-other)

    def __add__(self, other: MidpointRadius) -> MidpointRadius:
        a, b = self.midpoint, other.midpoint
        with np.errstate(all="ignore"):
            total = a + b
            if self.is_exact and other.is_exact:
                # The error of a sum is a float64 (Knuth's TwoSum): exact sums stay so.
                shadow = total - a
                error = np.abs((a - (total - shadow)) + (b - shadow))
                return MidpointRadius(total, error)
            radius = self.radius + other.radius + U * np.abs(total)
            return MidpointRadius(total, radius * ROOM)

    def __mul__(self, other: MidpointRadius) -> MidpointRadius:
        a, b = self.midpoint, other.midpoint
        with np.errstate(all="ignore"):
            product = a * b
            reach = np.abs(a) + self.radius
            other_reach = np.abs(b) + other.radius
            # Even where everything underflows, something may have been lost.
            radius = U * np.abs(product) + TINY * ((reach > 0) & (other_reach > 0))
            if self.is_exact and other.is_exact:
                # Products of whole numbers, as of masks, are exact.
                whole = (a == np.rint(a)) & (b == np.rint(b))
                radius = np.where(whole & (np.abs(product) < 2.0**53), 0.0, radius)
            if self.radius.any():
                radius = radius + self.radius * other_reach
            if other.radius.any():
                radius = radius + np.abs(a) * other.radius
            return MidpointRadius(product, radius * ROOM)

    def _end(self, sign: float) -> np.ndarray:
        with np.errstate(all="ignore"):
            end = self.midpoint + sign * self.radius
            outward = np.nextafter(end, sign * np.inf)
        ends = np.where(self.radius == 0, self.midpoint, outward)
        return np.where(np.isfinite(self.midpoint + self.radius), ends, sign * np.inf)
