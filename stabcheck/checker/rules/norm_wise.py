r"""Growth of any stack over an input tube, from deviations of its maps, norm by norm.

Let $\hat X_l$ be stored states, $J_l$ the Jacobian of map $\phi_l$ at $\hat X_{l-1}$,
$P_{l,k} = J_l\cdots J_{k+1}$, $B_l = P_{l,0}$.  Within $r_l$ per token of
$\hat X_{l-1}$ the Jacobian moves by at most $\varepsilon_l$ (a premise), and
$\delta_l \ge |\phi_l(\hat X_{l-1}) - \hat X_l|$.  Then for all $X$ within $\rho$ per
token of $\hat X_0$

$$d_l = \sum_{k\le l}\lVert P_{l,k}\rVert\varepsilon_k(\lVert B_{k-1}\rVert +
d_{k-1}),\qquad z_l = \sum_{k\le l}\lVert P_{l,k}\rVert(\delta_k + \varepsilon_k
z_{k-1})$$

bound how far the derivative of the first l maps is from $B_l$, and the trajectory of
$\hat X_0$ from $\hat X_l$, as long as $(\max_i\lVert(B_l)_i\rVert + d_l)\sqrt n\,\rho +
z_l \le r_{l+1}$ keeps every token in the next tube.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, frobenius, upper_end
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.trajectory import map_shape
from stabcheck.checker.float64.decide import decide
from stabcheck.checker.float64.depth import check_map, map_jacobian, next_state
from stabcheck.checker.float64.guard import verified_arithmetic
from stabcheck.checker.float64.midpoint_radius import float_at_least
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.partial_products import (
    PartialProducts,
    partial_products,
)
from stabcheck.checker.hypotheses import (
    decide_at_most,
    float64_only,
    maps_of,
    quantity_of,
)
from stabcheck.checker.premises import Tube, check_covers, tube_at
from stabcheck.checker.rules import rule


@dataclass(frozen=True)
class _Moves:
    """A map's premise: the tube, and how far the map's Jacobian moves on it."""

    tube: Tube
    deviation: arb


def _moves(ctx: Context, number: int, premise: dict) -> _Moves:
    """What the premise of a map says of the map's own Jacobian, not its branch's."""
    record = ctx.maps[number]
    branch = [record["field"]] if record["kind"] == "normalise" else record["branch"]
    if premise["quantity"] != "jacobian-deviation":
        raise ClaimRejected(
            f"the premise of map {number} bounds {premise['quantity']}, not "
            "jacobian-deviation"
        )
    if premise["subject"] != {"branch": branch}:
        raise ClaimRejected(f"the premise of map {number} is about another branch")
    size = record["size"] if record["kind"] == "residual" else Fraction(1)
    deviation = ball(max(premise["bound"], Fraction(0)) * abs(size))
    return _Moves(tube_at(ctx, premise, branch[0]), deviation)


def _anchors(claim: dict, length: int) -> list[int]:
    """The places, counted from the first map, between which products are formed."""
    given = claim["parameters"].get("anchors")
    fits = isinstance(given, list) and all(
        isinstance(place, Fraction) and place.denominator == 1 for place in given
    )
    places = [int(place) for place in given] if fits else []
    fits = places[:1] == [0] and places[-1:] == [length]
    if not fits or not all(a < b for a, b in pairwise(places)):
        raise ClaimRejected(
            "parameter anchors has to be a list of increasing whole numbers from 0 to "
            f"the number of maps, {length}"
        )
    return places


def _along(
    ctx: Context, first: int, tubes: Sequence[Tube], offsets: list[arb]
) -> Iterator[NormBall]:
    """Jacobians of the maps at the stored states; what the next state is off."""
    for number, tube in enumerate(tubes):
        place = first + number
        # A cache for each map: what its weights take in memory is released.
        local = Context(ctx.document, ctx.tensors)
        shape = map_shape(ctx, ctx.maps[place])
        state = local.arb_matrix(tube.centre, *shape)
        if number + 1 < len(tubes):
            after = _stored(local, place + 1, tubes[number + 1], shape)
            offsets.append(frobenius(next_state(local, place, state) - after))
        yield map_jacobian(local, place, state)


def _stored(ctx: Context, place: int, tube: Tube, shape: tuple[int, int]) -> arb_mat:
    if map_shape(ctx, ctx.maps[place]) != shape:
        raise ClaimRejected(f"map {place} acts on states of another shape")
    return ctx.arb_matrix(tube.centre, *shape)


def _above(value: arb) -> arb:
    """The upper end: bounds of bounds need no lower one."""
    return arb(value.upper())


def _deviation(
    products: PartialProducts,
    moves: Sequence[_Moves],
    offsets: Sequence[arb],
    radius: arb,
) -> arb:
    """Decide that every state stays in its tube.  **Returns:** $d_L$.

    `radius` is the distance in the input, over all tokens.
    """
    forces: list[arb] = []
    drifts: list[arb] = []
    moved = drift = arb(0)
    for number, move in enumerate(moves):
        if number > 0:
            reached = (arb(products.row(number)) + moved) * radius + drift
            what = f"the radius in front of map {number} of the range"
            decide_at_most(_above(reached), move.tube.radius, what)
        before = arb(products.norm_from_start(number)) + moved
        forces.append(_above(move.deviation * before))
        offset = offsets[number] if number < len(offsets) else arb(0)
        drifts.append(_above(offset + move.deviation * drift))
        norms = [
            arb(products.norm(number + 1, place + 1)) for place in range(number + 1)
        ]
        moved = _above(sum((a * b for a, b in zip(norms, forces, strict=True)), arb(0)))
        drift = _above(sum((a * b for a, b in zip(norms, drifts, strict=True)), arb(0)))
    return moved


@rule("depth-tube-norm-wise")
def depth_tube_norm_wise(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the growth over a tube from one deviation a map."""
    float64_only(claim)
    quantity_of(claim, ["growth"])
    first, last = maps_of(claim)
    if len(premises) != last - first:
        raise ClaimRejected(
            f"this theorem needs one deviation a map: {last - first} maps, "
            f"{len(premises)} premises"
        )
    for number in range(first, last):
        check_map(ctx, number)
    moves = [
        _moves(ctx, number, premise)
        for number, premise in zip(range(first, last), premises, strict=True)
    ]
    record = ctx.maps[first]
    index = record["branch"][0] if record["kind"] == "residual" else record["field"]
    tube = tube_at(ctx, claim, index)
    check_covers(moves[0].tube, tube, "the claim's tube")
    anchors = _anchors(claim, last - first)
    tokens, _ = map_shape(ctx, record)
    offsets: list[arb] = []
    with verified_arithmetic():
        tubes = [move.tube for move in moves]
        factors = _along(ctx, first, tubes, offsets)
        products = partial_products(factors, tokens, anchors)
        radius = arb(tokens).sqrt() * ball(tube.radius)
        moved = upper_end(_deviation(products, moves, offsets, radius))
        if moved is None or products.whole is None:
            raise ClaimUndecided("the deviation of the derivative overflows")
        room = products.error(last - first) + float_at_least(moved) * (1 + 2.0**-50)
        whole = NormBall(products.whole.midpoint, room)
        decide(whole, "growth", claim["bound"], f"the maps [{first}, {last})")
