r"""The products in which values or keys move with their tokens.

Left of a product stand $M^{\mathsf T}M$ and the values $y_{ik}y_{ik}^{\mathsf T}$,
right of it $(z_{ik}\cdot v)^2$, $|Av_k|^2$, $|A^{\mathsf T}v_i|^2$ and $|v_k|^2$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, power_of_two, root
from stabcheck.checker.pencil.domain import Reach
from stabcheck.checker.pencil.rows import Row

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


@dataclass(frozen=True)
class Moved:
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


def of_moves(
    choice: Choice, found: Moved, upper: list[arb], reach: Reach
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


def moved_apart(row: Row, changed: list[arb], reach: Reach) -> Moved:
    """Tokens that move on their own."""
    first = [p * r for p, r in zip(row.weight, reach.keys, strict=True)]
    return Moved(
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


def moved_together(row: Row, own: int | None, changed: list[arb], radius: arb) -> Moved:
    """Tokens that share one radius."""
    pairs = list(zip(row.weight, row.change, strict=True))
    balance = largest(root(p) * x for p, x in pairs).max(LEAST)
    length = root(sum((u * u for u in row.upper), arb(0))).min(arb(1))
    spread = [
        c * c / balance + length * row.chi * p
        for c, p in zip(changed, row.weight, strict=True)
    ]
    heaviest = largest(row.weight)
    return Moved(
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
