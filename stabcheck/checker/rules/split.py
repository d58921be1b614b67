r"""Rule for a box in parts: what holds on rectangles that cover it holds on the box.

The cover is a binary tree in preorder.  A node cuts its region in two at a number of
one coordinate, $\{x_j \le t\}$ and $\{x_j \ge t\}$; a leaf, in place of whose
coordinate stands -1, is a region inside the domain of the next premise.  All is decided
in integers and rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import quantity_of
from stabcheck.checker.reading.archive import Tensor
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

LEAF = -1
QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")
"""Largest or smallest values of a number at every state: the others compare states."""


@dataclass(frozen=True)
class Region:
    """The states with every entry between a lower and an upper end."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    def halves(self, place: int, cut: Fraction) -> tuple[Region, Region]:
        """The states of which an entry is at most, and at least, the cut."""
        below, above = list(self.upper), list(self.lower)
        below[place] = min(cut, self.upper[place])
        above[place] = max(cut, self.lower[place])
        return Region(self.lower, tuple(below)), Region(tuple(above), self.upper)

    def lies_in(self, other: Region) -> bool:
        """Whether no entry leaves the other region."""
        return all(
            a >= b for a, b in zip(self.lower, other.lower, strict=True)
        ) and all(a <= b for a, b in zip(self.upper, other.upper, strict=True))


def _fractions(tensor: Tensor) -> list[Fraction]:
    entries, exponent = tensor.integers()
    return [Fraction(entry, 1 << -exponent) for entry in entries]


def _region(ctx: Context, domain: dict, shape: tuple[int, ...], what: str) -> Region:
    if domain["kind"] not in ("box", "rectangle"):
        raise ClaimRejected(
            f"this theorem is about boxes and rectangles, {what} is a {domain['kind']}"
        )
    tensor = ctx.tensor(domain["centre"])
    if tensor.shape != shape:
        raise ClaimRejected(f"{what} holds states of shape {tensor.shape}, not {shape}")
    centre = _fractions(tensor)
    if domain["kind"] == "box":
        radii = [domain["radius"]] * len(centre)
    else:
        radii = _fractions(ctx.tensor(domain["radii"]))
    pairs = list(zip(centre, radii, strict=True))
    return Region(tuple(c - r for c, r in pairs), tuple(c + r for c, r in pairs))


def _tree(ctx: Context, claim: dict, leaves: int) -> Iterator[tuple[int, Fraction]]:
    """Coordinates and cuts of the nodes in preorder."""
    arrays = []
    for name, dtype in (("coordinates", "<i8"), ("cuts", "<f8")):
        given = claim["parameters"].get(name)
        tensor = ctx.tensor(given) if isinstance(given, str) else None
        if tensor is None or tensor.dtype != dtype or tensor.shape != (2 * leaves - 1,):
            raise ClaimRejected(
                f"parameter {name} has to be an array of type {dtype} with "
                f"{2 * leaves - 1} entries, one for each node of the tree"
            )
        arrays.append(tensor)
    coordinates, cuts = arrays
    return zip(coordinates.mantissas, _fractions(cuts), strict=True)


def _check_cover(
    whole: Region, parts: Sequence[Region], tree: Iterator[tuple[int, Fraction]]
) -> None:
    open_regions, used = [whole], 0
    for coordinate, cut in tree:
        if not open_regions:
            raise ClaimRejected("the tree goes on after its last leaf")
        region = open_regions.pop()
        if coordinate != LEAF:
            if not 0 <= coordinate < len(whole.lower):
                raise ClaimRejected(f"the tree cuts a coordinate {coordinate}")
            first, second = region.halves(coordinate, cut)
            open_regions += [second, first]
        elif used == len(parts):
            raise ClaimRejected("the tree has more leaves than the claim premises")
        elif not region.lies_in(parts[used]):
            raise ClaimRejected(f"premise {used} does not cover leaf {used}")
        else:
            used += 1
    if open_regions:
        raise ClaimRejected("the tree ends before its last leaf")


def _check_premises(claim: dict, premises: Sequence[dict]) -> None:
    if not premises:
        raise ClaimRejected("this theorem needs premises on the parts, there is none")
    lower = quantity_of(claim, QUANTITIES) == "log-norm-lower"
    for place, premise in enumerate(premises):
        for key in ("quantity", "subject"):
            if premise[key] != claim[key]:
                raise ClaimRejected(f"premise {place} is about another {key}")
        gain = premise["bound"] - claim["bound"]
        if (-gain if lower else gain) > 0:
            raise ClaimRejected(f"the bound is stronger than that of premise {place}")


@rule("domain-split")
def domain_split(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that the premises bound the quantity on rectangles that cover the box."""
    _check_premises(claim, premises)
    domain = ctx.domain(claim["domain"])
    shape = ctx.tensor(domain["centre"]).shape if "centre" in domain else ()
    whole = _region(ctx, domain, shape, "the claim's domain")
    parts = [
        _region(ctx, ctx.domain(premise["domain"]), shape, f"that of premise {place}")
        for place, premise in enumerate(premises)
    ]
    _check_cover(whole, parts, _tree(ctx, claim, len(premises)))
