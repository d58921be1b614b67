r"""The scalars of theorem `attention-pencil`: how far one softmax row changes.

For the row of token $i$, with $p$ its weights at the centre, $h_k$ the changes of its
logits, $\tilde h = h - \sum_l p_lh_l$, and the coefficients $z_k$ of its linear part,
the changed weights are $p'_k = p_ke^{\tilde h_k - \psi}$ with $\psi = \log\sum_k
p_ke^{\tilde h_k} \ge 0$.  Everything here is an upper bound in balls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flint import arb

from stabcheck.checker.arithmetic.balls import (
    ball,
    largest,
    power_of_two,
    root,
    vector_norm,
)
from stabcheck.checker.pencil.domain import Moves

CELLS = 64
"""Cells of $[-H, H]$ for the excess of a weight over its first order."""
PANELS = 10
"""Panels of the unit interval for the integrals of variances."""
SMALL = power_of_two(-30)
"""Below this quotients of exponentials are replaced by their limits times $e^x$."""


@dataclass(frozen=True)
class RowData:
    """One softmax row at the centre, its admissible keys only.

    `token` is the receiver, `own` its place among the keys, None where it is masked;
    `query` is $a_i$, `moved` what it makes of the moves of the keys; `keys` the centred
    $b_k$, `turned` the coefficients on $d_i$; `forms` bound $|d_i^{\\mathsf T}Ad_k|$;
    `steepness` a bound of $\\lVert\\operatorname{diag}(\\sqrt p)Z_i\\rVert_2$;
    `half_range` of the changes of the logits.
    """

    token: int
    weight: list[arb]
    own: int | None
    query: list[arb]
    own_part: list[arb]
    turned: list[list[arb]]
    keys: list[list[arb]]
    moved: list[arb]
    forms: list[arb]
    half_range: arb
    steepness: arb


@dataclass(frozen=True)
class Row:
    """Upper bounds for one row (`least` are lower ones); lists run over its keys.

    `linear`, `quadratic` and `total` bound the parts of the centred logit changes;
    `upper` the changed weights, `least` their smallest ratios to the centre's, `change`
    the distances of those ratios from 1.
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
    steepness: arb

    def highest(self, share: arb) -> list[arb]:
        r"""The largest ratio of a weight to the centre's, less a share of its logit."""
        return [
            _highest(p, x, share) for p, x in zip(self.weight, self.total, strict=True)
        ]


def saturated(weight: arb, move: arb) -> arb:
    r"""$g_p(x) = 1/(p + (1-p)e^{-x/(1-p)})$, at most $1/p$."""
    most = 1 / weight
    rest = 1 - weight
    if not rest > 0:
        return most
    value = 1 / (weight + rest * (-move / rest).exp())
    return value.min(most) if value.is_finite() else most


def excess_of_exponential(x: arb) -> arb:
    r"""$(e^x - 1 - x)/x^2$ for $x \ge 0$; at most $e^x/2$ near 0."""
    if x > SMALL:
        return (x.exp() - 1 - x) / (x * x)
    return arb(x.upper()).exp() / 2


def growth_of_exponential(x: arb) -> arb:
    """(e^x - 1)/x for x >= 0; at most e^x near 0."""
    if x > SMALL:
        return (x.exp() - 1) / x
    return arb(x.upper()).exp()


def _square(x: arb) -> arb:
    # The power of a ball that touches negative numbers is not a number in Arb.
    return x * x


def row_bounds(data: RowData, moves: Moves) -> Row:
    """Bound everything that the twelve products of a row need."""
    linear, quadratic = _linear(data, moves), _quadratic(data, moves)
    total = [a + b for a, b in zip(linear, quadratic, strict=True)]
    top = largest(total)
    deviation, steepness = _deviation(data, moves, total)
    variances = None if moves.are_joint else _variances(data, moves, total)
    second = deviation * deviation * excess_of_exponential(top)
    psi = (1 + second).log()
    chi_squared = _square(growth_of_exponential(top) * deviation)
    if variances is not None:
        psi = psi.min(_integral(variances[:PANELS], lambda t: 1 - t))
        doubled = _integral(variances, lambda t: 1 - abs(t - 1)).exp() - 1
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
        steepness=steepness,
    )


