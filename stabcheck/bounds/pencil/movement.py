r"""How far logits and attention weights move over a box, a tube or a Frobenius ball."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.validation import Array

PANELS = 10
"""Panels of the unit interval in the integrals of the variance of the logits."""
CELLS = 64
"""Cells of [-H, H] in the maximum of the saturated exponential."""


@dataclass(frozen=True, eq=False)
class Movement:
    r"""Bounds of what moves, per head and receiver, `(H, n)` or with keys `(H, n, n)`.

    `linear` of $|z_{ik}\cdot\delta|$ and `bilinear` $q_{ik}$ of the rest of a centred
    logit, `total` $H_{ik}$ of all of it; `upper` of the weight; `ratio` of $|p'/p - 1|$
    and `least` of $p'/p$ from below; `turn` $\psi$ of $\log E_0e^{\tilde h}$, `spread`
    $\chi$ of the deviation of $p'/p$; `linear_deviation` of the linear part of the
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
    linear_deviation: Array


def movement(heads: PencilHeads, domain: PencilDomain) -> Movement:
    """Bound the movement over a domain."""
    P, seen = heads.weights, heads.seen[None]
    norms = np.linalg.norm(heads.forms, ord=2, axis=(1, 2))
    linear, bilinear = (
        np.where(seen, part, 0.0) for part in _logits(heads, domain, norms)
    )
    total = linear + bilinear
    most = total.max(axis=2)
    panels = None
    if domain.joint:
        own = _root_mean_square(heads)
        alone = domain.radius * own
        pairs = domain.radius**2 * norms[:, None] * np.sqrt(P.max(axis=2))
        deviation = alone + pairs
    else:
        alone = np.zeros_like(most)
        panels = _Panels.of(heads, domain, norms, total)
        deviation = np.minimum(
            panels.deviation(P), np.sqrt((P * total * total).sum(axis=2))
        )
    turn = np.log1p(deviation**2 * _quadratic(most))
    square = (_slope(most) * deviation) ** 2
    if panels is not None:
        first, second = panels.integrals()
        turn = np.minimum(turn, first)
        square = np.minimum(square, np.expm1(second))
    upper = P * saturated(P, heads.others, total)
    rise = saturated(P, heads.others, total) - 1
    fall = -np.expm1(-total - turn[..., None])
    return Movement(
        linear=linear,
        bilinear=bilinear,
        total=total,
        upper=upper,
        ratio=np.where(seen, np.maximum(rise, fall), 0.0),
        least=np.exp(-total - turn[..., None]),
        turn=turn,
        spread=np.sqrt(square),
        linear_deviation=alone,
    )


def saturated(weights: Array, others: Array, rise: Array) -> Array:
    r"""$g_p(x) = 1/(p + (1-p)e^{-x/(1-p)})$: how much a weight grows, at most."""
    share = np.divide(rise, others, out=np.zeros_like(rise), where=others > 0)
    return 1 / (weights + others * np.exp(-share))


def _quadratic(x: Array) -> Array:
    r"""$(e^x - 1 - x)/x^2$, increasing, by its series below 1/10."""
    small = np.where(x < 0.1, x, 0.0)
    series = sum(small**k / np.prod(np.arange(1.0, k + 3)) for k in range(12))
    large = np.where(x < 0.1, 1.0, x)
    return np.where(x < 0.1, series, (np.expm1(large) - large) / large**2)


def _slope(x: Array) -> Array:
    r"""$(e^x - 1)/x$."""
    large = np.where(x > 0, x, 1.0)
    return np.where(x > 0, np.expm1(large) / large, 1.0)


def highest(heads: PencilHeads, total: Array, share: Array) -> Array:
    r"""The largest $\min(e^x, g_p(x)) - \lambda x$ over $|x| \le H$, cell by cell.

    **Arguments:** `share` $\lambda$ in [0, 1], `(H, n)`.
    """
    share = share[..., None]
    edges = np.linspace(-1, 1, CELLS + 1)
    best = np.zeros_like(total)
    for left, right in pairwise(edges):
        top = saturated(heads.weights, heads.others, right * total)
        best = np.maximum(best, top - share * left * total)
    ends = np.maximum(np.exp(total) - share * total, np.exp(-total) + share * total)
    return np.minimum(best, ends)


