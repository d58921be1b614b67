r"""The Jacobian of a range of maps at a state: theorem `depth-point`.

The trajectory is enclosed in balls from the stored first state; each map contributes
$I + hJ$ (forward Euler) or the Jacobian of a normalisation at its enclosed input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import flint
from flint import arb_mat

from stabcheck.checker.arithmetic.balls import ball, largest, power_of_two
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.branches import field_value, forward
from stabcheck.checker.fields.trajectory import map_shape
from stabcheck.checker.float64.chain import chain_product
from stabcheck.checker.float64.jacobian import branch_jacobian, field_jacobian
from stabcheck.checker.float64.norm_ball import NormBall, identity_plus, multiply

if TYPE_CHECKING:
    from fractions import Fraction

PRECISIONS = (256, 512, 1024, 2048)
"""Balls widen from map to map by norms of absolute values: 40 bits a real layer."""
WIDTH_BITS = 80
"""States are enclosed to that many bits, far beyond the rounding to float64."""

NOTHING_BITS = 200
"""Nor more finely than this: a normalised state of one feature is zero."""


class _TooWide(Exception):
    """A state is enclosed too widely: start again with more bits."""


def range_jacobian(ctx: Context, first: int, last: int, centre: str) -> NormBall:
    """Enclose the Jacobian of the maps [first, last) at a stored state.

    **Raises:** `ClaimUndecided` if the trajectory is too wide at every precision.
    """
    for index in range(first, last):
        check_map(ctx, index)
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


def check_map(ctx: Context, index: int) -> None:
    """Refuse a map whose Jacobian is no closed form of its input."""
    record = ctx.maps[index]
    if record["kind"] == "normalise":
        return
    tableau = ctx.integrator(record["integrator"])
    if tableau["A"] != [[0]] or tableau["b"] != [1]:
        raise ClaimRejected(
            f"map {index} is a step of {tableau['name']!r}: this theorem holds for "
            "forward Euler steps and normalisations"
        )


def _factors(ctx: Context, first: int, last: int, state: arb_mat) -> Iterator[NormBall]:
    """The Jacobians of the maps, a normalisation joined to the map before it."""
    waiting: NormBall | None = None
    for index in range(first, last):
        # A cache for each map: what its weights take in memory is released.
        local = Context(ctx.document, ctx.tensors)
        _check_narrow(state)
        found = map_jacobian(local, index, state)
        joins = ctx.maps[index]["kind"] == "normalise"
        if waiting is not None and not joins:
            yield waiting
        waiting = multiply(found, waiting) if joins and waiting else found
        if index + 1 < last:
            state = next_state(local, index, state)
    if waiting is not None:
        yield waiting


def _check_narrow(state: arb_mat) -> None:
    entries = state.entries()
    widest = largest(abs(entry.mid()) for entry in entries) * power_of_two(-WIDTH_BITS)
    widest = widest + power_of_two(-NOTHING_BITS)
    if not all(entry.rad() <= widest for entry in entries):
        raise _TooWide


def next_state(ctx: Context, index: int, state: arb_mat) -> arb_mat:
    """Enclose a map, forward Euler or a normalisation, at an enclosed state."""
    record = ctx.maps[index]
    if record["kind"] == "normalise":
        return field_value(ctx, record["field"], state)
    return state + forward(ctx, record["branch"], state) * ball(record["size"])


def map_jacobian(ctx: Context, index: int, state: arb_mat) -> NormBall:
    """Enclose the Jacobian of one map at an enclosed state."""
    record = ctx.maps[index]
    if record["kind"] == "normalise":
        return field_jacobian(ctx, record["field"], state)
    size: Fraction = record["size"]
    return identity_plus(size, branch_jacobian(ctx, record["branch"], state))
