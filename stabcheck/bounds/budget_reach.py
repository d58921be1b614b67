r"""How far tokens move in a tube, a box or a Frobenius ball, in cells of a budget.

In a tube every token moves by at most $\rho = r$, in a box by at most $\rho =
r\sqrt d$; there is one cell.  In a Frobenius ball $\sum_i\delta_i^2 \le r^2$: the move
$\delta_i$ of a token lies in one of the cells $[\epsilon_{c-1}, \epsilon_c]$ between
edges from 0 to $r$, and the other tokens share what remains of the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.validation import Array
from stabcheck.errors import InvalidInput

KINDS = ("tube", "box", "frobenius")


@dataclass(frozen=True, eq=False)
class Reach:
    """The domain of a bound: its kind, radius and cells.

    `low`, `high`: the least and the largest move of a token in each cell, `(C,)`;
    `rest`, what remains of the squared budget for all others, `(C,)`.
    """

    kind: str
    radius: float
    low: Array
    high: Array
    rest: Array

    @staticmethod
    def of(kind: str, radius: float, features: int, edges: Sequence[float]) -> Reach:
        """The cells between `edges`, which are 0 and the radius for tube and box.

        **Raises:** `InvalidInput` for another kind.
        """
        if kind not in KINDS:
            raise InvalidInput(
                f"asked for a budget on a {kind}, found no such domain; use one of "
                f"{', '.join(KINDS)}"
            )
        ends = np.asarray(edges, dtype=np.float64)
        low, high = ends[:-1], ends[1:]
        if kind == "frobenius":
            rest = np.maximum(radius**2 - low**2, 0.0)
        else:
            rest = np.zeros(1)
            high = high * (np.sqrt(features) if kind == "box" else 1.0)
        return Reach(kind, radius, low, high, rest)

    @property
    def shares(self) -> bool:
        """Whether the tokens share one budget."""
        return self.kind == "frobenius"

    @property
    def cells(self) -> int:
        return len(self.high)

    @property
    def parting(self) -> float:
        """How far two tokens move apart at most."""
        return float(np.sqrt(2) * self.radius if self.shares else 2 * self.high[0])
