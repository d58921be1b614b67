r"""A head of attention at the centre, as theorem `attention-pencil` reads it.

With $A = sW_QW_K^{\mathsf T}$ and $M = W_VW_O$: $a_i = A^{\mathsf T}x_i + sW_Kb_Q$,
$b_k = Ax_k$, $y_{ik} = M^{\mathsf T}(x_k - \sum_l p_{il}x_l)$, $\tilde b_{ik} = b_k -
\sum_l p_{il}b_l$.  Everything is enclosed in balls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.attention import attention_weights, head_state
from stabcheck.checker.balls import largest
from stabcheck.checker.pencil_domain import Moves
from stabcheck.checker.pencil_rows import Row, RowData, row_bounds

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
    """Enclose every head of a field at a state; kept for all quantities."""
    cached = ctx.cache.get(("pencil-heads", index, centre))
    if cached is not None:
        return cached
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
    ctx.cache[("pencil-heads", index, centre)] = found
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
    form = moves.form(head.form.entries(), norm)
    distances = _distances(head, moves)
    return [
        row_bounds(
            _row_data(head, token, moves, form, norm, distances, steepness[token]),
            moves,
        )
        for token in range(head.weight.nrows())
    ]


def _row_data(
    head: PencilHead,
    token: int,
    moves: Moves,
    form: arb,
    norm: arb,
    distances: Lines | None,
    steepness: arb,
) -> RowData:
    keys = head.admissible[token]
    own = keys.index(token) if token in keys else None
    weight = [head.weight[token, k] for k in keys]
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
        weight=weight,
        own=own,
        query=query,
        own_part=own_part,
        turned=turned,
        keys=[head.key[token][k] for k in keys],
        half_range=arb(0)
        if distances is None
        else _half_range(head, token, moves, distances) + form,
        form=form,
        norm=norm,
        steepness=steepness,
    )


def _distances(head: PencilHead, moves: Moves) -> Lines | None:
    """The supports of b_k - b_l; joint domains do without them."""
    if moves.are_joint:
        return None
    tokens = range(len(head.plain_key))
    found = [[arb(0)] * len(head.plain_key) for _ in tokens]
    for k in tokens:
        for other in range(k):
            difference = [
                a - b
                for a, b in zip(head.plain_key[k], head.plain_key[other], strict=True)
            ]
            found[k][other] = found[other][k] = moves.support(difference)
    return found


def _half_range(head: PencilHead, token: int, moves: Moves, distances: Lines) -> arb:
    """Half of how far the linear parts of two logits of a row can part."""
    keys = head.admissible[token]
    query = head.query[token]
    through = moves.support(query)
    ranges = [arb(0)]
    for place, k in enumerate(keys):
        for other in keys[:place]:
            if token in (k, other):
                free = other if k == token else k
                difference = [
                    a + own - b
                    for own, a, b in zip(
                        head.plain_key[token],
                        query,
                        head.plain_key[free],
                        strict=True,
                    )
                ]
                ranges.append(moves.support(difference) + through)
            else:
                ranges.append(distances[k][other] + 2 * through)
    return largest(ranges) / 2
