"""Claims about one integrator step of a branch, stages enclosed in tubes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import growth
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.plans import Centre, Centres, Established, Plan, emit, plan_tube
from stabcheck.errors import StabcheckError
from stabcheck.integrators import ButcherTableau
from stabcheck.layers import Branch, stage_states

IMPLICIT = {"backward-euler", "implicit-midpoint"}
DEFECT = 1e-12
"""Allowance, relative to the state, for the rounding of float64 stage states."""
DOUBLINGS = 6
"""The largest step of an implicit method is sought among the step times 2, 4, ..."""


@dataclass(frozen=True)
class StepReport:
    """What is certified of one step: claims by quantity, or the reason why not."""

    integrator: str
    step_size: Fraction
    growth: Established | None
    shrink: Established | None
    reason: str = ""
    largest_step: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry of the table that `certify --json` prints."""
        record: dict[str, Any] = {
            "integrator": self.integrator,
            "step": str(self.step_size),
            "growth": decimal(self.growth.value) if self.growth else None,
            "shrink": decimal(self.shrink.value) if self.shrink else None,
        }
        if self.growth:
            record["theorem"] = self.growth.theorem
        if self.reason:
            record["reason"] = self.reason
        if self.largest_step:
            record["largest_step"] = self.largest_step
        return record


def decimal(value: Fraction, digits: int = 6) -> str:
    """A rational as a short decimal string."""
    return f"{float(value):.{digits}g}"


def certify_step(
    draft: Draft,
    name: str,
    centres: Centres,
    state: np.ndarray,
    radius: Fraction,
    on_tube: Mapping[str, Established],
    integrator: ButcherTableau,
    step_size: Fraction,
) -> StepReport:
    """Certify growth and shrink of one step from every state of the tube.

    **Arguments:** `on_tube`, the established bounds of the branch's Jacobian on the
    tube, by quantity; `centres`, the branch's expensive quantities by state.
    """
    step = _Step(draft, name, centres, state, radius, integrator, step_size)
    try:
        if integrator.name == "forward-euler":
            return step.euler(on_tube)
        if integrator.name in IMPLICIT:
            return step.implicit()
        if integrator.is_explicit:
            return step.explicit(on_tube)
    except StabcheckError as error:
        return step.refused(str(error))
    return step.refused("no theorem here covers this implicit method")


