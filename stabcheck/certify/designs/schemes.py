"""Layers with two streams, on the sphere, or above a floor of the token norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, Any

from stabcheck.certify.designs.description import Design
from stabcheck.certify.designs.parts import fact_line
from stabcheck.growth.designs import scheme_bounds

if TYPE_CHECKING:
    from stabcheck.certify.designs.answers import Answer


def apply_scheme(found: Answer) -> None:
    """Growth and shrink of a layer that is no composition, and of the depth."""
    design, chain = found.design, found.chain
    if any("lipschitz" not in lines for lines in found.constants):
        return
    layer = chain.records["layer"]
    lines = [found.constants[part["field"]] for part in found.parts]
    known = [
        {"lipschitz": line["lipschitz"].value}
        | {"value": chain.records["fields"][part["field"]].get("value_norm", 0)}
        for line, part in zip(lines, found.parts, strict=True)
    ]
    for depth, target in ((None, found.layer), (design.depth, found.depth)):
        subject = {"layer": True} if depth is None else {"depth": depth}
        for fact in scheme_bounds(
            layer, known, design.domain, depth, weight=weight_of(layer, known)
        ):
            target.setdefault(fact.quantity, fact_line(chain, fact, subject, lines))
    if not (found.layer or found.depth):
        found.reasons["growth"] = scheme_reason(design)


def weight_of(
    layer: Mapping[str, Any], known: Sequence[Mapping[str, Fraction]]
) -> Fraction:
    r"""The weight of the velocity in the norm of a momentum layer: $\sqrt{\gamma/c}$.

    It balances the matrix of the layer; of the state alone, from a velocity of 0, the
    growth is the same.  Other layers weigh their streams alike.
    """
    if layer["kind"] != "momentum":
        return Fraction(1)
    (part,) = layer["parts"]
    force = (1 - layer["gamma"]) * part["step"] * part["scale"] * known[0]["lipschitz"]
    square = layer["gamma"] / force if force else Fraction(1)
    return Fraction(max(1, isqrt(int(square))))


def scheme_reason(design: Design) -> str:
    """Why no theorem bounds a layer of this kind with this step."""
    values = sum(
        (
            branch.scale.at(design.depth) * branch.field.get("value_norm", Fraction(0))
            for branch in design.branches
        ),
        start=Fraction(0),
    )
    moved = design.step_size * values
    if design.layer == "sphere" and values:
        return (
            f"h v = {moved} >= 1, so that the state before the projection may vanish; "
            f"take a step below 1/v = {1 / values}"
        )
    floor = design.domain.get("floor")
    if floor is not None and values:
        return (
            f"the floor {floor} of the token rms sinks by h v = {moved} a layer and "
            f"reaches 0 within {design.depth} layers; take a step of at most "
            f"{floor / values / design.depth} (h v L <= floor), or norm = 'soft'"
        )
    return f"no theorem bounds a layer of kind {design.layer} on this domain"


def post_norm_reason(design: Design) -> str:
    """Why nothing is promised for a normalisation after the residual."""
    values = sum(
        (branch.field.get("value_norm", Fraction(0)) for branch in design.branches),
        start=Fraction(0),
    )
    moved = design.step_size * values
    said = (
        f"h v = {moved} >= 1, so that the state before it may vanish, where its "
        "derivative is unbounded: no finite growth holds; and "
        if moved >= 1
        else ""
    )
    return (
        f"a normalisation after the residual ({design.post_norm}): {said}its Jacobian "
        "has a kernel, the direction of the token itself, so that the shrink is 0; use "
        "[layer] kind = 'sphere' with h v < 1, on the tangent spaces, or norm = 'soft'"
    )
