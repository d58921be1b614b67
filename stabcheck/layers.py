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
    LayerNorm,
    RMSNorm,
)
from stabcheck.domains import radius_of
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators import get as integrator_named

if TYPE_CHECKING:
    from stabcheck.symbolic import Field as DeclaredField

Normalisation = LayerNorm | RMSNorm
Field = Attention | FeedForward | LayerNorm | RMSNorm | AttentionFamily
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


KINDS: dict[str, type] = {
    "attention": Attention,
    "feed-forward": FeedForward,
    "layer-norm": LayerNorm,
    "rms-norm": RMSNorm,
}
"""The fields with concrete weights, by the last words of their declarations' names."""


MASKS_AND_BIASES = {"causal", "masked", "biased"}
"""What may stand before the kind in a name: the classes above have all of it."""


def kind_of(field: DeclaredField) -> str | None:
    """The kind of a declaration: `causal-attention` is an attention, linear is none."""
    if field.parts:
        return None
    for kind in KINDS:
        before, found, after = field.name.rpartition(kind)
        if found and not after and set(before.split("-")) - {""} <= MASKS_AND_BIASES:
            return kind
    return None


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
    return tuple(_with_weights(part, parameters) for part in parts)


def _with_weights(part: DeclaredField, parameters: Mapping[str, Any]) -> Field:
    needed = [p.name for p in part.parameters if getattr(p, "default", None) is None]
    missing = sorted(set(needed) - set(parameters))
    if missing:
        raise InvalidInput(
            f"asked for {part.name} without {', '.join(missing)}; give all of "
            f"{', '.join(needed)}"
        )
    names = {p.name for p in part.parameters} & set(parameters)
    given = {name: parameters[name] for name in names}
    kind = kind_of(part)
    if kind == "attention":
        given = {name: _with_heads(name, value) for name, value in given.items()}
        given["causal"] = part.settings["causal"]
    made = KINDS[kind](**given)
    heads = part.settings.get("heads")
    if heads is not None and heads != made.heads:
        raise InvalidInput(
            f"asked for attention with {heads} heads, found weights of {made.heads}"
        )
    return made


def _with_heads(name: str, value: Any) -> Any:
    axes = {"W_Q": 2, "W_K": 2, "W_V": 2, "b_Q": 1, "b_K": 1, "b_V": 1}
    array = np.asarray(value) if name in axes else value
    return array[None] if np.ndim(array) == axes.get(name) else array


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
