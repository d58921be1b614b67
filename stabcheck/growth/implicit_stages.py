r"""Tubes that hold the stages of an implicit step, which exist there once each.

With $K_{ij} = h|a_{ij}|L_j$, $L_j$ on the tube of stage $j$, the stage equations
contract where $(I - K)^{-1}\mathbb 1 > 0$; their solution lies within $D = (I -
K)^{-1}(\sqrt n\,\varepsilon + \delta^F)$ of the centres in the Frobenius norm, and
within $r_i$ per token if $\varepsilon + \delta_i + \sum_jK_{ij}\min(\sqrt n\,r_j, D_j)
\le r_i$ (token-wise branches without $\sqrt n$) or $D_i \le r_i$.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from stabcheck.bounds.bound import OUTWARD
from stabcheck.bounds.norms import dyadic
from stabcheck.growth.stages import NoStageTube, StageTube

ATTEMPTS = 12
WIDENING = 1.02
"""Each attempt to contain the stages widens their tubes by this much beyond need."""


def implicit_stage_tubes(
    A: Sequence[Sequence[float]],
    h: float,
    radius: float,
    tokens: int,
    norm_at: Callable[[int, float], float],
    *,
    token_defects: Sequence[float],
    frobenius_defects: Sequence[float],
    token_wise: bool,
) -> list[StageTube] | NoStageTube:
    """Tubes for the stages of any method, tried until they hold the stages.

    **Arguments:** as in `explicit_stage_tubes`.
    """
    spread = 1.0 if token_wise else math.sqrt(tokens)
    starts = radius + np.asarray(token_defects, dtype=float)
    wholes = math.sqrt(tokens) * radius + np.asarray(frobenius_defects, dtype=float)
    sizes = h * np.abs(np.asarray(A, dtype=float))
    # A stage that is the state itself needs the step's own tube and no more.
    own = ~sizes.any(axis=1) & (np.asarray(token_defects) == 0)
    trial = _widened(starts, own)
    for _ in range(ATTEMPTS):
        norms = [norm_at(stage, float(r)) for stage, r in enumerate(trial)]
        slopes = sizes * norms
        distances = _fixed_point(slopes, wholes)
        if distances is None:
            return NoStageTube(
                f"h |A| L, L up to {max(norms):.4g} on tubes of radius up to "
                f"{trial.max():.4g}, has a spectral radius that is not below 1: the "
                "stage equations are not known to have one solution"
            )
        token = _fixed_point(spread * slopes, starts)
        near = np.minimum(distances, spread * trial)
        held = np.minimum(distances, starts + slopes @ near) * (1 + OUTWARD)
        if (held[~own] <= trial[~own]).all():
            return [StageTube(float(r), n) for r, n in zip(trial, norms, strict=True)]
        needed = np.minimum(distances, starts + slopes @ distances)
        if token is not None:
            needed = np.minimum(needed, token)
        trial = _widened(needed, own)
    return NoStageTube(
        f"no tubes round the stages contain them within {ATTEMPTS} attempts "
        f"(last radius {trial.max():.4g})"
    )


def _widened(needed: np.ndarray, own: np.ndarray) -> np.ndarray:
    factors = np.where(own, 1.0, WIDENING)
    widened = [
        r if exact or r == 0 else float(dyadic(r))
        for r, exact in zip(needed * factors, own, strict=True)
    ]
    return np.array(widened)


def _fixed_point(slopes: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """The solution of D = start + slopes D, or `None` without a contraction."""
    if not np.isfinite(slopes).all():
        return None
    system = np.eye(len(slopes)) - slopes
    try:
        weights, found = np.linalg.solve(
            system, np.column_stack([np.ones(len(slopes)), start])
        ).T
    except np.linalg.LinAlgError:
        return None
    return found if (weights > 0).all() else None
