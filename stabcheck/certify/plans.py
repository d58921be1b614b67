"""Which theorem bounds a quantity of a branch over a tube, and by how much.

A `Plan` is a tree of bounds in float64: nothing is written yet, several theorems
compete, the smallest wins.  `emit` writes the winner and its premises into a draft.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse.linalg import eigsh

from stabcheck import bounds
from stabcheck.bounds import (
    Attention,
    Bound,
    FeedForward,
    LayerNorm,
    RMSNorm,
)
from stabcheck.certificate import Claim, digest, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.layers import Branch

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
WITNESS_SIZE = 512
"""Up to this many rows a dense Jacobian is checked in integers, above in float64."""
TOKEN_WITNESS_SIZE = 64
"""Up to this many features a stage's token Jacobians carry integer witnesses."""
FLOATING_MARGIN = 1e-7
"""Relative room that the verified floating-point Cholesky needs below a claim."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Established:
    """A claim that stands in a draft: its index, its rational bound, its theorem."""

    claim: int
    value: Fraction
    theorem: str


class Centre:
    """What is expensive at a state, computed once and shared by all plans there."""

    def __init__(self, branch: Branch, state: np.ndarray) -> None:
        self.branch = branch
        self.state = np.asarray(state, dtype=np.float64)
        self._points: dict[str, Plan] = {}
        self._jacobian: np.ndarray | None = None
        self._local: Any = None

    @property
    def jacobian(self) -> np.ndarray:
        """The dense Jacobian of the branch, `(n d, n d)`, token-major."""
        if self._jacobian is None:
            self._jacobian = dense_jacobian(self.branch, self.state)
        return self._jacobian

    @property
    def local(self) -> Any:
        """The local quantities of an attention branch."""
        if self._local is None:
            self._local = bounds.local_attention(self.branch[0], self.state)
        return self._local

    def point(self, quantity: str) -> Plan:
        """The quantity at the state itself, by a positive semidefinite matrix."""
        if quantity not in self._points:
            self._points[quantity] = self._plan_point(quantity)
        return self._points[quantity]

    def _plan_point(self, quantity: str) -> Plan:
        if self.state.size <= WITNESS_SIZE:
            bound = bounds.point_bound(self.jacobian, quantity)
            matrix = bounds.point_matrix(self.jacobian, quantity, bound.value)
            return Plan(
                bound, self.branch, self.state, None, (), _factor_of(matrix, quantity)
            )
        value = extreme(self.jacobian, quantity)
        room = FLOATING_MARGIN * abs(extreme(self.jacobian, "spectral-norm"))
        value = value - room if quantity == "log-norm-lower" else value + room
        bound = Bound(
            "psd-floating-point-cholesky", quantity, value, {}, tier="float64"
        )
        return Plan(bound, self.branch, self.state, None)

    def forget_jacobian(self) -> None:
        """Release the dense Jacobian; the planned point values stay."""
        for quantity in QUANTITIES:
            self.point(quantity)
        self._jacobian = None


class Centres:
    """The last few centres, so that stages shared by methods are computed once."""

    def __init__(self, branch: Branch, capacity: int = 12) -> None:
        self.branch = branch
        self.capacity = capacity
        self._known: OrderedDict[str, Centre] = OrderedDict()

    def at(self, state: np.ndarray) -> Centre:
        """The centre at a state."""
        key = digest(np.asarray(state, dtype=np.float64))
        if key not in self._known:
            self._known[key] = Centre(self.branch, state)
            if len(self._known) > self.capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def extreme(jacobian: np.ndarray, quantity: str) -> float:
    """The quantity of a dense matrix, estimated to about 1e-12 by Lanczos."""
    size = len(jacobian)
    start = np.random.default_rng(0).standard_normal(size)
    if quantity == "spectral-norm":
        gram = _operator(size, lambda v: jacobian.T @ (jacobian @ v))
        return float(np.sqrt(eigsh(gram, 1, which="LA", v0=start)[0][0]))
    symmetric = _operator(size, lambda v: (jacobian @ v + jacobian.T @ v) / 2)
    which = "LA" if quantity == "log-norm" else "SA"
    return float(eigsh(symmetric, 1, which=which, v0=start)[0][0])


def _operator(size: int, matvec: Callable[[np.ndarray], np.ndarray]):
    from scipy.sparse.linalg import LinearOperator

    return LinearOperator((size, size), matvec=matvec, dtype=np.float64)


def dense_jacobian(branch: Branch, state: np.ndarray) -> np.ndarray:
    """The dense Jacobian of a branch: a normalisation multiplies block by block."""
    product: np.ndarray | None = None
    tokens, features = state.shape
    for field in branch:
        if product is None:
            product = field.jacobian(state)
        elif isinstance(field, Attention):
            inner = product
            product = field.jacobian(state) @ inner
        else:
            blocks = field.token_jacobians(state)
            shape = (tokens, features, tokens * features)
            product = (blocks @ product.reshape(shape)).reshape(product.shape)
        state = field(state)
    if product is None:
        raise InvalidInput("a branch needs at least one field")
    return product


def plan_tube(
    centre: Centre, radius: Fraction, quantity: str, *, lean: bool = False
) -> Plan:
    """The best bound of a quantity over the tube round a centre.

    **Arguments:** `lean` leaves integer witnesses out where the float64 tier can
    decide instead: stages of a step have many of them.

    **Raises:** `Undecided` if no theorem reaches that tube.
    """
    branch = centre.branch
    if len(branch) == 1:
        (field,) = branch
        if isinstance(field, Attention):
            return _attention(centre, radius, quantity)
        if isinstance(field, FeedForward):
            return _feed_forward(centre, radius, quantity, lean)
        return _normalisation(centre, radius, quantity)
    if len(branch) == 2 and isinstance(branch[0], LayerNorm | RMSNorm):
        return _pre_norm(centre, radius, quantity, lean)
    raise InvalidInput(
        "asked to bound a branch of "
        + ", ".join(type(field).__name__ for field in branch)
        + "; supported are one field, or a normalisation and one field"
    )


def _attention(centre: Centre, radius: Fraction, quantity: str) -> Plan:
    from_centre = _from_centre(
        centre, radius, quantity, plan_deviation(centre, radius)
    )
    if quantity != "spectral-norm":
        return from_centre
    direct = bounds.attention_norm_tube(
        centre.branch[0], centre.state, float(radius), local=centre.local
    )
    plan = Plan(direct, centre.branch, centre.state, radius)
    return min(plan, from_centre, key=lambda plan: plan.bound.value)


def _from_centre(
    centre: Centre, radius: Fraction, quantity: str, deviation: Plan
) -> Plan:
    point = centre.point(quantity)
    bound = bounds.tube_from_centre(point.bound, deviation.bound)
    return Plan(bound, centre.branch, centre.state, radius, (point, deviation))


def plan_deviation(centre: Centre, radius: Fraction) -> Plan:
    """How far the Jacobian moves over the tube."""
    branch, state = centre.branch, centre.state
    if len(branch) == 2:
        return _pre_norm_parts(centre, radius)[1]
    (field,) = branch
    if isinstance(field, Attention):
        bound = bounds.attention_jacobian_deviation_tube(
            field, state, float(radius), local=centre.local
        )
    elif isinstance(field, FeedForward):
        bound = bounds.feed_forward_deviation_tube(field, state, float(radius))
    else:
        bound = bounds.normalisation_deviation_tube(field, state, float(radius))
    return Plan(bound, branch, state, radius)


def _feed_forward(
    centre: Centre, radius: Fraction, quantity: str, lean: bool
) -> Plan:
    field, state = centre.branch[0], centre.state
    bound = bounds.feed_forward_tube(field, state, float(radius), quantity)
    if lean and state.shape[1] > TOKEN_WITNESS_SIZE:
        bound = Bound(
            bound.theorem, quantity, bound.value, bound.parameters, tier="float64"
        )
        return Plan(bound, centre.branch, state, radius)

    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        matrices = bounds.feed_forward_centre_matrices(
            field, state, quantity, bound.parameters["centre"]
        )
        return _factors(draft, f"{hint}.{quantity}", matrices)

    return Plan(bound, centre.branch, state, radius, (), witness)


def _normalisation(centre: Centre, radius: Fraction, quantity: str) -> Plan:
    field = centre.branch[0]
    bound = bounds.normalisation_tube(field, centre.state, float(radius), quantity)
    return Plan(bound, centre.branch, centre.state, radius)


def _pre_norm_parts(
    centre: Centre, radius: Fraction, lean: bool = False
) -> tuple[Plan, Plan]:
    """The plain product of norms, and the deviation, of a pre-norm branch."""
    norm, field = centre.branch
    state = centre.state
    outer = Centre((norm,), state)
    norm_norm = plan_tube(outer, radius, "spectral-norm")
    inner_state = norm(state)
    reach = bounds.pre_norm_inner_radius(
        norm, state, inner_state, norm_norm.bound, float(radius)
    )
    inner_radius = round_up(reach * (1 + 1e-9) + 1e-13)
    inner = Centre((field,), inner_state)
    field_norm = plan_tube(inner, inner_radius, "spectral-norm", lean=lean)
    product = Plan(
        bounds.pre_norm_block(norm_norm.bound, field_norm.bound, "spectral-norm"),
        centre.branch,
        state,
        radius,
        (norm_norm, field_norm),
    )
    parts = (
        norm_norm,
        plan_deviation(outer, radius),
        field_norm,
        plan_deviation(inner, inner_radius),
    )
    deviation = bounds.pre_norm_deviation(*(part.bound for part in parts))
    return product, Plan(deviation, centre.branch, state, radius, parts)


def _pre_norm(centre: Centre, radius: Fraction, quantity: str, lean: bool) -> Plan:
    product, deviation = _pre_norm_parts(centre, radius, lean)
    from_centre = _from_centre(centre, radius, quantity, deviation)
    if quantity == "spectral-norm":
        return min(product, from_centre, key=lambda plan: plan.bound.value)
    premises = product.premises
    bound = bounds.pre_norm_block(premises[0].bound, premises[1].bound, quantity)
    by_norm = Plan(bound, centre.branch, centre.state, radius, premises)
    sign = -1 if quantity == "log-norm-lower" else 1
    return min(by_norm, from_centre, key=lambda plan: sign * plan.bound.value)


def _factor_of(
    matrix: np.ndarray, quantity: str
) -> Callable[[Draft, str], dict[str, Any]]:
    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        found = bounds.psd_witness(matrix)
        name = draft.array(f"{hint}.{quantity}.factor", found.factor)
        return {"factor": name, "grid": found.grid, "shift": found.shift}

    return witness


def _factors(draft: Draft, hint: str, matrices: list[np.ndarray]) -> dict[str, Any]:
    found = [bounds.psd_witness(matrix) for matrix in matrices]
    if len({(w.grid, w.shift) for w in found}) != 1:
        raise Undecided("the witnesses of the tokens need different scales")
    names = [
        draft.array(f"{hint}.factor.{token}", witness.factor)
        for token, witness in enumerate(found)
    ]
    return {"factors": names, "grid": found[0].grid, "shift": found[0].shift}


def emit(draft: Draft, name: str, plan: Plan) -> Established:
    """Write a plan and its premises.  **Returns:** the claim that states it."""
    premises = [emit(draft, name, premise) for premise in plan.premises]
    tokens = len(plan.state)
    value = _exact_value(plan.bound, premises)
    domain = (
        draft.point(name, plan.state)
        if plan.radius is None
        else draft.tube(name, plan.state, plan.radius)
    )
    claim = Claim(
        theorem=plan.bound.theorem,
        quantity=plan.bound.quantity,
        subject={"branch": draft.branch(name, plan.branch, tokens)},
        domain=domain,
        bound=value,
        tier=plan.bound.tier,
        premises=tuple(premise.claim for premise in premises),
        witness=plan.witness(draft, name) if plan.witness else {},
        parameters=_rational_parameters(plan.bound.parameters),
    )
    return Established(draft.claim(claim), value, winner(plan))


def winner(plan: Plan) -> str:
    """The theorem that a report names: the point theorem of a centre plus deviation."""
    return plan.bound.theorem


def _exact_value(bound: Bound, premises: list[Established]) -> Fraction:
    """The claimed value: composition rules are re-done on the premises' rationals."""
    outward = round_down if bound.quantity == "log-norm-lower" else round_up
    values = [premise.value for premise in premises]
    if bound.theorem == "tube-from-centre":
        sign = -1 if bound.quantity == "log-norm-lower" else 1
        return outward(values[0] + sign * values[1])
    if bound.theorem == "pre-norm-block":
        sign = -1 if bound.quantity == "log-norm-lower" else 1
        return outward(sign * values[0] * values[1])
    if bound.theorem == "pre-norm-deviation":
        norm, norm_moves, field, field_moves = values
        return outward(2 * field_moves * norm + field * norm_moves)
    return outward(bound.value)


def _rational_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [Fraction(v) for v in value]
        if isinstance(value, list | tuple)
        else Fraction(value)
        for key, value in parameters.items()
    }


