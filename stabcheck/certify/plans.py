"""Which theorem bounds a quantity of a branch over a tube, and by how much.

Several theorems compete, the smallest bound wins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import (
    Attention,
    Bound,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    RMSNorm,
    ScoredAttention,
)
from stabcheck.certificate import round_up
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.feed_forward_plans import feed_forward_plan
from stabcheck.certify.joint_plans import is_small, joint_tube
from stabcheck.certify.magnitudes import room_for_cancellation, room_for_underflow
from stabcheck.certify.plan_writer import Effort, Plan, best
from stabcheck.certify.sharp_plans import sharp_plans
from stabcheck.errors import InvalidInput, Undecided

WITNESS_SIZE = 512
"""Up to this many rows a dense Jacobian is checked in integers, above in float64."""
FLOATING_MARGIN = 1e-9
"""Relative room that the verified floating-point Cholesky needs below a claim."""
LARGEST_BOUND = 1e9
"""A bound above this says nothing, and costs the checker its precision."""
POLISHING = 8
"""Quasi-Newton steps for the weights of the heads; 25 gain less than 1 % more."""
LEAST_REACH = 1e-24
"""On smaller tubes the deviation of a tube of this radius is claimed: roots of masses
that balls do not tell from 0 are worth more than the deviation."""
INNER_ROOM = 1e-9
"""Room, relative and absolute, in the radius of a tube behind a normalisation."""


def plan_tube(
    centre: Centre, radius: Fraction, quantity: str, effort: Effort = Effort.FULL
) -> Plan:
    """The best bound of a quantity over the tube round a centre.

    **Raises:** `Undecided` if no theorem reaches that tube.
    """
    plan = _plan_tube(centre, radius, quantity, effort)
    if not abs(plan.value) <= LARGEST_BOUND:
        raise Undecided(
            f"no theorem bounds {quantity} on the tube of radius {float(radius):.4g}: "
            "take a smaller tube or a smaller step"
        )
    return plan


def _plan_tube(centre: Centre, radius: Fraction, quantity: str, effort: Effort) -> Plan:
    branch = centre.branch
    token_wise = all(part.is_token_wise for part in branch)
    if radius == 0 and not token_wise and effort > Effort.QUICK:
        return plan_point(centre, quantity)
    if len(branch) == 1:
        (only,) = branch
        if isinstance(only, Attention | ScoredAttention):
            return _attention(centre, radius, quantity, effort)
        if isinstance(only, GatedFeedForward):
            return _gated_feed_forward(centre, radius, quantity, effort)
        if isinstance(only, FeedForward):
            return feed_forward_plan(
                centre,
                radius,
                quantity,
                effort,
                lambda: plan_deviation(centre, radius, effort).bound,
            )
        return _normalisation(centre, radius, quantity)
    if len(branch) == 2 and isinstance(branch[0], LayerNorm | RMSNorm):
        return _pre_norm(centre, radius, quantity, effort)
    raise InvalidInput(
        "asked to bound a branch of "
        + ", ".join(type(part).__name__ for part in branch)
        + "; supported are one field, or a normalisation and one field"
    )


def plan_point(centre: Centre, quantity: str) -> Plan:
    """The quantity at the state itself, by a positive semidefinite matrix."""
    return centre.remember(("plan", quantity), lambda: _plan_point(centre, quantity))


def _plan_point(centre: Centre, quantity: str) -> Plan:
    branch, state = centre.branch, centre.state
    if state.size <= WITNESS_SIZE:
        bound = bounds.point_bound(centre.jacobian, quantity)
        room = float(room_for_underflow(bound.value, branch))
        room += room_for_cancellation(branch, state)
        if room:
            # The witness is made for the number that is claimed.
            lower = quantity == "log-norm-lower"
            bound = replace(bound, value=bound.value + (-room if lower else room))
        matrix = bounds.point_matrix(centre.jacobian, quantity, bound.value)
        return Plan(bound, branch, state, None, (), _factor_of(matrix, quantity))
    room = FLOATING_MARGIN * centre.value("spectral-norm")
    room += room_for_cancellation(branch, state)
    sign = -1 if quantity == "log-norm-lower" else 1
    value = centre.value(quantity) + sign * room
    theorem = "psd-floating-point-cholesky"
    bound = Bound(theorem, quantity, value, {}, tier="float64")
    return Plan(bound, branch, state, None)


def _attention(centre: Centre, radius: Fraction, quantity: str, effort: Effort) -> Plan:
    found = []
    is_plain = isinstance(centre.branch[0], Attention)
    if quantity == "spectral-norm":
        direct = _head_factored(
            centre,
            radius,
            bounds.attention_norm_tube
            if is_plain
            else bounds.scored_attention_norm_tube,
        )
        found.append(Plan(direct, centre.branch, centre.state, radius))
    if effort > Effort.QUICK or not found:
        deviation = plan_deviation(centre, radius, effort)
        found.append(_from_centre(centre, radius, quantity, deviation))
        # The joint form pays where it is cheap, and far from the centre.
        if (
            is_plain
            and effort >= Effort.FULL
            and (
                is_small(centre, quantity)
                or deviation.value > centre.value("spectral-norm")
            )
        ):
            joint, witness = joint_tube(centre, radius, quantity)
            plan = Plan(joint, centre.branch, centre.state, radius, (), witness)
            found.append(plan)
    if is_plain and effort == Effort.SHARP:
        found += sharp_plans(centre, radius, quantity, best(quantity, found).value)
    return best(quantity, found)


def _gated_feed_forward(
    centre: Centre, radius: Fraction, quantity: str, effort: Effort
) -> Plan:
    if radius == 0:
        return plan_point(centre, quantity)
    deviation = plan_deviation(centre, radius, effort)
    return _from_centre(centre, radius, quantity, deviation)


def _from_centre(
    centre: Centre, radius: Fraction, quantity: str, deviation: Plan
) -> Plan:
    point = plan_point(centre, quantity)
    bound = bounds.tube_from_centre(point.bound, deviation.bound)
    return Plan(bound, centre.branch, centre.state, radius, (point, deviation))


def _head_factored(
    centre: Centre, radius: Fraction, theorem: Callable[..., Bound]
) -> Bound:
    """A bound with weights of the heads that all centres of the branch share.

    They are chosen at the first centre, that of the map's own tube.  Checking them
    costs two large norms, however many claims use them.
    """
    (only,) = centre.branch
    weights = centre.shared.get(theorem)
    bound = theorem(
        only,
        centre.state,
        float(radius),
        local=centre.local(),
        iterations=POLISHING,
        weights=weights,
    )
    if weights is None and math.isfinite(bound.value):
        plain = only.plain if isinstance(only, ScoredAttention) else only
        made = bounds.HeadWeights.from_parameters(plain, bound.parameters)
        centre.shared[theorem] = made
    return bound


def plan_deviation(centre: Centre, radius: Fraction, effort: Effort) -> Plan:
    """How far the Jacobian moves over the tube."""
    key = ("deviation", radius, effort)
    return centre.remember(key, lambda: _plan_deviation(centre, radius, effort))


def _plan_deviation(centre: Centre, radius: Fraction, effort: Effort) -> Plan:
    branch, state = centre.branch, centre.state
    if len(branch) == 2:
        return _pre_norm_deviation(centre, radius, effort)
    (only,) = branch
    if isinstance(only, Attention | ScoredAttention):
        least = LEAST_REACH * (1 + float(np.abs(state).max()))
        theorem = (
            bounds.attention_jacobian_deviation_tube
            if isinstance(only, Attention)
            else bounds.scored_attention_deviation_tube
        )
        bound = _head_factored(centre, max(radius, Fraction(least)), theorem)
    elif isinstance(only, GatedFeedForward):
        bound = bounds.gated_feed_forward_deviation_tube(only, state, float(radius))
    elif isinstance(only, FeedForward):
        bound = bounds.feed_forward_deviation_tube(
            only, state, float(radius), pooled=effort < Effort.STAGE
        )
    else:
        bound = bounds.normalisation_deviation_tube(only, state, float(radius))
    return Plan(bound, branch, state, radius)


def _normalisation(centre: Centre, radius: Fraction, quantity: str) -> Plan:
    only = centre.branch[0]
    bound = bounds.normalisation_tube(only, centre.state, float(radius), quantity)
    return Plan(bound, centre.branch, centre.state, radius)


@dataclass(frozen=True)
class _PreNorm:
    """The two fields of a pre-norm branch, each at its own centre on its own tube."""

    outer: Centre
    norm_norm: Plan
    inner: Centre
    inner_radius: Fraction


def _pre_norm_parts(centre: Centre, radius: Fraction) -> _PreNorm:
    def compute() -> _PreNorm:
        norm, only = centre.branch
        outer = Centre((norm,), centre.state)
        norm_norm = plan_tube(outer, radius, "spectral-norm")
        inner_state = norm(centre.state)
        reach = bounds.pre_norm_inner_radius(
            norm, centre.state, inner_state, norm_norm.bound, float(radius)
        )
        inner_radius = round_up(reach * (1 + INNER_ROOM) + INNER_ROOM * 1e-4)
        inner = Centre((only,), inner_state, centre.shared)
        return _PreNorm(outer, norm_norm, inner, inner_radius)

    return centre.remember(("pre-norm", radius), compute)


def _pre_norm_deviation(centre: Centre, radius: Fraction, effort: Effort) -> Plan:
    parts = _pre_norm_parts(centre, radius)
    premises = (
        parts.norm_norm,
        plan_deviation(parts.outer, radius, effort),
        plan_tube(parts.inner, parts.inner_radius, "spectral-norm", effort),
        plan_deviation(parts.inner, parts.inner_radius, effort),
    )
    bound = bounds.pre_norm_deviation(*(premise.bound for premise in premises))
    return Plan(bound, centre.branch, centre.state, radius, premises)


def _pre_norm(centre: Centre, radius: Fraction, quantity: str, effort: Effort) -> Plan:
    parts = _pre_norm_parts(centre, radius)
    inner = plan_tube(parts.inner, parts.inner_radius, "spectral-norm", effort)
    bound = bounds.pre_norm_block(parts.norm_norm.bound, inner.bound, quantity)
    premises = (parts.norm_norm, inner)
    by_norm = Plan(bound, centre.branch, centre.state, radius, premises)
    if effort == Effort.QUICK:
        return by_norm
    deviation = plan_deviation(centre, radius, effort)
    from_centre = _from_centre(centre, radius, quantity, deviation)
    return best(quantity, (by_norm, from_centre))


def _factor_of(
    matrix: np.ndarray, quantity: str
) -> Callable[[Draft, str], dict[str, Any]]:
    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        found = bounds.psd_witness(matrix)
        return draft.witness(f"{hint}.{quantity}.factor", found, single=True)

    return witness
