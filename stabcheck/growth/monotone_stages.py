r"""Tubes that hold the stages of an implicit step with monotone stage equations.

Where $\operatorname{sym}(DA^{-1}) - h\operatorname{diag}(d_i\mu_i) \succeq \beta I$
with $D = \operatorname{diag}(d) > 0$ and $\beta > 0$, the stages exist, once each,
within $|DA^{-1}(\mathbb 1(X - X_0) + \delta)|/\beta$ of the centres: $h\mu < 1/a$ is
enough for one stage, however large $h\|J\|$ is (Hairer, Wanner, Solving ODEs II,
IV.14).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck.bounds.bound import OUTWARD
from stabcheck.bounds.norms import dyadic
from stabcheck.growth.implicit_stages import ATTEMPTS, WIDENING
from stabcheck.growth.semidefinite import Pencil, central_path
from stabcheck.growth.stages import NoStageTube

GAP = 1e-8
"""Final weight of the barrier in the search for weights."""
SHARE = 1 - 1e-6
"""The share of the margin that is claimed: the rest is for rounding."""


@dataclass(frozen=True)
class MonotoneStages:
    """One radius for all tubes, with the weights d and the margin that prove it."""

    radius: float
    weights: tuple[Fraction, ...]
    margin: Fraction

    @property
    def existence(self) -> dict[str, Fraction | list[Fraction]]:
        """The weights and the margin as the parameters of a claim."""
        return {"stage_weights": list(self.weights), "stage_margin": self.margin}


def monotone_stages(
    A: Sequence[Sequence[float]],
    h: float,
    radius: float,
    tokens: int,
    upper_at: Callable[[int, float], float],
    *,
    frobenius_defects: Sequence[float],
) -> MonotoneStages | NoStageTube:
    r"""A radius of tubes that hold the stages, tried until it suffices.

    **Arguments:** `upper_at(stage, radius)` bounds $\mu_2$ on the tube of that radius
    round the centre of that stage; the others as in `explicit_stage_tubes`.
    """
    try:
        inverse = np.linalg.inv(np.asarray(A, dtype=float))
    except np.linalg.LinAlgError:
        return NoStageTube("the stage matrix is singular: its stages need h |A| L < 1")
    start = math.sqrt(tokens) * radius
    moved = np.abs(inverse.sum(axis=1)) * start + np.abs(inverse) @ frobenius_defects
    trial = float(dyadic(2 * start + max(frobenius_defects)))
    for _ in range(ATTEMPTS):
        uppers = [upper_at(stage, trial) for stage in range(len(inverse))]
        found = monotone_weights(inverse, h, uppers)
        if found is None:
            return NoStageTube(
                f"h mu_2, mu_2 up to {max(uppers):.4g} on tubes of radius {trial:.4g}, "
                "is too large: the stage equations may have several solutions"
            )
        weights, margin = found
        needed = float(np.linalg.norm(np.array(weights, dtype=float) * moved))
        needed *= (1 + OUTWARD) / float(margin)
        if needed < trial:
            return MonotoneStages(trial, weights, margin)
        trial = float(dyadic(needed * WIDENING))
    return NoStageTube(
        f"no tubes round the stages contain them within {ATTEMPTS} attempts "
        f"(last radius {trial:.4g})"
    )


def monotone_weights(
    inverse: np.ndarray, h: float, uppers: Sequence[float]
) -> tuple[tuple[Fraction, ...], Fraction] | None:
    r"""Weights of sum at most s with a large margin; `None` if none is positive."""
    size = len(inverse)
    directions = np.zeros((size + 1, size + 1, size + 1))
    directions[0, :size, :size] = -np.eye(size)
    for stage, upper in enumerate(uppers):
        form = directions[stage + 1]
        form[stage, :size] += inverse[stage] / 2
        form[:size, stage] += inverse[stage] / 2
        form[stage, stage] -= h * upper
        form[size, size] = -1.0
    if not np.isfinite(directions).all():
        return None
    constant = np.zeros((size + 1, size + 1))
    constant[size, size] = size
    cost = -np.eye(size + 1)[0]
    pencil = Pencil(constant, directions, cost, np.arange(size + 1) > 0)
    start = np.full(size + 1, 0.5)
    start[0] = 0.0
    start[0] = np.linalg.eigvalsh(pencil.at(start)[:size, :size])[0] - 1.0
    margin, *weights = central_path(pencil, start, gap=GAP)
    if not margin > 0:
        return None
    return tuple(Fraction(float(w)) for w in weights), Fraction(float(margin * SHARE))
