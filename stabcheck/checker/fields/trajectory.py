r"""Steps and maps in balls: the next state, and the derivative carried forward.

An explicit step with tableau $(A, b)$ has $Y_i = X + h\sum_j a_{ij}F(Y_j)$ and ends
at $X + h\sum_i b_iF(Y_i)$; the derivative follows the same recursion.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import flint
from flint import arb_mat

from stabcheck.checker.arithmetic.balls import ball, largest, power_of_two
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.branches import field_value, forward, jvp

if TYPE_CHECKING:
    from stabcheck.checker.reading.archive import Tensor

__all__ = [
    "along_maps",
    "branch_value",
    "combined",
    "is_explicit",
    "map_shape",
    "same_state",
    "states_along",
    "step_forward",
]

PRECISION_FACTORS = (2, 4, 8)
ENOUGH_BITS = 60  # an attained value is claimed to nine digits, a defect to fewer

Pair = tuple[arb_mat, arb_mat | None]


def is_explicit(A: Sequence[Sequence[Fraction]]) -> bool:
    """Say whether a stage matrix is strictly lower triangular."""
    return not any(entry for i, row in enumerate(A) for entry in row[i:])


def same_state(first: Tensor, second: Tensor) -> bool:
    """Say whether two arrays hold the same numbers in the same shape."""
    return first.shape == second.shape and first.integers() == second.integers()


def branch_value(ctx: Context, branch: Sequence[int], centre: str) -> arb_mat:
    """Enclose a branch at a stored state; kept, because stages and steps share it."""
    key = ("branch-value", tuple(branch), centre)
    if key not in ctx.cache:
        field = ctx.field(branch[0])
        state = ctx.arb_matrix(centre, field["tokens"], field["features"])
        ctx.cache[key] = forward(ctx, branch, state)
    return ctx.cache[key]


def combined(
    start: arb_mat, size: Fraction, row: Sequence[Fraction], slopes: Sequence[arb_mat]
) -> arb_mat:
    """Enclose start + h sum_j a_j slope_j over the slopes that exist so far."""
    for weight, slope in zip(row, slopes, strict=False):
        if weight:
            start = start + slope * ball(size * weight)
    return start


def step_forward(
    ctx: Context, step: dict, state: arb_mat, direction: arb_mat | None = None
) -> Pair:
    """Enclose one explicit step and, for a direction, its derivative.

    **Raises:** `ClaimRejected` for an implicit method: its stages are no closed form.
    """
    tableau, size = ctx.integrator(step["integrator"]), step["size"]
    if not is_explicit(tableau["A"]):
        raise ClaimRejected(
            f"the state behind a step of {tableau['name']!r} is not enclosed: "
            "the method is implicit"
        )
    slopes: list[arb_mat] = []
    turns: list[arb_mat] = []
    for row in tableau["A"]:
        stage = combined(state, size, row, slopes)
        slopes.append(forward(ctx, step["branch"], stage))
        if direction is not None:
            turn = combined(direction, size, row, turns)
            turns.append(jvp(ctx, step["branch"], stage, turn))
    if direction is not None:
        direction = combined(direction, size, tableau["b"], turns)
    return combined(state, size, tableau["b"], slopes), direction


def _map_forward(
    ctx: Context, record: dict, state: arb_mat, direction: arb_mat | None
) -> Pair:
    if record["kind"] == "residual":
        return step_forward(ctx, record, state, direction)
    index = record["field"]
    if direction is not None:
        direction = jvp(ctx, [index], state, direction)
    return field_value(ctx, index, state), direction


def map_shape(ctx: Context, record: dict) -> tuple[int, int]:
    """Return the shape (n, d) of the states that a map acts on."""
    index = record["branch"][0] if record["kind"] == "residual" else record["field"]
    field = ctx.field(index)
    return field["tokens"], field["features"]


def _is_accurate(matrix: arb_mat) -> bool:
    """Say whether every entry is known to ENOUGH_BITS of the largest one."""
    entries = matrix.entries()
    if not all(entry.is_finite() for entry in entries):
        return False
    size = largest(abs(entry.mid()) for entry in entries)
    unit = power_of_two(-ENOUGH_BITS) * size
    return all(entry.rad() <= unit for entry in entries)


def _along(
    ctx: Context, ends: Sequence[int], state: arb_mat, direction: arb_mat | None
) -> tuple[list[arb_mat], arb_mat | None]:
    states = [state]
    for record in ctx.maps[ends[0] : ends[1]]:
        state, direction = _map_forward(ctx, record, state, direction)
        states.append(state)
        ctx.cache.clear()  # the weights of a whole stack are large
    return states, direction


def states_along(ctx: Context, ends: Sequence[int], centre: str) -> list[arb_mat]:
    """Enclose the states in front of the maps [first, last) and the one behind them."""
    return _accurately_along(ctx, ends, centre, None)[0]


def along_maps(
    ctx: Context, ends: Sequence[int], centre: str, direction: arb_mat | None = None
) -> Pair:
    """Enclose the state behind the maps [first, last) and the derivative so far."""
    states, direction = _accurately_along(ctx, ends, centre, direction)
    return states[-1], direction


def _accurately_along(
    ctx: Context, ends: Sequence[int], centre: str, direction: arb_mat | None
) -> tuple[list[arb_mat], arb_mat | None]:
    """Raise the precision until the states and the derivative are accurate.

    Through many maps the widths of the balls are multiplied by norms of absolute
    values: six layers of a real checkpoint lose 140 bits.  The precision is raised
    until the result is accurate, so that the bits of the single rules suffice here.

    **Arguments:** `centre`, the array of the state in front of the first map;
    `direction`, of the same shape.
    """
    shape = map_shape(ctx, ctx.maps[ends[0]])
    for factor in PRECISION_FACTORS:
        with flint.ctx.workprec(factor * flint.ctx.prec):
            precise = Context(ctx.document, ctx.tensors)
            start = precise.arb_matrix(centre, *shape)
            try:
                found = _along(precise, ends, start, direction)
            except ClaimUndecided:
                if factor == PRECISION_FACTORS[-1]:
                    raise
                continue
            states, derivative = found
            if _is_accurate(states[-1]) and (
                derivative is None or _is_accurate(derivative)
            ):
                break
    return found
