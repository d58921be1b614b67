"""Which theorem bounds the growth or the shrink of a step, and by how much.

Closed forms compete with the multipliers of `runge-kutta-growth-lmi`, which are at
least as good and take more premises: they win where they gain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stabcheck import growth
from stabcheck.bounds.bound import OUTWARD
from stabcheck.certify.plan_writer import Plan
from stabcheck.certify.step_stages import Stages
from stabcheck.growth import Multipliers, StageBounds, StepBound
from stabcheck.integrators import ButcherTableau

CIRCLE_LIMIT = Fraction(1 << 20)
"""Stands for an infinite circle contractivity radius in a claim's parameters."""
CIRCLE_WIDTH = Fraction(1, 10**12)
"""How far below an irrational circle contractivity radius a claim stays."""
GAIN = 1e-6
"""What a proof with more premises has to gain, relative to the bound."""
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Proposal:
    """A bound on a step with the plans of its premises and its free parameters."""

    bound: StepBound
    premises: tuple[Plan, ...]
    parameters: dict[str, Any] = field(default_factory=dict)


def best_growth(method: ButcherTableau, stages: Stages) -> Proposal:
    """The smallest growth; without a value if no theorem applies, with its reason."""
    return best([*_closed_growths(method, stages), *_lmi(method, stages, "growth")])


def best_shrink(method: ButcherTableau, stages: Stages) -> Proposal:
    """The largest shrink; without a value if no theorem gives a positive one."""
    return best([*_closed_shrinks(method, stages), *_lmi(method, stages, "shrink")])


def best(proposals: list[Proposal]) -> Proposal:
    """The best proposal, the earlier one where a later one gains too little."""
    chosen = proposals[0]
    for proposal in proposals[1:]:
        value, found = chosen.bound.value, proposal.bound.value
        if found is None:
            continue
        if value is None or (
            found < value * (1 - GAIN)
            if proposal.bound.quantity == "growth"
            else found > value * (1 + GAIN)
        ):
            chosen = proposal
    return chosen


def _values(plans: tuple[Plan, ...]) -> list[float]:
    return [plan.value for plan in plans]


def _is_one_stage(method: ButcherTableau, a: Fraction) -> bool:
    return (method.A, method.b) == (((a,),), (1,))


def _floats(method: ButcherTableau) -> tuple[list[list[float]], list[float]]:
    A = [[float(a) for a in row] for row in method.A]
    return A, [float(b) for b in method.b]


def _closed_growths(method: ButcherTableau, stages: Stages) -> Iterator[Proposal]:
    if stages.existence:
        return
    h, norms = float(stages.step_size), _values(stages.norms)
    uppers = _values(stages.uppers)
    upper = uppers[0] if uppers else None
    both = (*stages.norms, *stages.uppers)
    for a, formula in (
        (Fraction(0), growth.euler_growth),
        (Fraction(1), growth.backward_euler_growth),
        (HALF, growth.implicit_midpoint_growth),
    ):
        if _is_one_stage(method, a):
            yield Proposal(formula(h, norms[0], upper), both)
            return
    if not method.is_explicit:
        return
    A, b = _floats(method)
    yield Proposal(growth.explicit_growth(A, b, h, norms), stages.norms)
    if not uppers or min(b) < 0:
        return
    energy = growth.explicit_energy(A, b, h, norms, uppers, "growth")
    yield Proposal(energy, both)
    r = circle_radius(method)
    if r > 0 and max(uppers) < 0:
        bound = growth.circle_contractivity(A, b, h, norms, uppers, float(r))
        yield Proposal(bound, both, {"radius": r})


def _closed_shrinks(method: ButcherTableau, stages: Stages) -> Iterator[Proposal]:
    if stages.existence:
        return
    h, norms = float(stages.step_size), _values(stages.norms)
    lowers = _values(stages.lowers)
    lower = lowers[0] if lowers else None
    both = (*stages.norms, *stages.lowers)
    if _is_one_stage(method, Fraction(0)):
        yield Proposal(growth.euler_shrink(h, norms[0], lower), both)
    elif _is_one_stage(method, Fraction(1)):
        yield Proposal(growth.backward_euler_shrink(h, norms[0]), stages.norms)
    elif _is_one_stage(method, HALF):
        bound = growth.implicit_midpoint_shrink(h, norms[0], lower)
        yield Proposal(bound, both)
    elif method.is_explicit:
        A, b = _floats(method)
        yield Proposal(growth.explicit_shrink(A, b, h, norms), stages.norms)
        if lowers and min(b) >= 0:
            bound = growth.explicit_energy(A, b, h, norms, lowers, "shrink")
            yield Proposal(bound, both)


def _lmi(method: ButcherTableau, stages: Stages, quantity: str) -> Iterator[Proposal]:
    """With the one-sided bound that the quantity is about, then with both."""
    growing = quantity == "growth"
    main, other = stages.uppers, stages.lowers
    if not growing:
        main, other = other, main
    options = [(main, ())] + ([(main, other)] if main and other else [])
    if stages.existence and not growing:
        options = [(main, other)]
    for first, second in options:
        uppers, lowers = (first, second) if growing else (second, first)
        bounds = _outward(stages.norms, uppers, lowers)
        search = growth.growth_lmi if growing else growth.shrink_lmi
        found = search(method.A, method.b, stages.step_size, bounds)
        parameters = {} if found.multipliers is None else _named(found.multipliers)
        premises = (*stages.norms, *uppers, *lowers)
        yield Proposal(found.bound, premises, parameters | stages.existence)


def _outward(
    norms: tuple[Plan, ...], uppers: tuple[Plan, ...], lowers: tuple[Plan, ...]
) -> StageBounds:
    """The bounds of the premises, with room for how their claims are rounded."""
    rooms = [OUTWARD * plan.value for plan in norms]

    def moved(plans: tuple[Plan, ...], sign: int) -> tuple[Fraction, ...]:
        pairs = zip(plans, rooms, strict=False)
        return tuple(Fraction(plan.value + sign * room) for plan, room in pairs)

    return StageBounds(moved(norms, 1), moved(uppers, 1), moved(lowers, -1))


def _named(multipliers: Multipliers) -> dict[str, list[Fraction]]:
    lists = {
        "norm_multipliers": multipliers.norms,
        "upper_multipliers": multipliers.uppers,
        "lower_multipliers": multipliers.lowers,
    }
    return {name: list(values) for name, values in lists.items() if values}


def circle_radius(method: ButcherTableau) -> Fraction:
    """A rational at most the circle contractivity radius, close to it."""
    radius = method.circle_contractivity_radius
    if math.isinf(radius):
        return CIRCLE_LIMIT
    if radius.rational is not None:
        return radius.rational
    return radius.enclosure(CIRCLE_WIDTH)[0]
