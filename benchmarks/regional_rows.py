"""The rows of the tightness table: domains, quantities, and the numbers to reach."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

SIZES = (4, 8, 16, 32)
TUBE_SIZES = (16, 64)
BALL_SHARES = ("1/8", "1/4", "1/2", "3/4", "1")
"""Radii of balls, as shares of sqrt(d)."""


@dataclass(frozen=True)
class Row:
    """One line of the table; the numbers to reach by size, in the order of `sizes`."""

    domain: str
    quantity: str
    must: tuple[float, ...]
    goal: tuple[float, ...]
    moonshot: tuple[float, ...]
    seconds: float
    sizes: tuple[int, ...] = SIZES

    @property
    def name(self) -> str:
        return f"{self.domain} {self.quantity}"

    def domains(self, size: int) -> tuple[str, ...]:
        """The texts of the domains, of which the worst is shown."""
        if self.domain != "ball":
            return (self.domain,)
        return tuple(f"ball:{_radius(share, size)}" for share in BALL_SHARES)

    def reached(self, size: int, slack: float) -> str:
        """The hardest of the three numbers that a slack reaches."""
        at = self.sizes.index(size)
        for word in ("moonshot", "goal", "must"):
            if slack <= getattr(self, word)[at]:
                return word
        return "missed"


def _radius(share: str, size: int) -> str:
    """A share of sqrt(d), rounded down to thousandths."""
    return f"{int(1000 * sqrt(size) * Fraction(share)) / 1000:g}"


def _balls(quantity: str, must: float, goal: float, moonshot: float) -> Row:
    sizes = (*SIZES, 64)
    numbers = ((number,) * len(sizes) for number in (must, goal, moonshot))
    return Row("ball", quantity, *numbers, 5, sizes)


def _all(number: float, sizes: tuple[int, ...] = SIZES) -> tuple[float, ...]:
    return (number,) * len(sizes)


ROWS = (
    Row("box:0.01", "spectral-norm",
        (1.03, 1.05, 1.08, 1.4), _all(1.02), _all(1.005), 60),
    Row("box:0.01", "log-norm",
        (1.03, 1.05, 1.5, 3.0), _all(1.05), _all(1.01), 60),
    Row("frobenius:0.1", "spectral-norm",
        (1.2, 1.4, 1.3, 1.7), _all(1.1), _all(1.02), 60),
    Row("frobenius:0.1", "log-norm",
        (1.2, 1.6, 1.8, 3.0), _all(1.1), _all(1.02), 60),
    Row("box:0.1", "spectral-norm",
        (1.7, 2.9, 3.5, 4.8), (1.5, 2.0, 2.5, 3.0), _all(1.5), 120),
    Row("box:0.1", "log-norm",
        (1.7, 3.0, 4.0, 8.0), (1.5, 2.0, 3.0, 4.0), _all(1.5), 120),
    Row("frobenius:1", "spectral-norm",
        (5.0, 5.0, 6.0, 5.0), _all(3.0), _all(2.0), 60),
    Row("frobenius:1", "log-norm",
        (6.0, 7.0, 8.5, 10.0), _all(4.0), _all(2.0), 60),
    Row("tube:1%", "spectral-norm",
        (3.2, 3.2), (1.5, 1.5), (1.2, 1.2), 60, TUBE_SIZES),
    Row("tube:5%", "spectral-norm",
        (6.5, 6.5), (2.0, 2.0), (1.5, 1.5), 60, TUBE_SIZES),
    _balls("spectral-norm", 3.5, 2.0, 1.3),
    _balls("mixed-norm", 1.4, 1.2, 1.1),
    _balls("log-norm", 4.5, 2.5, 1.3),
)  # fmt: skip
