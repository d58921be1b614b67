"""Which theorem bounds a quantity of one attention field best over a domain.

Round a state five kinds of theorems compete: those of tubes, on the smallest tube that
holds the domain; those of balls of tokens, on the smallest ball; the budget, which
expands nothing; the pencil, which keeps the first order whole.  The smallest wins.
Where a target is given, a small box is also bounded in parts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from stabcheck import bounds, domains
from stabcheck.bounds import Attention, Bound
from stabcheck.certificate import round_up
from stabcheck.certify.attained import domain_index
from stabcheck.certify.branching import Target, branched, is_branched
from stabcheck.certify.candidate import LARGEST_RADIUS, NAME, Candidate, direct
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established, Plan, Writer
from stabcheck.certify.plans import LARGEST_BOUND, plan_point, plan_tube
from stabcheck.errors import Undecided

Round = domains.Tube | domains.Box | domains.Frobenius

ROOT_BITS = 64
"""Bits of a square root that has to be rational, rounded upward."""
NEARLY = 1e-3
"""A bound of the exact tier is taken where it is larger by at most this share."""
PENCIL_SECONDS = 2e-6
"""Of the pencil's search on one core, for each entry of a squared state, roughly."""


def certified(
    draft: Draft,
    attention: Attention,
    state: np.ndarray,
    domain: domains.Domain,
    quantity: str,
    *,
    time_limit: float | None = None,
    only_exact: bool = False,
    target: Target | None = None,
) -> tuple[Established, str]:
    """Write the strongest bound of a quantity over a domain.

    **Arguments:** `time_limit`, in seconds: the slower theorems are left out where
    they would take longer; `only_exact` leaves out theorems of the float64 tier;
    `target`, of a search over the parts of a box.

    **Returns:** the claim, and the tier in which it is checked.

    **Raises:** `Undecided` where no theorem reaches the domain.
    """
    start = time.perf_counter()
    found: list[Candidate] = []
    offered = (
        candidates(
            attention,
            state,
            domain,
            quantity,
            time_limit=time_limit,
            only_exact=only_exact,
        )
        if domain.radius <= LARGEST_RADIUS
        else iter(())
    )
    # What overflows is no candidate.
    with np.errstate(all="ignore"):
        for candidate in offered:
            is_allowed = candidate.tier == "exact" or not only_exact
            if is_allowed and abs(candidate.value) <= LARGEST_BOUND:
                found.append(candidate)
            if time_limit is not None and time.perf_counter() - start > time_limit:
                break
    if not found:
        raise Undecided(
            f"no theorem bounds {quantity} on the {type(domain).__name__.lower()} of "
            f"radius {float(domain.radius):.4g}: take a smaller radius"
        )
    sign = -1 if quantity == "log-norm-lower" else 1
    best = min(found, key=lambda candidate: sign * candidate.value)
    if target is not None and not only_exact and is_branched(domain, quantity):
        left = target.seconds - (time.perf_counter() - start)
        wanted = replace(target, seconds=left)
        parts = None
        if not target.is_reached(best.value, sign):
            parts = branched(attention, domain, quantity, wanted)
        if parts is not None and sign * parts.value < sign * best.value:
            best = parts
    near = sign * best.value + NEARLY * abs(best.value)
    exact = [c for c in found if c.tier == "exact" and sign * c.value <= near]
    best = exact[0] if exact else best
    return best.write(draft), best.tier


def candidates(
    attention: Attention,
    state: np.ndarray,
    domain: domains.Domain,
    quantity: str,
    *,
    time_limit: float | None = None,
    only_exact: bool = False,
) -> Iterator[Candidate]:
    """The theorems that apply, the cheap ones first; their values may be infinite."""
    if isinstance(domain, domains.Ball | domains.Sphere):
        yield _on_ball(attention, domain, quantity)
        return
    centre = Centre((attention,), state)
    if isinstance(domain, domains.Point) or domain.radius == 0:
        yield _planned(_at_point(centre, quantity), domain)
        return
    yield from _on_tube(centre, domain, quantity)
    yield _on_ball(attention, _ball_round(domain), quantity, domain)
    if quantity == "mixed-norm":
        return
    yield direct(attention, domain, _budget(attention, domain, quantity))
    size = state.size
    seconds = PENCIL_SECONDS * size * size * attention.heads
    if only_exact:
        return  # The pencil is decided in the float64 tier.
    if size <= _most_entries(quantity) and (
        time_limit is None or seconds <= time_limit
    ):
        yield direct(attention, domain, _pencil(attention, domain, quantity))


