r"""Explicit methods as convex combinations of Euler steps, after Shu and Osher.

$Y_i = \sum_{k < i}(\alpha_{ik}Y_k + h\beta_{ik}f(Y_k))$ with $\sum_k\alpha_{ik} = 1$
(Gottlieb, Ketcheson, Shu, *Strong Stability Preserving Runge-Kutta and Multistep Time
Discretizations*, 2011, eq. (2.10)).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity


@dataclass(frozen=True)
class ConvexForm:
    r"""The arrays $\alpha$ and $\beta$, rows of $1, 2, \dots, s$ rationals.

    **Raises:** `InvalidInput` for rows of other lengths.
    """

    alpha: tuple[tuple[Fraction, ...], ...]
    beta: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        for key in ("alpha", "beta"):
            rows = tuple(tuple(map(Fraction, row)) for row in getattr(self, key))
            object.__setattr__(self, key, rows)
        for rows in (self.alpha, self.beta):
            lengths = [len(row) for row in rows]
            if lengths != list(range(1, len(self.alpha) + 1)):
                raise InvalidInput(
                    f"asked for a convex form with rows of {lengths} numbers; give "
                    "rows of 1, 2, ... of them, as many in both arrays"
                )

    @property
    def ssp_coefficient(self) -> Algebraic | Infinity:
        r"""$\min\alpha_{ik}/\beta_{ik}$, 0 if some entry is negative.

        It never exceeds the radius of absolute monotonicity of the method.
        """
        pairs = [
            pair
            for rows in zip(self.alpha, self.beta, strict=True)
            for pair in zip(*rows, strict=True)
        ]
        if any(a < 0 or b < 0 for a, b in pairs):
            return Algebraic.of(0)
        ratios = [Algebraic.of(a / b) for a, b in pairs if b]
        return min(ratios, default=INFINITY)

    def rows(self) -> list[tuple[Fraction, ...]]:
        """The rows of the tableau, the weights last: $Y_i$ without $y_0$."""
        found: list[tuple[Fraction, ...]] = [()]
        size = len(self.alpha)
        for a_row, b_row in zip(self.alpha, self.beta, strict=True):
            row = [Fraction(0)] * size
            for k, (a, b) in enumerate(zip(a_row, b_row, strict=True)):
                row[k] += b
                for j, below in enumerate(found[k]):
                    row[j] += a * below
            found.append(tuple(row))
        return found
