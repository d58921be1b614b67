r"""The Jacobian of a range of maps at a state: theorem `depth-point`.

The trajectory is enclosed in balls from the stored first state; each map contributes
$I + hJ$ (forward Euler) or the Jacobian of a normalisation at its enclosed input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import flint
from flint import arb, arb_mat

from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.float64.chain import chain_product
from stabcheck.checker.float64.jacobian import branch_jacobian, field_jacobian
from stabcheck.checker.float64.norm_ball import NormBall, identity_plus
from stabcheck.checker.trajectory import along_maps, map_shape

if TYPE_CHECKING:
    from fractions import Fraction

PRECISIONS = (256, 512, 1024, 2048)
"""Balls widen from map to map by norms of absolute values: 40 bits a real layer."""
WIDEST = arb((1, -80))
"""States are at least this narrow, so that the widths of weights p are rounding."""


class _TooWide(Exception):
    """A state is enclosed too widely: start again with more bits."""


def range_jacobian(ctx: Context, first: int, last: int, centre: str) -> NormBall:
    """Enclose the Jacobian of the maps [first, last) at a stored state.

    **Raises:** `ClaimUndecided` if the trajectory is too wide at every precision.
    """
    for index in range(first, last):
        _check_map(ctx, index)
    for bits in PRECISIONS:
        try:
            with flint.ctx.workprec(max(bits, flint.ctx.prec)):
                state = ctx.arb_matrix(centre, *map_shape(ctx, ctx.maps[first]))
                return chain_product(_factors(ctx, first, last, state))
        except _TooWide:
            continue
    raise ClaimUndecided(
        f"the states between the maps [{first}, {last}) are not enclosed narrowly "
        f"enough with {PRECISIONS[-1]} bits"
    )


def _check_map(ctx: Context, index: int) -> None:
    record = ctx.maps[index]
    if record["kind"] == "normalise":
        return
    tableau = ctx.integrator(record["integrator"])
    if tableau["A"] != [[0]] or tableau["b"] != [1]:
        raise ClaimRejected(
            f"map {index} is a step of {tableau['name']!r}: this theorem holds for "
            "forward Euler steps and normalisations"
        )


def _factors(
    ctx: Context, first: int, last: int, state: arb_mat
) -> Iterator[NormBall]:
    for index in range(first, last):
        # A cache for each map: what its weights take in memory is released.
        local = Context(ctx.document, ctx.tensors)
        if any(entry.rad() > WIDEST for entry in state.entries()):
            raise _TooWide
        yield map_jacobian(local, index, state)
        if index + 1 < last:
            state, _ = along_maps(local, [index, index + 1], state)


def map_jacobian(ctx: Context, index: int, state: arb_mat) -> NormBall:
    """Enclose the Jacobian of one map at an enclosed state."""
    record = ctx.maps[index]
    if record["kind"] == "normalise":
        return field_jacobian(ctx, record["field"], state)
    size: Fraction = record["size"]
    return identity_plus(size, branch_jacobian(ctx, record["branch"], state))
