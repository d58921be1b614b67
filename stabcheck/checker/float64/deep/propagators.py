r"""A stack along an enclosed trajectory: parts, Jacobians, partial products.

`products[l, k]` is a float matrix near $P_{l,k} = J_l\cdots J_{k+1}$: with local errors
$e_{m,k} \ge \lVert J_m\tilde P_{m-1,k} - \tilde P_{m,k}\rVert$ it is as near as
$\sum_m\lVert P_{l,m}\rVert e_{m,k}$ (theorem `depth-point`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import flint
import numpy as np
from flint import arb_mat

from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.branches import field_value
from stabcheck.checker.fields.token_wise import NORMS
from stabcheck.checker.float64.attention import attention_jacobian
from stabcheck.checker.float64.deep.arrays import (
    Near,
    exactly,
    multiply_accurately,
    near,
    upward,
)
from stabcheck.checker.float64.deep.attention import AttentionPart
from stabcheck.checker.float64.deep.coupling import Frame
from stabcheck.checker.float64.deep.feed_forward import (
    FeedForwardPart,
    feed_forward_part,
)
from stabcheck.checker.float64.deep.heads import attention_part
from stabcheck.checker.float64.deep.normalised import (
    Normalised,
    identity_blocks,
    normalised,
)
from stabcheck.checker.float64.deep.support import matrix_norm
from stabcheck.checker.float64.depth import next_state
from stabcheck.checker.float64.guard import check_finite
from stabcheck.checker.float64.midpoint_radius import from_fraction
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.norm_ball import multiply as ball_multiply
from stabcheck.checker.float64.token_wise import feed_forward_jacobians

if TYPE_CHECKING:
    from fractions import Fraction

PRECISIONS = (256, 512, 1024, 2048)
WIDTH_BITS = 80


@dataclass(frozen=True, eq=False)
class Part:
    """One map: its step, its normalisation, its field, $hDF$ and its Jacobian."""

    step: Near
    norm: Normalised | None
    field: AttentionPart | FeedForwardPart
    outer: Near
    jacobian: Near


@dataclass(frozen=True, eq=False)
class Along:
    """Parts along a trajectory, and the partial products of their Jacobians."""

    tokens: int
    parts: tuple[Part, ...]
    products: dict[tuple[int, int], Near]
    norms: dict[tuple[int, int], float] = field(default_factory=dict)
    starts: dict[int, Frame] = field(default_factory=dict)
    inverses: dict[tuple[int, int], Near] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return len(self.parts)

    @property
    def width(self) -> int:
        """The features of a token."""
        return len(self.products[0, 0].middle) // self.tokens

    def norm(self, last: int, first: int) -> float:
        """A bound of the norm of a partial product."""
        if (last, first) not in self.norms:
            self.norms[last, first] = matrix_norm(self.products[last, first])
        return self.norms[last, first]

    def start(self, number: int) -> Frame:
        """The right frame of a map, as functionals of the input."""
        if number not in self.starts:
            right = self.parts[number].field.right
            self.starts[number] = right.times(self.products[number, 0])
        return self.starts[number]

    def amplified(self, last: int, local: list[float]) -> float:
        r"""$\sum_m\lVert P_{l,m}\rVert e_m$ for local errors of the maps 1 to l."""
        norms = [self.norm(last, m + 1) for m in range(last)]
        found = sum(a * b for a, b in zip(norms, local, strict=False))
        return float(upward(found))


def along(ctx: Context, first: int, last: int, centre: str) -> Along:
    """Linearise the maps `[first, last)` along the trajectory of a stored state.

    **Raises:** `ClaimRejected` for maps that the theorem does not cover,
    `ClaimUndecided` where the states widen too much at every precision.
    """
    for index in range(first, last):
        _check_covered(ctx, index)
    record = ctx.field(ctx.maps[first]["branch"][0])
    shape = record["tokens"], record["features"]
    for bits in PRECISIONS:
        with flint.ctx.workprec(max(bits, flint.ctx.prec)):
            parts = _parts(ctx, first, last, ctx.arb_matrix(centre, *shape))
        if parts is not None:
            return _with_products(shape[0], parts)
    raise ClaimUndecided(
        f"the states between the maps [{first}, {last}) are not enclosed narrowly "
        f"enough with {PRECISIONS[-1]} bits"
    )


def _check_covered(ctx: Context, index: int) -> None:
    record = ctx.maps[index]
    kinds = []
    if record["kind"] == "residual":
        tableau = ctx.integrator(record["integrator"])
        if tableau["A"] != [[0]] or tableau["b"] != [1]:
            raise ClaimRejected(
                f"map {index} is a step of {tableau['name']!r}: this theorem holds for "
                "forward Euler steps"
            )
        kinds = [ctx.field(place)["kind"] for place in record["branch"]]
    ends = kinds[-1:] in (["attention"], ["feed-forward"])
    if not ends or len(kinds) > 2 or not all(kind in NORMS for kind in kinds[:-1]):
        found = ", ".join(kinds) or record["kind"]
        raise ClaimRejected(
            "this theorem holds for residual maps of attention or feed-forward, alone "
            f"or behind one normalisation; map {index} is {found}"
        )


def _parts(
    ctx: Context, first: int, last: int, state: arb_mat
) -> tuple[Part, ...] | None:
    """The parts of the maps; None where a state is enclosed too widely."""
    found = []
    for index in range(first, last):
        entries = state.entries()
        top = max(abs(float(entry.mid())) for entry in entries)
        if not all(float(entry.rad()) <= top * 2.0**-WIDTH_BITS for entry in entries):
            return None
        local = Context(ctx.document, ctx.tensors)
        found.append(_part(local, index, state))
        if index + 1 < last:
            state = next_state(local, index, state)
    return tuple(found)


def _part(ctx: Context, index: int, state: arb_mat) -> Part:
    record = ctx.maps[index]
    *before, place = record["branch"]
    tokens, features = state.nrows(), state.ncols()
    norm = normalised(ctx, before[0], state) if before else None
    inside = field_value(ctx, before[0], state) if before else state
    inner = norm.jacobians if norm else identity_blocks(tokens, features)
    size: Fraction = record["size"]
    step = Near(*(float(part) for part in _parts_of(from_fraction(size))))
    if ctx.field(place)["kind"] == "attention":
        made = attention_part(ctx, place, inside, inner)
        plain = near(attention_jacobian(ctx, place, inside))
    else:
        made = feed_forward_part(ctx, place, inside, inner)
        plain = _block_diagonal(near(feed_forward_jacobians(ctx, place, inside)))
    outer = scaled(plain, step)
    shaped = outer.reshape(tokens * features, tokens, features).transpose(1, 0, 2)
    # The columns of a token have at most the norm of the whole matrix.
    shaped = replace(shaped, norm=matrix_norm(replace(outer, radius=0.0)))
    jacobian = multiply_accurately(shaped, inner).transpose(1, 0, 2)
    jacobian = jacobian.reshape(tokens * features, -1)
    jacobian = jacobian + exactly(np.eye(tokens * features))
    check_finite(jacobian.middle, jacobian.radius, what="the Jacobian of a map")
    return Part(step, norm, made, outer, jacobian)


def _parts_of(number) -> tuple[float, float]:
    return number.midpoint, number.radius


def scaled(array: Near, step: Near) -> Near:
    """An array times the enclosed step size."""
    middle = array.middle * step.middle
    error = array.size * (step.radius + 2.0**-52 * step.middle)
    error += array.radius * (step.middle + step.radius)
    return Near(middle, float(upward(error)))


def _block_diagonal(blocks: Near) -> Near:
    n, d, _ = blocks.middle.shape
    found = np.zeros((n, d, n, d))
    own = np.arange(n)
    found[own, :, own] = blocks.middle
    return Near(found.reshape(n * d, n * d), blocks.radius)


def _with_products(tokens: int, parts: tuple[Part, ...]) -> Along:
    """All partial products, nearest to the end first, so that their norms are known."""
    size = len(parts[0].jacobian.middle)
    found = Along(tokens, parts, {})
    plain: dict[tuple[int, int], NormBall] = {}
    for last in range(len(parts) + 1):
        found.products[last, last] = Near(np.eye(size), 0.0, 1.0)
        found.norms[last, last] = 1.0
    local: dict[int, list[float]] = {}
    for first in range(len(parts) - 1, -1, -1):
        partial, errors = np.eye(size), [0.0] * first
        for last in range(first + 1, len(parts) + 1):
            factor = parts[last - 1].jacobian
            ball = NormBall(factor.middle, factor.radius)
            made = ball_multiply(ball, NormBall(partial, 0.0))
            partial = made.midpoint
            errors.append(made.radius)
            plain[last, first] = made
        local[first] = errors
    for last in range(1, len(parts) + 1):
        for first in range(last - 1, -1, -1):
            errors = local[first]
            total = sum(found.norm(last, m + 1) * errors[m] for m in range(first, last))
            product = Near(plain[last, first].midpoint, float(upward(total)))
            found.products[last, first] = product
            norm = found.norm(last, first)
            found.products[last, first] = replace(product, norm=norm)
    return found
