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

from stabcheck.checker.arithmetic.balls import largest
from stabcheck.checker.float64.midpoint_radius import outward
from stabcheck.checker.float64.pencil.moved import (
    Choice,
    Product,
    moved_apart,
    moved_together,
    of_moves,
)
from stabcheck.checker.pencil.domain import Moves, Reach
from stabcheck.checker.pencil.rows import Row

PRODUCTS = 12
OUTSIDE = 7
"""The products from this place on act on what the subspace leaves."""


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
    all_mixed = sum(mixed, arb(0)).min(choice.means * row.steepness)
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
        6: Product(through=_all_means(row, choice, means), plain=means),
        7: Product(through=all_mixed, plain=mixed),
        8: Product(values=turned, linear=turned),
        10: Product(values=keys, keys=keys),
    } | of_moves(
        choice,
        moved_together(row, own, changed, moves.radius)
        if moves.are_joint
        else moved_apart(row, changed, reach),
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


def _all_means(row: Row, choice: Choice, means: list[arb]) -> arb:
    """A bound of the sum over the keys of what `means` bounds one by one."""
    # With the share, sum_k |p'_k - p_k (1 + h_k)|; with the rest, sum_k |p'_k - p_k|.
    share = choice.means
    pairs = zip(row.weight, choice.shift_means, strict=True)
    moved = sum((p * abs(shift) for p, shift in pairs), arb(0))
    whole = share * (row.curved + row.bilinear) + (1 - share) * row.chi
    return sum(means, arb(0)).min(whole + moved)


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