@dataclass(frozen=True)
class _Step:
    draft: Draft
    name: str
    centres: Centres
    state: np.ndarray
    radius: Fraction
    integrator: ButcherTableau
    step_size: Fraction

    @property
    def branch(self) -> Branch:
        return self.centres.branch

    @property
    def token_wise(self) -> bool:
        return all(field.is_token_wise for field in self.branch)

    def refused(self, reason: str) -> StepReport:
        return StepReport(self.integrator.name, self.step_size, None, None, reason)

    def euler(self, on_tube: Mapping[str, Established]) -> StepReport:
        norm = on_tube["spectral-norm"]
        upper, lower = on_tube["log-norm"], on_tube["log-norm-lower"]
        h = float(self.step_size)
        grown = growth.euler_growth(h, float(norm.value), float(upper.value))
        shrunk = growth.euler_shrink(h, float(norm.value), float(lower.value))
        return self.report(
            self.write("growth", grown, [norm, upper]),
            self.write("shrink", shrunk, [norm, lower]),
            largest="any",
        )

    def explicit(self, on_tube: Mapping[str, Established]) -> StepReport:
        A, b = _float_tableau(self.integrator)
        h = float(self.step_size)
        stages = stage_states(self.branch, self.state, self.integrator, self.step_size)
        defects = np.full((len(b), len(self.state)), self.allowance)
        defects[0] = 0
        tubes = growth.explicit_stage_tubes(
            A,
            h,
            float(self.radius),
            len(self.state),
            lambda k, r: self.norm(stages[k], r).bound.value,
            defects,
            self.token_wise,
        )
        if isinstance(tubes, str):
            return self.refused(tubes)
        claims = [
            on_tube["spectral-norm"]
            if k == 0
            else emit(
                self.draft,
                f"{self.name}.stage",
                self.norm(stages[k], tube.radius),
            )
            for k, tube in enumerate(tubes)
        ]
        norms = [float(claim.value) for claim in claims]
        return self.report(
            self.write("growth", growth.explicit_growth(A, b, h, norms), claims),
            self.write("shrink", growth.explicit_shrink(A, b, h, norms), claims),
            largest="any",
        )

    def implicit(self) -> StepReport:
        """One implicit step; then doubled steps, to name the largest certified one."""
        first = self.implicit_at(self.step_size)
        if first.growth is None:
            return first
        largest = self.step_size
        for _ in range(DOUBLINGS):
            if self.implicit_plan(2 * largest) is None:
                break
            largest *= 2
        if largest != self.step_size:
            self.implicit_at(largest)
        return self.report(first.growth, first.shrink, largest=str(largest))

    def implicit_plan(self, step_size: Fraction) -> Plan | str | None:
        """The stage tube's norm, or the reason why the stage is not enclosed."""
        a = float(self.integrator.A[0][0])
        try:
            (stage,) = stage_states(
                self.branch, self.state, self.integrator, step_size
            )
        except StabcheckError:
            return None
        tube = growth.implicit_stage_tube(
            a,
            float(step_size),
            float(self.radius),
            len(self.state),
            lambda r: self.norm(stage, r).bound.value,
            np.full(len(self.state), self.allowance),
            self.token_wise,
        )
        return None if isinstance(tube, str) else self.norm(stage, tube.radius)

    def implicit_at(self, step_size: Fraction) -> StepReport:
        plan = self.implicit_plan(step_size)
        if plan is None:
            return self.refused(
                "the stage equation is not shown to have one solution inside a tube"
            )
        stage = emit(self.draft, f"{self.name}.stage", plan)
        h, norm = float(step_size), float(stage.value)
        if self.integrator.name == "backward-euler":
            grown = growth.backward_euler_growth(h, norm)
            shrunk = growth.backward_euler_shrink(h, norm)
        else:
            grown = growth.implicit_midpoint_growth(h, norm)
            shrunk = growth.implicit_midpoint_shrink(h, norm)
        return self.report(
            self.write("growth", grown, [stage], step_size),
            self.write("shrink", shrunk, [stage], step_size),
        )

    @property
    def allowance(self) -> float:
        return DEFECT * (1 + float(np.abs(self.state).max()))

    def norm(self, stage: np.ndarray, radius: float) -> Plan:
        centre: Centre = self.centres.at(stage)
        return plan_tube(centre, round_up(radius, 20), "spectral-norm", lean=True)

    def write(
        self,
        quantity: str,
        bound: growth.StepBound,
        premises: list[Established],
        step_size: Fraction | None = None,
    ) -> Established | None:
        """Write the claim, or `None` for a shrink that is not positive."""
        if bound.value is None or (quantity == "shrink" and bound.value <= 0):
            return None
        outward = round_up if quantity == "growth" else round_down
        value = outward(bound.value)
        subject = {
            "step": {
                "branch": self.draft.branch(self.name, self.branch, len(self.state)),
                "integrator": self.draft.integrator(self.integrator),
                "size": step_size or self.step_size,
            }
        }
        claim = Claim(
            theorem=bound.theorem,
            quantity=quantity,
            subject=subject,
            domain=self.draft.tube(self.name, self.state, self.radius),
            bound=value,
            premises=tuple(premise.claim for premise in premises),
        )
        return Established(self.draft.claim(claim), value, bound.theorem)

    def report(
        self,
        grown: Established | None,
        shrunk: Established | None,
        largest: str = "",
    ) -> StepReport:
        reason = "" if grown else "the bound on the Jacobian is too large for this step"
        return StepReport(
            self.integrator.name, self.step_size, grown, shrunk, reason, largest
        )


def _float_tableau(integrator: ButcherTableau) -> tuple[np.ndarray, np.ndarray]:
    A = np.array([[float(a) for a in row] for row in integrator.A])
    return A, np.array([float(b) for b in integrator.b])


