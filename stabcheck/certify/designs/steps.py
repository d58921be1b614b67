"""Largest certified steps of a design, method by method, as claims for the checker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.certify.designs.answers import Answer, answer
from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.formatting import digits
from stabcheck.certify.designs.parts import (
    in_symbols_of,
    is_token_wise,
    part_constants,
    part_line,
)
from stabcheck.growth.designs import StepFact, Unbounded, largest_step
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators import get as integrator_named

if TYPE_CHECKING:
    from sympy import Expr

METHODS = (
    "forward-euler",
    "heun",
    "ssprk3",
    "rk4",
    "backward-euler",
    "implicit-midpoint",
)
PURPOSES = ("contractive", "invertible")


@dataclass(frozen=True)
class LargestStep:
    """The largest certified step of one part by one method for one purpose.

    `value` is None where every step will do, zero where none is certified; `reason`
    says why.
    """

    integrator: str
    part: int
    purpose: str
    value: Fraction | None
    theorem: str | None
    formula: Callable[[], Expr] | None
    reason: str = ""

    @property
    def number(self) -> str:
        """The step in six digits, `any` or `-`; of an invertible one the open end."""
        if self.value is None:
            return "any"
        if self.purpose == "invertible":
            return f"{float(self.value):.6g}" if self.value else "-"
        return digits(self.value, up=False) if self.value else "-"


@dataclass(frozen=True)
class MethodSteps:
    """One method: the design stepped by it, with its claims, and its largest steps."""

    method: ButcherTableau
    answer: Answer
    steps: tuple[LargestStep, ...]


def methods_of(design: Design) -> tuple[ButcherTableau, ...]:
    """The design's own methods, those it compares, and the six of every table."""
    own = (*(b.method for b in design.branches), *design.compared)
    every = (*own, *(integrator_named(name) for name in METHODS))
    return tuple({method.name: method for method in every}.values())


def largest_steps(design: Design) -> list[MethodSteps]:
    """Largest contractive and invertible steps by every method of the table.

    Schemes with a step of their own have none: reversible, leapfrog and momentum
    layers are invertible for every step.
    """
    convex = design.domain["kind"] in ("all", "ball")
    if not (convex and design.composes) or design.post_norm:
        return []
    found = []
    for method in methods_of(design):
        own = all(branch.method.name == method.name for branch in design.branches)
        stepped = answer(design if own else design.with_method(method))
        if any("lipschitz" not in lines for lines in stepped.constants):
            return []
        steps = tuple(
            _largest(stepped, place, purpose)
            for place in _distinct(stepped)
            for purpose in PURPOSES
        )
        found.append(MethodSteps(method, stepped, steps))
    return found


def _distinct(found: Answer) -> list[int]:
    """One part for every field: halves of a step have the same largest step."""
    places: dict[int, int] = {}
    for place, part in enumerate(found.parts):
        places.setdefault(part["field"], place)
    return list(places.values())


def _largest(found: Answer, place: int, purpose: str) -> LargestStep:
    part, design = found.parts[place], found.design
    method = design.method_of(part)
    given = largest_step(
        method,
        part,
        part_constants(found, place),
        design.metric,
        purpose,
        token_wise=is_token_wise(design.branches[part["field"]].field),
    )
    if isinstance(given, StepFact):
        part_line(found, place, given)
        formula = in_symbols_of(found, place, given.expression)
        return LargestStep(
            method.name, place, purpose, given.value, given.theorem, formula
        )
    if isinstance(given, Unbounded):
        return LargestStep(method.name, place, purpose, None, given.theorem, None)
    return LargestStep(
        method.name, place, purpose, Fraction(0), None, None, given.reason
    )
