r"""How far tokens move in a tube, a box or a Frobenius ball, in cells of a budget.

In a tube every token moves by at most $\rho = r$, in a box by at most $\rho =
r\sqrt d$: one cell.  In a Frobenius ball $\sum_i\delta_i^2 \le r^2$: the move of a
token lies between two edges from 0 to $r$, and what remains of the budget is for all
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, root
from stabcheck.checker.failures import ClaimRejected

__all__ = ["MOST_CELLS", "Reach", "reach_of"]

MOST_CELLS = 64


@dataclass(frozen=True)
class Reach:
    """Kind, radius and cells: least and largest move, rest of the squared budget."""

    kind: str
    radius: Fraction
    low: list[Fraction]
    high: list[arb]
    rest: list[Fraction]
    parting: arb

    @property
    def shares(self) -> bool:
        """Whether the tokens share one budget."""
        return self.kind == "frobenius"

    def allowed(self, cell: int) -> list[int]:
        """The cells of another token that fit beside a cell."""
        return [c for c, low in enumerate(self.low) if low * low <= self.rest[cell]]

    def left(self, cell: int, own: int) -> arb:
        """What the cells of two tokens leave for all others, in squared moves."""
        return ball(max(self.rest[cell] - self.low[own] ** 2, Fraction(0)))


def reach_of(claim: dict, kind: str, radius: Fraction, features: int) -> Reach:
    """Return the cells whose lower ends are the parameter `edges`."""
    low = claim["parameters"].get("edges")
    if (
        not isinstance(low, list)
        or not 1 <= len(low) <= MOST_CELLS
        or low[0] != 0
        or any(a > b for a, b in zip(low, [*low[1:], radius], strict=True))
    ):
        raise ClaimRejected(
            f"parameter edges has to be a list of at most {MOST_CELLS} rationals that "
            "ascend from 0 to at most the radius"
        )
    if kind == "frobenius":
        high = [ball(edge) for edge in [*low[1:], radius]]
        rest = [radius * radius - edge * edge for edge in low]
        return Reach(kind, radius, low, high, rest, root(arb(2)) * ball(radius))
    if len(low) != 1:
        raise ClaimRejected(
            f"the tokens of a {kind} share no budget: parameter edges has to be [0]"
        )
    stretch = root(arb(features)) if kind == "box" else arb(1)
    high = [ball(radius) * stretch]
    return Reach(kind, radius, low, high, [Fraction(0)], 2 * high[0])
