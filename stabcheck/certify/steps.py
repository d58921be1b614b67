"""Claims about one integrator step of a branch, each stage in a tube of its own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.centres import Centres
from stabcheck.certify.decimals import at_least, at_most
from stabcheck.certify.largest_steps import (
    LargestStep,
    is_always_invertible,
    largest_contractive,
    largest_invertible,
    largest_solvable,
)
from stabcheck.certify.plan_writer import Established, Plan, Writer
from stabcheck.certify.step_stages import LOWER, UPPER, StepDomain
from stabcheck.certify.step_theorems import Proposal, best_growth, best_shrink
from stabcheck.growth import NoStageTube
from stabcheck.integrators import ButcherTableau


@dataclass(frozen=True)
class StepReport:
    """What is certified of one step: claims by quantity, or the reason why not.

    **Arguments:** `largest_step`, the largest found at which an implicit method has its
    stages; `contractive_step`, at which the growth is at most 1; `invertible_step`, at
    which the shrink is positive: `0` where none was found.
    """

    integrator: str
    step_size: Fraction
    growth: Established | None
    shrink: Established | None
    reason: str = ""
    largest_step: str = ""
    contractive_step: str = ""
    invertible_step: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry of the table that `certify --json` prints."""
        record: dict[str, Any] = {
            "integrator": self.integrator,
            "step": str(self.step_size),
            "growth": at_most(self.growth.value) if self.growth else None,
            "shrink": at_least(self.shrink.value) if self.shrink else None,
        }
        if self.growth:
            record["theorem"] = self.growth.theorem
        if self.shrink:
            record["shrink_theorem"] = self.shrink.theorem
        for key in ("reason", "largest_step", "contractive_step", "invertible_step"):
            if getattr(self, key):
                record[key] = getattr(self, key)
        return record


def certify_step(
    writer: Writer,
    centres: Centres,
    state: np.ndarray,
    radius: Fraction,
    on_tube: dict[str, Plan],
    integrator: ButcherTableau,
    step_size: Fraction,
) -> StepReport:
    """Certify growth and shrink of one step from every state of the tube.

    **Arguments:** `centres`, the branch's expensive quantities by state; `on_tube`, the
    planned bounds of the branch's Jacobian on the tube, by quantity.
    """
    domain = StepDomain(centres, state, radius, on_tube, integrator)
    return _Step(writer, domain).report(step_size)


@dataclass(frozen=True)
class _Step:
    """Writes the claims about one method on one tube."""

    writer: Writer
    domain: StepDomain

    def report(self, step_size: Fraction) -> StepReport:
        """Write the claims of one step and of the largest, and say what they are."""
        grown, shrunk, reason = self.write(step_size)
        solvable = ""
        if not self.domain.integrator.is_explicit:
            solvable = self.write_largest(largest_solvable(self.domain, step_size))
        invertible = (
            "any"
            if is_always_invertible(self.domain)
            else self.write_largest(largest_invertible(self.domain, step_size))
        )
        return StepReport(
            self.domain.integrator.name,
            step_size,
            grown,
            shrunk,
            reason,
            solvable,
            self.write_largest(largest_contractive(self.domain, step_size)),
            invertible,
        )

    def write(
        self, step_size: Fraction
    ) -> tuple[Established | None, Established | None, str]:
        """Write growth and shrink of one step size; the reason where there is none."""
        stages = self.domain.plan(step_size, (UPPER, LOWER))
        if isinstance(stages, NoStageTube):
            return None, None, stages.reason
        grown = best_growth(self.domain.integrator, stages)
        if grown.bound.value is None:
            return None, None, grown.bound.reason or ""
        shrunk = best_shrink(self.domain.integrator, stages)
        established = self.claim(step_size, grown)
        if (shrunk.bound.value or 0) <= 0:
            return established, None, ""
        return established, self.claim(step_size, shrunk), ""

    def write_largest(self, found: LargestStep | None) -> str:
        """Write what holds at a largest step; `0` where there is none."""
        if found is None:
            return "0"
        self.claim(found.step_size, found.proposal)
        return str(found.step_size)

    def claim(self, step_size: Fraction, proposal: Proposal) -> Established:
        """Write a proposal and its premises."""
        bound, draft, domain = proposal.bound, self.writer.draft, self.domain
        premises = [self.writer.emit(plan) for plan in proposal.premises]
        outward = round_up if bound.quantity == "growth" else round_down
        value = outward(bound.value)
        name = self.writer.name
        step = {
            "branch": draft.branch(name, domain.branch, len(domain.state)),
            "integrator": draft.integrator(domain.integrator),
            "size": step_size,
        }
        claim = Claim(
            theorem=bound.theorem,
            quantity=bound.quantity,
            subject={"step": step},
            domain=draft.tube(name, domain.state, domain.radius),
            bound=value,
            premises=tuple(premise.claim for premise in premises),
            parameters=proposal.parameters,
        )
        return Established(draft.claim(claim), value, bound.theorem)
