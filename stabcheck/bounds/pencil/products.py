r"""The twelve products that bound what the anchor and the pencil leave.

Each is at most $\sqrt{u_i\cdot Qu_i}\,\sqrt{v\cdot Rv}$ for a head and a receiver $i$,
where $v\cdot Rv = \sum_k\omega_k(z_{ik}\cdot v)^2 + \sum_k\alpha_k|Av_k|^2 +
\beta|A^{\mathsf T}v_i|^2 + \sum_k\iota_k|v_k|^2$.  The last five hold the first order
on the rest of $v$, outside the subspace of the pencil.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.movement import Movement
from stabcheck.bounds.pencil.saturation import highest
from stabcheck.bounds.validation import Array

ON_ALL = 7
"""The products on the whole of v; the others act outside the subspace."""


@dataclass(frozen=True, eq=False)
class Products:
    """`blocks` Q `(12, H, n, d, d)`; `on_rows`, `on_keys`, `on_tokens` `(12, H, n, n)`.

    `on_rows` is omega, `on_keys` alpha, `on_receivers` `(12, H, n)` beta, `on_tokens`
    iota.
    """

    blocks: Array
    on_rows: Array
    on_keys: Array
    on_receivers: Array
    on_tokens: Array


@dataclass(frozen=True, eq=False)
class Anchor:
    r"""What of the weights the anchor takes and which shares the pencil takes.

    `covariance`, `means` `(H, n, n)`: the anchor has $1 + c$ times the weight; `shares`
    `(4, H, n)` in [0, 1]: of the covariance, the means, the moved values and the moved
    keys, how much of the first order the pencil takes.
    """

    covariance: Array
    means: Array
    shares: Array


def middle_anchor(heads: PencilHeads, moves: Movement, shares: Array) -> Anchor:
    """The shifts that make both sides of an error equal."""
    upper, lower = _covariance_sides(heads, moves, shares[0])
    covariance = (upper - lower) / 2
    upper, lower = _means_sides(heads, moves, shares[1])
    return Anchor(covariance, (upper - lower) / 2, shares)


def _covariance_sides(
    heads: PencilHeads, moves: Movement, share: Array
) -> tuple[Array, Array]:
    r"""How far $\operatorname{diag}(p') - \pi\pi^{\sf T}$ is from $p(1+\lambda l)$."""
    wide = share[..., None]
    upper = highest(heads, moves.total, share) + wide * moves.bilinear - 1
    turned = (1 - moves.turn - moves.spread**2)[..., None]
    least = np.where(heads.seen[None], moves.least, 1).min(axis=2, keepdims=True)
    lower = 1 - wide * (turned - moves.bilinear) - (1 - wide) * least
    return upper, lower


def _means_sides(
    heads: PencilHeads, moves: Movement, share: Array
) -> tuple[Array, Array]:
    r"""How far $p'$ is from $p(1 + \mu l)$, over p, on both sides."""
    wide = share[..., None]
    upper = highest(heads, moves.total, share) + wide * moves.bilinear - 1
    turned = (1 - moves.turn)[..., None]
    lower = 1 - wide * (turned - moves.bilinear) - (1 - wide) * moves.least
    return upper, lower


def means_width(heads: PencilHeads, moves: Movement, anchor: Anchor) -> Array:
    r"""How far $p'$ is at most from what anchor and pencil take of the means."""
    sides = _means_sides(heads, moves, anchor.shares[1])
    return heads.weights * _width(sides, anchor.means)


def _width(sides: tuple[Array, Array], shift: Array) -> Array:
    upper, lower = sides
    return np.maximum(np.maximum(upper - shift, lower + shift), 0)


class _Assembly:
    """Products in the order of the theorem, appended one by one."""

    def __init__(self, heads: PencilHeads) -> None:
        self.heads = heads
        self.maps = (heads.maps.swapaxes(1, 2) @ heads.maps)[:, None]
        count, tokens, _ = heads.shape
        self.flat = np.zeros((count, tokens))
        self.wide = np.zeros((count, tokens, tokens))
        self.parts: list[tuple[Array, ...]] = []

    def values(self, weights: Array) -> Array:
        r"""$\sum_kw_{ik}y_{ik}y_{ik}^{\mathsf T}$."""
        y = self.heads.values
        return (weights[..., None] * y).swapaxes(2, 3) @ y

    def whole(self, size: Array) -> Array:
        r"""The size times $M^{\mathsf T}M$."""
        return size[..., None, None] * self.maps

    def add(
        self,
        block: Array,
        *,
        rows: Array | None = None,
        keys: Array | None = None,
        receivers: Array | None = None,
        tokens: Array | None = None,
    ) -> None:
        wide, flat = self.wide, self.flat
        self.parts.append(
            (
                block,
                wide if rows is None else rows,
                wide if keys is None else keys,
                flat if receivers is None else receivers,
                wide if tokens is None else tokens,
            )
        )

    def products(self) -> Products:
        return Products(*(np.stack(part) for part in zip(*self.parts, strict=True)))


def products(
    heads: PencilHeads, domain: PencilDomain, moves: Movement, anchor: Anchor
) -> Products:
    """The products over a domain."""
    assembly = _Assembly(heads)
    _covariance(assembly, moves, anchor)
    _moved(assembly, domain, moves, anchor.shares)
    _both_moved(assembly, domain, moves)
    _means(assembly, moves, anchor)
    _first_order(assembly, domain, moves, anchor.shares)
    return assembly.products()


def _covariance(a: _Assembly, moves: Movement, anchor: Anchor) -> None:
    sides = _covariance_sides(a.heads, moves, anchor.shares[0])
    width = a.heads.weights * _width(sides, anchor.covariance)
    a.add(a.values(width), rows=width)


def _moved(a: _Assembly, domain: PencilDomain, moves: Movement, shares: Array) -> None:
    """Values and keys that move: beyond the first order, or as a whole."""
    P, upper = a.heads.weights, moves.upper
    reach, own = _farthest(a.heads, domain), domain.reach
    chi, ratio = moves.spread[..., None], P * moves.ratio
    values, keys = shares[2], shares[3]
    wide = keys[..., None]
    whole = np.ones_like(moves.turn)
    if domain.joint:
        beyond, size = _shared(a.heads, moves)
        value_size, key_size, far = size, size, beyond
        whole = np.sqrt(upper.max(axis=2))
    else:
        far, beyond = ratio + chi * P, 2 * chi * P
        value_size = 2 * moves.spread
        key_size = ratio.sum(axis=2) + moves.spread
    direct = whole[..., None] * upper
    block = reach * (values * value_size + (1 - values) * whole)
    rows = values[..., None] * beyond + (1 - values[..., None]) * direct
    rows = reach[:, None] * rows
    a.add(a.whole(_unless_alone(a, block)), rows=rows)
    near = wide * (ratio + chi * P) + (1 - wide) * upper
    on_keys = wide * (ratio + chi * upper) + (1 - wide) * upper
    a.add(a.values(own[:, None] * near), keys=own[:, None] * on_keys)
    far = wide * far + (1 - wide) * direct
    receivers = reach * (keys * key_size + (1 - keys) * whole)
    a.add(a.values(reach[:, None] * far), receivers=receivers)


def _both_moved(a: _Assembly, domain: PencilDomain, moves: Movement) -> None:
    reach = np.broadcast_to(_farthest(a.heads, domain), moves.turn.shape)
    pair, peak = domain.reach * reach, reach**2
    if domain.joint:
        pair, peak = (reach**2 * part for part in _joint_pairs(moves.upper))
    pair, peak = _unless_alone(a, pair), _unless_alone(a, peak)
    a.add(a.whole(pair), keys=pair[..., None] * moves.upper)
    a.add(a.whole(peak), receivers=peak)


def _means(a: _Assembly, moves: Movement, anchor: Anchor) -> None:
    P, share = a.heads.weights, anchor.shares[1]
    width = means_width(a.heads, moves, anchor)
    shifts = (P * np.abs(anchor.means)).sum(axis=2)
    whole = share * (moves.curved + moves.reweighted) + (1 - share) * moves.spread
    size = np.minimum(width.sum(axis=2), whole + shifts)
    a.add(a.whole(size), tokens=width)


def _first_order(
    a: _Assembly, domain: PencilDomain, moves: Movement, shares: Array
) -> None:
    P, reach = a.heads.weights, domain.reach
    covariance, means, values, keys = shares
    linear = P * moves.linear
    size = np.minimum(linear.sum(axis=2), moves.linear_deviation)
    a.add(a.whole(means * size), tokens=means[..., None] * linear)
    linear = covariance[..., None] * linear
    a.add(a.values(linear), rows=linear)
    moved = P * reach
    top = moved.sum(axis=2)
    if domain.joint:
        top = P.max(axis=2)
        moved = reach * P**2 / top[..., None]
        top = domain.radius * top
    through = values * _unless_alone(a, top)
    a.add(a.whole(through), rows=values[..., None] * moved)
    near, far = keys[..., None] * P * reach[:, None], keys[..., None] * moved
    a.add(a.values(near), keys=near)
    a.add(a.values(far), receivers=keys * top)


def _farthest(heads: PencilHeads, domain: PencilDomain) -> Array:
    """How far a key that a token sees moves at most, `(n,)`."""
    return np.where(heads.seen, domain.reach, 0.0).max(axis=1)


def _unless_alone(a: _Assembly, sizes: Array) -> Array:
    """Zero where a receiver sees one key: nothing varies, whatever moves."""
    return np.where(a.heads.seen.sum(axis=1) == 1, 0.0, sizes)


def _shared(heads: PencilHeads, moves: Movement) -> tuple[Array, Array]:
    r"""$\kappa = (p\pi)^2/\mu + s\chi p$ and $\mu + s\chi$ of a shared budget."""
    P = heads.weights
    top = (np.sqrt(P) * moves.ratio).max(axis=2)
    length = np.sqrt(np.minimum((moves.upper**2).sum(axis=2), 1))
    common = length * moves.spread
    squares = (P * moves.ratio) ** 2
    scaled = np.divide(
        squares, top[..., None], out=np.zeros_like(P), where=top[..., None] > 0
    )
    return scaled + common[..., None] * P, top + common


def _joint_pairs(upper: Array) -> tuple[Array, Array]:
    r"""$\max_x\sqrt{x(\bar p_{ii}x + \bar p(1 - x))}$ and the largest weight."""
    own = np.einsum("hii->hi", upper)
    rest = upper.copy()
    np.einsum("hii->hi", rest)[...] = 0.0
    far = rest.max(axis=2)
    inside = own < far / 2
    gap = np.where(inside, far - own, 1.0)
    best = np.where(inside, far**2 / (4 * gap), own)
    return np.sqrt(best), upper.max(axis=2)
