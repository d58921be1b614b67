r"""How far logits and attention weights move over a box, a tube or a Frobenius ball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.logits import logits
from stabcheck.bounds.pencil.saturation import (
    curvature,
    excess_quotient,
    growth_quotient,
    saturated,
)
from stabcheck.bounds.pencil.variances import Panels
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class Movement:
    r"""Bounds of what moves, per head and receiver, `(H, n)` or with keys `(H, n, n)`.

    `linear` of $|z_{ik}\cdot\delta|$ and `bilinear` $q_{ik}$ of the rest of a centred
    logit, `total` $H_{ik}$ of all of it; `upper` of the weight; `ratio` of $|p'/p - 1|$
    and `least` of $p'/p$ from below; `turn` $\psi$ of $\log E_0e^{\tilde h}$, `spread`
    $\chi$ of the deviation of $p'/p$; `curved` of $\sum_k|p'_k - p_k(1 + \tilde h_k)|$
    and `reweighted` of $\sum_kp_k|q_k|$; `linear_deviation` of the linear part of the
    logits (Frobenius ball).
    """

    linear: Array
    bilinear: Array
    total: Array
    upper: Array
    ratio: Array
    least: Array
    turn: Array
    spread: Array
    curved: Array
    reweighted: Array
    linear_deviation: Array


def movement(heads: PencilHeads, domain: PencilDomain) -> Movement:
    """Bound the movement over a domain."""
    P, seen = heads.weights, heads.seen[None]
    norms = np.linalg.norm(heads.forms, ord=2, axis=(1, 2))
    found = logits(heads, domain, norms)
    total = found.total
    most = total.max(axis=2)
    panels = None
    if domain.joint:
        own = _root_mean_square(heads)
        alone = domain.radius * own
        pairs = domain.radius**2 * norms[:, None] * np.sqrt(P.max(axis=2))
        deviation = alone + pairs
    else:
        panels = Panels.of(heads, domain, found)
        deviation = np.minimum(
            panels.deviation(P), np.sqrt((P * total * total).sum(axis=2))
        )
        alone = deviation
    turn = np.log1p(deviation**2 * excess_quotient(most))
    square = (growth_quotient(most) * deviation) ** 2
    if panels is not None:
        first, second = panels.integrals()
        turn = np.minimum(turn, first)
        square = np.minimum(square, np.expm1(second))
    rise = saturated(P, heads.others, total)
    fall = -np.expm1(-total - turn[..., None])
    return Movement(
        linear=found.linear,
        bilinear=found.bilinear,
        total=total,
        upper=P * rise,
        ratio=np.where(seen, np.maximum(rise - 1, fall), 0.0),
        least=np.exp(-total - turn[..., None]),
        turn=turn,
        spread=np.sqrt(square),
        curved=curvature(P, total, rise, turn, seen),
        reweighted=np.minimum(
            (P * found.bilinear).sum(axis=2),
            np.where(seen, found.pairs, 0.0).max(axis=2),
        ),
        linear_deviation=alone,
    )


def _root_mean_square(heads: PencilHeads) -> Array:
    r"""$\|\operatorname{diag}(\sqrt{p_i})Z_i\|_2$, `(H, n)`."""
    scaled = np.sqrt(heads.weights)[..., None] * heads.rows
    gram = scaled @ scaled.swapaxes(2, 3)
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[..., -1], 0))
