"""A proposed bound: a number, the theorem behind it, and what the checker needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from stabcheck.bounds.validation import Array
from stabcheck.errors import InvalidInput

# Floats propose and the checker decides: a proposal is moved outward by this much so
# that rounding in its computation does not decide the verdict.
OUTWARD = 1e-9

QUANTITIES = (
    "spectral-norm",
    "mixed-norm",
    "log-norm",
    "log-norm-lower",
    "jacobian-deviation",
    "growth",
    "shrink",
    "mixed-growth",
)
LOWER_QUANTITIES = ("log-norm-lower", "shrink")

# Arrays are written beside the claim, which then names them.
Parameters = Mapping[str, float | list[float] | Array]


@dataclass(frozen=True)
class Bound:
    """A bound on a quantity over a domain, as float64 proposes it.

    **Arguments:** `theorem`, its id in the ledger; `quantity`; `value`, moved outward
    (downward for a lower bound); `parameters` of the claim; `tier`.
    """

    theorem: str
    quantity: str
    value: float
    parameters: Parameters = field(default_factory=dict)
    tier: str = "exact"

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise InvalidInput(
                f"unknown quantity {self.quantity!r}; one of {', '.join(QUANTITIES)}"
            )
        if math.isnan(self.value):
            raise InvalidInput(
                f"{self.theorem} gave no number for {self.quantity}: the weights or "
                "the radius are too large for float64"
            )


def outward(quantity: str, value: float, size: float = 0.0) -> float:
    """Move a value away from what it bounds, by a relative `OUTWARD`.

    **Arguments:** `size`, the scale of the terms that were added or subtracted to
    reach `value` (at least its own size is used).
    """
    margin = OUTWARD * max(abs(value), size)
    return value - margin if quantity in LOWER_QUANTITIES else value + margin
