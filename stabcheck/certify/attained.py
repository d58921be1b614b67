"""Attained values as claims: what a search found, a little lower for rounding."""

from __future__ import annotations

import numpy as np

from stabcheck import spectra
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import room_for_cancellation, room_for_underflow
from stabcheck.certify.mixed_ascent import ascend_mixed
from stabcheck.certify.plan_writer import Established
from stabcheck.domains import Ball, Domain, Point, Rectangle, Sphere
from stabcheck.layers import Branch

ATTAINED_ROOM = 1e-9
"""An attained value is claimed lower by this, relative to the norm: rounding."""


def attained_claim(
    draft: Draft, name: str, branch: Branch, domain: Domain, quantity: str
) -> Established:
    """The largest value (smallest for `log-norm-lower`) that a search finds."""
    if quantity == "mixed-norm":
        found = ascend_mixed(branch, domain)
    else:
        found = spectra.ascend(branch, domain, quantity)
    size = float(np.linalg.norm(found.direction))
    room = ATTAINED_ROOM * (abs(found.value) + found.scale)
    room += float(room_for_underflow(found.value, branch))
    room += room_for_cancellation(branch, found.state)
    lower = quantity == "log-norm-lower"
    value = round_up(found.value + room) if lower else round_down(found.value - room)
    hint = f"{name}.attained.{quantity}"
    claim = Claim(
        theorem="attained",
        quantity=f"attained-{quantity}",
        subject={"branch": draft.branch(name, branch, len(found.state))},
        domain=domain_index(draft, name, domain),
        bound=value,
        parameters={
            "state": draft.array(f"{hint}.state", found.state),
            "direction": draft.array(f"{hint}.direction", found.direction / size),
        },
    )
    return Established(draft.claim(claim), value, "attained")


def domain_index(draft: Draft, name: str, domain: Domain | Rectangle) -> int:
    """The index of a domain in a draft; a sphere is written as its ball."""
    if isinstance(domain, Ball | Sphere):
        return draft.ball(domain.radius, *domain.shape)
    if isinstance(domain, Point):
        return draft.point(name, domain.X0)
    if isinstance(domain, Rectangle):
        return draft.rectangle(name, domain.X0, domain.radii)
    return draft.round(type(domain).__name__.lower(), name, domain.X0, domain.radius)
