"""One quantity of one attention layer over one domain: what `stabcheck bound` does."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck import domains
from stabcheck.bounds import Attention
from stabcheck.certificate import Certificate
from stabcheck.certify.attained import attained_claim
from stabcheck.certify.branching import CLOSE, Target, is_branched
from stabcheck.certify.candidate import NAME
from stabcheck.certify.competition import certified
from stabcheck.certify.decimals import rounded
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import check_magnitudes
from stabcheck.certify.plan_writer import Established
from stabcheck.certify.run import accept
from stabcheck.certify.single_input import read_attention, read_state
from stabcheck.errors import InvalidInput

QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")
DIGITS = 8
"""Significant digits of the printed bound, rounded outward."""


def bound_of(
    parameters_path: Path,
    state_path: Path,
    domain_text: str,
    quantity: str,
    *,
    causal: bool = False,
    time_limit: float | None = None,
    target_slack: float | None = None,
    only_exact: bool = False,
) -> dict[str, Any]:
    """Bound a quantity, have the checker accept the bound, and report it.

    **Arguments:** `parameters_path`, an `.npz` with `W_Q`, `W_K`, `W_V` and optional
    arrays; `state_path`, an `.npz` with `X` `(n, d)`; `domain_text`, one of
    `domains.KINDS`; `quantity`, one of `QUANTITIES`; `time_limit`, in seconds, for the
    search of a bound: slower theorems are left out; `target_slack`, at least 1: the
    search stops where bound over attained is at most that; where one of the two is
    given, a small box is split until one of them is reached; `only_exact` leaves out
    theorems that are decided in verified floating point.

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
    found = propose(
        attention,
        state,
        domain,
        quantity,
        provenance,
        time_limit=time_limit,
        target_slack=target_slack,
        only_exact=only_exact,
    )
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
    *,
    time_limit: float | None = None,
    target_slack: float | None = None,
    only_exact: bool = False,
) -> Proposal:
    """The strongest bound of a quantity over a domain, beside the value attained.

    **Raises:** `Undecided` where no theorem reaches the domain; `InvalidInput` for a
    target below 1.
    """
    check_magnitudes((attention,), state)
    draft, attained, target = Draft(), None, None
    if target_slack is not None:
        _check_slack(target_slack)
    asked = time_limit is not None or target_slack is not None
    if asked and not only_exact and is_branched(domain, quantity):
        attained = attained_claim(draft, NAME, (attention,), domain, quantity)
        target = Target(
            float(attained.value),
            CLOSE if target_slack is None else target_slack,
            math.inf if time_limit is None else time_limit,
        )
    found, tier = certified(
        draft,
        attention,
        state,
        domain,
        quantity,
        time_limit=time_limit,
        only_exact=only_exact,
        target=target,
    )
    if attained is None:
        attained = attained_claim(draft, NAME, (attention,), domain, quantity)
    certificate = draft.certificate(
        f"{quantity} of one attention field over {_text(domain)}.",
        r"\sup_{X \in D} q(J(X)) \le c",
        provenance,
    )
    return Proposal(certificate, found, attained, tier)


def _check_slack(slack: float) -> None:
    if not slack >= 1:
        raise InvalidInput(
            f"asked for the target slack {slack:g}, found a number below 1; bound over "
            "attained is at least 1"
        )


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
    # Denominators are powers of two times those of a radius: the division rounds once.
    quotient = rounded(value, DIGITS, up=not down)
    return f"{quotient:f}" if -8 < quotient.adjusted() < 16 else f"{quotient:e}"


def _text(domain: domains.Domain) -> str:
    kind = type(domain).__name__.lower()
    if kind == "point":
        return kind
    radius = domain.radius
    exact = Fraction(float(radius)) == radius
    return f"{kind}:{float(radius)!r}" if exact else f"{kind}:{float(radius):.12g}"
