"""States of tubes, boxes and Frobenius balls, pressed to where a search gains most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

KINDS = ("tube", "box", "frobenius")
MARGIN = 1 - 1e-12
"""A little less than the radius, so that rounding cannot leave the domain."""


def inside(move: np.ndarray, kind: str, radius: float) -> np.ndarray:
    """The move, shortened so that it stays in the domain."""
    radius = radius * MARGIN
    if kind == "box":
        return np.clip(move, -radius, radius)
    axis = 1 if kind == "tube" else None
    length = np.linalg.norm(move, axis=axis, keepdims=True)
    return move * np.minimum(1, radius / np.maximum(length, 1e-300))


def states_of(
    centre: np.ndarray, kind: str, radius: float, seed: int, count: int
) -> list[np.ndarray]:
    """The centre and states on the rim: all tokens moved, or one of them."""
    rng = np.random.default_rng(seed)
    found = [centre]
    for index in range(count):
        move = rng.standard_normal(centre.shape)
        if index % 2:
            move[np.arange(len(centre)) != rng.integers(len(centre))] = 0
        move *= 1e3 * radius
        found.append(centre + inside(move, kind, radius))
    return found


def climb(
    objective: Callable[[np.ndarray], float],
    centre: np.ndarray,
    kind: str,
    radius: float,
    seed: int,
    steps: int = 30,
) -> float:
    """The largest value that rim states and shrinking random moves find."""
    rng = np.random.default_rng(seed)
    states = states_of(centre, kind, radius, seed, steps // 3)
    values = [objective(state) for state in states]
    best = max(values)
    place = states[values.index(best)] - centre
    width = radius
    for _ in range(steps - len(states)):
        move = place + width * rng.standard_normal(centre.shape)
        move = inside(move, kind, radius)
        value = objective(centre + move)
        if value > best:
            best, place = value, move
        else:
            width *= 0.9
    return best
