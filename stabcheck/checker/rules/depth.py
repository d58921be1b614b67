r"""Rules for whole stacks: growths multiply along propagated tubes.

The premises tile the maps in order; piece $l$ holds on a tube of radius $r_l$ round
$\hat X_l$.  Let $Z_l$ be the exact trajectory of the centre $\hat X_0$ of the claim's
tube, and $e_l = |Z_l - \hat X_l|$ what the stored states are off.  For $X$ in that
tube $|X_l - Z_l| \le R_l$ in the Frobenius norm with $R_0 = \sqrt n\,\rho$, $R_{l+1}
= G_lR_l$, as long as $R_l + e_l \le r_l$ keeps $X_l$ and $Z_l$ in the tube, where
piece $l$ applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, frobenius
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.trajectory import map_shape, states_along
from stabcheck.checker.hypotheses import (
    decide_at_most,
    maps_of,
    no_premises,
    quantity_of,
)
from stabcheck.checker.premises import Tube, check_covers, tube_at
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


@dataclass(frozen=True)
class Piece:
    """Maps [first, last), the growth of them, and the tube on which it holds."""

    first: int
    last: int
    growth: Fraction
    tube: Tube


def _first_field(ctx: Context, place: int) -> int:
    record = ctx.maps[place]
    return record["branch"][0] if record["kind"] == "residual" else record["field"]


def _end_of_piece(ctx: Context, premise: dict, place: int, quantity: str) -> int:
    """Return where the piece ends that a premise bounds, if it begins at `place`."""
    subject, record = premise["subject"], ctx.maps[place]
    if "maps" in subject:
        fits = subject["maps"][0] == place and premise["quantity"] == quantity
        end = subject["maps"][1]
    elif record["kind"] == "normalise":
        if quantity == "shrink":
            raise ClaimRejected(f"map {place} is a normalisation: it has no shrink")
        fits = subject == {"branch": [record["field"]]}
        fits = fits and premise["quantity"] == "spectral-norm"
        end = place + 1
    else:
        step = {key: record[key] for key in ("branch", "integrator", "size")}
        fits = subject == {"step": step} and premise["quantity"] == quantity
        end = place + 1
    if not fits:
        raise ClaimRejected(
            f"the premise at map {place} does not bound the {quantity} of what stands "
            "there"
        )
    return end


def _pieces(
    ctx: Context, ends: tuple[int, int], premises: Sequence[dict], quantity: str
) -> list[Piece]:
    """Walk through the maps with as many premises as it takes."""
    place, last = ends
    pieces: list[Piece] = []
    for premise in premises:
        if place >= last:
            break
        end = _end_of_piece(ctx, premise, place, quantity)
        tube = tube_at(ctx, premise, _first_field(ctx, place))
        pieces.append(Piece(place, end, premise["bound"], tube))
        place = end
    if place != last:
        raise ClaimRejected(
            f"the premises on {quantity} lead to map {place}, the claim ends at {last}"
        )
    return pieces


def _offsets(ctx: Context, pieces: Sequence[Piece]) -> list[arb]:
    """Enclose how far the trajectory is from the centres, from the second piece on."""
    first, *others = pieces
    if not others:
        return []
    states = states_along(ctx, (first.first, others[-1].first), first.tube.centre)
    found = []
    for piece in others:
        shape = map_shape(ctx, ctx.maps[piece.first])
        stored = ctx.arb_matrix(piece.tube.centre, *shape)
        found.append(frobenius(states[piece.first - first.first] - stored))
    return found


def _check_contained(
    ctx: Context, pieces: Sequence[Piece], tube: Tube, tokens: int
) -> list[arb]:
    """Decide that the image of the tube stays inside every piece's tube.

    **Returns:** the distances R_l + e_l in front of the pieces.
    """
    check_covers(pieces[0].tube, tube, "the claim's tube")
    radius = arb(tokens).sqrt() * ball(tube.radius)
    reached = [radius]
    for before, piece, offset in zip(
        pieces, pieces[1:], _offsets(ctx, pieces), strict=False
    ):
        radius = radius * ball(before.growth)
        what = f"the radius in front of map {piece.first}"
        decide_at_most(radius + offset, piece.tube.radius, what)
        reached.append(radius + offset)
    return reached


def _shrinks(
    ctx: Context,
    pieces: Sequence[Piece],
    premises: Sequence[dict],
    tube: Tube,
    radii: Sequence[arb],
) -> list[Fraction]:
    """Return the shrink of every piece, on tubes that hold the same images."""
    ends = pieces[0].first, pieces[-1].last
    found = _pieces(ctx, ends, premises, "shrink")
    if len(premises) != len(found) or len(found) != len(pieces):
        raise ClaimRejected("a shrink needs one premise on shrink for every growth")
    check_covers(found[0].tube, tube, "the claim's tube")
    for piece, shrunk, radius in zip(pieces, found, radii, strict=True):
        if (piece.last, piece.tube.centre) != (shrunk.last, shrunk.tube.centre):
            raise ClaimRejected(
                f"growth and shrink at map {piece.first} are about different maps or "
                "centres"
            )
        if piece is not pieces[0] and shrunk.tube.radius < piece.tube.radius:
            what = f"the radius in front of map {piece.first}"
            decide_at_most(radius, shrunk.tube.radius, what)
    return [max(Fraction(0), shrunk.growth) for shrunk in found]


def _product(
    ctx: Context, claim: dict, premises: list[dict], exactly: int | None = None
) -> None:
    quantity = quantity_of(claim, ["growth", "shrink"])
    ends = maps_of(claim)
    tube = tube_at(ctx, claim, _first_field(ctx, ends[0]))
    pieces = _pieces(ctx, ends, premises, "growth")
    rest = premises[len(pieces) :]
    if exactly is not None and len(pieces) != exactly:
        raise ClaimRejected(
            f"this theorem composes {exactly} steps, the premises are {len(pieces)}"
        )
    tokens, _ = map_shape(ctx, ctx.maps[ends[0]])
    radii = _check_contained(ctx, pieces, tube, tokens)
    product = Fraction(1)
    if quantity == "growth":
        no_premises(rest)
        for piece in pieces:
            product *= piece.growth
        holds = claim["bound"] >= product
    else:
        for shrink in _shrinks(ctx, pieces, rest, tube, radii):
            product *= shrink
        holds = claim["bound"] <= product
    if not holds:
        raise ClaimRejected(f"the {quantity} is stronger than the product of the parts")


@rule("depth-product")
def depth_product(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the product of growths, or of shrinks, along propagated tubes."""
    _product(ctx, claim, premises)


@rule("splitting-growth")
def splitting_growth(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the product for a composition of two steps."""
    _product(ctx, claim, premises, exactly=2)


@rule("layer-norm-kernel")
def layer_norm_kernel(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that a stack ends in a LayerNorm: its smallest singular value is 0."""
    no_premises(premises)
    quantity_of(claim, ["shrink"])
    first, last = maps_of(claim)
    tube_at(ctx, claim, _first_field(ctx, first))
    record = ctx.maps[last - 1]
    if (
        record["kind"] != "normalise"
        or ctx.field(record["field"])["kind"] != "layer-norm"
    ):
        raise ClaimRejected("the last map is not a LayerNorm of the state")
    if claim["bound"] != 0:
        raise ClaimRejected("the shrink behind a LayerNorm is exactly 0")
