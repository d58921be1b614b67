"""Claims about a whole stack over an input tube, from one deviation a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Attention, FeedForward
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.centres import Centre
from stabcheck.certify.depth_product import OverTube
from stabcheck.certify.draft import Draft
from stabcheck.certify.feed_forward_plans import TOKEN_WITNESS_SIZE
from stabcheck.certify.map_jacobians import MapJacobians, is_token_wise
from stabcheck.certify.plan_writer import Effort, Established, Plan, Writer
from stabcheck.certify.plans import plan_deviation
from stabcheck.errors import Undecided
from stabcheck.growth.norm_wise import largest_radius, norm_wise
from stabcheck.growth.partial_products import (
    PartialProducts,
    chosen_anchors,
    partial_products,
)
from stabcheck.layers import Residual, Stack

MOST_OVER_POINT = 2
"""The input radius is the largest on which the growth at most doubles."""
MARGIN = 1e-6
"""Relative room for rounding in what the checker re-derives."""
TUBE_ROOM = 1e-3
"""Relative room in the radius in front of a map."""
OFFSET = 1e-12
"""A map of a stored state is closer than this to the next one, relative to it."""
FIRST_REACH = 1e-6
"""Relative radius at which the deviations are first asked for."""
ROUNDS = 8
SHRINKING = 0.8
"""Where deviations grow faster than the radius, so much less is tried."""
LEAST_RADIUS = 1e-9
"""Smaller tubes, relative to the states, are left out: offsets are as large."""


@dataclass(frozen=True)
class _Tubes:
    """An input radius on which everything fits, and a deviation for every map."""

    radius: float
    deviation: float
    plans: list[Plan]


class Deviations:
    """How far the Jacobians of maps move, by map and radius."""

    def __init__(
        self, draft: Draft, stack: Stack, states: Sequence[np.ndarray]
    ) -> None:
        self.maps = stack.maps
        self.centres = [
            Centre(map_.branch if isinstance(map_, Residual) else (map_.field,), state)
            for map_, state in zip(stack.maps, states, strict=False)
        ]
        for map_, centre in zip(stack.maps, self.centres, strict=True):
            _share_weights(draft, map_.name, centre)

    def plan(self, index: int, radius: float) -> Plan | None:
        """The best bound on a tube; None where no theorem reaches it."""
        centre = self.centres[index]
        rational = round_up(radius)
        # A premise about the value behind a normalisation is slow to check at FULL.
        effort = Effort.FULL if len(centre.branch) == 1 else Effort.QUICK
        try:
            if _is_large_feed_forward(centre):
                plan = _floating_deviation(centre, rational)
            else:
                plan = plan_deviation(centre, rational, effort)
        except Undecided:
            return None
        return plan if np.isfinite(plan.value) else None

    def of_map(self, index: int, plan: Plan) -> float:
        """The deviation of the map's own Jacobian, with room for rounding."""
        map_ = self.maps[index]
        size = abs(float(map_.step_size)) if isinstance(map_, Residual) else 1.0
        return size * plan.value * (1 + MARGIN)


def _is_large_feed_forward(centre: Centre) -> bool:
    large = centre.state.shape[1] > TOKEN_WITNESS_SIZE
    return large and len(centre.branch) == 1 and type(centre.branch[0]) is FeedForward


def _floating_deviation(centre: Centre, radius: Fraction) -> Plan:
    """The deviation as floating point verifies it: integers take half a minute."""
    bound = bounds.feed_forward_deviation_tube(
        centre.branch[0], centre.state, float(radius), sharp=True
    )
    bound = replace(bound, value=bound.value * (1 + MARGIN), tier="float64")
    return Plan(bound, centre.branch, centre.state, radius)


def _fraction(number: Fraction | Sequence[int]) -> Fraction:
    """A parameter of a claim, which is `[p, q]` where the draft was read again."""
    return number if isinstance(number, Fraction) else Fraction(*number)


