"""Which theorem bounds a quantity of a branch over a tube, and by how much.

A `Plan` is a tree of bounds in float64: nothing is written yet, several theorems
compete, the smallest wins.  A `Writer` writes the winner and its premises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Attention, Bound, FeedForward, LayerNorm, RMSNorm
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.joint_plans import is_small, joint_tube
from stabcheck.certify.magnitudes import room_for_cancellation, room_for_underflow
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.layers import Branch

WITNESS_SIZE = 512
"""Up to this many rows a dense Jacobian is checked in integers, above in float64."""
TOKEN_WITNESS_SIZE = 128
"""Up to this many features token Jacobians are checked in integers: of 384 features
the witnesses of one map take 30 MB and half a minute, where float64 takes 2 s."""
STAGE_WITNESS_SIZE = 64
"""The same for the stages of steps, which are many."""
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


class Effort(IntEnum):
    """How much a plan may cost, to make and to check."""

    QUICK = 0
    """No value at the centre itself: that is slow to check for attention."""
    SEARCH = 1
    """Rougher and faster: the plan is made to find a tube or a step."""
    STAGE = 2
    """No integer witness where the float64 tier can decide: stages are many."""
    FULL = 3


@dataclass(frozen=True, eq=False)
class Plan:
    """A bound that a theorem gives, not yet written.

    `radius` is `None` for a claim at the state itself.  `witness`, when given, writes
    the arrays that make checking cheap and returns their names.
    """

    bound: Bound
    branch: Branch
    state: np.ndarray
    radius: Fraction | None
    premises: tuple[Plan, ...] = ()
    witness: Callable[[Draft, str], dict[str, Any]] | None = None

    @property
    def value(self) -> float:
        return self.bound.value


@dataclass(frozen=True)
class Established:
    """A claim that stands in a draft: its index, its rational bound, its theorem."""

    claim: int
    value: Fraction
    theorem: str


@dataclass
class Writer:
    """Writes plans into a draft, each once; `name` begins the names of arrays."""

    draft: Draft
    name: str
    written: dict[int, tuple[Plan, Established]] = field(default_factory=dict)

    def emit(self, plan: Plan) -> Established:
        """Write a plan and its premises.  **Returns:** the claim that states it."""
        if id(plan) not in self.written:
            # The plan is kept too: an id is unique among living objects only.
            self.written[id(plan)] = (plan, self._emit(plan))
        return self.written[id(plan)][1]

    def _emit(self, plan: Plan) -> Established:
        premises = [self.emit(premise) for premise in plan.premises]
        draft, name = self.draft, self.name
        value = _exact_value(plan, [premise.value for premise in premises])
        domain = (
            draft.point(name, plan.state)
            if plan.radius is None
            else draft.tube(name, plan.state, plan.radius)
        )
        claim = Claim(
            theorem=plan.bound.theorem,
            quantity=plan.bound.quantity,
            subject={"branch": draft.branch(name, plan.branch, len(plan.state))},
            domain=domain,
            bound=value,
            tier=plan.bound.tier,
            premises=tuple(premise.claim for premise in premises),
            witness=plan.witness(draft, name) if plan.witness else {},
            parameters=_rational_parameters(plan.bound.parameters),
        )
        return Established(draft.claim(claim), value, plan.bound.theorem)


def best(quantity: str, plans: Sequence[Plan]) -> Plan:
    """The strongest of several plans for one quantity."""
    sign = -1 if quantity == "log-norm-lower" else 1
    return min(plans, key=lambda plan: sign * plan.value)


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
        if isinstance(only, Attention):
            return _attention(centre, radius, quantity, effort)
        if isinstance(only, FeedForward):
            return _feed_forward(centre, radius, quantity, effort)
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
    if quantity == "spectral-norm":
        direct = _head_factored(centre, radius, bounds.attention_norm_tube)
        found.append(Plan(direct, centre.branch, centre.state, radius))
    if effort > Effort.QUICK or not found:
        deviation = plan_deviation(centre, radius, effort)
        found.append(_from_centre(centre, radius, quantity, deviation))
        # The joint form pays where it is cheap, and far from the centre.
        far = deviation.value > centre.value("spectral-norm")
        if effort == Effort.FULL and (far or is_small(centre, quantity)):
            joint, witness = joint_tube(centre, radius, quantity)
            plan = Plan(joint, centre.branch, centre.state, radius, (), witness)
            found.append(plan)
    return best(quantity, found)


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
        made = bounds.HeadWeights.from_parameters(only, bound.parameters)
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
    if isinstance(only, Attention):
        least = LEAST_REACH * (1 + float(np.abs(state).max()))
        bound = _head_factored(
            centre,
            max(radius, Fraction(least)),
            bounds.attention_jacobian_deviation_tube,
        )
    elif isinstance(only, FeedForward):
        bound = bounds.feed_forward_deviation_tube(
            only, state, float(radius), pooled=effort < Effort.STAGE
        )
    else:
        bound = bounds.normalisation_deviation_tube(only, state, float(radius))
    return Plan(bound, branch, state, radius)


def _feed_forward(
    centre: Centre, radius: Fraction, quantity: str, effort: Effort
) -> Plan:
    only, state = centre.branch[0], centre.state
    moved = plan_deviation(centre, radius, effort).bound
    values = centre.remember(
        "feed-forward", lambda: bounds.feed_forward_centre(only, state)
    )
    bound = bounds.feed_forward_tube(
        only, state, float(radius), quantity, centre=values[quantity], deviation=moved
    )
    most = TOKEN_WITNESS_SIZE if effort == Effort.FULL else STAGE_WITNESS_SIZE
    if state.shape[1] > most:
        parameters = bound.parameters
        bound = Bound(bound.theorem, quantity, bound.value, parameters, "float64")
        return Plan(bound, centre.branch, state, radius)

    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        matrices = bounds.feed_forward_centre_matrices(
            only, state, quantity, bound.parameters["centre"]
        )
        found = bounds.psd_witnesses(matrices)
        return draft.witness(f"{hint}.{quantity}.factor", found, single=False)

    return Plan(bound, centre.branch, state, radius, (), witness)


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


def _exact_value(plan: Plan, premises: list[Fraction]) -> Fraction:
    """The claimed value: composition rules are re-done on the premises' rationals."""
    bound = plan.bound
    outward = round_down if bound.quantity == "log-norm-lower" else round_up
    sign = -1 if bound.quantity == "log-norm-lower" else 1
    if bound.theorem == "tube-from-centre":
        return outward(premises[0] + sign * premises[1])
    if bound.theorem == "pre-norm-block":
        return outward(sign * premises[0] * premises[1])
    if bound.theorem == "pre-norm-deviation":
        norm, norm_moves, field_, field_moves = premises
        return outward(2 * field_moves * norm + field_ * norm_moves)
    return outward(bound.value) + sign * room_for_underflow(bound.value, plan.branch)


def _rational_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [Fraction(v) for v in value]
        if isinstance(value, list | tuple)
        else Fraction(value)
        for key, value in parameters.items()
    }
