"""A bound that a theorem gives, and the writer that turns it into claims.

A `Plan` is a tree of bounds in float64: nothing is written yet.  A `Writer` writes the
one that won, and its premises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.bounds import Bound
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import room_for_underflow
from stabcheck.layers import Branch


class Effort(IntEnum):
    """How much a plan may cost, to make and to check."""

    QUICK = 0
    """No value at the centre itself: that is slow to check for attention."""
    SEARCH = 1
    """Rougher and faster: the plan is made to find a tube or a step."""
    STAGE = 2
    """No integer witness where the float64 tier can decide: stages are many."""
    FULL = 3
    SHARP = 4
    """With the theorems that keep the first order, or expand nothing: seconds each."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A bound that a theorem gives, not yet written.

    `radius` is `None` for a claim at the state itself.  `witness`, when given, writes
    the arrays that make checking cheap and returns their names.
    """

    bound: Bound
    branch: Branch
    state: np.ndarray
    radius: Fraction | None
    premises: tuple[Plan, ...] = ()
    witness: Callable[[Draft, str], dict[str, Any]] | None = None

    @property
    def value(self) -> float:
        return self.bound.value


@dataclass(frozen=True)
class Established:
    """A claim that stands in a draft: its index, its rational bound, its theorem."""

    claim: int
    value: Fraction
    theorem: str


@dataclass
class Writer:
    """Writes plans into a draft, each once; `name` begins the names of arrays."""

    draft: Draft
    name: str
    written: dict[int, tuple[Plan, Established]] = field(default_factory=dict)

    def emit(self, plan: Plan) -> Established:
        """Write a plan and its premises.  **Returns:** the claim that states it."""
        if id(plan) not in self.written:
            # The plan is kept too: an id is unique among living objects only.
            self.written[id(plan)] = (plan, self._emit(plan))
        return self.written[id(plan)][1]

    def _emit(self, plan: Plan) -> Established:
        premises = [self.emit(premise) for premise in plan.premises]
        draft, name = self.draft, self.name
        value = _exact_value(plan, [premise.value for premise in premises])
        domain = (
            draft.point(name, plan.state)
            if plan.radius is None
            else draft.tube(name, plan.state, plan.radius)
        )
        claim = Claim(
            theorem=plan.bound.theorem,
            quantity=plan.bound.quantity,
            subject={"branch": draft.branch(name, plan.branch, len(plan.state))},
            domain=domain,
            bound=value,
            tier=plan.bound.tier,
            premises=tuple(premise.claim for premise in premises),
            witness=plan.witness(draft, name) if plan.witness else {},
            parameters={
                key: draft.parameter(f"{name}.{plan.bound.theorem}.{key}", given)
                for key, given in plan.bound.parameters.items()
            },
        )
        return Established(draft.claim(claim), value, plan.bound.theorem)


def best(quantity: str, plans: Sequence[Plan]) -> Plan:
    """The strongest of several plans for one quantity."""
    sign = -1 if quantity == "log-norm-lower" else 1
    return min(plans, key=lambda plan: sign * plan.value)


def _exact_value(plan: Plan, premises: list[Fraction]) -> Fraction:
    """The claimed value: composition rules are re-done on the premises' rationals."""
    bound = plan.bound
    outward = round_down if bound.quantity == "log-norm-lower" else round_up
    sign = -1 if bound.quantity == "log-norm-lower" else 1
    if bound.theorem == "tube-from-centre":
        return outward(premises[0] + sign * premises[1])
    if bound.theorem == "pre-norm-block":
        return outward(sign * premises[0] * premises[1])
    if bound.theorem == "pre-norm-deviation":
        norm, norm_moves, field_, field_moves = premises
        return outward(2 * field_moves * norm + field_ * norm_moves)
    return outward(bound.value) + sign * room_for_underflow(bound.value, plan.branch)
