"""One quantity of one attention layer over one domain: what `stabcheck bound` does."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck import bounds, domains
from stabcheck.bounds import Attention, Bound
from stabcheck.certificate import Certificate, Claim, round_down, round_up
from stabcheck.certify.attained import attained_claim, domain_index
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import check_magnitudes, room_for_underflow
from stabcheck.certify.plans import (
    Established,
    Plan,
    Writer,
    plan_point,
    plan_tube,
)
from stabcheck.certify.run import accept
from stabcheck.certify.single_input import read_attention, read_state
from stabcheck.errors import InvalidInput, Undecided

QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")
NAME = "attention"
ROOT_BITS = 64
"""Bits of a square root that has to be rational, rounded upward."""
DIGITS = 8
"""Significant digits of the printed bound, rounded outward."""


def bound_of(
    parameters_path: Path,
    state_path: Path,
    domain_text: str,
    quantity: str,
    *,
    causal: bool = False,
) -> dict[str, Any]:
    """Bound a quantity, have the checker accept the bound, and report it.

    **Arguments:** `parameters_path`, an `.npz` with `W_Q`, `W_K`, `W_V` and optional
    arrays; `state_path`, an `.npz` with `X` `(n, d)`; `domain_text`, one of
    `domains.KINDS`; `quantity`, one of `QUANTITIES`.

    **Returns:** the object that `bound --json` prints; `lower` in place of `upper` for
    `log-norm-lower`.

    **Raises:** `InvalidInput` for files, domains or quantities that cannot be used;
    `Undecided` where no theorem reaches the domain.
    """
    start = time.perf_counter()
    if quantity not in QUANTITIES:
        raise InvalidInput(
            f"asked for the quantity {quantity!r}; use one of {', '.join(QUANTITIES)}"
        )
    attention = read_attention(Path(parameters_path), causal=causal)
    state = read_state(Path(state_path), attention)
    domain = domains.parse(domain_text, state)
    provenance = {"parameters": str(parameters_path), "state": str(state_path)}
    found = propose(attention, state, domain, quantity, provenance)
    with tempfile.TemporaryDirectory() as folder:
        accept(found.certificate.save(Path(folder)), jobs=1)
    return _record(domain, quantity, found.certified, found.attained) | {
        "theorem": found.certified.theorem,
        "checked": found.tier,
        "seconds": round(time.perf_counter() - start, 2),
    }


@dataclass(frozen=True)
class Proposal:
    """A certificate about one quantity that no checker has seen yet."""

    certificate: Certificate
    certified: Established
    attained: Established
    tier: str


def propose(
    attention: Attention,
    state: np.ndarray,
    domain: domains.Domain,
    quantity: str,
    provenance: Mapping[str, str],
) -> Proposal:
    """The strongest bound of a quantity over a domain, beside the value attained.

    **Raises:** `Undecided` where no theorem reaches the domain.
    """
    check_magnitudes((attention,), state)
    draft = Draft()
    certified, tier = _certified(draft, attention, state, domain, quantity)
    attained = attained_claim(draft, NAME, (attention,), domain, quantity)
    certificate = draft.certificate(
        f"{quantity} of one attention field over {_text(domain)}.",
        r"\sup_{X \in D} q(J(X)) \le c",
        provenance,
    )
    return Proposal(certificate, certified, attained, tier)


def _record(
    domain: domains.Domain, quantity: str, certified: Established, reached: Established
) -> dict[str, Any]:
    lower = quantity == "log-norm-lower"
    # A ratio says nothing about two numbers of different signs.
    comparable = certified.value * reached.value > 0
    return {
        "quantity": quantity,
        "domain": _text(domain),
        "lower" if lower else "upper": _outward(certified.value, down=lower),
        "attained": float(reached.value),
        "slack": float(f"{float(certified.value / reached.value):.5g}")
        if comparable
        else None,
    }


def _outward(value: Fraction, *, down: bool) -> str:
    rounding = ROUND_FLOOR if down else ROUND_CEILING
    context = Context(prec=DIGITS, rounding=rounding)
    # Denominators are powers of two times those of a radius: the division rounds once.
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient:f}" if -8 < quotient.adjusted() < 16 else f"{quotient:e}"


def _text(domain: domains.Domain) -> str:
    kind = type(domain).__name__.lower()
    if kind == "point":
        return kind
    radius = domain.radius
    exact = Fraction(float(radius)) == radius
    return f"{kind}:{float(radius)!r}" if exact else f"{kind}:{float(radius):.12g}"


def _certified(
    draft: Draft,
    attention: Attention,
    state: np.ndarray,
    domain: domains.Domain,
    quantity: str,
) -> tuple[Established, str]:
    """The strongest bound that a theorem gives, written, and its tier."""
    if isinstance(domain, domains.Ball | domains.Sphere):
        found = _on_ball(attention, float(domain.radius), len(state), quantity)
        return _write_on_ball(draft, attention, domain, found), found.tier
    radius = None if isinstance(domain, domains.Point) else _tube_radius(domain)
    plan = _plan(Centre((attention,), state), radius, quantity)
    if not np.isfinite(plan.value):
        raise Undecided(
            f"no theorem bounds {quantity} on {_text(domain)}: take a smaller radius"
        )
    found = Writer(draft, NAME).emit(plan)
    if not isinstance(domain, domains.Point | domains.Tube):
        found = _on_part(draft, found, domain)
    return found, _tier(plan)


def _tube_radius(domain: domains.Tube | domains.Box | domains.Frobenius) -> Fraction:
    """The radius of the smallest tube round the same state that holds the domain."""
    if not isinstance(domain, domains.Box):
        return domain.radius
    features = domain.shape[1]
    root = math.isqrt(features << 2 * ROOT_BITS) + 1
    return domain.radius * Fraction(root, 1 << ROOT_BITS)


def _on_part(
    draft: Draft, whole: Established, domain: domains.Box | domains.Frobenius
) -> Established:
    """The claim of a tube, said of a part of it; the theorem named is the tube's."""
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


