r"""Layers as integrator steps, and stacks of them in depth.

A `Residual` map is one step of size $h$ of an integrator for its branch, the
composition of its fields applied first to last; a `Normalise` map applies a
normalisation to the residual stream itself (post-norm).  A `Stack` is their sequence.
`Layer` is the user's door: a declared field with its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from stabcheck.bounds import (
    Attention,
    AttentionFamily,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    RMSNorm,
    ScoredAttention,
)
from stabcheck.bounds.declared import KINDS, kind_of, with_weights
from stabcheck.domains import radius_of
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators import get as integrator_named

if TYPE_CHECKING:
    from stabcheck.symbolic import Field as DeclaredField

Normalisation = LayerNorm | RMSNorm
Field = (
    Attention
    | ScoredAttention
    | FeedForward
    | GatedFeedForward
    | LayerNorm
    | RMSNorm
    | AttentionFamily
)
Branch = tuple[Field, ...]

FIXED_POINT_STEPS = 200
"""Picard iterations for an implicit stage; a contraction converges long before."""
DIVERGED = 1e9
"""An iterate that moves so far, relative to the state, is on its way to infinity."""


def evaluate(branch: Branch, state: np.ndarray) -> np.ndarray:
    """The branch's vector field at a state `(n, d)`."""
    for field in branch:
        state = field(state)
    return state


def stage_states(
    branch: Branch, state: np.ndarray, integrator: ButcherTableau, step_size: Fraction
) -> list[np.ndarray]:
    r"""The stages $Y_i = X + h \sum_j a_{ij} F(Y_j)$ of one step, each `(n, d)`.

    **Raises:** `Undecided` if the fixed-point iteration of an implicit stage does not
    settle: the step is too large for it.
    """
    A = np.array([[float(a) for a in row] for row in integrator.A])
    h = float(step_size)
    if integrator.is_explicit:
        stages: list[np.ndarray] = []
        slopes: list[np.ndarray] = []
        for row in A:
            stage = state + h * sum(
                (a * slope for a, slope in zip(row, slopes, strict=False) if a),
                start=np.zeros_like(state),
            )
            stages.append(stage)
            slopes.append(evaluate(branch, stage))
        return stages
    stages = [state] * len(A)
    for _ in range(FIXED_POINT_STEPS):
        slopes = [evaluate(branch, stage) for stage in stages]
        new = [state + h * np.tensordot(row, slopes, axes=1) for row in A]
        moved = max(np.abs(a - b).max() for a, b in zip(new, stages, strict=True))
        stages = new
        if moved <= 1e-14 * (1 + np.abs(state).max()):
            return stages
        if not moved <= DIVERGED * (1 + np.abs(state).max()):
            break
    raise Undecided(
        f"asked for the stages of {integrator.name} at h = {step_size}, found no fixed "
        f"point in {FIXED_POINT_STEPS} iterations; take a smaller step"
    )


@dataclass(frozen=True)
class Residual:
    """One step of an integrator for a branch: the map of a residual block."""

    name: str
    branch: Branch
    integrator: ButcherTableau
    step_size: Fraction

    def __call__(self, state: np.ndarray) -> np.ndarray:
        stages = stage_states(self.branch, state, self.integrator, self.step_size)
        slopes = [evaluate(self.branch, stage) for stage in stages]
        weights = [float(b) for b in self.integrator.b]
        return state + float(self.step_size) * np.tensordot(weights, slopes, axes=1)


@dataclass(frozen=True)
class Normalise:
    """A normalisation of the residual stream itself, as in post-norm blocks."""

    name: str
    field: Normalisation

    def __call__(self, state: np.ndarray) -> np.ndarray:
        return self.field(state)


Map = Residual | Normalise


@dataclass(frozen=True)
class Stack:
    """Maps in depth; `layers` names the ranges `[first, last)` that make one layer."""

    name: str
    maps: tuple[Map, ...]
    layers: tuple[tuple[str, int, int], ...]

    def trajectory(self, state: np.ndarray) -> list[np.ndarray]:
        """The input of every map and the last output, in float64, each `(n, d)`."""
        states = [np.asarray(state, dtype=np.float64)]
        for map_ in self.maps:
            states.append(map_(states[-1]))
        return states


def branch_of(field: DeclaredField, parameters: Mapping[str, Any]) -> Branch:
    """A declared field with its weights, as the branch of a residual map.

    **Arguments:** `parameters`, arrays by the names of the declaration; the weights
    of one head may leave out the axis of the heads.

    **Raises:** `InvalidInput` for a parameter that is missing, unknown or misshapen,
    and for a declaration that is no slope of a residual stream.
    """
    parts = field.parts or (field,)
    is_chain = not field.parts or field.settings.get("block") == "pre-norm"
    if not is_chain or any(kind_of(part) is None for part in parts):
        raise InvalidInput(
            f"asked for a layer of {field.name!r}; give one of {', '.join(KINDS)}, or "
            "pre_norm of a normalisation and one of them"
        )
    known = {parameter.name for part in parts for parameter in part.parameters}
    extra = sorted(set(parameters) - known)
    if extra:
        raise InvalidInput(
            f"asked for {field.name} with the parameter {extra[0]!r}; it has "
            f"{', '.join(sorted(known))}"
        )
    return tuple(with_weights(part, parameters) for part in parts)


@dataclass(frozen=True)
class Layer:
    """A declared field with its parameters, an integrator and a step size.

    **Arguments:** `field`, a declaration of `stabcheck.fields`; `parameters`, arrays
    by the names the declaration uses; `integrator`, a Butcher tableau or a name;
    `step_size`, a rational.
    """

    field: DeclaredField
    parameters: Mapping[str, Any]
    integrator: ButcherTableau | str = "forward-euler"
    step_size: Fraction | int | str = 1

    def stack(self) -> Stack:
        """The layer as a stack of one map."""
        integrator = self.integrator
        if isinstance(integrator, str):
            integrator = integrator_named(integrator)
        branch = branch_of(self.field, self.parameters)
        name = self.field.name
        step = Residual(name, branch, integrator, step_of(self.step_size))
        return Stack(name, (step,), ((name, 0, 1),))


def step_of(value: Fraction | int | str | float) -> Fraction:
    """A step size as an exact positive rational.

    **Raises:** `InvalidInput` for anything that is not a positive finite number.
    """
    try:
        step = radius_of(value)
    except InvalidInput as error:
        raise InvalidInput(
            f"asked for the step size {str(value)[:60]!r}; give a positive number such "
            "as 1/16"
        ) from error
    if step == 0:
        raise InvalidInput(f"asked for the step size {value}; it has to be positive")
    return step
