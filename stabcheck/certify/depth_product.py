"""The whole depth over a tube as a product of what its maps are certified for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established
from stabcheck.layers import Normalise, Residual, Stack

STATE_ROOM = Fraction(1, 10**10)
"""A stored float64 state is far closer than this to the exact trajectory."""


@dataclass(frozen=True)
class Factor:
    """What one map contributes to a product: its claims and its tube."""

    name: str
    growth: Established | None
    shrink: Established | None
    radius: Fraction


@dataclass(frozen=True)
class OverTube:
    """Growth and shrink on a tube of a radius, or the reason why there is none."""

    growth: Established | None
    shrink: Established | None
    radius: Fraction | None
    reason: str = ""


@dataclass(frozen=True)
class DepthProduct:
    """A product that is not written yet: its factors, its value, its input radius."""

    factors: tuple[Factor, ...]
    subject: dict[str, Any]
    growth: Fraction
    radius: Fraction

    def write(self, draft: Draft, hint: str, state: np.ndarray) -> OverTube:
        """Claim growth and, where every map has one, shrink on the tube of a state."""
        domain = draft.tube(hint, state, self.radius)
        growths = tuple(factor.growth.claim for factor in self.factors if factor.growth)
        bound = round_up(self.growth)
        claim = Claim("depth-product", "growth", self.subject, domain, bound,
                      premises=growths)  # fmt: skip
        grown = Established(draft.claim(claim), claim.bound, claim.theorem)
        shrinks = [factor.shrink for factor in self.factors if factor.shrink]
        if len(shrinks) < len(self.factors):
            return OverTube(grown, None, self.radius)
        lower = Fraction(1)
        for shrink in shrinks:
            lower *= shrink.value
        premises = (*growths, *(shrink.claim for shrink in shrinks))
        bound = round_down(lower)
        claim = Claim("depth-product", "shrink", self.subject, domain, bound,
                      premises=premises)  # fmt: skip
        shrunk = Established(draft.claim(claim), claim.bound, claim.theorem)
        return OverTube(grown, shrunk, self.radius)


def plan_product(
    stack: Stack,
    tokens: int,
    factors: Sequence[Factor],
    subject: dict[str, Any],
) -> DepthProduct | str:
    """Propagate tubes through the maps of a range.

    **Returns:** the product, or the reason why there is none.
    """
    first, last = subject["maps"]
    chosen = factors[first:last]
    without = [factor.name for factor in chosen if factor.growth is None]
    if without:
        return f"no growth is certified for {without[0]}"
    implicit = [m.name for m in stack.maps[first : last - 1] if not is_explicit(m)]
    if implicit:
        return f"the state behind {implicit[0]}, an implicit step, is not enclosed"
    growths = [factor.growth.value for factor in chosen if factor.growth]
    radius = input_radius(tokens, growths, [factor.radius for factor in chosen])
    if radius <= 0:
        return "the tubes leave no room for the rounding of the stored states"
    product = Fraction(1)
    for growth in growths:
        product *= growth
    return DepthProduct(tuple(chosen), subject, product, radius)


def is_explicit(map_: Residual | Normalise) -> bool:
    """Whether the checker can enclose the state behind a map."""
    return isinstance(map_, Normalise) or map_.integrator.is_explicit


def input_radius(
    tokens: int, growths: Sequence[Fraction], radii: Sequence[Fraction]
) -> Fraction:
    """The largest radius whose image stays in every map's tube, rounded down."""
    root = round_up(float(np.sqrt(tokens)) * (1 + 1e-12))
    radius, amplified = radii[0], root
    for growth, allowed in zip(growths, radii[1:], strict=False):
        amplified *= growth
        radius = min(radius, (allowed - STATE_ROOM) / amplified)
    return round_down(radius * (1 - Fraction(1, 10**6)), 20)
