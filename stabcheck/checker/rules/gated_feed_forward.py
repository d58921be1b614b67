"""Rule for one gated feed-forward field on a tube: how far its Jacobian moves.

With the value at the centre (`spectral-norm-psd`, `log-norm-psd`) the theorem
`tube-from-centre` bounds norm and logarithmic norm over the tube.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.fields.gated_feed_forward import (
    KIND,
    gated_deviation_over_tube,
)
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


@rule("gated-feed-forward-deviation-tube")
def gated_feed_forward_deviation_tube(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check how far the Jacobian moves from the centre's over the tube."""
    no_premises(premises)
    quantity_of(claim, ["jacobian-deviation"])
    index = single_field(ctx, claim, [KIND])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    decide_at_most(
        gated_deviation_over_tube(ctx, index, centre, radius),
        claim["bound"],
        "the deviation over the tube",
    )
