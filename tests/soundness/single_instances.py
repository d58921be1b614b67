"""Certificates about one field over one domain, by any theorem that competes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import numpy as np
from soundness.instances import (
    Declined,
    Generator,
    attention,
    declining,
    domain,
    sizes,
    state,
)
from soundness.preferences import preferred

from stabcheck import domains
from stabcheck.bounds import Attention, AttentionFamily
from stabcheck.certify import branching, family
from stabcheck.certify.attained import attained_claim
from stabcheck.certify.candidate import LARGEST_RADIUS, NAME, Candidate
from stabcheck.certify.competition import candidates
from stabcheck.certify.design import FamilyDesign
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import check_magnitudes
from stabcheck.certify.plans import LARGEST_BOUND
from stabcheck.certify.single import QUANTITIES, propose

WINNER = 0.3
"""How often the best theorem is written, as the program does."""
CAPS = ("0", "1/4", "1/2", "1", "3")


def one_quantity(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """One quantity of one attention field over one domain."""
    tokens, features = sizes(rng)
    field = attention(rng, features, tokens, traps=traps)
    centre = state(rng, tokens, features, traps=traps)
    over = domain(rng, centre)
    quantity = str(rng.choice(QUANTITIES))
    with declining(), preferred(rng, traps=traps):
        if rng.random() < WINNER:
            found = propose(field, centre, over, quantity, {})
            return found.certificate.save(folder)
        return _any_candidate(rng, folder, field, centre, over, quantity)


def _any_candidate(
    rng: Generator,
    folder: Path,
    field: Attention,
    centre: np.ndarray,
    over: domains.Domain,
    quantity: str,
) -> Path:
    """The same certificate with a theorem drawn from those that give a number."""
    check_magnitudes((field,), centre)
    if over.radius > LARGEST_RADIUS:
        raise Declined("the radius overflows")
    found = list(candidates(field, centre, over, quantity))
    if branching.is_branched(over, quantity):
        found += [_in_parts(rng, field, over, quantity)]
    usable = [one for one in found if one and abs(one.value) <= LARGEST_BOUND]
    if not usable:
        raise Declined("no theorem gives a number")
    draft = Draft()
    usable[rng.integers(len(usable))].write(draft)
    attained_claim(draft, NAME, (field,), over, quantity)
    said = f"{quantity} of one attention field."
    return draft.certificate(said, r"q(J) \le c", {}).save(folder)


def _in_parts(
    rng: Generator, field: Attention, over: domains.Domain, quantity: str
) -> Candidate | None:
    """A box cut into a few parts, whatever that gains."""
    never = 1e300 if quantity == "log-norm-lower" else -1e300
    with patch.object(branching, "MOST_PARTS", int(rng.integers(2, 6))):
        target = branching.Target(never, slack=1.0)
        return branching.branched(field, over, quantity, target)


def family_on_balls(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """Every attention under two caps, layer by layer on growing balls."""
    tokens, features = sizes(rng, 9 if traps else 5)
    design = FamilyDesign(
        name="family",
        family=AttentionFamily(
            tokens=tokens,
            features=features,
            heads=int(rng.integers(1, 4)),
            causal=bool(rng.random() < 0.5),
            query_key_norm=Fraction(str(rng.choice(CAPS))),
            value_norm=Fraction(str(rng.choice(CAPS))),
        ),
        radius=Fraction(str(rng.choice(["1/100", "1/2", "1", "2"]))),
        step_size=Fraction(1, int(rng.choice([1, 4, 24]))),
        depth=int(rng.integers(1, 4)),
    )
    with declining():
        family.run(design, folder, force=False)
    return folder / "certificate.json"
