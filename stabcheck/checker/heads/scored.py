r"""A head with turned or capped scores in a tube, from its values at the centre.

With turned queries $q_i$ and keys $k_j$ (biases in), scores $u_{ij} = s\,q_i\cdot k_j$
and the slopes $t_{ij}$ of the cap at them, let every token move by at most
$\epsilon$.  A score moves by at most $\eta_{ij} = \epsilon s(|W_QR_i^{\mathsf T}k_j| +
|W_KR_j^{\mathsf T}q_i|) + \epsilon^2s\lVert W_Q\rVert\lVert W_K\rVert$; without a cap,
up to a constant of the row, with $k_j$ less the mean of the row.  A capped logit moves
by at most the larger of $|\phi(u \pm \eta) - \phi(u)|$, called $m$ here, and its slope
by at most $(m/c)(2|\tanh(u/c)| + m/c)$, because $t = 1 - \tanh^2$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import root, vector_norm
from stabcheck.checker.fields.attention import Head, attention_weights
from stabcheck.checker.fields.rotary import Turns
from stabcheck.checker.fields.scored_attention import (
    ScoredHead,
    cap_of,
    scaled_rows,
    scored_head,
    scored_turns,
    turned_back,
)
from stabcheck.checker.heads.local import (
    HeadNorms,
    HeadTube,
    deviation,
    head_norms,
    moved_weights,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["ScoredCentre", "ScoredTube", "scored_centres", "scored_tube"]

Table = list[list[arb]]


@dataclass(frozen=True)
class ScoredCentre:
    """A head at a centre: weights p, slopes t, deviations, and how fast scores move.

    `first` and `second` bound a score's move, $\\epsilon$ first + $\\epsilon^2$ second.
    """

    norms: HeadNorms
    scale: arb
    cap: arb | None
    admissible: list[list[int]]
    at: ScoredHead
    weight: Table
    key_length: list[arb]
    value_deviation: list[arb]
    key_deviation: list[arb]
    first: Table
    second: arb


@dataclass(frozen=True)
class ScoredTube:
    """A head in a tube: its weights, and the slopes of the cap with their changes."""

    weights: HeadTube
    slope: Table
    turn: Table


def _row_norms(rows: arb_mat, matrix: arb_mat) -> list[arb]:
    r"""Enclose $|W z_j|$ for the rows z_j of a table."""
    form = (rows * (matrix.transpose() * matrix)) * rows.transpose()
    return [root(form[j, j]) for j in range(rows.nrows())]


def _first_moves(head: Head, at: ScoredHead, turns: Turns | None, cap: arb | None):
    """Enclose |W_Q R_i^T k_j| + |W_K R_j^T q_i| for all i and j."""
    tokens = at.key.nrows()
    by_query = []
    for i in range(tokens):
        rows = at.key
        if cap is None:
            mean = arb_mat([at.weight.tolist()[i]]) * rows
            rows = rows - arb_mat(tokens, 1, [arb(1)] * tokens) * mean
        by_query.append(_row_norms(turned_back(turns, rows, i), head.query))
    by_key = [
        _row_norms(turned_back(turns, at.query, j), head.key) for j in range(tokens)
    ]
    return [
        [by_query[i][j] + by_key[j][i] for j in range(tokens)] for i in range(tokens)
    ]


def _centre(ctx: Context, index: int, number: int, state: arb_mat) -> ScoredCentre:
    weights, turns = attention_weights(ctx, index), scored_turns(ctx, index)
    head, norms = weights.heads[number], head_norms(ctx, index, number)
    cap = cap_of(ctx.field(index))
    at = scored_head(ctx, index, head, state)
    scale, keys_of = abs(weights.scale), weights.admissible
    # The norm of W_Q W_K^T itself holds only where nothing turns between them.
    product = norms.form if turns is None else scale * norms.query * norms.key
    return ScoredCentre(
        norms=norms,
        scale=scale,
        cap=cap,
        admissible=keys_of,
        at=at,
        weight=at.weight.tolist(),
        key_length=[vector_norm(row) for row in at.key.tolist()],
        value_deviation=[
            deviation(at.weight, at.value, i, keys) for i, keys in enumerate(keys_of)
        ],
        key_deviation=[
            scale * deviation(at.weight, scaled_rows(at.key, at.slope[i]), i, keys)
            for i, keys in enumerate(keys_of)
        ],
        first=[
            [scale * entry for entry in row]
            for row in _first_moves(head, at, turns, cap)
        ],
        second=product,
    )


def scored_centres(ctx: Context, index: int, centre: str) -> list[ScoredCentre]:
    """Enclose every head of field `index` at the centre array."""
    key = ("scored-centres", index, centre)
    if key not in ctx.cache:
        field = ctx.field(index)
        state = ctx.arb_matrix(centre, field["tokens"], field["features"])
        ctx.cache[key] = [_centre(ctx, index, h, state) for h in range(field["heads"])]
    return ctx.cache[key]


def _capped_move(logit: arb, move: arb, cap: arb) -> arb:
    """Bound how far the cap of a score moves when the score moves by `move`."""
    u, reach = logit / cap, move / cap
    if reach < 1:
        # As a quotient of hyperbolic functions the difference does not cancel.
        ends = ((u + reach).cosh(), (u - reach).cosh())
        return cap * reach.sinh() / u.cosh() / ends[0].min(ends[1])
    ends = ((u + reach).tanh() - u.tanh(), u.tanh() - (u - reach).tanh())
    return cap * ends[0].max(ends[1])


def scored_tube(head: ScoredCentre, radius: arb) -> ScoredTube:
    """Bound a head's weights and slopes over the tube of the given radius."""
    at, cap, tokens = head.at, head.cap, len(head.weight)
    moves: list[dict[int, arb]] = []
    slope, turn = at.slope, [[arb(0)] * tokens for _ in range(tokens)]
    if cap is not None:
        slope = [[arb(0)] * tokens for _ in range(tokens)]
    for i, keys in enumerate(head.admissible):
        row = {}
        for j in keys:
            row[j] = radius * head.first[i][j] + radius * radius * head.second
            if cap is not None:
                u = at.logit[i][j]
                row[j] = _capped_move(u, row[j], cap)
                share = row[j] / cap
                moved = share * (2 * abs((u / cap).tanh()) + share)
                turn[i][j] = moved.min(arb(1))
                slope[i][j] = (at.slope[i][j] + moved).min(arb(1))
        moves.append(row)
    return ScoredTube(moved_weights(head.weight, moves), slope, turn)
