"""Linear fields of their own at every stage of a step, and the claims about them."""

from __future__ import annotations

from typing import Any

import numpy as np
from checker.designs import claim

from stabcheck.integrators import get


def frobenius(step: np.ndarray) -> tuple[float, float]:
    """Growth and shrink of a matrix in the 2-norm."""
    singular = np.linalg.svd(step, compute_uv=False)
    return float(singular[0]), float(singular[-1])


def largest_rows(step: np.ndarray) -> tuple[float, float]:
    """Growth and shrink in the largest token norm, one feature a token."""
    if abs(np.linalg.det(step)) < 1e-12:
        return float(np.abs(step).sum(axis=1).max()), 0.0
    inverse = np.abs(np.linalg.inv(step)).sum(axis=1).max()
    return float(np.abs(step).sum(axis=1).max()), 1 / float(inverse)


def with_fields(name: str, x: float, fields: list[np.ndarray]) -> np.ndarray:
    """One step with a linear field of its own at every stage; h = 1."""
    tableau = get(name)
    A = np.array([[float(a) for a in row] for row in tableau.A])
    b = np.array([float(weight) for weight in tableau.b])
    size, stages = len(fields[0]), len(b)
    slopes = np.zeros((stages * size, stages * size))
    for i, field in enumerate(fields):
        place = slice(i * size, (i + 1) * size)
        slopes[place, place] = field - x * np.eye(size)
    system = np.eye(stages * size) - np.kron(A, np.eye(size)) @ slopes
    reached = np.linalg.solve(system, np.kron(np.ones((stages, 1)), np.eye(size)))
    return np.eye(size) + np.kron(b[None], np.eye(size)) @ slopes @ reached


def drawn(rng: np.random.Generator, size: int, kappa: float, metric: str):
    """A linear field of norm kappa, often extreme: signs, turns, rank one."""
    kind = rng.integers(3)
    N = rng.standard_normal((size, size))
    if kind == 0:
        N = np.outer(rng.choice([-1.0, 1.0], size), np.eye(size)[rng.integers(size)])
    if kind == 1:
        N = rng.choice([-1.0, 1.0]) * np.linalg.qr(N)[0]
    norm = np.linalg.norm(N, 2) if metric == "frobenius" else np.abs(N).sum(1).max()
    return kappa * N / norm


def lipschitz(bound: Any, *more: Any, field: int = 0) -> list[dict[str, Any]]:
    """Premises: a Lipschitz constant and, if given, a logarithmic norm."""
    about = {"field": field}
    known = [claim("soft-pre-norm-mixed-norm", "lipschitz", about, bound)]
    if more:
        known.append(claim("soft-pre-norm-mixed-norm", "log-norm", about, more[0]))
    return known
