r"""Rule for the mixed norm of one attention field over a tube, row by row.

With $|v_j| \le 1$, token $i$ of $J'v$ is, head by head, at most $\sqrt{\lVert
U\rVert^2 + (F_i \hat a_i)^2} + F_i T_i$: the mean $e = |E_i v|$ leaves $\sqrt{1 - e^2}$
for the deviation of $a_i\cdot v$.  $F_i$ and $T_i$ bound the deviations of $U x$ and
$A x$ under any weights below $\bar p_i$, and $\hat a_i$ the slope of the logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import (
    ball,
    gram_bound,
    largest,
    root,
    vector_norm,
)
from stabcheck.checker.heads.ball import output_norm, through_norm
from stabcheck.checker.heads.local import LocalHead, local_heads
from stabcheck.checker.heads.tube import FormHead, form_heads
from stabcheck.checker.hypotheses import (
    decide_at_most,
    no_premises,
    quantity_of,
    single_field,
    tube_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _rooted(weights: list[arb], rows: arb_mat) -> arb_mat:
    """Rows times the square roots of their weights."""
    roots = [root(weight) for weight in weights]
    return arb_mat(
        [
            [scale * entry for entry in row]
            for scale, row in zip(roots, rows.tolist(), strict=True)
        ]
    )


def _row(
    local: LocalHead, part: FormHead, through: arb, radius: arb, token: int
) -> tuple[arb, arb]:
    """What one head adds to a token: behind its output matrix, and before it."""
    moved = radius * local.norms.form
    values = _rooted(part.upper[token], part.values[token])
    keys = _rooted(part.upper[token], part.keys[token])
    turned = local.scale * gram_bound(keys * part.head.query.transpose()) + moved
    slope = local.query_slope[token] + moved

    def term(norm: arb, deviations: arb_mat) -> arb:
        reach = gram_bound(deviations) + radius * norm
        return root(norm * norm + (reach * slope) ** 2) + reach * turned

    return term(through, values * part.head.output), term(local.norms.value, values)


@rule("attention-mixed-norm-tube")
def attention_mixed_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the tube of the mixed norm of the Jacobian."""
    no_premises(premises)
    quantity_of(claim, ["mixed-norm"])
    index = single_field(ctx, claim, ["attention"])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    locals_ = local_heads(ctx, index, centre)
    parts = form_heads(ctx, index, centre, radius)
    rows = []
    for token in range(ctx.field(index)["tokens"]):
        pairs = [
            _row(local, part, through_norm(ctx, index, h), ball(radius), token)
            for h, (local, part) in enumerate(zip(locals_, parts, strict=True))
        ]
        summed = sum((behind for behind, _ in pairs), arb(0))
        joined = vector_norm([before for _, before in pairs])
        rows.append(summed.min(output_norm(ctx, index) * joined))
    decide_at_most(largest(rows), claim["bound"], "the mixed norm on the tube")