def _tier(plan: Plan) -> str:
    tiers = {plan.bound.tier, *(_tier(premise) for premise in plan.premises)}
    return "float64" if "float64" in tiers else "exact"


def _plan(centre: Centre, radius: Fraction | None, quantity: str) -> Plan:
    """The best that the theorems give at a point or on a tube."""
    if quantity == "mixed-norm":
        bound = bounds.attention_mixed_norm_tube(
            centre.branch[0], centre.state, float(radius or 0), local=centre.local()
        )
        return Plan(bound, centre.branch, centre.state, radius)
    if radius is None:
        return plan_point(centre, quantity)
    return plan_tube(centre, radius, quantity)


def _on_ball(attention: Attention, radius: float, tokens: int, quantity: str) -> Bound:
    if quantity == "mixed-norm":
        return bounds.attention_mixed_norm_ball(attention, radius, tokens)
    if quantity == "spectral-norm":
        return bounds.attention_norm_ball(attention, radius, tokens)
    return bounds.attention_log_norm_ball(attention, radius, tokens, quantity)


def _write_on_ball(
    draft: Draft,
    attention: Attention,
    domain: domains.Ball | domains.Sphere,
    found: Bound,
) -> Established:
    outward = round_down if found.quantity == "log-norm-lower" else round_up
    sign = -1 if found.quantity == "log-norm-lower" else 1
    room = room_for_underflow(found.value, (attention,))
    value = outward(found.value) + sign * room
    claim = Claim(
        theorem=found.theorem,
        quantity=found.quantity,
        subject={"branch": draft.branch(NAME, (attention,), domain.tokens)},
        domain=domain_index(draft, NAME, domain),
        bound=value,
        parameters={
            name: [Fraction(weight) for weight in weights]
            for name, weights in found.parameters.items()
        },
    )
    return Established(draft.claim(claim), value, found.theorem)
