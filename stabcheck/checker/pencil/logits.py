r"""How far the centred logits of one softmax row move, in balls.

With $C = 1 - p$ and $z_k$ the coefficients of the linear part, $\tilde h_k = z_k\cdot
\delta + d_i^{\mathsf T}A\sum_lC_{kl}d_l$.  In a box the other tokens act through $(a_i
+ A^{\mathsf T}d_i)\cdot d_l$: every entry of the bracket has a chord, $|a + y| \le E +
my$ on $|y| \le t$ with $E = \max(|a + t| - mt, |a - t| + mt)$, for every number $m$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import root, vector_norm
from stabcheck.checker.pencil.domain import Moves


@dataclass(frozen=True)
class Chords:
    r"""Chords for the keys of one row: $|(a + A^{\mathsf T}d_i)\cdot d_l| \le E_l +
    g_l\cdot d_i$, `lengths` E and `pulls` g.
    """

    lengths: list[arb]
    pulls: list[list[arb]]


@dataclass(frozen=True)
class RowData:
    """One softmax row at the centre, its admissible keys only.

    `token` is the receiver, `own` its place among the keys, None where it is masked;
    `query` is $a_i$, `moved` what it makes of the moves of the keys; `keys` the centred
    $b_k$, `turned` the coefficients on $d_i$; `forms` bound $|d_i^{\\mathsf T}Ad_k|$;
    `chords` those of a box, None elsewhere; `steepness` a bound of
    $\\lVert\\operatorname{diag}(\\sqrt p)Z_i\\rVert_2$; `half_range` of the changes of
    the logits.
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
    chords: Chords | None
    half_range: arb
    steepness: arb


def chords_of(
    form: arb_mat, query: Sequence[arb], token: int, keys: Sequence[int], moves: Moves
) -> Chords:
    """The chords of a box for the row of a token."""
    ends = moves.ends(token, form)
    tilts, heights = [], []
    for a, t in zip(query, ends, strict=True):
        # Any slope of the chord is good: the middle of a ball, read as exact.
        tilt = arb(max(-1.0, min(1.0, float((a / t).mid())))) if t > 0 else arb(0)
        tilts.append(tilt)
        heights.append((abs(a + t) - tilt * t).max(abs(a - t) + tilt * t))
    lines = [moves.lines[k] for k in keys]
    tilted = [[m * r for m, r in zip(tilts, line, strict=True)] for line in lines]
    lengths = (arb_mat(lines) * arb_mat([[height] for height in heights])).entries()
    return Chords(lengths, (arb_mat(tilted) * form.transpose()).tolist())


def apart(data: RowData, moves: Moves) -> list[arb]:
    r"""Bounds of $|(a + A^{\mathsf T}d_i)\cdot d_k|$, key by key, tokens separate."""
    found = [m + f for m, f in zip(data.moved, data.forms, strict=True)]
    if data.chords is None:
        return found
    pairs = zip(data.chords.lengths, data.chords.pulls, strict=True)
    turned = [length + moves.support(data.token, pull) for length, pull in pairs]
    return [a.min(b) for a, b in zip(found, turned, strict=True)]


def total_moves(
    data: RowData, moves: Moves, linear: list[arb], quadratic: list[arb]
) -> list[arb]:
    r"""Bounds of $|\tilde h_k|$: of both parts, or by the chords of the box."""
    found = [a + b for a, b in zip(linear, quadratic, strict=True)]
    if data.chords is None:
        return found
    far = _centred(data, _without_own(data, data.chords.lengths))
    columns = zip(*data.chords.pulls, strict=True)
    pulls = [_centred(data, _without_own(data, column)) for column in columns]
    alone = arb(0) if data.own is None else data.forms[data.own]
    turned = []
    for length, pull, own, part in zip(
        far, zip(*pulls, strict=True), data.turned, data.own_part, strict=True
    ):
        sides = (
            [g + c for g, c in zip(pull, own, strict=True)],
            [g - c for g, c in zip(pull, own, strict=True)],
        )
        near = moves.support(data.token, sides[0]).max(
            moves.support(data.token, sides[1])
        )
        turned.append(length + near + abs(part) * alone)
    return [a.min(b) for a, b in zip(found, turned, strict=True)]


def _without_own(data: RowData, sizes: Sequence[arb]) -> list[arb]:
    return [arb(0) if place == data.own else x for place, x in enumerate(sizes)]


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


def linear_moves(data: RowData, moves: Moves) -> list[arb]:
    """Bounds of |z_k . delta|: the other tokens through a_i, the receiver itself."""
    if moves.are_joint:
        length = square(vector_norm(data.query))
        return [
            moves.radius * root(length * _squares(data, k) + square(vector_norm(own)))
            for k, own in enumerate(data.turned)
        ]
    far = _without_own(data, data.moved)
    return [
        size + moves.support(data.token, own)
        for size, own in zip(_centred(data, far), data.turned, strict=True)
    ]


def quadratic_moves(data: RowData, moves: Moves) -> list[arb]:
    """Bounds of |d_i^T A (d_k - sum_l p_l d_l)|."""
    if not moves.are_joint:
        return _centred(data, data.forms)
    found = []
    for k, (form, part) in enumerate(zip(data.forms, data.own_part, strict=True)):
        own = abs(part)
        found.append(form * (own + root(_squares(data, k) + own * own)) / 2)
    return found


def square(x: arb) -> arb:
    """The square of a ball, never below 0 by more than its rounding."""
    # The power of a ball that touches negative numbers is not a number in Arb.
    return x * x
