r"""The twelve products of theorem `attention-pencil`, summed with multipliers.

Each product is $|t| \le \sqrt{u_i^{\mathsf T}Qu_i\;v^{\mathsf T}Rv} \le \tfrac12(\tau
u_i^{\mathsf T}Qu_i + v^{\mathsf T}Rv/\tau)$.  The left side weighs $M^{\mathsf T}M$ and
the values $y_{ik}y_{ik}^{\mathsf T}$, the right side the forms $(z_{ik}\cdot v)^2$,
$|Av_k|^2$, $|A^{\mathsf T}v_i|^2$ and $|v_k|^2$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb

from stabcheck.checker.arithmetic.balls import largest, power_of_two, root
from stabcheck.checker.float64.midpoint_radius import outward
from stabcheck.checker.pencil.domain import Moves, Reach
from stabcheck.checker.pencil.rows import Row

PRODUCTS = 12
OUTSIDE = 7
"""The products from this place on act on what the subspace leaves."""
LEAST = power_of_two(-100)


@dataclass
class Product:
    """One product of one row: the weights of its two sides, zero where absent."""

    through: arb | int = 0
    values: Sequence[arb] = ()
    linear: Sequence[arb] = ()
    keys: Sequence[arb] = ()
    own: arb | int = 0
    plain: Sequence[arb] = ()


@dataclass(frozen=True)
class Sides:
    """Weights summed over products, upper bounds in float64.

    Left: `through` (n,), `values` (n, n).  Right, at index 0 for the whole direction
    and at 1 for what the subspace leaves: `linear`, `keys`, `plain` (2, n, n) over
    receivers and keys, `own` (2, n).
    """

    through: np.ndarray
    values: np.ndarray
    linear: np.ndarray
    keys: np.ndarray
    own: np.ndarray
    plain: np.ndarray


@dataclass(frozen=True)
class Choice:
    """The shares of the first order that are kept apart, and the shifts of a row.

    `covariance`, `means`, `values`, `keys` lie in [0, 1]; the shifts run over the keys.
    """

    covariance: arb
    means: arb
    values: arb
    keys: arb
    shift_covariance: list[arb]
    shift_means: list[arb]


def row_products(
    row: Row, own: int | None, choice: Choice, moves: Moves, reach: Reach
) -> list[Product]:
    """The products of one row, its admissible keys only."""
    weight, chi = row.weight, row.chi
    rest = 1 - choice.keys
    changed = [p * x for p, x in zip(weight, row.change, strict=True)]
    moved = [p * x for p, x in zip(weight, row.linear, strict=True)]
    turned = [choice.covariance * x for x in moved]
    mixed = [choice.means * x for x in moved]
    keys = [reach.own * choice.keys * p for p in weight]
    covariance = _covariance(row, choice)
    means = _means(row, choice)
    found = {
        0: Product(values=covariance, linear=covariance),
        2: Product(
            values=[
                reach.own * (choice.keys * (c + chi * p) + rest * u)
                for c, p, u in zip(changed, weight, row.upper, strict=True)
            ],
            keys=[
                reach.own * (choice.keys * (c + chi * u) + rest * u)
                for c, u in zip(changed, row.upper, strict=True)
            ],
        ),
        6: Product(through=_all_means(row, choice, means, moves), plain=means),
        7: Product(through=_all_moved(row, choice, mixed, moves), plain=mixed),
        8: Product(values=turned, linear=turned),
        10: Product(values=keys, keys=keys),
    } | _of_moves(
        choice,
        _joint(row, own, changed, moves.radius)
        if moves.are_joint
        else _separate(row, changed, reach),
        row.upper,
        reach,
    )
    if len(weight) == 1:
        # A law on one key has no covariances.
        for place in (1, 4, 5, 9):
            found[place] = Product()
    return [found[place] for place in range(PRODUCTS)]


def _covariance(row: Row, choice: Choice) -> list[arb]:
    """How far the covariance is from its anchor, as weights of the centre's."""
    share = choice.covariance
    kept = 1 - row.psi - row.chi * row.chi
    least = -largest(-low for low in row.least)
    found = []
    for p, top, q, shift in zip(
        row.weight,
        row.highest(share),
        row.quadratic,
        choice.shift_covariance,
        strict=True,
    ):
        above = top + share * q - 1 - shift
        below = 1 - share * (kept - q) - (1 - share) * least + shift
        found.append(p * above.max(below).max(arb(0)))
    return found


def _means(row: Row, choice: Choice) -> list[arb]:
    """The same of the means, whose weights need no centring."""
    share = choice.means
    found = []
    for p, top, q, low, shift in zip(
        row.weight,
        row.highest(share),
        row.quadratic,
        row.least,
        choice.shift_means,
        strict=True,
    ):
        above = top + share * q - 1 - shift
        below = 1 - share * (1 - row.psi - q) - (1 - share) * low + shift
        found.append(p * above.max(below).max(arb(0)))
    return found


def _all_means(row: Row, choice: Choice, means: list[arb], moves: Moves) -> arb:
    """A bound of the sum over the keys of what `means` bounds one by one."""
    total = sum(means, arb(0))
    if not moves.are_joint:
        return total
    # sum_k |p'_k - p_k(1 + h_k)| = 2 psi for centred h, and sum_k |p'_k - p_k| <= chi.
    share = choice.means
    parts = zip(row.weight, row.quadratic, choice.shift_means, strict=True)
    moved = sum((p * (share * q + abs(shift)) for p, q, shift in parts), arb(0))
    return total.min(2 * share * row.psi + (1 - share) * row.chi + moved)


