r"""Rules for a branch behind a normalisation: $F \circ N$ on a tube.

$N$ maps the tube of radius $\epsilon$ round $X$ into the tube round $Y$ of radius
$\max_i |N(x_i) - y_i| + \lVert DN\rVert\,\epsilon$, token by token; there $F$ is
bounded.  The centre $Y$ of that tube is stored, rounded; it is not $N(X)$.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import ball, largest, vector_norm
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.token_wise import NORMS
from stabcheck.checker.fields.trajectory import branch_value
from stabcheck.checker.hypotheses import branch_of, decide_at_most, quantity_of
from stabcheck.checker.premises import (
    Tube,
    check_covers,
    check_premise,
    check_quantities,
    tube_at,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")


def _pre_norm(ctx: Context, claim: dict) -> tuple[int, int]:
    """Return the norm and the field of a branch of these two."""
    branch = branch_of(claim)
    kinds = [ctx.field(index)["kind"] for index in branch]
    if len(kinds) != 2 or kinds[0] not in NORMS:
        raise ClaimRejected(
            f"this theorem holds for a norm and one field behind it, not for {kinds}"
        )
    return branch[0], branch[1]


def _check_contained(
    ctx: Context, norm: int, outer: Tube, norm_bound: dict, inner: Tube
) -> None:
    """Decide that the norm maps the outer tube into the inner one."""
    field = ctx.field(norm)
    image = branch_value(ctx, [norm], outer.centre)
    centre = ctx.arb_matrix(inner.centre, field["tokens"], field["features"])
    offset = largest(vector_norm(row) for row in (image - centre).tolist())
    reach = offset + ball(norm_bound["bound"] * outer.radius)
    decide_at_most(
        reach, inner.radius, "what a normalised token moves from the inner centre"
    )


@rule("pre-norm-block")
def pre_norm_block(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the product of the norms; a logarithmic norm is at most the norm."""
    quantity = quantity_of(claim, QUANTITIES)
    norm, field = _pre_norm(ctx, claim)
    outer = tube_at(ctx, claim, norm)
    check_quantities(premises, [["spectral-norm", "spectral-norm"]])
    norm_bound, field_bound = premises
    check_premise(norm_bound, {"branch": [norm]})
    check_covers(tube_at(ctx, norm_bound, norm), outer, "the claim's tube")
    check_premise(field_bound, {"branch": [field]})
    _check_contained(ctx, norm, outer, norm_bound, tube_at(ctx, field_bound, field))
    product = norm_bound["bound"] * field_bound["bound"]
    if quantity == "log-norm-lower":
        holds = claim["bound"] <= -product
    else:
        holds = claim["bound"] >= product
    if not holds:
        raise ClaimRejected("the bound is stronger than the product of the norms gives")


@rule("pre-norm-deviation")
def pre_norm_deviation(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $2\Delta_F\lVert DN\rVert + \lVert J_F\rVert\Delta_N$.

    $J_F(N')DN' - J_F(N)DN = [J_F(N') - J_F(N)]DN' + J_F(N)[DN' - DN]$; both $N'$ and
    $N$ lie in the inner tube, whose centre is neither: hence twice $\Delta_F$.
    """
    quantity_of(claim, ["jacobian-deviation"])
    norm, field = _pre_norm(ctx, claim)
    outer = tube_at(ctx, claim, norm)
    expected = ["spectral-norm", "jacobian-deviation"]
    check_quantities(premises, [expected * 2])
    for premise in premises[:2]:
        check_premise(premise, {"branch": [norm]})
        check_covers(tube_at(ctx, premise, norm), outer, "the claim's tube")
    for premise in premises[2:]:
        check_premise(premise, {"branch": [field]})
        inner = tube_at(ctx, premise, field)
        _check_contained(ctx, norm, outer, premises[0], inner)
    norm_norm, norm_moves, field_norm, field_moves = (p["bound"] for p in premises)
    if claim["bound"] < 2 * field_moves * norm_norm + field_norm * norm_moves:
        raise ClaimRejected(
            "the bound is stronger than the norms and deviations of the parts give"
        )
