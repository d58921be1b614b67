"""The ledger: every bound the program uses is a theorem, and every theorem has one id.

The id is the key of this ledger, the name of the proof file (with underscores), the
mark on its property test and the name of the checker's rule.
"""

from __future__ import annotations

import difflib

from stabcheck.errors import InvalidInput
from stabcheck.theorems import (
    bounds,
    decisions,
    depth,
    design_steps,
    designs,
    fields,
    jacobians,
    methods,
    regional,
    steps,
    variants,
)
from stabcheck.theorems.statement import Theorem as Theorem

LEDGER: dict[str, Theorem] = {
    theorem.id: theorem
    for family in (
        fields,
        jacobians,
        bounds,
        regional,
        decisions,
        steps,
        methods,
        depth,
        designs,
        design_steps,
        variants,
    )
    for theorem in family.THEOREMS
}


def get(id: str) -> Theorem:
    """The theorem of that id.

    **Raises:** `InvalidInput` naming the nearest ids for an unknown one.
    """
    if id not in LEDGER:
        near = ", ".join(difflib.get_close_matches(id, LEDGER, 3, 0.3)) or "none"
        raise InvalidInput(f"asked for the theorem {id!r}, found none; nearest: {near}")
    return LEDGER[id]
