"""Images of states under maps, with their derivatives, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from soundness.members import runge_kutta
from soundness.rebuilt import MethodStep

from stabcheck.certify.centres import dense_jacobian
from stabcheck.layers import Normalise, evaluate


@dataclass(frozen=True)
class Image:
    """Where a state goes, the derivative there, and the size of its rounding."""

    state: np.ndarray
    jacobian: np.ndarray
    size: float


@dataclass(frozen=True)
class Stage:
    """Near which state a claim about an implicit step has a stage."""

    centre: np.ndarray
    reach: float


Through = Callable[[np.ndarray], Image | None]


def through(
    maps: Sequence[Normalise | MethodStep], stages: Sequence[Stage] = ()
) -> Through:
    """The maps in order; no image where an implicit stage is not found.

    `stages` is where the claim about a step has them, where there are several.
    """

    def image_of(state: np.ndarray) -> Image | None:
        image = Image(state, np.eye(state.size), 1.0)
        for map_ in maps:
            found = _image(map_, image.state, stages)
            if found is None:
                return None
            image = Image(
                found.state,
                found.jacobian @ image.jacobian,
                found.size * image.size,
            )
        return image

    return image_of


def _image(
    map_: Normalise | MethodStep, state: np.ndarray, stages: Sequence[Stage]
) -> Image | None:
    if isinstance(map_, Normalise):
        return _sized(map_.field(state), map_.field.jacobian(state))
    if map_.is_explicit:
        stages = ()
    try:
        step = runge_kutta(
            lambda X: evaluate(map_.branch, X),
            state,
            map_.A,
            map_.b,
            map_.size,
            derived=lambda _, X: _derived(map_, X),
            guess=[stage.centre for stage in stages],
        )
    except np.linalg.LinAlgError:
        return None
    if step is None or any(
        np.linalg.norm(found - stage.centre, axis=1).max() > stage.reach
        for found, stage in zip(step.stages, stages, strict=False)
    ):
        return None
    return _sized(step.state, step.jacobian)


def _derived(map_: MethodStep, state: np.ndarray) -> np.ndarray:
    return dense_jacobian(map_.branch, state)


def _sized(state: np.ndarray, jacobian: np.ndarray) -> Image:
    return Image(state, jacobian, float(np.abs(jacobian).sum(axis=1).max()))
