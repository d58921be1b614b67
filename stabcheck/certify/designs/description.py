r"""A design: fields known by caps, a layer made of their steps, a depth and a domain.

Everything is rational.  A branch is one step of $\dot x = -\lambda x + cF(x)$; a layer
composes branches, or is one of the schemes that carry a second stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from stabcheck.integrators import ButcherTableau
from stabcheck.integrators import get as integrator_named

Record = Mapping[str, Any]

COMPOSITIONS = ("step", "lie-trotter", "strang")
"""Layers whose branches are applied one after the other."""
SCHEMES = ("reversible", "leapfrog", "momentum", "sphere")
LAYERS = (*COMPOSITIONS, *SCHEMES)
EULER = "forward-euler"


@dataclass(frozen=True)
class StepSize:
    """A step size $p$, or $p/L$ where it is divided by the depth."""

    number: Fraction
    by_depth: bool = False

    def at(self, depth: int) -> Fraction:
        """The size at a depth."""
        return self.number / depth if self.by_depth else self.number

    @property
    def text(self) -> str:
        """As a design file writes it."""
        return f"{self.number}/L" if self.by_depth else str(self.number)


@dataclass(frozen=True)
class Branch:
    """One field with its caps, and how a step of it is taken."""

    field: Record
    scale: StepSize
    leak: Fraction
    method: ButcherTableau


@dataclass(frozen=True)
class Design:
    """A design as a file describes it.

    **Arguments:** `layer`, one of `LAYERS`; `scheme`, the `frequency` of leapfrog or
    the `gamma` of momentum; `post_norm`, the name of a normalisation after the
    residual, of which only answers in the negative are known; `compared`, the methods
    for which steps are shown beside the one that the layer uses.
    """

    name: str
    branches: tuple[Branch, ...]
    layer: str
    scheme: Mapping[str, Fraction]
    step: StepSize
    depth: int
    domain: Record
    metric: str
    compared: tuple[ButcherTableau, ...] = ()
    post_norm: str | None = None

    @property
    def composes(self) -> bool:
        """Whether the layer is a composition of steps."""
        return self.layer in COMPOSITIONS

    @property
    def step_size(self) -> Fraction:
        """The size of a step at the design's own depth."""
        return self.step.at(self.depth)

    def at_depth(self, depth: int) -> Design:
        """The same design at another depth."""
        return replace(self, depth=depth)

    def with_method(self, method: ButcherTableau) -> Design:
        """The same design, every branch stepped by another method."""
        branches = tuple(replace(b, method=method) for b in self.branches)
        return replace(self, branches=branches)

    def records(self) -> dict[str, Any]:
        """`fields`, `methods`, `layer`, `domain`, `metric`, `depth` of a document."""
        methods: list[ButcherTableau] = []
        parts = []
        for place, size in self._order():
            branch = self.branches[place]
            if branch.method not in methods:
                methods.append(branch.method)
            parts.append(
                {
                    "field": place,
                    "scale": branch.scale.at(self.depth),
                    "leak": branch.leak,
                    "method": methods.index(branch.method),
                    "step": size,
                }
            )
        kind = "composition" if self.composes else self.layer
        return {
            "metric": self.metric,
            "domain": dict(self.domain),
            "fields": [dict(branch.field) for branch in self.branches],
            "methods": [
                {"name": m.name, "A": [list(row) for row in m.A], "b": list(m.b)}
                for m in methods
            ],
            "layer": {"kind": kind, "parts": parts} | dict(self.scheme),
            "depth": self.depth,
        }

    def method_of(self, part: Record) -> ButcherTableau:
        """The method by which a part of the layer is stepped."""
        return self.branches[part["field"]].method

    def _order(self) -> list[tuple[int, Fraction]]:
        """Branches as the layer applies them, each with the size of its step."""
        size = self.step_size
        order = [(place, size) for place in range(len(self.branches))]
        if self.layer == "strang":
            last = order[-1]
            halves = [(place, size / 2) for place, _ in order[:-1]]
            return [*halves, last, *reversed(halves)]
        return order


def euler() -> ButcherTableau:
    """Forward Euler, the method of schemes and of files that name none."""
    return integrator_named(EULER)
