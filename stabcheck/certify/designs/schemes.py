"""Layers with two streams, on the sphere, or above a floor of the token norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, Any

from stabcheck.certify.designs.description import EULER, Design
from stabcheck.certify.designs.parts import fact_line
from stabcheck.growth.designs import GrowthTooLarge, scheme_bounds

if TYPE_CHECKING:
    from stabcheck.certify.designs.answers import Answer


VALUES = ("attention", "rotary-attention", "soft-cap-attention", "qk-norm-attention")
"""Fields whose rows are known to be at most `value_norm` times what they are given."""


def apply_scheme(found: Answer) -> None:
    """Growth and shrink of a layer that is no composition, and of the depth."""
    design, chain = found.design, found.chain
    if any("lipschitz" not in lines for lines in found.constants):
        return
    if not (_has_values(design) and _has_domain(design)):
        found.reasons["growth"] = scheme_reason(design)
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
        try:
            facts = scheme_bounds(
                layer, known, design.domain, depth, weight=weight_of(layer, known)
            )
        except GrowthTooLarge as error:
            found.reasons["growth"] = str(error)
            continue
        for fact in facts:
            target.setdefault(fact.quantity, fact_line(chain, fact, subject, lines))
    if not (found.layer or found.depth):
        found.reasons.setdefault("growth", scheme_reason(design))


def _has_values(design: Design) -> bool:
    """Whether the rows of every field are bounded, where the theorem needs it."""
    if design.layer != "sphere" and design.domain["kind"] != "token-rms":
        return True
    needed = "none" if design.layer == "sphere" else "rms"
    return all(
        branch.field["kind"] in VALUES
        and branch.field.get("normalisation", "none") == needed
        for branch in design.branches
    )


def _has_domain(design: Design) -> bool:
    """Whether the theorem speaks of the domain, and of the steps on it."""
    kind = design.domain["kind"]
    if kind == "token-rms":
        plain = all(b.method.name == EULER and not b.leak for b in design.branches)
        return design.composes and plain
    return kind == ("sphere" if design.layer == "sphere" else "all")


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
    if not _has_values(design):
        kinds = " and ".join(branch.field["kind"] for branch in design.branches)
        return (
            f"no theorem bounds the rows of {kinds} in a layer of kind {design.layer} "
            f"on the domain {design.domain['kind']}; take attention"
        )
    if not _has_domain(design):
        return (
            "with a floor of the token rms only forward Euler steps without a leak "
            "have a theorem: drop the leak and the integrator, or take norm = 'soft'"
            if design.composes
            else f"a layer of kind {design.layer} has a theorem on all states only: "
            "take the domain all, and attention with norm = 'soft'"
        )
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
