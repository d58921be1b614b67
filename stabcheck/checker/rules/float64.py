"""Rules decided in verified floating point: dense Jacobians at a point, the depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.trajectory import map_shape
from stabcheck.checker.float64.decide import decide
from stabcheck.checker.float64.depth import range_jacobian
from stabcheck.checker.float64.guard import verified_arithmetic
from stabcheck.checker.float64.jacobian import branch_jacobian
from stabcheck.checker.hypotheses import (
    branch_of,
    float64_only,
    maps_of,
    no_premises,
    quantity_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context
    from stabcheck.checker.float64.norm_ball import NormBall


def _centre(ctx: Context, claim: dict, shape: tuple[int, int]) -> str:
    domain = ctx.domain(claim["domain"])
    if domain["kind"] != "point":
        raise ClaimRejected(
            f"this theorem holds at a point, the domain is a {domain['kind']}"
        )
    found = tuple(ctx.tensor(domain["centre"]).shape)
    if found != shape:
        raise ClaimRejected(f"the state has the shape {found}, not {shape}")
    return domain["centre"]


def _branch_ball(ctx: Context, branch: list[int], centre: str) -> NormBall:
    """The Jacobian at a centre; the last one is kept for the other quantities."""
    wanted = (tuple(branch), centre)
    key, found = ctx.cache.get("float64-jacobian", (None, None))
    if key != wanted or found is None:
        field = ctx.field(branch[0])
        state = ctx.arb_matrix(centre, field["tokens"], field["features"])
        found = branch_jacobian(ctx, branch, state)
        ctx.cache["float64-jacobian"] = (wanted, found)
    return found


@rule("psd-floating-point-cholesky")
def psd_floating_point_cholesky(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check norm or logarithmic norm of a branch's Jacobian at a point."""
    float64_only(claim)
    no_premises(premises)
    quantity = quantity_of(claim, ["spectral-norm", "log-norm", "log-norm-lower"])
    branch = branch_of(claim)
    field = ctx.field(branch[0])
    centre = _centre(ctx, claim, (field["tokens"], field["features"]))
    with verified_arithmetic():
        jacobian = _branch_ball(ctx, branch, centre)
        decide(jacobian, quantity, claim["bound"], "the Jacobian of the branch")


@rule("depth-point")
def depth_point(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check growth or shrink of a range of maps at a point."""
    float64_only(claim)
    no_premises(premises)
    quantity = quantity_of(claim, ["growth", "shrink"])
    first, last = maps_of(claim)
    centre = _centre(ctx, claim, map_shape(ctx, ctx.maps[first]))
    with verified_arithmetic():
        jacobian = range_jacobian(ctx, first, last, centre)
        decide(jacobian, quantity, claim["bound"], f"the maps [{first}, {last})")
