r"""Tubes that hold the stages of a step, and radii carried through a stack.

For a state $X$ within $\varepsilon$ of the centre per token, stage $i$ of an explicit
method is within

* per token: $r_i = \varepsilon + h\sum_j|a_{ij}|L_j\min(\sqrt n\,r_j, D_j) +
  \delta_i$ (token-wise branches without $\sqrt n$),
* in the Frobenius norm: $D_i = \sqrt n\,\varepsilon + h\sum_j|a_{ij}|L_jD_j +
  \delta^F_i$

of $\hat Y_i$, where $L_j$ holds on the tube of stage $j$ and $\delta_i$ is the defect
$X_0 + h\sum_j a_{ij}F(\hat Y_j) - \hat Y_i$.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stabcheck.bounds.bound import OUTWARD
from stabcheck.bounds.norms import dyadic


@dataclass(frozen=True)
class StageTube:
    """A tube round a stage's centre: token `radius`, and the `norm` L proven on it."""

    radius: float
    norm: float


@dataclass(frozen=True)
class NoStageTube:
    """Why no tube could be found."""

    reason: str


def explicit_stage_tubes(
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
    """Tubes for the stages of an explicit method, first to last.

    **Arguments:** `norm_at(stage, radius)` bounds the spectral norm on the tube of
    that radius round the centre of that stage; `token_defects`, `frobenius_defects`,
    one per stage; `token_wise`, whether the branch acts token by token.
    """
    spread = 1.0 if token_wise else math.sqrt(tokens)
    tubes: list[StageTube] = []
    frobenius: list[float] = []
    for stage, row in enumerate(A):
        token_radius = radius + token_defects[stage]
        distance = math.sqrt(tokens) * radius + frobenius_defects[stage]
        for a, tube, earlier in zip(row, tubes, frobenius, strict=False):
            reach = min(spread * tube.radius, earlier)
            token_radius += h * abs(a) * tube.norm * reach
            distance += h * abs(a) * tube.norm * earlier
        needed = min(token_radius, distance)
        # The first stage is the state itself: its tube is the step's own.
        own = stage == 0 and token_defects[0] == 0
        chosen = radius if own else float(dyadic(needed * (1 + OUTWARD)))
        norm = norm_at(stage, chosen)
        if not math.isfinite(norm):
            return NoStageTube(
                f"no norm bound on the tube of radius {chosen:.4g} round stage "
                f"{stage + 1}"
            )
        tubes.append(StageTube(chosen, norm))
        frobenius.append(distance)
    return tubes


def propagate_radii(
    radius: float, tokens: int, growths: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    r"""Frobenius radii that hold the images of a tube, before each map and after all.

    $R_l + e_l$ with $R_0 = \sqrt n\,\rho$, $R_{l+1} = G_lR_l$: theorem `depth-product`.

    **Arguments:** `radius`, of every token; `offsets`, how far the centre behind each
    map is from the exact trajectory of the first one.
    """
    reach = math.sqrt(tokens) * radius * (1 + OUTWARD)
    radii = [reach]
    for growth, offset in zip(growths, offsets, strict=True):
        reach *= growth * (1 + OUTWARD)
        radii.append((reach + offset) * (1 + OUTWARD))
    return radii


def family_radii(radius: float, h: float, value_norm: float, depth: int) -> list[float]:
    """Ball radii through Euler steps of attention: R (1 + h v), values averaged."""
    radii = [float(radius)]
    for _ in range(depth):
        radii.append(float(dyadic(radii[-1] * (1 + h * value_norm) * (1 + OUTWARD))))
    return radii
