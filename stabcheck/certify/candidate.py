"""A bound that may win: its value, its tier, and how to write it as a claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stabcheck import domains
from stabcheck.bounds import Attention, Bound
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.attained import domain_index
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import room_for_underflow
from stabcheck.certify.plan_writer import Established

NAME = "attention"
LARGEST_RADIUS = 10**70
"""Beyond it the squares of squares overflow in float64."""


@dataclass(frozen=True)
class Candidate:
    """A bound that one kind of theorem gives, and how to write it."""

    value: float
    tier: str
    write: Callable[[Draft], Established]


def direct(
    attention: Attention,
    domain: domains.Domain | domains.Rectangle,
    found: Bound,
) -> Candidate:
    """A bound claimed on the domain itself, from its parameters alone."""

    def write(draft: Draft) -> Established:
        lower = found.quantity == "log-norm-lower"
        room = room_for_underflow(found.value, (attention,))
        outward = round_down if lower else round_up
        value = outward(found.value) + (-room if lower else room)
        claim = Claim(
            theorem=found.theorem,
            quantity=found.quantity,
            subject={"branch": draft.branch(NAME, (attention,), domain.shape[0])},
            domain=domain_index(draft, NAME, domain),
            bound=value,
            tier=found.tier,
            parameters={
                name: draft.parameter(f"{found.theorem}.{name}", given)
                for name, given in found.parameters.items()
            },
        )
        return Established(draft.claim(claim), value, found.theorem)

    return Candidate(found.value, found.tier, write)
