r"""A bound that factors over the heads: parts of every head, norms of the weights.

Where head $h$ before its output matrix is at most $a_h |z^V| + e_h |z^K| + d_h |z^Q|$
for a direction $w$ with $z^V = W_V^{\mathsf T} w$, $z^K$ and $z^Q$ alike (turned by
positions or not: turns are orthogonal), it is at most $\omega_h$ times the norm of
$(\nu_h z^V, \kappa_h z^K, \theta_h z^Q)$ with $\omega_h^2 = (a_h/\nu_h)^2 +
(e_h/\kappa_h)^2 + (d_h/\theta_h)^2$.  For any $r_h > 0$ the whole field is then at most

$$\max_h (\omega_h/r_h)\ \lVert \operatorname{diag}(r) W_O\rVert\
\lVert [\nu_h W_V^h \mid \kappa_h W_K^h \mid \theta_h W_Q^h]_h\rVert .$$
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import (
    ball,
    largest,
    spectral_norm,
    vector_norm,
)
from stabcheck.checker.fields.attention import attention_weights
from stabcheck.checker.hypotheses import (
    decide_at_most,
    no_premises,
    positive_parameters,
    quantity_of,
    single_field,
    tube_of,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["Parts", "decide_head_factored"]

Parts = tuple[arb, arb, arb]


def _output_norm(ctx: Context, index: int, weights: list[Fraction]) -> arb:
    """Bound the norm of the output matrix, head blocks of rows scaled."""
    field = attention_weights(ctx, index)
    if field.output_is_identity:
        return ball(max(weights))
    key = ("scaled-output-norm", index, tuple(weights))
    if key not in ctx.cache:
        rows = []
        for head, weight in zip(field.heads, weights, strict=True):
            rows.extend((head.output * ball(weight)).tolist())
        ctx.cache[key] = spectral_norm(arb_mat(rows))
    return ctx.cache[key]


def _input_norm(ctx: Context, index: int, weights: list[list[Fraction]]) -> arb:
    """Bound the norm of all value, key and query matrices side by side, scaled."""
    key = ("scaled-input-norm", index, tuple(map(tuple, weights)))
    if key not in ctx.cache:
        blocks = []
        for head, value, query_key, query in zip(
            attention_weights(ctx, index).heads, *weights, strict=True
        ):
            blocks.append((head.value * ball(value)).tolist())
            blocks.append((head.key * ball(query_key)).tolist())
            blocks.append((head.query * ball(query)).tolist())
        rows = [
            [entry for row in parts for entry in row]
            for parts in zip(*blocks, strict=True)
        ]
        ctx.cache[key] = spectral_norm(arb_mat(rows))
    return ctx.cache[key]


def decide_head_factored(
    ctx: Context,
    claim: dict,
    premises: list[dict],
    quantity: str,
    kind: str,
    parts_of: Callable[[int, str, arb], Sequence[Parts]],
) -> None:
    """Compare a claim about one field on a tube with the bound.

    **Arguments:** `parts_of`, from the field, the name of the tube's centre and its
    radius to the parts a, e, d of every head.
    """
    no_premises(premises)
    quantity_of(claim, [quantity])
    index = single_field(ctx, claim, [kind])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    parts = parts_of(index, centre, ball(radius))
    output, *inner = (
        positive_parameters(claim, name, len(parts))
        for name in ("output", "value", "key", "query")
    )
    worst = []
    for h, own in enumerate(parts):
        weighted = [
            part / ball(weights[h]) for part, weights in zip(own, inner, strict=True)
        ]
        worst.append(vector_norm(weighted) / ball(output[h]))
    value = largest(worst) * _output_norm(ctx, index, output)
    value = value * _input_norm(ctx, index, inner)
    decide_at_most(value, claim["bound"], "the head-factored bound")