def _all_moved(row: Row, choice: Choice, mixed: list[arb], moves: Moves) -> arb:
    total = sum(mixed, arb(0))
    if not moves.are_joint:
        return total
    return total.min(choice.means * row.steepness)


@dataclass(frozen=True)
class _Moved:
    """Bounds for keys that move with their tokens; the reach is a factor of the last.

    `changed` and `spread` belong to a change of measure, `whole` to changed weights;
    `both` and `twice` to two moves; `kept` and `first`, with the reach of every key, to
    the centre's weights.
    """

    changed: arb
    spread: list[arb]
    values_changed: arb
    values_spread: list[arb]
    whole: arb
    both: arb
    twice: arb
    kept: arb
    first: list[arb]


def _of_moves(
    choice: Choice, found: _Moved, upper: list[arb], reach: Reach
) -> dict[int, Product]:
    """The products in which values or keys move with their tokens."""
    nu, eta, far = choice.values, choice.keys, reach.farthest
    whole = [found.whole * u for u in upper]
    pair, twice = far * reach.own * found.both, far * far * found.twice
    return {
        1: Product(
            through=far * (nu * found.values_changed + (1 - nu) * found.whole),
            linear=[
                far * (nu * t + (1 - nu) * u)
                for t, u in zip(found.values_spread, whole, strict=True)
            ],
        ),
        3: Product(
            values=[
                far * (eta * t + (1 - eta) * u)
                for t, u in zip(found.spread, whole, strict=True)
            ],
            own=far * (eta * found.changed + (1 - eta) * found.whole),
        ),
        4: Product(through=pair, keys=[pair * u for u in upper]),
        5: Product(through=twice, own=twice),
        9: Product(through=nu * found.kept, linear=[nu * t for t in found.first]),
        11: Product(values=[eta * t for t in found.first], own=eta * found.kept),
    }


def _separate(row: Row, changed: list[arb], reach: Reach) -> _Moved:
    """Tokens that move on their own."""
    first = [p * r for p, r in zip(row.weight, reach.keys, strict=True)]
    return _Moved(
        changed=sum(changed, arb(0)) + row.chi,
        spread=[c + row.chi * p for c, p in zip(changed, row.weight, strict=True)],
        values_changed=2 * row.chi,
        values_spread=[2 * row.chi * p for p in row.weight],
        whole=arb(1),
        both=arb(1),
        twice=arb(1),
        kept=sum(first, arb(0)),
        first=first,
    )


def _joint(row: Row, own: int | None, changed: list[arb], radius: arb) -> _Moved:
    """Tokens that share one radius."""
    pairs = list(zip(row.weight, row.change, strict=True))
    balance = largest(root(p) * x for p, x in pairs).max(LEAST)
    length = root(sum((u * u for u in row.upper), arb(0))).min(arb(1))
    spread = [
        c * c / balance + length * row.chi * p
        for c, p in zip(changed, row.weight, strict=True)
    ]
    heaviest = largest(row.weight)
    return _Moved(
        changed=balance + length * row.chi,
        spread=spread,
        values_changed=balance + length * row.chi,
        values_spread=spread,
        whole=root(largest(row.upper)),
        both=root(_shared_moves(row.upper, own)),
        twice=largest(row.upper),
        kept=radius * heaviest,
        first=[radius * p * p / heaviest for p in row.weight],
    )


def _shared_moves(upper: list[arb], own: int | None) -> arb:
    """The largest x (P_own x + P' (1 - x)): the receiver and one key share a radius."""
    mine = arb(0) if own is None else upper[own]
    others = [u for place, u in enumerate(upper) if place != own]
    if not others:
        return mine
    other = largest(others)
    if mine >= other / 2:
        return mine
    gap = other - mine
    inside = other * other / (4 * gap) if gap > 0 else other
    return inside if mine < other / 2 else inside.max(mine)


def _upper(value: arb | int) -> float:
    return 0.0 if value == 0 else float(outward(float(arb(value).upper())))


def summed(
    products: list[list[Product]], admissible: list[list[int]], tau: np.ndarray
) -> Sides:
    """Sum the products of all rows with multipliers (12, n) into two sides."""
    tokens = len(products)
    square = (tokens, tokens)
    sides = Sides(
        through=np.zeros(tokens),
        values=np.zeros(square),
        linear=np.zeros((2, *square)),
        keys=np.zeros((2, *square)),
        own=np.zeros((2, tokens)),
        plain=np.zeros((2, *square)),
    )
    for i, row in enumerate(products):
        keys = admissible[i]
        for place, product in enumerate(row):
            part = int(place >= OUTSIDE)
            times, over = float(tau[place, i]), _inverse(float(tau[place, i]))
            sides.through[i] += _upper(product.through) * times
            sides.own[part, i] += _upper(product.own) * over
            _add(sides.values, i, keys, product.values, times)
            for name in ("linear", "keys", "plain"):
                _add(getattr(sides, name)[part], i, keys, getattr(product, name), over)
    return Sides(**{name: outward(array) for name, array in vars(sides).items()})


def _inverse(tau: float) -> float:
    return float(outward(1.0 / tau))


def _add(
    target: np.ndarray, i: int, keys: list[int], weights: Sequence[arb], factor: float
) -> None:
    for k, weight in zip(keys, weights, strict=False):
        target[i, k] += _upper(weight) * factor
