"""What a claim about a design says, in words that the checker composes itself."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.hypotheses import float_text

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

AT_LEAST = ("shrink", "spectrum-lower")
STEPS = {
    "contractive-step": "no step up to {bound} grows a distance",
    "invertible-step": "every step below {bound} is invertible",
}


def results(ctx: Context) -> list[str]:
    """One line for every claim that no other claim uses, and the family it is about."""
    claims = ctx.document["claims"]
    used = {premise for claim in claims for premise in claim["premises"]}
    lines = [
        f"claim {index}: {sentence(claim)}"
        for index, claim in enumerate(claims)
        if index not in used
    ]
    return [*lines, *family(ctx)]


def sentence(claim: dict) -> str:
    """The quantity, its subject, the bound and the theorem."""
    quantity, subject = claim["quantity"], _subject(claim["subject"])
    bound = float_text(claim["bound"])
    if quantity in STEPS:
        said = STEPS[quantity].format(bound=bound)
        return f"of {subject}, {said} ({claim['theorem']})"
    if quantity == "start-radius-squared":
        return (
            f"from squared token norms up to {bound}, {subject} stays in the ball "
            f"({claim['theorem']})"
        )
    sign = ">=" if quantity in AT_LEAST else "<="
    return f"{quantity} of {subject} {sign} {bound} ({claim['theorem']})"


def _subject(subject: dict) -> str:
    ((about, inner),) = subject.items()
    return {
        "field": f"field {inner}",
        "part": f"part {inner}",
        "layer": "a layer",
        "depth": f"{inner} layers",
        "every-depth": f"every number of layers from {inner} on, of the same horizon",
    }[about]


def family(ctx: Context) -> list[str]:
    """For which weights, states and metric the claims hold; the layer and its parts."""
    document = ctx.document
    lines = [
        f"for all weights of field {place}: {_record(field)}"
        for place, field in enumerate(document["fields"])
    ]
    lines.append(
        f"for all states of the domain {_record(document['domain'])}, in the metric "
        f"{document['metric']}"
    )
    layer = document["layer"]
    lines.append(
        "a layer: "
        + _record({key: value for key, value in layer.items() if key != "parts"})
    )
    for place, part in enumerate(layer["parts"]):
        method = document["methods"][part["method"]]
        rows = "; ".join(" ".join(map(str, row)) for row in method["A"])
        lines.append(
            f"part {place}: field {part['field']}, scale {part['scale']}, leak "
            f"{part['leak']}, step {part['step']} of A = [{rows}], "
            f"b = [{' '.join(map(str, method['b']))}]"
        )
    return lines


def _record(record: dict) -> str:
    rest = [
        f"{key} {value if not isinstance(value, Fraction) else _number(value)}"
        for key, value in record.items()
        if key != "kind" and value is not None
    ]
    return ", ".join([record["kind"], *rest])


def _number(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= 12 else float_text(value)