def _most_entries(quantity: str) -> int:
    """How many entries a state may have for the pencil, whose matrix is dense."""
    return bounds.PENCIL_ROWS // (2 if quantity == "spectral-norm" else 1)


def _at_point(centre: Centre, quantity: str) -> Plan:
    if quantity == "mixed-norm":
        return _mixed(centre, None)
    return plan_point(centre, quantity)


def _mixed(centre: Centre, radius: Fraction | None) -> Plan:
    bound = bounds.attention_mixed_norm_tube(
        centre.branch[0], centre.state, float(radius or 0), local=centre.local()
    )
    return Plan(bound, centre.branch, centre.state, radius)


def _on_tube(centre: Centre, domain: Round, quantity: str) -> Iterator[Candidate]:
    radius = _tube_radius(domain)
    try:
        mixed = quantity == "mixed-norm"
        plan = _mixed(centre, radius) if mixed else plan_tube(centre, radius, quantity)
    except Undecided:
        return  # The tube is too wide for these theorems; others may reach it.
    yield _planned(plan, domain)


def _planned(plan: Plan, domain: domains.Domain) -> Candidate:
    def write(draft: Draft) -> Established:
        found = Writer(draft, NAME).emit(plan)
        exact = isinstance(domain, domains.Point | domains.Tube)
        return found if exact else _on_part(draft, found, domain)

    return Candidate(plan.value, _tier(plan), write)


def _tier(plan: Plan) -> str:
    tiers = {plan.bound.tier, *(_tier(premise) for premise in plan.premises)}
    return "float64" if "float64" in tiers else "exact"


def _tube_radius(domain: Round) -> Fraction:
    """The radius of the smallest tube round the same state that holds the domain."""
    if not isinstance(domain, domains.Box):
        return domain.radius
    features = domain.shape[1]
    root = math.isqrt(features << 2 * ROOT_BITS) + 1
    return domain.radius * Fraction(root, 1 << ROOT_BITS)


def _ball_round(domain: Round) -> domains.Ball:
    """A ball of tokens that holds the domain."""
    longest = max(domains.squared_norm(token.tolist()) for token in domain.X0)
    # One bit up is more than the rounding of the root.
    length = round_up(Fraction(math.sqrt(longest) * (1 + 2**-40)))
    return domains.Ball(length + _tube_radius(domain), *domain.shape)


def _on_part(draft: Draft, whole: Established, domain: domains.Domain) -> Established:
    """A claim said of a part of its domain; the theorem named is the whole's."""
    claim = draft.claims[whole.claim]
    part = replace(
        claim,
        theorem="domain-inclusion",
        domain=domain_index(draft, NAME, domain),
        tier="exact",
        premises=(whole.claim,),
        witness={},
        parameters={},
    )
    return Established(draft.claim(part), whole.value, whole.theorem)


def _on_ball(
    attention: Attention,
    ball: domains.Ball | domains.Sphere,
    quantity: str,
    part: Round | None = None,
) -> Candidate:
    found = _ball_bound(attention, float(ball.radius), ball.tokens, quantity)
    whole = direct(attention, ball, found)

    def write(draft: Draft) -> Established:
        claim = whole.write(draft)
        return claim if part is None else _on_part(draft, claim, part)

    return Candidate(whole.value, whole.tier, write)


def _ball_bound(
    attention: Attention, radius: float, tokens: int, quantity: str
) -> Bound:
    if quantity == "mixed-norm":
        return bounds.attention_mixed_norm_ball(attention, radius, tokens)
    if quantity == "spectral-norm":
        return bounds.attention_norm_ball(attention, radius, tokens)
    return bounds.attention_log_norm_ball(attention, radius, tokens, quantity)


def _kind(domain: Round) -> str:
    return type(domain).__name__.lower()


def _budget(attention: Attention, domain: Round, quantity: str) -> Bound:
    kind, radius = _kind(domain), float(domain.radius)
    if quantity == "spectral-norm":
        return bounds.attention_norm_budget(attention, domain.X0, kind, radius)
    return bounds.attention_log_norm_budget(
        attention, domain.X0, kind, radius, quantity
    )


def _pencil(attention: Attention, domain: Round, quantity: str) -> Bound:
    return bounds.attention_pencil(
        attention, domain.X0, float(domain.radius), quantity, kind=_kind(domain)
    )
