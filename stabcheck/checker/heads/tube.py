r"""An attention head in a tube: its weights enclosed, its centre, what moves.

The deviations of values and keys are taken about the mean of each row of weights at the
centre.  Within the radius $\epsilon$ a token's value moves along $z^O$ by at most
$\epsilon|W_V z^O|$, its logit along $z^K$ by $\epsilon s|W_Q z^K|$ and along $z^Q$ by
$\epsilon s|W_K z^Q|$.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.fields.attention import Head, attention_weights, head_state
from stabcheck.checker.heads.local import head_grams, head_tube, local_heads

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["FormHead", "form_heads"]

Table = list[list[arb]]


@dataclass(frozen=True)
class FormHead:
    """A head in a tube: weights m, e, p-bar, lD, and its centre.

    `values[i]`, `keys[i]` are the deviations about the mean of row i, `(n, k)`;
    `moves` are the Gram matrices of W_V, W_Q, W_K times the squared moves.
    """

    head: Head
    scale: arb
    middle: Table
    half: Table
    upper: Table
    turn: Table
    query: arb_mat
    values: list[arb_mat]
    keys: list[arb_mat]
    moves: tuple[arb_mat, arb_mat, arb_mat]


def form_heads(
    ctx: Context, index: int, centre: str, radius: Fraction
) -> list[FormHead]:
    """Enclose every head of a field over a tube; kept for both signs."""
    cached = ctx.cache.get("form-heads")
    if cached is not None and cached[0] == (index, centre, radius):
        return cached[1]
    field, weights = ctx.field(index), attention_weights(ctx, index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    found = []
    for h, (local, head) in enumerate(
        zip(local_heads(ctx, index, centre), weights.heads, strict=True)
    ):
        grams = head_grams(ctx, index, h)
        tube = head_tube(local, ball(radius))
        at = head_state(weights, head, state)
        square = ball(radius * radius)
        scaled = square * weights.scale * weights.scale
        found.append(
            FormHead(
                head=head,
                scale=weights.scale,
                middle=_zipped(tube.upper, tube.lower, lambda a, b: (a + b) / 2),
                half=_zipped(tube.upper, tube.lower, lambda a, b: (a - b) / 2),
                upper=tube.upper,
                turn=[
                    [sum(row, arb(0)) * entry for entry in row] for row in tube.change
                ],
                query=at.query,
                values=_deviations(at.value, at.weight),
                keys=_deviations(at.key, at.weight),
                moves=(
                    grams.value * square,
                    grams.query * scaled,
                    grams.key * scaled,
                ),
            )
        )
    ctx.cache["form-heads"] = ((index, centre, radius), found)
    return found


def _zipped(first: Table, second: Table, combine: Callable[[arb, arb], arb]) -> Table:
    return [
        [combine(a, b) for a, b in zip(left, right, strict=True)]
        for left, right in zip(first, second, strict=True)
    ]


def _deviations(rows: arb_mat, weight: arb_mat) -> list[arb_mat]:
    """Rows minus their mean under the weights of token i, for every i."""
    tokens = rows.nrows()
    means = weight * rows
    ones = arb_mat(tokens, 1, [arb(1)] * tokens)
    return [
        rows - ones * arb_mat(1, rows.ncols(), means.tolist()[i]) for i in range(tokens)
    ]
