"""Moving inside a domain: what a projected ascent needs to know of it, in float64."""

from __future__ import annotations

import numpy as np

from stabcheck.domains import (
    SHELL,
    Ball,
    Box,
    Domain,
    Frobenius,
    Point,
    Sphere,
    Tube,
)

ROOM = 1e-12
"""States aim this much inside a radius, relatively, so that rounding stays inside."""
MIDDLE_OF_SHELL = 1 - float(SHELL) / 2
MORE_ROOM = 16.0


def is_token_wise(domain: Domain) -> bool:
    """Whether the domain restricts each token on its own."""
    return not isinstance(domain, Frobenius)


def starting_state(
    domain: Domain, generator: np.random.Generator, *, on_rim: bool
) -> np.ndarray:
    """A random state of the domain: on its rim, or each token somewhere inside."""
    centred = isinstance(domain, Ball | Sphere)
    origin = np.zeros(domain.shape) if centred else domain.X0
    rim = support(domain, generator.standard_normal(domain.shape), origin)
    share = 1.0 if on_rim else generator.uniform(size=(domain.shape[0], 1))
    return retract(domain, origin + share * (rim - origin))


def support(domain: Domain, gradient: np.ndarray, state: np.ndarray) -> np.ndarray:
    """The state of the domain that is farthest along a gradient `(n, d)`.

    Where the gradient is 0 the token stays as it is in `state`.
    """
    if isinstance(domain, Point):
        return domain.X0
    radius = float(domain.radius)
    if isinstance(domain, Box):
        return domain.X0 + radius * np.sign(gradient)
    if isinstance(domain, Frobenius):
        norm = np.linalg.norm(gradient)
        return domain.X0 + radius * gradient / norm if norm > 0 else state
    norms = np.linalg.norm(gradient, axis=1, keepdims=True)
    rim = radius * gradient / np.where(norms > 0, norms, 1)
    if isinstance(domain, Tube):
        rim = domain.X0 + rim
    return np.where(norms > 0, rim, state)


def paths(
    domain: Domain, gradient: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two ways up: to the farthest state, and along the gradient across the domain."""
    farthest = support(domain, gradient, state) - state
    longest = np.linalg.norm(gradient, axis=1).max()
    across = 2 * float(domain.radius) / (longest if longest > 0 else 1)
    return farthest, across * gradient


def retract(domain: Domain, state: np.ndarray, room: float = ROOM) -> np.ndarray:
    """The state pulled back to `1 - room` of every radius."""
    if isinstance(domain, Point):
        return domain.X0
    radius = float(domain.radius) * (1 - room)
    if isinstance(domain, Sphere):
        norms = np.linalg.norm(state, axis=1, keepdims=True)
        first = np.eye(1, domain.features)
        rim = np.where(norms > 0, state / np.where(norms > 0, norms, 1), first)
        return float(domain.radius) * MIDDLE_OF_SHELL * rim
    if isinstance(domain, Ball):
        return state * _shortening(state, radius, axis=1)
    moved = state - domain.X0
    if isinstance(domain, Box):
        return domain.X0 + np.clip(moved, -radius, radius)
    axis = 1 if isinstance(domain, Tube) else None
    return domain.X0 + moved * _shortening(moved, radius, axis=axis)


def _shortening(rows: np.ndarray, radius: float, *, axis: int | None) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=axis, keepdims=True)
    return np.minimum(1, radius / np.where(norms > 0, norms, 1))


def inside(domain: Domain, state: np.ndarray) -> np.ndarray:
    """A nearby float64 state that exactly belongs to the domain."""
    room = ROOM
    while room < 1:
        pulled = retract(domain, state, room)
        if domain.contains(pulled):
            return pulled
        room *= MORE_ROOM
    return retract(domain, state, 1.0)
