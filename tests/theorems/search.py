"""Adversarial search in a tube: the largest value that a few hundred steps find."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from strategies import generator, tube_states


def ascend(
    objective: Callable[[np.ndarray], float],
    centre: np.ndarray,
    radius: float,
    seed: int = 0,
    steps: int = 60,
) -> float:
    """The largest value found by random starts and shrinking random moves.

    Every state tried has its tokens within a little less than `radius` of the centre's.
    """
    rng = np.random.default_rng(seed)
    inside = radius * (1 - 1e-12)
    best = objective(centre)
    if radius == 0:
        return best
    place = np.zeros_like(centre)
    width = inside
    for step in range(steps):
        start = rng.standard_normal(centre.shape) if step < steps // 4 else place
        move = _projected(start + width * rng.standard_normal(centre.shape), inside)
        value = objective(centre + move)
        if value > best:
            best, place = value, move
        elif step >= steps // 4:
            width *= 0.93
    return best


def _projected(move: np.ndarray, radius: float) -> np.ndarray:
    lengths = np.linalg.norm(move, axis=1, keepdims=True)
    return move * np.minimum(1, radius / np.maximum(lengths, 1e-300))


def largest_in_tube(
    objective: Callable[[np.ndarray], float],
    centre: np.ndarray,
    radius: float,
    seed: int,
) -> float:
    """The largest of its values at a few states of the tube and along an ascent."""
    states = tube_states(centre, radius, seed, count=6)
    found = [objective(state) for state in states]
    # A NaN is the largest: no bound holds it.
    return float(np.max([*found, ascend(objective, centre, radius, steps=24)]))


def products_agree(field, state: np.ndarray, seed: int) -> bool:
    """Whether `jvp` and `vjp` multiply with the dense Jacobian and its transpose."""
    direction, covector = generator(seed).standard_normal((2, *state.shape))
    jacobian = field.jacobian(state)
    room = 1e-11 * (1 + np.abs(jacobian).sum())
    along = field.jvp(state, direction).ravel() - jacobian @ direction.ravel()
    back = field.vjp(state, covector).ravel() - jacobian.T @ covector.ravel()
    return bool(np.abs(along).max() <= room and np.abs(back).max() <= room)


def spectral_norm(matrix: np.ndarray) -> float:
    """The largest singular value."""
    return float(np.linalg.svd(matrix, compute_uv=False)[0])


def log_norm(matrix: np.ndarray) -> float:
    """The largest eigenvalue of the symmetric part."""
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])


QUANTITIES: dict[str, Callable[[np.ndarray], float]] = {
    "spectral-norm": spectral_norm,
    "log-norm": log_norm,
    "log-norm-lower": lambda matrix: -log_norm(-matrix),
}
"""The value of each quantity at a state, from its Jacobian."""
