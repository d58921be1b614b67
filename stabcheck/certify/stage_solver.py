"""The stages of a step in float64, where a fixed point of the stage equations repels.

A monotone field has stages at steps far beyond those at which Picard's iteration
settles; Newton's method finds them on states small enough for dense Jacobians.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stabcheck.certify.centres import dense_jacobian
from stabcheck.errors import Undecided
from stabcheck.integrators import ButcherTableau
from stabcheck.layers import Branch, evaluate, stage_states

LARGEST_SYSTEM = 1024
"""Stages times state: a dense system of more unknowns takes seconds a step."""
NEWTON_STEPS = 30
SETTLED = 1e-13
"""A residual that rounding explains, relative to the largest entry."""


def solved_stages(
    branch: Branch, state: np.ndarray, integrator: ButcherTableau, step_size: Fraction
) -> list[np.ndarray]:
    r"""The stages $Y_i = X + h\sum_ja_{ij}F(Y_j)$, each `(n, d)`.

    **Raises:** `Undecided` if neither iteration finds them.
    """
    try:
        return stage_states(branch, state, integrator, step_size)
    except Undecided:
        if integrator.stages * state.size > LARGEST_SYSTEM:
            raise
        found = _newton(branch, state, integrator, float(step_size))
        if found is None:
            raise
        return found


def _newton(
    branch: Branch, state: np.ndarray, integrator: ButcherTableau, h: float
) -> list[np.ndarray] | None:
    A = h * np.array([[float(a) for a in row] for row in integrator.A])
    count, size = len(A), state.size
    stages = np.array([state] * count)
    for _ in range(NEWTON_STEPS):
        slopes = np.array([evaluate(branch, stage) for stage in stages])
        residual = stages - state - np.tensordot(A, slopes, axes=1)
        scale = 1 + float(np.abs(stages).max())
        if not np.isfinite(scale) or scale > 1e6 * (1 + float(np.abs(state).max())):
            return None
        if np.abs(residual).max() <= SETTLED * scale:
            return list(stages)
        system = np.eye(count * size).reshape(count, size, count, size)
        for j, stage in enumerate(stages):
            turned = dense_jacobian(branch, stage)
            system[:, :, j, :] -= A[:, j, None, None] * turned
        flat = system.reshape(count * size, count * size)
        try:
            step = np.linalg.solve(flat, residual.ravel())
        except np.linalg.LinAlgError:
            return None
        stages = stages - step.reshape(stages.shape)
    return None
