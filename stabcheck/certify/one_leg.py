r"""Claims about one step of a multistep method, through its one-leg twin.

With $\sigma(1) = 1$ and $\gamma = \beta_k/\alpha_k$ the argument of the field is a
backward Euler stage of size $h\gamma$ from a combination of the last $k$ values.  The
growth holds in the norm $|Y|_G$ of those values, the same for every step: growths of
steps with other fields multiply (`one-leg-g-norm`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.bounds.bound import OUTWARD
from stabcheck.certificate import Claim, round_up
from stabcheck.certify.centres import Centres
from stabcheck.certify.plan_writer import Established, Plan, Writer
from stabcheck.certify.step_stages import LOWER, UPPER, Stages, StepDomain
from stabcheck.certify.steps import StepReport
from stabcheck.growth import NoStageTube, OneLegBound, StageBounds, one_leg_growth
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators.memory.multistep import LinearMultistep

NAMES = ("norm_multipliers", "upper_multipliers", "lower_multipliers")


def certify_one_leg(
    writer: Writer,
    centres: Centres,
    state: np.ndarray,
    radius: Fraction,
    on_tube: dict[str, Plan],
    method: LinearMultistep,
    step_size: Fraction,
) -> StepReport:
    """Certify the growth of one step, if the last values lie in the tube.

    **Arguments:** as of `certify_step`; `method`, G-stable.
    """
    alpha, beta = _rows(method)
    gamma = beta[-1] / alpha[-1]
    spread = sum(abs(b - gamma * a) for a, b in zip(alpha, beta, strict=True))
    stage = ButcherTableau(method.name, [[gamma]], [1])
    domain = StepDomain(centres, state, spread * radius, on_tube, stage)
    name = f"{method.name} one-leg, G-norm"
    stages = domain.plan(step_size, (UPPER, LOWER))
    if isinstance(stages, NoStageTube):
        return StepReport(name, step_size, None, None, stages.reason)
    room = OUTWARD * stages.norms[0].value
    bounds = StageBounds(
        *(
            tuple(Fraction(plan.value + sign * room) for plan in plans)
            for plans, sign in _premises(stages)
        )
    )
    found = one_leg_growth(method, step_size, bounds)
    if found.bound.value is None:
        return StepReport(name, step_size, None, None, found.bound.reason or "")
    grown = _claim(writer, domain, radius, method, stages, found)
    return StepReport(name, step_size, grown, None)


def _rows(method: LinearMultistep) -> tuple[list[Fraction], list[Fraction]]:
    r"""The rows without leading zeros, scaled to $\sigma(1) = 1$."""
    found = method.g_stability
    length = len(found.G) + 1 if found else len(method.alpha)
    scale = sum(method.beta, start=Fraction(0))
    alpha, beta = (
        [entry / scale for entry in row[-length:]]
        for row in (method.alpha, method.beta)
    )
    return alpha, beta


def _premises(stages: Stages) -> list[tuple[tuple[Plan, ...], int]]:
    """Norms, upper and lower bounds, and the sign of outward."""
    return [(stages.norms, 1), (stages.uppers, 1), (stages.lowers, -1)]


def _claim(
    writer: Writer,
    domain: StepDomain,
    radius: Fraction,
    method: LinearMultistep,
    stages: Stages,
    found: OneLegBound,
) -> Established:
    draft, name = writer.draft, writer.name
    premises = [writer.emit(plan) for plans, _ in _premises(stages) for plan in plans]
    parameters: dict[str, Any] = {
        key: [value] for key, value in zip(NAMES, found.multipliers, strict=True)
    }
    alpha, beta = _rows(method)
    value = round_up(found.bound.value)
    step = {
        "branch": draft.branch(name, domain.branch, len(domain.state)),
        "integrator": draft.multistep(method.name, alpha, beta),
        "size": stages.step_size,
        "G": [entry for row in found.G for entry in row],
    }
    claim = Claim(
        theorem="one-leg-g-norm",
        quantity="g-growth",
        subject={"one-leg": step},
        domain=draft.tube(name, domain.state, radius),
        bound=value,
        premises=tuple(premise.claim for premise in premises),
        parameters=parameters | stages.existence,
    )
    return Established(draft.claim(claim), value, claim.theorem)