def _logits(
    heads: PencilHeads, domain: PencilDomain, norms: Array
) -> tuple[Array, Array]:
    """Linear and bilinear part of centred logits, `(H, n, n)` each."""
    P, tokens = heads.weights, heads.shape[1]
    own = np.eye(tokens)[None]
    receiver = np.einsum("hii->hi", P)[..., None]
    # C = 1 - p_i in the direction of a key: its entry at the receiver is `at`.
    at = own - receiver
    turned = heads.centred_keys + at[..., None] * heads.slopes[:, :, None]
    if not domain.joint:
        moved = domain.supports(heads.slopes)
        far = np.where(own > 0, 0.0, moved)
        linear = _centring(heads, far) + domain.own_supports(turned)
        return linear, _centring(heads, _pairs(heads, domain, norms))
    squares = (P**2).sum(axis=2, keepdims=True) - receiver**2
    rest = np.where(own > 0, squares, squares - P**2 + heads.others**2)
    rest = np.maximum(rest, 0)
    length = (heads.slopes**2).sum(axis=2)[..., None]
    linear = domain.radius * np.sqrt(length * rest + (turned**2).sum(axis=3))
    far = np.abs(at)
    pair = domain.radius**2 * norms[:, None, None]
    return linear, pair * (far + np.sqrt(rest + far**2)) / 2


def _centring(heads: PencilHeads, sizes: Array) -> Array:
    r"""$\sum_l|C_{kl}|t_{il}$ for sizes $t$ `(H, n, n)` and $C = 1 - p_i$."""
    means = (heads.weights * sizes).sum(axis=2, keepdims=True)
    return np.maximum(means + (heads.others - heads.weights) * sizes, 0)


def _pairs(heads: PencilHeads, domain: PencilDomain, norms: Array) -> Array:
    r"""Bound $|d_i^{\mathsf T}Ad_k|$ where tokens move by themselves, `(H, n, n)`."""
    reach = domain.reach
    bound = np.multiply.outer(norms, np.outer(reach, reach))
    if domain.kind == "box":
        entries = domain.radii @ np.abs(heads.forms) @ domain.radii.T
        bound = np.minimum(bound, entries)
    return bound


def _root_mean_square(heads: PencilHeads) -> Array:
    r"""$\|\operatorname{diag}(\sqrt{p_i})Z_i\|_2$, `(H, n)`."""
    scaled = np.sqrt(heads.weights)[..., None] * heads.rows
    gram = scaled @ scaled.swapaxes(2, 3)
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[..., -1], 0))


@dataclass(frozen=True, eq=False)
class _Panels:
    """What bounds the deviation of the logits under tilted weights, tokens separate."""

    heads: PencilHeads
    total: Array
    half_range: Array
    common: Array
    squares: Array

    @staticmethod
    def of(
        heads: PencilHeads, domain: PencilDomain, norms: Array, total: Array
    ) -> _Panels:
        pairs = _pairs(heads, domain, norms)
        moved = domain.supports(heads.slopes)
        squares = domain.own_supports(heads.centred_keys) ** 2
        return _Panels(
            heads,
            total,
            _half_range(heads, domain, moved, pairs),
            np.where(heads.seen[None], moved + pairs, 0.0).max(axis=2),
            np.where(heads.seen[None], squares, 0.0),
        )

    def deviation(self, upper: Array) -> Array:
        """Bound the deviation under all weights below `upper`, `(H, n)`."""
        order = np.argsort(-self.squares, axis=2)
        squares = np.take_along_axis(self.squares, order, axis=2)
        filled = np.cumsum(np.take_along_axis(upper, order, axis=2), axis=2)
        shares = np.diff(np.minimum(filled, 1.0), axis=2, prepend=0.0)
        variance = (shares * squares).sum(axis=2)
        return np.minimum(self.half_range, self.common + np.sqrt(variance))

    def integrals(self) -> tuple[Array, Array]:
        r"""$\int_0^1(1-t)\sigma^2$ and $\int_0^2(1-|t-1|)\sigma^2$, from above."""
        P, others = self.heads.weights, self.heads.others
        first = second = np.zeros_like(self.common)
        for panel in range(2 * PANELS):
            right, middle = (panel + 1) / PANELS, (panel + 0.5) / PANELS
            tilted = P * saturated(P, others, right * self.total)
            variance = self.deviation(tilted) ** 2 / PANELS
            if panel < PANELS:
                first = first + (1 - middle) * variance
            second = second + (1 - abs(middle - 1)) * variance
        return first, second


def _half_range(
    heads: PencilHeads, domain: PencilDomain, moved: Array, pairs: Array
) -> Array:
    """Half the range of the changes of a row of logits, `(H, n)`."""
    count, tokens, _ = heads.shape
    result = np.zeros((count, tokens))
    for i in range(tokens):
        keys = np.flatnonzero(heads.seen[i])
        turned = heads.keys[:, keys] + (keys == i)[:, None] * heads.slopes[:, i, None]
        differences = turned[:, :, None] - turned[:, None]
        ranges = domain.support(i, differences)
        far = np.where(keys == i, 0.0, moved[:, i, keys]) + pairs[:, i, keys]
        ranges = ranges + far[:, :, None] + far[:, None]
        np.einsum("hkk->hk", ranges)[...] = 0.0
        result[:, i] = ranges.max(axis=(1, 2)) / 2
    return result
