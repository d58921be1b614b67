"""Rules for whole stacks over input tubes, in the float64 tier."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.trajectory import map_shape
from stabcheck.checker.float64.deep.curvature import Curvature, curvature_of
from stabcheck.checker.float64.deep.inverse import inverse_over_tube
from stabcheck.checker.float64.deep.propagators import Along, along
from stabcheck.checker.float64.deep.tube import (
    Recursion,
    growth_over_tube,
    recursion,
)
from stabcheck.checker.float64.guard import check_rows, verified_arithmetic
from stabcheck.checker.float64.midpoint_radius import float_at_least
from stabcheck.checker.hypotheses import float_text, maps_of, no_premises, quantity_of
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _tube(ctx: Context, claim: dict, first: int) -> tuple[str, np.ndarray]:
    """Centre and radii `(n,)` of the claim's domain, the radii rounded up."""
    domain = ctx.domain(claim["domain"])
    if domain["kind"] not in ("point", "tube", "tubes"):
        raise ClaimRejected(
            "this theorem holds on a tube round a state, the domain is a "
            f"{domain['kind']}"
        )
    shape = map_shape(ctx, ctx.maps[first])
    found = tuple(ctx.tensor(domain["centre"]).shape)
    if found != shape:
        raise ClaimRejected(f"the state has the shape {found}, not {shape}")
    if domain["kind"] == "tubes":
        return domain["centre"], ctx.array(domain["radii"]).astype(np.float64)
    radius = float_at_least(domain.get("radius", Fraction(0)))
    return domain["centre"], np.full(shape[0], radius)


def _path(ctx: Context, first: int, last: int, centre: str) -> Along:
    """The linearised maps, kept for the claims on other radii."""
    key = ("deep-path", first, last, centre)
    if key not in ctx.cache:
        tokens, features = map_shape(ctx, ctx.maps[first])
        check_rows(tokens * features)
        ctx.cache[key] = along(ctx, first, last, centre)
    return ctx.cache[key]


def _curvature(ctx: Context, first: int, last: int, centre: str) -> Curvature:
    key = ("deep-curvature", first, last, centre)
    if key not in ctx.cache:
        ctx.cache[key] = curvature_of(_path(ctx, first, last, centre))
    return ctx.cache[key]


def _recursion(
    ctx: Context, first: int, last: int, tube: tuple[str, np.ndarray], *, tensors: bool
) -> Recursion:
    """The bounds along the depth, kept for the other quantity on the same tube."""
    centre, radii = tube
    key = ("deep-tube", first, last, centre, radii.tobytes(), tensors)
    if key not in ctx.cache:
        path = _path(ctx, first, last, centre)
        curved = _curvature(ctx, first, last, centre) if tensors else None
        ctx.cache[key] = recursion(path, curved, radii)
    return ctx.cache[key]


def _check(
    ctx: Context, claim: dict, premises: list[dict], quantity: str, *, tensors: bool
) -> None:
    no_premises(premises)
    quantity_of(claim, [quantity])
    first, last = maps_of(claim)
    tube = _tube(ctx, claim, first)
    with verified_arithmetic():
        state = _recursion(ctx, first, last, tube, tensors=tensors)
        if quantity == "growth":
            found = growth_over_tube(state)
            holds, side = found <= claim["bound"], "most"
        else:
            inverse = inverse_over_tube(state)
            found, side = 1 / inverse, "least"
            holds = claim["bound"] <= 0 or Fraction(inverse) * claim["bound"] <= 1
    if not holds:
        raise ClaimRejected(
            f"a {quantity} of at {side} {float_text(claim['bound'])} over the tube is "
            f"not proved; {found:.9g} is"
        )


@rule("depth-tube-first-order")
def depth_tube_first_order(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the growth over a tube, exact at the first order in the input."""
    _check(ctx, claim, premises, "growth", tensors=True)


@rule("depth-tube-coupled")
def depth_tube_coupled(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the growth over a tube without any second derivative."""
    _check(ctx, claim, premises, "growth", tensors=False)


@rule("depth-tube-inverse")
def depth_tube_inverse(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the shrink over a tube, exact at the first order in the input."""
    _check(ctx, claim, premises, "shrink", tensors=True)


@rule("depth-tube-inverse-coupled")
def depth_tube_inverse_coupled(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the shrink over a tube without any second derivative."""
    _check(ctx, claim, premises, "shrink", tensors=False)
