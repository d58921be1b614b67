"""One map of a stack, certified on its own: its Jacobian over a tube, and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import domains
from stabcheck.certify import decimals
from stabcheck.certify.attained import attained_claim
from stabcheck.certify.centres import QUANTITIES, Centres
from stabcheck.certify.draft import Draft
from stabcheck.certify.frozen import certify_frozen
from stabcheck.certify.one_leg import certify_one_leg
from stabcheck.certify.plan_writer import Effort, Established, Plan, Writer
from stabcheck.certify.plans import plan_tube
from stabcheck.certify.steps import StepReport, certify_step
from stabcheck.integrators import ButcherTableau, StepMethod
from stabcheck.integrators.step_methods import is_momentum
from stabcheck.layers import Branch, Map, Residual


@dataclass(frozen=True)
class Task:
    """What is certified of one map: where, and for which steps."""

    index: int
    map: Map
    state: np.ndarray
    radius: Fraction
    steps: tuple[tuple[StepMethod, Fraction], ...]

    @property
    def branch(self) -> Branch:
        """The branch of a residual map, or the normalisation alone."""
        if isinstance(self.map, Residual):
            return self.map.branch
        return (self.map.field,)


def certify_map(task: Task) -> tuple[Draft, dict[str, Any]]:
    """Certify one map.

    **Returns:** a draft of the claims and a summary: `bounds` and `steps` as
    `certify --json` prints them, and under `factor` the claims that its place in a
    product over depth rests on.
    """
    draft = Draft()
    name = task.map.name
    centres = Centres(task.branch)
    centre = centres.at(task.state)
    plans = {q: plan_tube(centre, task.radius, q, Effort.SHARP) for q in QUANTITIES}
    writer = Writer(draft, name)
    on_tube = {q: writer.emit(plan) for q, plan in plans.items()}
    tube = domains.Tube(task.state, task.radius)
    attained = {
        q: attained_claim(draft, name, task.branch, tube, q) for q in QUANTITIES
    }
    reports = [
        _certify(writer, centres, task, plans, method, step_size)
        for method, step_size in task.steps
        if isinstance(task.map, Residual)
    ]
    summary = {
        "name": name,
        "domain": f"tube:{float(task.radius):.4g}",
        "bounds": {q: _row(q, on_tube[q], attained[q]) for q in QUANTITIES},
        "steps": [report.to_json() for report in reports],
        "factor": _factor(task.map, on_tube, reports),
        "radius": [task.radius.numerator, task.radius.denominator],
    }
    return draft, summary


def _certify(
    writer: Writer,
    centres: Centres,
    task: Task,
    plans: dict[str, Plan],
    method: StepMethod,
    step_size: Fraction,
) -> StepReport:
    """What is certified of a method: steps, one-leg steps, or a frozen recursion."""
    tube = (writer, centres, task.state, task.radius, plans)
    if isinstance(method, ButcherTableau):
        return certify_step(*tube, method, step_size)
    if is_momentum(method):
        return certify_frozen(writer, centres.at(task.state), method, step_size)
    return certify_one_leg(*tube, method, step_size)


def _row(quantity: str, upper: Established, attained: Established) -> dict[str, Any]:
    key = "lower" if quantity == "log-norm-lower" else "upper"
    row: dict[str, Any] = {
        key: decimals.certified(quantity, upper.value),
        "attained": float(decimals.attained(quantity, attained.value)),
        "theorem": upper.theorem,
    }
    slack = slack_of(upper.value, attained.value)
    if slack is not None:
        row["slack"] = slack
    return row


def slack_of(certified: Fraction, attained: Fraction) -> float | None:
    """Certified over attained, where the two have one sign; `None` otherwise."""
    if certified * attained <= 0:
        return None
    ratio = certified / attained
    return float(f"{float(ratio):.4g}")


def _factor(
    map_: Map, on_tube: dict[str, Established], reports: list[StepReport]
) -> dict[str, int | None]:
    if not isinstance(map_, Residual):
        return {"growth": on_tube["spectral-norm"].claim, "shrink": None}
    own = next(
        report
        for report in reports
        if report.integrator == map_.integrator.name
        and report.step_size == map_.step_size
    )
    return {
        "growth": own.growth.claim if own.growth else None,
        "shrink": own.shrink.claim if own.shrink else None,
    }
