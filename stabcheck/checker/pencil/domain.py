r"""What the theorem `attention-pencil` needs to know of a domain round a state.

A displacement has tokens $d_k$ with $|d_{ka}| \le r_{ka}$ (box: the radius is one
number, rectangle: each entry has its own), $|d_k|_2 \le r$ (tube) or $\sum_k |d_k|_2^2
\le r^2$ (Frobenius ball: the tokens share the radius).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, largest, vector_norm
from stabcheck.checker.hypotheses import centred_domain_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

KINDS = ("box", "tube", "frobenius", "rectangle")


@dataclass(frozen=True)
class Reach:
    """How far the receiver, each key and the farthest key of a row move, in 2-norm."""

    own: arb
    keys: list[arb]
    farthest: arb


@dataclass(frozen=True)
class Moves:
    """How far tokens move: the kind of the domain, radii (n, d) of the entries.

    In a tube and a Frobenius ball every entry of `radii` is the one radius.
    """

    kind: str
    radii: Sequence[Sequence[Fraction]]

    @property
    def are_joint(self) -> bool:
        """Whether the tokens share one radius."""
        return self.kind == "frobenius"

    @property
    def radius(self) -> arb:
        """The one radius of a tube or a Frobenius ball."""
        return ball(self.radii[0][0])

    @property
    def is_by_entry(self) -> bool:
        """Whether every entry has a radius of its own."""
        return self.kind in ("box", "rectangle")

    @cached_property
    def lines(self) -> list[list[arb]]:
        """The radii as balls, token by token."""
        return [[ball(radius) for radius in line] for line in self.radii]

    @cached_property
    def reaches(self) -> list[arb]:
        r"""The largest $|d_k|_2$ of each token."""
        if self.is_by_entry:
            return [vector_norm(line) for line in self.lines]
        return [line[0] for line in self.lines]

    def reach(self, token: int, keys: Sequence[int]) -> Reach:
        """The reaches of a receiver and of the keys that it sees."""
        seen = [self.reaches[k] for k in keys]
        return Reach(self.reaches[token], seen, largest(seen))

    def support(self, token: int, coefficients: Sequence[arb]) -> arb:
        r"""The largest $c \cdot d_k$ of one token."""
        line = self.lines[token]
        if self.is_by_entry:
            pairs = zip(coefficients, line, strict=True)
            return sum((abs(c) * r for c, r in pairs), arb(0))
        return line[0] * vector_norm(coefficients)

    def ends(self, token: int, form: arb_mat) -> list[arb]:
        r"""The largest entries of $A^{\mathsf T}d_i$ of one token, in a box."""
        lines = form.transpose().tolist()
        return [self.support(token, line) for line in lines]

    def forms(self, form: arb_mat, norm: arb) -> list[list[arb]]:
        r"""Bounds of $|d_i^{\mathsf T}Ad_k|$ by receiver and key; `norm` is of A."""
        reaches = self.reaches
        found = [[a * b * norm for b in reaches] for a in reaches]
        if not self.is_by_entry:
            return found
        size = form.nrows()
        lines = arb_mat(self.lines)
        sizes = arb_mat(size, size, [abs(entry) for entry in form.entries()])
        entries = (lines * sizes * lines.transpose()).tolist()
        return [
            [a.min(b) for a, b in zip(*rows, strict=True)]
            for rows in zip(found, entries, strict=True)
        ]

    def weighted(self, weights: Sequence[Fraction]) -> Fraction:
        r"""The largest $\sum_k\delta_k^2/c_k$ over the displacements, exactly."""
        flat = [radius for line in self.radii for radius in line]
        shares = [r * r / c for r, c in zip(flat, weights, strict=True)]
        if self.is_by_entry:
            return sum(shares, Fraction(0))
        if self.are_joint:
            return max(shares)
        width = len(self.radii[0])
        return sum(
            (max(shares[k : k + width]) for k in range(0, len(shares), width)),
            Fraction(0),
        )


def moves_of(ctx: Context, claim: dict, field: dict) -> tuple[str, Moves]:
    """The centre of a claim's domain and how far its states are from it."""
    domain = centred_domain_of(ctx, claim, field, KINDS)
    tokens, features = field["tokens"], field["features"]
    kind, centre = domain["kind"], domain["centre"]
    if kind == "rectangle":
        flat = radii_of(ctx, domain)
        rows = range(0, tokens * features, features)
        return centre, Moves(kind, [flat[k : k + features] for k in rows])
    radius = domain.get("radius", Fraction(0))
    kind = "box" if kind == "point" else kind
    return centre, Moves(kind, [[radius] * features] * tokens)


def radii_of(ctx: Context, rectangle: dict) -> list[Fraction]:
    """The radii of the entries of a rectangle, exactly."""
    entries, exponent = ctx.tensor(rectangle["radii"]).integers()
    unit = Fraction(1, 1 << -exponent)
    return [entry * unit for entry in entries]
