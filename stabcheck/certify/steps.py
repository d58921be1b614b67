"""Claims about one integrator step of a branch, each stage in a tube of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from stabcheck import growth
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.centres import QUANTITIES, Centres
from stabcheck.certify.plans import Effort, Established, Plan, Writer, plan_tube
from stabcheck.errors import Undecided
from stabcheck.growth import NoStageTube, StepBound
from stabcheck.integrators import ButcherTableau
from stabcheck.layers import Branch, stage_states

STAGE_ROUNDING = 1e-12
"""Allowance for the rounding of a float64 stage, relative to the largest entry."""
LARGEST_TRIED = Fraction(1)
"""The largest step that is tried for an explicit method: the layer as it is."""
HALVINGS = 8
"""How often a step that is not certified is halved in the search for one that is."""
BISECTIONS = 3
"""Bisections between the largest doubled step that is certified and the next."""
CIRCLE_LIMIT = Fraction(1 << 20)
"""Stands for an infinite circle contractivity radius in a claim's parameters."""
CIRCLE_WIDTH = Fraction(1, 10**12)
"""How far below an irrational circle contractivity radius a claim stays."""


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


@dataclass(frozen=True)
class Stages:
    """The stages of a step of one size, planned: norms, and log norms where wanted."""

    step_size: Fraction
    norms: tuple[Plan, ...]
    uppers: tuple[Plan, ...] = ()
    lowers: tuple[Plan, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A bound on a step with the plans of its premises and its free parameters."""

    bound: StepBound
    premises: tuple[Plan, ...]
    parameters: dict[str, Fraction]


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
    kind = next((k for k in KINDS if k.covers(integrator)), None)
    if kind is None:
        return StepReport(
            integrator.name,
            step_size,
            None,
            None,
            f"no theorem here covers the implicit method {integrator.name}",
        )
    step = kind(writer, centres, state, radius, on_tube, integrator)
    return step.report(step_size)


@dataclass(frozen=True)
class _Step:
    """One method on one tube; subclasses say which stages and which theorems."""

    writer: Writer
    centres: Centres
    state: np.ndarray
    radius: Fraction
    on_tube: dict[str, Plan]
    integrator: ButcherTableau

    @staticmethod
    def covers(integrator: ButcherTableau) -> bool:
        raise NotImplementedError

    def stages(self, step_size: Fraction, *, lean: bool) -> Stages | NoStageTube:
        """Plan the stages; `lean` plans what the search for a largest step needs."""
        raise NotImplementedError

    def growths(self, stages: Stages) -> list[Proposal]:
        raise NotImplementedError

    def shrink(self, stages: Stages) -> Proposal:
        raise NotImplementedError

    def largest(self, step_size: Fraction) -> Fraction | None:
        """The largest step found at which a growth is certified; None means any."""
        raise NotImplementedError

    @property
    def branch(self) -> Branch:
        return self.centres.branch

    @property
    def token_wise(self) -> bool:
        return all(field.is_token_wise for field in self.branch)

    @cached_property
    def rounding(self) -> tuple[float, float]:
        """What float64 stages are off by, per token and in the Frobenius norm."""
        tokens, features = self.state.shape
        token = STAGE_ROUNDING * (1 + float(np.abs(self.state).max()))
        token *= math.sqrt(features)
        return token, token * math.sqrt(tokens)

    def tube_plan(
        self,
        stage: np.ndarray,
        radius: float,
        quantity: str,
        effort: Effort = Effort.STAGE,
    ) -> Plan:
        return plan_tube(self.centres.at(stage), Fraction(radius), quantity, effort)

    def report(self, step_size: Fraction) -> StepReport:
        """Write the claims of one step and of the largest, and say what they are."""
        name = self.integrator.name
        grown, shrunk, reason = self.write(step_size)
        largest = self.largest(step_size)
        if largest is None:
            return StepReport(name, step_size, grown, shrunk, reason, "any")
        if largest == 0:
            return StepReport(name, step_size, grown, shrunk, reason)
        if largest != step_size:
            written, _, _ = self.write(largest, lean=True)
            largest = largest if written else step_size
        return StepReport(name, step_size, grown, shrunk, reason, str(largest))

    def write(
        self, step_size: Fraction, *, lean: bool = False
    ) -> tuple[Established | None, Established | None, str]:
        """Write growth and shrink of one step size; the reason where there is none."""
        try:
            stages = self.stages(step_size, lean=lean)
        except Undecided as error:
            return None, None, str(error)
        if isinstance(stages, NoStageTube):
            return None, None, stages.reason
        proposals = self.growths(stages)
        growths = [p for p in proposals if p.bound.value is not None]
        if not growths:
            return None, None, proposals[0].bound.reason or ""
        best = min(growths, key=lambda proposal: proposal.bound.value)
        grown = self.claim(step_size, best)
        shrink = self.shrink(stages)
        if shrink.bound.value is None or shrink.bound.value <= 0:
            return grown, None, ""
        return grown, self.claim(step_size, shrink), ""

    def claim(self, step_size: Fraction, proposal: Proposal) -> Established:
        bound, draft = proposal.bound, self.writer.draft
        premises = [self.writer.emit(plan) for plan in proposal.premises]
        outward = round_up if bound.quantity == "growth" else round_down
        value = outward(bound.value)
        tokens = len(self.state)
        claim = Claim(
            theorem=bound.theorem,
            quantity=bound.quantity,
            subject={
                "step": {
                    "branch": draft.branch(self.writer.name, self.branch, tokens),
                    "integrator": draft.integrator(self.integrator),
                    "size": step_size,
                }
            },
            domain=draft.tube(self.writer.name, self.state, self.radius),
            bound=value,
            premises=tuple(premise.claim for premise in premises),
            parameters=proposal.parameters,
        )
        return Established(draft.claim(claim), value, bound.theorem)

    def is_certified(self, step_size: Fraction) -> bool:
        """Whether some theorem gives a growth at this step, in the lean plan."""
        try:
            stages = self.stages(step_size, lean=True)
        except Undecided:
            return False
        return not isinstance(stages, NoStageTube) and any(
            proposal.bound.value is not None for proposal in self.growths(stages)
        )


class _ForwardEuler(_Step):
    """The stage is the state itself: the bounds on the tube are those of the step."""

    @staticmethod
    def covers(integrator: ButcherTableau) -> bool:
        return integrator.A == ((0,),) and integrator.b == (1,)

    def stages(self, step_size: Fraction, *, lean: bool) -> Stages:
        return Stages(step_size, *((self.on_tube[q],) for q in QUANTITIES))

    def growths(self, stages: Stages) -> list[Proposal]:
        norm, upper = stages.norms[0], stages.uppers[0]
        bound = growth.euler_growth(float(stages.step_size), norm.value, upper.value)
        return [Proposal(bound, (norm, upper), {})]

    def shrink(self, stages: Stages) -> Proposal:
        norm, lower = stages.norms[0], stages.lowers[0]
        bound = growth.euler_shrink(float(stages.step_size), norm.value, lower.value)
        return Proposal(bound, (norm, lower), {})

    def largest(self, step_size: Fraction) -> None:
        return None


class _Explicit(_Step):
    """Any explicit method: a tube round every stage of the centre's trajectory."""

    @staticmethod
    def covers(integrator: ButcherTableau) -> bool:
        return integrator.is_explicit

    @cached_property
    def tableau(self) -> tuple[list[list[float]], list[float]]:
        A = [[float(a) for a in row] for row in self.integrator.A]
        return A, [float(b) for b in self.integrator.b]

    def stages(self, step_size: Fraction, *, lean: bool) -> Stages | NoStageTube:
        states = stage_states(self.branch, self.state, self.integrator, step_size)
        effort = Effort.QUICK if lean else Effort.STAGE
        plans: list[Plan] = [self.on_tube["spectral-norm"]] * len(states)

        def norm_at(stage: int, radius: float) -> float:
            if stage > 0:
                plans[stage] = self.tube_plan(
                    states[stage], radius, "spectral-norm", effort
                )
            return plans[stage].value

        count, (token, frobenius) = len(states), self.rounding
        tubes = growth.explicit_stage_tubes(
            self.tableau[0],
            float(step_size),
            float(self.radius),
            len(self.state),
            norm_at,
            token_defects=[0.0] + [token] * (count - 1),
            frobenius_defects=[0.0] + [frobenius] * (count - 1),
            token_wise=self.token_wise,
        )
        if isinstance(tubes, NoStageTube):
            return tubes
        norms = tuple(plans)
        if lean or min(self.integrator.b) < 0:
            return Stages(step_size, norms)
        slopes = (
            (
                self.on_tube[quantity],
                *(
                    self.tube_plan(state, tube.radius, quantity)
                    for state, tube in zip(states[1:], tubes[1:], strict=True)
                ),
            )
            for quantity in QUANTITIES[1:]
        )
        return Stages(step_size, norms, *slopes)

    def growths(self, stages: Stages) -> list[Proposal]:
        h, (A, b) = float(stages.step_size), self.tableau
        norms = [plan.value for plan in stages.norms]
        found = [Proposal(growth.explicit_growth(A, b, h, norms), stages.norms, {})]
        if not stages.uppers:
            return found
        uppers = [plan.value for plan in stages.uppers]
        premises = (*stages.norms, *stages.uppers)
        energy = growth.explicit_energy(A, b, h, norms, uppers, "growth")
        found.append(Proposal(energy, premises, {}))
        r = circle_radius(self.integrator)
        if r > 0 and max(uppers) < 0:
            bound = growth.circle_contractivity(A, b, h, norms, uppers, float(r))
            found.append(Proposal(bound, premises, {"radius": r}))
        return found

    def shrink(self, stages: Stages) -> Proposal:
        h, (A, b) = float(stages.step_size), self.tableau
        norms = [plan.value for plan in stages.norms]
        crude = Proposal(growth.explicit_shrink(A, b, h, norms), stages.norms, {})
        if not stages.lowers:
            return crude
        lowers = [plan.value for plan in stages.lowers]
        bound = growth.explicit_energy(A, b, h, norms, lowers, "shrink")
        energy = Proposal(bound, (*stages.norms, *stages.lowers), {})
        return max(crude, energy, key=lambda proposal: proposal.bound.value or 0.0)

    def largest(self, step_size: Fraction) -> Fraction:
        return largest_step(self.is_certified, step_size, LARGEST_TRIED)


class _Implicit(_Step):
    """Backward Euler and implicit midpoint: one stage, enclosed in one tube."""

    @staticmethod
    def covers(integrator: ButcherTableau) -> bool:
        return integrator.b == (1,) and integrator.A in (((1,),), ((Fraction(1, 2),),))

    @property
    def is_midpoint(self) -> bool:
        return self.integrator.A[0][0] != 1

    def stages(self, step_size: Fraction, *, lean: bool) -> Stages | NoStageTube:
        (stage,) = stage_states(self.branch, self.state, self.integrator, step_size)
        token, frobenius = self.rounding

        def norm_at(radius: float) -> float:
            return self.tube_plan(stage, radius, "spectral-norm", Effort.SEARCH).value

        tube = growth.implicit_stage_tube(
            float(self.integrator.A[0][0]),
            float(step_size),
            float(self.radius),
            len(self.state),
            norm_at,
            token_defect=token,
            frobenius_defect=frobenius,
            token_wise=self.token_wise,
        )
        if isinstance(tube, NoStageTube):
            return tube
        plans = [
            self.tube_plan(
                stage, tube.radius, quantity, Effort.SEARCH if lean else Effort.STAGE
            )
            for quantity in (QUANTITIES[:1] if lean else QUANTITIES)
        ]
        return Stages(step_size, *((plan,) for plan in plans))

    def growths(self, stages: Stages) -> list[Proposal]:
        formula = (
            growth.implicit_midpoint_growth
            if self.is_midpoint
            else growth.backward_euler_growth
        )
        mu = stages.uppers[0].value if stages.uppers else None
        bound = formula(float(stages.step_size), stages.norms[0].value, mu)
        return [Proposal(bound, (*stages.norms, *stages.uppers), {})]

    def shrink(self, stages: Stages) -> Proposal:
        h, norm = float(stages.step_size), stages.norms[0].value
        if not self.is_midpoint:
            return Proposal(growth.backward_euler_shrink(h, norm), stages.norms, {})
        m = stages.lowers[0].value if stages.lowers else None
        bound = growth.implicit_midpoint_shrink(h, norm, m)
        return Proposal(bound, (*stages.norms, *stages.lowers), {})

    def largest(self, step_size: Fraction) -> Fraction:
        return largest_step(self.is_certified, step_size, None)


KINDS: tuple[type[_Step], ...] = (_ForwardEuler, _Explicit, _Implicit)


def largest_step(
    certified: Callable[[Fraction], bool], start: Fraction, limit: Fraction | None
) -> Fraction:
    """Search the largest step at which a predicate holds, by doubling and bisection.

    **Arguments:** `limit`, the largest step to try (`None`: 2^10 times `start`).

    **Returns:** a step at which it holds; 0 if none was found within `HALVINGS`.
    """
    if limit is not None and certified(max(limit, start)):
        return max(limit, start)
    low, high = start, limit
    for _ in range(HALVINGS):
        if certified(low):
            break
        low, high = low / 2, low
    else:
        return Fraction(0)
    while high is None and low < start * 1024:
        if certified(2 * low):
            low *= 2
        else:
            high = 2 * low
    for _ in range(BISECTIONS if high is not None else 0):
        middle = (low + high) / 2
        if certified(middle):
            low = middle
        else:
            high = middle
    return low


def circle_radius(integrator: ButcherTableau) -> Fraction:
    """A rational at most the circle contractivity radius, close to it."""
    radius = integrator.circle_contractivity_radius
    if math.isinf(radius):
        return CIRCLE_LIMIT
    if radius.rational is not None:
        return radius.rational
    return radius.enclosure(CIRCLE_WIDTH)[0]
