r"""The scalars of theorem `attention-pencil`: how far one softmax row changes.

For the row of token $i$, with $p$ its weights at the centre, $h_k$ the changes of its
logits, $\tilde h = h - \sum_l p_lh_l$, and the coefficients $z_k$ of its linear part,
the changed weights are $p'_k = p_ke^{\tilde h_k - \psi}$ with $\psi = \log\sum_k
p_ke^{\tilde h_k} \ge 0$.  Everything here is an upper bound in balls.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, root
from stabcheck.checker.pencil.domain import Moves
from stabcheck.checker.pencil.logits import (
    RowData,
    linear_moves,
    quadratic_moves,
    square,
    total_moves,
)
from stabcheck.checker.pencil.saturation import (
    curvature,
    excess_of_exponential,
    growth_of_exponential,
    highest,
    saturated,
)
from stabcheck.checker.pencil.variances import PANELS, deviation, integral, variances


@dataclass(frozen=True)
class Row:
    """Upper bounds for one row (`least` are lower ones); lists run over its keys.

    `linear`, `quadratic` and `total` bound the parts of the centred logit changes;
    `upper` the changed weights, `least` their smallest ratios to the centre's, `change`
    the distances of those ratios from 1; `curved` bounds the sum of $p_k|p'_k/p_k - 1 -
    \\tilde h_k|$, `bilinear` that of $p_k$ times the bilinear parts.
    """

    weight: list[arb]
    linear: list[arb]
    quadratic: list[arb]
    total: list[arb]
    upper: list[arb]
    least: list[arb]
    change: list[arb]
    psi: arb
    chi: arb
    curved: arb
    bilinear: arb
    steepness: arb

    def highest(self, share: arb) -> list[arb]:
        r"""The largest ratio of a weight to the centre's, less a share of its logit."""
        return [
            highest(p, x, share) for p, x in zip(self.weight, self.total, strict=True)
        ]


def row_bounds(data: RowData, moves: Moves) -> Row:
    """Bound everything that the twelve products of a row need."""
    linear, quadratic = linear_moves(data, moves), quadratic_moves(data, moves)
    total = total_moves(data, moves, linear, quadratic)
    top = largest(total)
    spread, steepness = deviation(data, moves, total)
    each = None if moves.are_joint else variances(data, moves, total)
    second = spread * spread * excess_of_exponential(top)
    psi = (1 + second).log()
    chi_squared = square(growth_of_exponential(top) * spread)
    if each is not None:
        psi = psi.min(integral(each[:PANELS], lambda t: 1 - t))
        doubled = integral(each, lambda t: 1 - abs(t - 1)).exp() - 1
        chi_squared = chi_squared.min(doubled)
    chi = root(arb(chi_squared.upper()).max(arb(0)))
    upper = [
        (p * saturated(p, x)).min(arb(1))
        for p, x in zip(data.weight, total, strict=True)
    ]
    least = [(-x - psi).exp() for x in total]
    return Row(
        weight=data.weight,
        linear=linear,
        quadratic=quadratic,
        total=total,
        upper=upper,
        least=least,
        change=[
            (saturated(p, x) - 1).max(1 - low)
            for p, x, low in zip(data.weight, total, least, strict=True)
        ],
        psi=psi,
        chi=chi,
        curved=curvature(data.weight, total, least, psi),
        bilinear=_mean(data.weight, quadratic).min(largest(data.forms)),
        steepness=steepness,
    )


def _mean(weight: list[arb], sizes: list[arb]) -> arb:
    return sum((p * x for p, x in zip(weight, sizes, strict=True)), arb(0))