def _centred(data: RowData, sizes: Sequence[arb]) -> list[arb]:
    """The sums of |C_kl| times sizes over l, C = 1 - p, key by key."""
    mean = sum((p * x for p, x in zip(data.weight, sizes, strict=True)), arb(0))
    return [mean + (1 - 2 * p) * x for p, x in zip(data.weight, sizes, strict=True)]


def _squares(data: RowData, key: int) -> arb:
    """The sum of C_kl^2 over l that are not the receiver."""
    entries = [
        int(place == key) - p
        for place, p in enumerate(data.weight)
        if place != data.own
    ]
    return sum((c * c for c in entries), arb(0))


def _linear(data: RowData, moves: Moves) -> list[arb]:
    """Bounds of |z_k . delta|: the other tokens through a_i, the receiver itself."""
    if moves.are_joint:
        length = _square(vector_norm(data.query))
        return [
            moves.radius * root(length * _squares(data, k) + _square(vector_norm(own)))
            for k, own in enumerate(data.turned)
        ]
    far = [
        arb(0) if place == data.own else size for place, size in enumerate(data.moved)
    ]
    return [
        size + moves.support(data.token, own)
        for size, own in zip(_centred(data, far), data.turned, strict=True)
    ]


def _quadratic(data: RowData, moves: Moves) -> list[arb]:
    """Bounds of |d_i^T A (d_k - sum_l p_l d_l)|."""
    if not moves.are_joint:
        return _centred(data, data.forms)
    found = []
    for k, (form, part) in enumerate(zip(data.forms, data.own_part, strict=True)):
        own = abs(part)
        found.append(form * (own + root(_squares(data, k) + own * own)) / 2)
    return found


def _deviation(data: RowData, moves: Moves, total: list[arb]) -> tuple[arb, arb]:
    """Bounds of the deviation of h, and of its linear part, under p."""
    if moves.are_joint:
        linear = moves.radius * data.steepness
        heaviest = largest(data.weight)
        return linear + data.forms[0] * root(heaviest), linear
    pairs = zip(data.weight, total, strict=True)
    square = sum((p * x * x for p, x in pairs), arb(0))
    found = _spread(data, moves, data.weight).min(root(square)).min(data.half_range)
    return found, found


def _spread(data: RowData, moves: Moves, weight: Sequence[arb]) -> arb:
    """A bound of the deviation of h under any law of at most these weights."""
    squares = [_square(moves.support(data.token, key)) for key in data.keys]
    pairs = list(zip(weight, squares, strict=True))

    def above(level: arb) -> arb:
        rest = sum((p * (x - level).max(arb(0)) for p, x in pairs), arb(0))
        return level + rest

    candidates = [arb(0), *squares]
    best = min(candidates, key=lambda level: float(above(level)))
    common = largest(m + f for m, f in zip(data.moved, data.forms, strict=True))
    return (common + root(above(best))).min(data.half_range)


def _variances(data: RowData, moves: Moves, total: list[arb]) -> list[arb]:
    """Variances of h under the weights of t h, t at the right ends of the panels."""
    found = []
    for panel in range(2 * PANELS):
        t = arb(panel + 1) / PANELS
        weight = [
            (p * saturated(p, t * x)).min(arb(1))
            for p, x in zip(data.weight, total, strict=True)
        ]
        found.append(_square(_spread(data, moves, weight)))
    return found


def _integral(values: list[arb], kernel) -> arb:
    """The integral of a piecewise linear kernel times values, constant on panels."""
    # The kernels are linear on every panel: their value at its middle is exact.
    middles = [Fraction(2 * k + 1, 2 * PANELS) for k in range(len(values))]
    terms = [ball(kernel(t)) * value for t, value in zip(middles, values, strict=True)]
    return sum(terms, arb(0)) / PANELS


def _highest(weight: arb, move: arb, share: arb) -> arb:
    r"""The largest $\min(e^x, g_p(x)) - \lambda x$ over $|x| \le H$."""
    # The exponential less a line is convex: its largest value is at an end.
    ends = (move.exp() - share * move).max((-move).exp() + share * move)
    places = [move * (arb(2 * k) / CELLS - 1) for k in range(CELLS + 1)]
    cells = [
        saturated(weight, right) - share * left for left, right in pairwise(places)
    ]
    return ends.min(largest(cells))