def _share_weights(draft: Draft, hint: str, centre: Centre) -> None:
    """Take the head weights of a claim about the same field: they cost two norms."""
    for field in centre.branch:
        if not isinstance(field, Attention):
            continue
        subject = {"branch": draft.branch(hint, (field,), len(centre.state))}
        theorem = bounds.attention_jacobian_deviation_tube
        for claim in draft.claims:
            named = claim.theorem == "attention-jacobian-deviation-tube"
            if named and claim.subject == subject:
                parameters = {
                    name: [float(_fraction(weight)) for weight in weights]
                    for name, weights in claim.parameters.items()
                }
                made = bounds.HeadWeights.from_parameters(field, parameters)
                centre.shared[theorem] = made
                break


def certify_norm_wise(
    draft: Draft,
    hint: str,
    jacobians: MapJacobians,
    most: Fraction,
    growth: float,
) -> OverTube:
    """Claim the growth of the whole stack on a tube where it is at most doubled.

    **Arguments:** `most`, the largest radius that is asked for; `growth`, at the state
    itself.
    """
    stack, states = jacobians.stack, jacobians.states
    count = len(stack.maps)
    tokens = len(states[0])
    is_dense = [not is_token_wise(map_) for map_ in stack.maps]
    anchors = chosen_anchors(is_dense, states[0].size)
    factors = (jacobians.at(index) for index in range(count))
    products = partial_products(factors, tokens, anchors)
    size = max(float(np.linalg.norm(state)) for state in states[:count])
    deviations = Deviations(draft, stack, states)
    allowed = (MOST_OVER_POINT - 1) * growth
    found = _tubes(products, deviations, OFFSET * (1 + size), float(most), allowed)
    if found is None or found.radius < LEAST_RADIUS * size:
        reason = "the deviations of the maps say nothing on any tube worth a claim"
        return OverTube(None, None, None, reason)
    radius = round_down(found.radius)
    premises = [
        Writer(draft, stack.maps[index].name).emit(plan).claim
        for index, plan in enumerate(found.plans)
    ]
    value = (growth + found.deviation) * (1 + MARGIN) + products.error(count)
    claim = Claim(
        "depth-tube-norm-wise",
        "growth",
        {"maps": [0, count]},
        draft.tube(hint, states[0], radius),
        round_up(value),
        tier="float64",
        premises=tuple(premises),
        parameters={"anchors": [Fraction(place) for place in anchors]},
    )
    index = draft.claim(claim)
    return OverTube(Established(index, claim.bound, claim.theorem), None, radius)


def _tubes(
    products: PartialProducts,
    deviations: Deviations,
    offset: float,
    most: float,
    allowed: float,
) -> _Tubes | None:
    """Search the input radius: deviations per radius, then at the radii themselves."""
    count = len(deviations.maps)
    slopes = _first_slopes(deviations, most)
    if slopes is None:
        return None
    for _ in range(ROUNDS):
        radius = largest_radius(products, slopes, offset, most, allowed)
        if radius is None:
            return None
        reach = norm_wise(
            products,
            [lambda r, s=slope: s * r for slope in slopes],
            offset,
            radius,
        )
        radii = [float(r) * (1 + TUBE_ROOM) for r in reach.radii]
        asked = [deviations.plan(index, radii[index]) for index in range(count)]
        plans = [plan for plan in asked if plan is not None]
        if len(plans) < count:
            most = radius * SHRINKING / 2
            continue
        values = [deviations.of_map(index, plan) for index, plan in enumerate(plans)]
        radius /= 1 + 2 * TUBE_ROOM
        checked = norm_wise(
            products, [lambda r, v=value: v for value in values], offset, radius
        )
        if checked is not None and all(
            a * (1 + MARGIN) <= b for a, b in zip(checked.radii, radii, strict=True)
        ):
            return _Tubes(radius, checked.deviation, plans)
        slopes = [max(value / r, 0.0) for value, r in zip(values, radii, strict=True)]
        most = radius * (1 + 2 * TUBE_ROOM)
    return None


def _first_slopes(deviations: Deviations, most: float) -> list[float] | None:
    """Deviations per radius on small tubes."""
    found = []
    for index, centre in enumerate(deviations.centres):
        radius = FIRST_REACH * (1 + float(np.abs(centre.state).max()))
        radius = min(radius, most)
        plan = deviations.plan(index, radius)
        if plan is None:
            radius *= FIRST_REACH
            plan = deviations.plan(index, radius)
        if plan is None:
            return None
        found.append(deviations.of_map(index, plan) / radius)
    return found
