"""The stages of a step, each in a tube of its own with the bounds planned there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from stabcheck import growth
from stabcheck.certify.centres import Centres
from stabcheck.certify.plan_writer import Effort, Plan
from stabcheck.certify.plans import plan_tube
from stabcheck.certify.stage_solver import solved_stages
from stabcheck.errors import Undecided
from stabcheck.growth import NoStageTube
from stabcheck.integrators import ButcherTableau
from stabcheck.layers import Branch, evaluate

NORM, UPPER, LOWER = "spectral-norm", "log-norm", "log-norm-lower"
STAGE_ROUNDING = 1e-12
"""Allowance for the rounding of a float64 stage, relative to its largest term."""


@dataclass(frozen=True)
class Stages:
    """The stages of a step of one size, planned: norms, and log norms where wanted.

    `existence` holds the parameters of a claim whose stages exist because their
    equations are monotone: it needs the logarithmic norms.
    """

    step_size: Fraction
    norms: tuple[Plan, ...]
    uppers: tuple[Plan, ...] = ()
    lowers: tuple[Plan, ...] = ()
    existence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Tubes:
    """Norms on tubes that hold the stages, and the parameters that show it, if any."""

    norms: tuple[Plan, ...]
    radii: tuple[float, ...]
    existence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepDomain:
    """One method for one branch from every state of a tube.

    **Arguments:** `centres`, the branch's expensive quantities by state; `on_tube`, the
    planned bounds of the branch's Jacobian on the tube, by quantity.
    """

    centres: Centres
    state: np.ndarray
    radius: Fraction
    on_tube: dict[str, Plan]
    integrator: ButcherTableau

    @property
    def branch(self) -> Branch:
        return self.centres.branch

    @cached_property
    def tableau(self) -> tuple[list[list[float]], list[float]]:
        """A and b in float64."""
        A = [[float(a) for a in row] for row in self.integrator.A]
        return A, [float(b) for b in self.integrator.b]

    @cached_property
    def own(self) -> tuple[bool, ...]:
        """Which stages are the state itself: the bounds on the tube are theirs."""
        return tuple(not any(row) for row in self.integrator.A)

    def plan(
        self, step_size: Fraction, quantities: tuple[str, ...], *, lean: bool = False
    ) -> Stages | NoStageTube:
        """Plan norms, and the other quantities, on tubes that hold the stages.

        `lean` plans what the search for a largest step needs: roughly and fast.
        """
        try:
            states = solved_stages(self.branch, self.state, self.integrator, step_size)
            found = self._explicit(states, step_size, lean=lean)
            if found is None:
                found = self._implicit(states, step_size, lean=lean)
            if isinstance(found, NoStageTube):
                return found
            wanted = {*quantities, UPPER} if found.existence else set(quantities)
            others = {
                quantity: tuple(
                    self._on_stage(stage, state, radius, quantity, lean=lean)
                    for stage, (state, radius) in enumerate(
                        zip(states, found.radii, strict=True)
                    )
                )
                for quantity in wanted
            }
        except Undecided as error:
            return NoStageTube(str(error))
        uppers, lowers = (others.get(quantity, ()) for quantity in (UPPER, LOWER))
        return Stages(step_size, found.norms, uppers, lowers, found.existence)

    def _explicit(
        self, states: list[np.ndarray], step_size: Fraction, *, lean: bool
    ) -> _Tubes | NoStageTube | None:
        if not self.integrator.is_explicit:
            return None
        effort = Effort.QUICK if lean else Effort.STAGE
        norms, norm_at = self._planned(states, NORM, effort)
        tubes = growth.explicit_stage_tubes(
            *self._start(step_size), norm_at, **self._defects(states, step_size)
        )
        if isinstance(tubes, NoStageTube):
            return tubes
        return _Tubes(tuple(norms), tuple(tube.radius for tube in tubes))

    def _implicit(
        self, states: list[np.ndarray], step_size: Fraction, *, lean: bool
    ) -> _Tubes | NoStageTube:
        """By a contraction, else by monotone equations; norms on their tubes."""
        _, norm_at = self._planned(states, NORM, Effort.SEARCH)
        tubes = growth.implicit_stage_tubes(
            *self._start(step_size), norm_at, **self._defects(states, step_size)
        )
        if isinstance(tubes, NoStageTube):
            monotone = self._monotone(states, step_size)
            if isinstance(monotone, NoStageTube):
                if self.on_tube[UPPER].value > 0:
                    return tubes  # not monotone: the norms say what is in the way
                return NoStageTube(f"{tubes.reason}; {monotone.reason}")
            radii, existence = (monotone.radius,) * len(states), monotone.existence
        else:
            radii, existence = tuple(tube.radius for tube in tubes), {}
        norms = []
        for stage, (state, radius) in enumerate(zip(states, radii, strict=True)):
            rough = self._on_stage(stage, state, radius, NORM, lean=True)
            fine = self._on_stage(stage, state, radius, NORM, lean=lean)
            norms.append(min(rough, fine, key=lambda plan: plan.value))
        return _Tubes(tuple(norms), radii, existence)

    def _monotone(
        self, states: list[np.ndarray], step_size: Fraction
    ) -> growth.MonotoneStages | NoStageTube:
        _, upper_at = self._planned(states, UPPER, Effort.SEARCH)
        defects = self._defects(states, step_size)["frobenius_defects"]
        return growth.monotone_stages(
            *self._start(step_size), upper_at, frobenius_defects=defects
        )

    def _start(self, step_size: Fraction) -> tuple[Any, float, float, int]:
        h, radius = float(step_size), float(self.radius)
        return self.tableau[0], h, radius, len(self.state)

    def _defects(self, states: list[np.ndarray], step_size: Fraction) -> dict[str, Any]:
        """What float64 stages are off by, per token and in the Frobenius norm."""
        tokens, features = self.state.shape
        slopes = [float(np.abs(evaluate(self.branch, s)).max()) for s in states]
        terms = float(step_size) * np.abs(np.array(self.tableau[0])) @ slopes
        sizes = [
            1 + float(np.abs(self.state).max() + np.abs(stage).max() + term)
            for stage, term in zip(states, terms, strict=True)
        ]
        defects = [
            0.0 if own else STAGE_ROUNDING * math.sqrt(features) * size
            for own, size in zip(self.own, sizes, strict=True)
        ]
        return {
            "token_defects": defects,
            "frobenius_defects": [math.sqrt(tokens) * defect for defect in defects],
            "token_wise": all(part.is_token_wise for part in self.branch),
        }

    def _planned(
        self, states: list[np.ndarray], quantity: str, effort: Effort
    ) -> tuple[list[Plan], Callable[[int, float], float]]:
        """The last plan of every stage, and the bound of a stage on a tube."""
        plans: list[Plan] = [self.on_tube[quantity]] * len(states)

        def bound_at(stage: int, radius: float) -> float:
            if not self.own[stage]:
                centre = self.centres.at(states[stage])
                plans[stage] = plan_tube(centre, Fraction(radius), quantity, effort)
            return plans[stage].value

        return plans, bound_at

    def _on_stage(
        self,
        stage: int,
        state: np.ndarray,
        radius: float,
        quantity: str,
        *,
        lean: bool,
    ) -> Plan:
        if self.own[stage]:
            return self.on_tube[quantity]
        effort = Effort.SEARCH if lean else Effort.STAGE
        return plan_tube(self.centres.at(state), Fraction(radius), quantity, effort)
