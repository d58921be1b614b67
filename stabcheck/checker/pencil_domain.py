r"""What the theorem `attention-pencil` needs to know of a domain round a state.

A displacement has tokens $d_k$ with $|d_{ka}| \le r$ (box), $|d_k|_2 \le r$ (tube) or
$\sum_k |d_k|_2^2 \le r^2$ (Frobenius ball: the tokens share the radius).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from stabcheck.checker.balls import ball, root, vector_norm

KINDS = ("box", "tube", "frobenius")


@dataclass(frozen=True)
class Moves:
    """How far tokens move: the kind of the domain, its radius, features of a token."""

    kind: str
    radius: Fraction
    features: int

    @property
    def are_joint(self) -> bool:
        """Whether the tokens share one radius."""
        return self.kind == "frobenius"

    @property
    def reach(self) -> arb:
        r"""The largest $|d_k|_2$ of one token."""
        if self.kind == "box":
            return ball(self.radius) * root(arb(self.features))
        return ball(self.radius)

    def support(self, coefficients: Sequence[arb]) -> arb:
        r"""The largest $c \cdot d_k$ of one token."""
        if self.kind == "box":
            return ball(self.radius) * sum((abs(c) for c in coefficients), arb(0))
        return ball(self.radius) * vector_norm(coefficients)

    def form(self, entries: Sequence[arb], norm: arb) -> arb:
        r"""A bound of $|d_i^{\mathsf T}Ad_k|$ from the entries and the norm of A."""
        square = ball(self.radius * self.radius)
        if self.kind == "box":
            total = sum((abs(entry) for entry in entries), arb(0))
            return square * total.min(norm * self.features)
        return square * norm

    def weighted(self, weights: Sequence[Fraction]) -> Fraction:
        r"""The largest $\sum_k\delta_k^2/c_k$ over the displacements, exactly."""
        inverse = [1 / weight for weight in weights]
        square = self.radius * self.radius
        if self.kind == "box":
            return square * sum(inverse)
        if self.kind == "frobenius":
            return square * max(inverse)
        width = self.features
        tokens = range(0, len(inverse), width)
        return square * sum(max(inverse[k : k + width]) for k in tokens)
