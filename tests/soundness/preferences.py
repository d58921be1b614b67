"""Which of several theorems a prover writes, drawn: losers are asked for too.

The prover writes the best of its bounds, so that a theorem that rarely wins would
rarely be checked.  Inside `preferred` the first theorem of a drawn order wins instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from stabcheck.certify import feed_forward_plans, norm_wise, plans, step_theorems
from stabcheck.certify.designs import parts
from stabcheck.checker.rules import THEOREMS

FLOATING_SHARE = 0.5
"""How often integer witnesses are left out, so that the float64 tier decides."""
RARE = ("circle-contractivity", "implicit-midpoint-growth", "backward-euler-growth")
RARE_SHARE = 0.3
"""How often theorems with many hypotheses come before all others."""
SIZES = (
    (plans, "WITNESS_SIZE"),
    (feed_forward_plans, "TOKEN_WITNESS_SIZE"),
    (feed_forward_plans, "STAGE_WITNESS_SIZE"),
    (norm_wise, "TOKEN_WITNESS_SIZE"),
)


def drawn_order(rng: np.random.Generator) -> Callable[[str], int]:
    """The rank of every theorem in a random order."""
    ranks = {str(name): k for k, name in enumerate(rng.permutation(sorted(THEOREMS)))}
    if rng.random() < RARE_SHARE:
        ranks |= dict.fromkeys(RARE, -1)
    return ranks.__getitem__


@contextmanager
def preferred(
    rng: np.random.Generator, *, traps: bool, share: float = 0.6
) -> Iterator[None]:
    """Let a drawn order of the theorems decide, in a share of the cases."""
    with ExitStack() as stack:
        if rng.random() < share:
            rank = drawn_order(rng)
            stack.enter_context(patch.object(plans, "best", first_plan(rank)))
            stack.enter_context(
                patch.object(step_theorems, "best", first_proposal(rank))
            )
            stack.enter_context(patch.object(parts, "part_facts", first_fact(rank)))
        # Verified floating point may refuse what cancels: the prover asks it for large
        # matrices alone.
        if traps and rng.random() < FLOATING_SHARE:
            for module, name in SIZES:
                stack.enter_context(patch.object(module, name, 0))
        yield


def first_plan(rank: Callable[[str], int]) -> Callable[..., Any]:
    """Of plans for one quantity, the finite one whose theorem comes first."""
    strongest = plans.best

    def best(quantity: str, found: Sequence[plans.Plan]) -> plans.Plan:
        usable = [p for p in found if abs(p.value) <= plans.LARGEST_BOUND]
        if not usable:
            return strongest(quantity, found)
        return min(usable, key=lambda plan: rank(plan.bound.theorem))

    return best


def first_proposal(rank: Callable[[str], int]) -> Callable[..., Any]:
    """Of proposals for a step, the one whose theorem comes first."""
    strongest = step_theorems.best

    def best(found: list[step_theorems.Proposal]) -> step_theorems.Proposal:
        usable = [p for p in found if (p.bound.value or 0) > 0]
        if not usable:
            return strongest(found)
        return min(usable, key=lambda proposal: rank(proposal.bound.theorem))

    return best


def first_fact(rank: Callable[[str], int]) -> Callable[..., Any]:
    """The facts about a part of a design, those whose theorems come first in front."""
    strongest = parts.part_facts

    def part_facts(found: Any, place: int) -> list[Any]:
        return sorted(strongest(found, place), key=lambda fact: rank(fact.theorem))

    return part_facts
