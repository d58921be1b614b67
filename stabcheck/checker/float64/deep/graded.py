"""Bounds by order: at the centre, linear in the input, linear in the drift, the rest.

Products of bounds keep the orders apart: what is linear in the input is bounded
exactly elsewhere, and the rest is at least of second order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Graded:
    """Nonnegative arrays that add up to a bound of a quantity; shapes broadcast."""

    zero: np.ndarray | float
    one: np.ndarray | float
    drift: np.ndarray | float
    rest: np.ndarray | float

    @property
    def moved(self) -> np.ndarray | float:
        """A bound of what differs from the centre."""
        return self.one + self.drift + self.rest

    def __add__(self, other: Graded) -> Graded:
        return Graded(
            self.zero + other.zero,
            self.one + other.one,
            self.drift + other.drift,
            self.rest + other.rest,
        )

    def __mul__(self, other: Graded) -> Graded:
        rest = self.zero * other.rest + self.rest * other.zero
        return Graded(
            self.zero * other.zero,
            self.zero * other.one + self.one * other.zero,
            self.zero * other.drift + self.drift * other.zero,
            rest + self.moved * other.moved,
        )

    def scaled(self, factor: np.ndarray | float) -> Graded:
        """The bound times a nonnegative number or array."""
        return Graded(
            self.zero * factor,
            self.one * factor,
            self.drift * factor,
            self.rest * factor,
        )

    def __getitem__(self, index) -> Graded:
        return Graded(
            *(
                np.asarray(part)[index]
                for part in (self.zero, self.one, self.drift, self.rest)
            )
        )
