r"""A head of attention at the centre, as theorem `attention-pencil` reads it.

With $A = sW_QW_K^{\mathsf T}$ and $M = W_VW_O$: $a_i = A^{\mathsf T}x_i + sW_Kb_Q$,
$b_k = Ax_k$, $y_{ik} = M^{\mathsf T}(x_k - \sum_l p_{il}x_l)$, $\tilde b_{ik} = b_k -
\sum_l p_{il}b_l$.  Everything is enclosed in balls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import largest
from stabcheck.checker.fields.attention import attention_weights, head_state
from stabcheck.checker.pencil.domain import Moves
from stabcheck.checker.pencil.logits import RowData, apart, chords_of
from stabcheck.checker.pencil.rows import Row, row_bounds

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Lines = list[list[arb]]


@dataclass(frozen=True)
class PencilHead:
    """One head: matrices (d, d), weights (n, n), rows (n, d), differences (n, n, d)."""

    form: arb_mat
    through: arb_mat
    weight: arb_mat
    query: Lines
    value: list[Lines]
    key: list[Lines]
    plain_key: Lines
    admissible: list[list[int]]


def pencil_heads(ctx: Context, index: int, centre: str) -> list[PencilHead]:
    """Enclose every head of a field at a state; the last is kept for all quantities."""
    wanted = (index, centre)
    latest, found = ctx.cache.get("pencil-heads", (None, []))
    if latest == wanted:
        return found
    field, weights = ctx.field(index), attention_weights(ctx, index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    found = []
    for head in weights.heads:
        at = head_state(weights, head, state)
        keys = at.key * head.query.transpose() * weights.scale
        values = at.value * head.output
        found.append(
            PencilHead(
                form=head.query * head.key.transpose() * weights.scale,
                through=head.value * head.output,
                weight=at.weight,
                query=(at.query * head.key.transpose() * weights.scale).tolist(),
                value=_centred(at.weight, values),
                key=_centred(at.weight, keys),
                plain_key=keys.tolist(),
                admissible=weights.admissible,
            )
        )
    ctx.cache["pencil-heads"] = wanted, found
    return found


def _centred(weight: arb_mat, rows: arb_mat) -> list[Lines]:
    """Rows less their mean under the weights of every token."""
    means = (weight * rows).tolist()
    lines = rows.tolist()
    return [
        [[x - m for x, m in zip(line, mean, strict=True)] for line in lines]
        for mean in means
    ]


def head_rows(
    head: PencilHead, moves: Moves, norm: arb, steepness: list[arb]
) -> list[Row]:
    """Bound every softmax row of a head; `norm` bounds that of its form."""
    forms = moves.forms(head.form, norm)
    distances = None if moves.are_joint else _Distances(head, moves)
    rows = []
    for token in range(head.weight.nrows()):
        data = _row_data(head, token, moves, forms[token], steepness[token])
        if distances is not None:
            half_range = _half_range(head, data, moves, distances.of(token))
            data = replace(data, half_range=half_range)
        rows.append(row_bounds(data, moves))
    return rows


def _row_data(
    head: PencilHead, token: int, moves: Moves, forms: list[arb], steepness: arb
) -> RowData:
    keys = head.admissible[token]
    own = keys.index(token) if token in keys else None
    own_part = [
        arb(0) if own is None else int(k == token) - head.weight[token, token]
        for k in keys
    ]
    query = head.query[token]
    turned = [
        [b + c * a for b, a in zip(head.key[token][k], query, strict=True)]
        for k, c in zip(keys, own_part, strict=True)
    ]
    return RowData(
        token=token,
        weight=[head.weight[token, k] for k in keys],
        own=own,
        query=query,
        own_part=own_part,
        turned=turned,
        keys=[head.key[token][k] for k in keys],
        moved=[moves.support(k, query) for k in keys],
        forms=[forms[k] for k in keys],
        chords=(
            chords_of(head.form, query, token, keys, moves)
            if moves.is_by_entry
            else None
        ),
        half_range=arb(0),
        steepness=steepness,
    )


class _Distances:
    """The supports of b_k - b_l by the moves of a token, for l < k."""

    def __init__(self, head: PencilHead, moves: Moves) -> None:
        self.moves = moves
        self.gaps = [
            [
                [a - b for a, b in zip(line, other, strict=True)]
                for other in head.plain_key[:k]
            ]
            for k, line in enumerate(head.plain_key)
        ]
        self.latest: tuple[int, list[list[arb]]] | None = None

    def of(self, token: int) -> list[list[arb]]:
        """Line k holds those of the tokens before k."""
        radii = self.moves.radii
        # One table serves all tokens that move alike, as in a box of one radius.
        if self.latest is None or radii[self.latest[0]] != radii[token]:
            table = [
                [self.moves.support(token, gap) for gap in line] for line in self.gaps
            ]
            self.latest = token, table
        return self.latest[1]


def _half_range(
    head: PencilHead, data: RowData, moves: Moves, distances: list[list[arb]]
) -> arb:
    """Half of how far the changes of two logits of a row can part."""
    keys, token = head.admissible[data.token], data.token
    far = [
        form if k == token else most
        for k, most, form in zip(keys, apart(data, moves), data.forms, strict=True)
    ]
    ranges = [arb(0)]
    for place, k in enumerate(keys):
        for before, other in enumerate(keys[:place]):
            if token in (k, other):
                free = other if k == token else k
                difference = [
                    a + own - b
                    for own, a, b in zip(
                        head.plain_key[token],
                        data.query,
                        head.plain_key[free],
                        strict=True,
                    )
                ]
                near = moves.support(token, difference)
            else:
                near = distances[k][other]
            ranges.append(near + far[place] + far[before])
    return largest(ranges) / 2
