"""What the theorems promise of a design: constants, a step, a layer, the depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stabcheck.bounds.families import Constant, constant
from stabcheck.certify.designs.chain import Chain, Line
from stabcheck.certify.designs.depth import averages_tokens, every_depth, power, reach
from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.parts import compose
from stabcheck.certify.designs.schemes import apply_scheme, post_norm_reason
from stabcheck.errors import InvalidInput
from stabcheck.growth.designs import GrowthTooLarge

QUANTITIES = ("lipschitz", "log-norm", "spectrum-lower", "spectrum-upper")


@dataclass
class Answer:
    """The lines of a design's certificate, and the reasons for those that are missing.

    `constants` holds the lines of each field by quantity; `layer` and `depth` hold
    `growth` and `shrink` where a theorem gives them; `every_depth` the same for all
    greater depths of the same horizon.
    """

    design: Design
    chain: Chain
    constants: list[dict[str, Line]] = field(default_factory=list)
    layer: dict[str, Line] = field(default_factory=dict)
    depth: dict[str, Line] = field(default_factory=dict)
    every_depth: dict[str, Line] = field(default_factory=dict)
    start: Line | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> Sequence[Mapping[str, Any]]:
        """The records of the layer's parts."""
        return self.chain.records["layer"]["parts"]


def answer(design: Design) -> Answer:
    """Everything that the theorems give for a design, as claims for the checker."""
    found = Answer(design, Chain(design.records()))
    if design.post_norm:
        found.reasons["growth"] = post_norm_reason(design)
        return found
    _constants(found)
    if design.domain["kind"] == "token-rms" or not design.composes:
        apply_scheme(found)
    else:
        compose(found)
    _depth(found)
    return found


def _constants(found: Answer) -> None:
    design = found.design
    for place, branch in enumerate(design.branches):
        lines = {}
        for quantity in QUANTITIES:
            try:
                given = constant(branch.field, design.domain, design.metric, quantity)
            except InvalidInput as error:
                if quantity == "lipschitz":
                    found.reasons["growth"] = str(error)
                continue
            lines[quantity] = _constant_line(found.chain, place, given)
        found.constants.append(lines)


def _constant_line(chain: Chain, place: int, given: Constant) -> Line:
    return chain.add(
        given.theorem, given.quantity, {"field": place}, given.value, given.expression
    )


def _depth(found: Answer) -> None:
    design, chain = found.design, found.chain
    if found.depth or not found.layer:
        return
    more: tuple[Line, ...] = ()
    if design.domain["kind"] == "ball":
        found.start = reach(design, chain)
        if found.start is None:
            found.reasons["depth"] = ball_reason(design)
            return
        more = (found.start,)
    try:
        for quantity, line in found.layer.items():
            found.depth[quantity] = power(chain, quantity, line, design.depth, *more)
        found.every_depth = every_depth(design, chain, found.constants)
    except GrowthTooLarge as error:
        found.reasons["depth"] = str(error)


def ball_reason(design: Design) -> str:
    """Why states are not known to stay in the ball of the domain."""
    if all(averages_tokens(branch.field) for branch in design.branches):
        return (
            "the step is too long: its stages are not known to stay in the ball; take "
            "a shorter one"
        )
    return (
        "only attention without a normalisation is known to stay in a ball; give the "
        "other fields the domain all, and attention the norm 'soft'"
    )
