"""One change at a time: what each makes of the growth and the shrink of a design."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from typing import Any

from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.description import (
    Branch,
    Design,
    StepSize,
    euler,
)
from stabcheck.certify.designs.steps import METHODS, largest_steps
from stabcheck.errors import InvalidInput
from stabcheck.integrators import get as integrator_named

FREE_LOGITS = Fraction(1, 2)
"""Up to here the logits of soft pre-norm attention cost nothing."""
FREE_TIED_LOGITS = Fraction(2)
"""The same of tied values, in the logarithmic norm."""


@dataclass(frozen=True)
class Change:
    """A changed design and what is certified of it; None where nothing is."""

    label: str
    design: Design
    growth: Fraction | None
    shrink: Fraction | None
    reason: str = ""


def measured(label: str, design: Design) -> Change:
    """A design with its growth and shrink over the depth."""
    try:
        found = answer(design)
    except InvalidInput as error:
        return Change(label, design, None, None, str(error))
    growth, shrink = found.depth.get("growth"), found.depth.get("shrink")
    return Change(
        label,
        design,
        growth.value if growth else None,
        shrink.value if shrink else None,
        "" if growth else next(iter(found.reasons.values()), ""),
    )


def advise(design: Design) -> tuple[Change, list[Change]]:
    """The design as it is, and its changes: the smallest growth first.

    Changes that make the growth no smaller and the shrink no larger are left out.
    """
    now = measured("as it is", design)
    found = [measured(label, changed) for label, changed in changes(design)]
    useful = [change for change in found if _is_better(change, now)]
    useful.sort(key=lambda change: (change.growth or 0, -(change.shrink or 0)))
    return now, useful


def _is_better(change: Change, now: Change) -> bool:
    if change.growth is None:
        return False
    if now.growth is None or change.growth < now.growth:
        return True
    return (change.shrink or 0) > (now.shrink or 0)


def changes(design: Design) -> Iterator[tuple[str, Design]]:
    """Every change that makes sense for this design, with its description."""
    for change in (
        _normalisation,
        _metric,
        _step,
        _logits,
        _values,
        _leak,
        _methods,
        _gradient,
        _reversible,
        _tie,
    ):
        yield from change(design)


def _with(design: Design, change: Callable[[Branch], Branch], **more: Any) -> Design:
    return replace(design, branches=tuple(map(change, design.branches)), **more)


def _field(branch: Branch, **values: Any) -> Branch:
    return replace(branch, field={**branch.field, **values})


def _is_attention(branch: Branch) -> bool:
    return branch.field["kind"] in ("attention", "sinkhorn-attention")


def _alpha(design: Design, branch: Branch) -> Fraction:
    square = branch.field["radius_squared"]
    if square is None:
        square = design.domain.get("radius_squared", Fraction(1))
    return branch.field["query_key_norm"] * square


def _normalisation(design: Design) -> Iterator[tuple[str, Design]]:
    attention = [b for b in design.branches if _is_attention(b)]
    soft = all(b.field["normalisation"] == "soft" for b in attention)
    if not attention or (soft and not design.post_norm) or design.layer == "sphere":
        return

    def change(branch: Branch) -> Branch:
        if branch.field["kind"] == "feed-forward":
            return _field(branch, normalisation="soft")
        if not _is_attention(branch):
            return branch
        square = branch.field["radius_squared"] or Fraction(1)
        cap = _alpha(design, branch) / square
        return _field(
            branch,
            normalisation="soft",
            radius_squared=square,
            query_key_norm=cap,
            tie="none",
        )

    everywhere = {"kind": "all"}
    yield (
        "norm = 'soft' on all states",
        _with(design, change, domain=everywhere, post_norm=None),
    )


def _metric(design: Design) -> Iterator[tuple[str, Design]]:
    """The largest token in place of all tokens, for softmax attention."""
    kinds = {branch.field["kind"] for branch in design.branches}
    if design.metric == "frobenius" and "sinkhorn-attention" not in kinds:
        yield "metric = 'token-max'", replace(design, metric="token-max")


def _step(design: Design) -> Iterator[tuple[str, Design]]:
    scaled = design.step.by_depth or all(b.scale.by_depth for b in design.branches)
    if not scaled and design.depth > 1:
        divided = StepSize(design.step.number, by_depth=True)
        yield f"size = '{divided.text}'", replace(design, step=divided)
    half = replace(design.step, number=design.step.number / 2)
    yield f"size = '{half.text}'", replace(design, step=half)


def _logits(design: Design) -> Iterator[tuple[str, Design]]:
    for place, branch in enumerate(design.branches):
        if not _is_attention(branch):
            continue
        tied = branch.field["tie"] == "negative"
        free = FREE_TIED_LOGITS if tied else FREE_LOGITS
        alpha = _alpha(design, branch)
        if alpha > free:
            cap = branch.field["query_key_norm"] * free / alpha
            changed = _replaced(design, place, _field(branch, query_key_norm=cap))
            yield f"logits = '{free}'", changed


def _values(design: Design) -> Iterator[tuple[str, Design]]:
    for place, branch in enumerate(design.branches):
        for name in ("value_norm", "in_norm", "out_norm"):
            if branch.field.get(name, Fraction(0)) > 1:
                one = _field(branch, **{name: Fraction(1)})
                yield f"{name} = 1", _replaced(design, place, one)


def _replaced(design: Design, place: int, branch: Branch) -> Design:
    branches = list(design.branches)
    branches[place] = branch
    return replace(design, branches=tuple(branches))


def _leak(design: Design) -> Iterator[tuple[str, Design]]:
    """A leak that is at least the Lipschitz constant of a branch."""
    if not _has_steps(design):
        return
    found = answer(design)
    norms = [lines.get("lipschitz") for lines in found.constants]
    if any(line is None for line in norms):
        return
    for place, (branch, line) in enumerate(zip(design.branches, norms, strict=True)):
        speed = branch.scale.at(design.depth) * line.value if line else Fraction(0)
        leak = Fraction(-(-speed * 10 // 1), 10)
        if branch.leak < leak:
            leaking = _replaced(design, place, replace(branch, leak=leak))
            yield f"leak = {leak} of {branch.field['kind']}", leaking


def _has_steps(design: Design) -> bool:
    """Whether the theorems about steps of any method speak of the design."""
    convex = design.domain["kind"] in ("all", "ball")
    return design.composes and convex and not design.post_norm


def _methods(design: Design) -> Iterator[tuple[str, Design]]:
    if not _has_steps(design):
        return
    own = {branch.method.name for branch in design.branches}
    for name in METHODS:
        if own != {name}:
            changed = design.with_method(integrator_named(name))
            yield f"integrator = '{name}'", changed
    for row in largest_steps(design):
        steps = [s.value for s in row.steps if s.purpose == "contractive" and s.value]
        if own == {row.method.name} and len(steps) == len(design.branches):
            size = min(steps)
            if size < design.step_size:
                shorter = StepSize(Fraction(int(size * 10**6), 10**6))
                yield f"size = '{shorter.text}'", replace(design, step=shorter)


def _gradient(design: Design) -> Iterator[tuple[str, Design]]:
    for place, branch in enumerate(design.branches):
        if branch.field["kind"] != "feed-forward":
            continue
        square = branch.field["in_norm"] * branch.field["out_norm"]
        norm = Fraction(isqrt(int(square * 10**12)) + 1, 10**6)
        if norm * norm > square and (norm - Fraction(1, 10**6)) ** 2 == square:
            norm -= Fraction(1, 10**6)
        record = {
            "kind": "gradient-feed-forward",
            "activation": "relu",
            "matrix_norm": norm,
        }
        changed = _replaced(design, place, replace(branch, field=record))
        yield "kind = 'gradient-feed-forward', relu, of the same norm", changed


def _reversible(design: Design) -> Iterator[tuple[str, Design]]:
    everywhere = design.domain["kind"] == "all"
    plain = all(not branch.leak for branch in design.branches)
    pair = design.layer == "lie-trotter" and len(design.branches) == 2
    if pair and everywhere and plain:
        streams = _with(design, lambda b: replace(b, method=euler()))
        yield "[layer] kind = 'reversible'", replace(streams, layer="reversible")


def _tie(design: Design) -> Iterator[tuple[str, Design]]:
    if not design.composes or design.domain["kind"] != "ball":
        return
    for place, branch in enumerate(design.branches):
        kind, tie = branch.field["kind"], branch.field.get("tie")
        plain = branch.field.get("normalisation") == "none" and branch.leak > 0
        if kind == "attention" and tie == "none" and plain:
            tied = _field(branch, tie="negative")
            yield "tie = 'negative'", _replaced(design, place, tied)
