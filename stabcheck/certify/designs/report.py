"""A certified design as tables for a person."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from stabcheck.certify.designs.chain import Line
from stabcheck.certify.designs.formatting import LOWER, formula_text, shown
from stabcheck.certify.designs.record import depth_of
from stabcheck.certify.designs.run import Outcome
from stabcheck.certify.designs.statement import recipes_of, scaling_of, statement_of
from stabcheck.certify.designs.steps import LargestStep
from stabcheck.certify.report import plain_table

SYMBOLS = {
    "lipschitz": "K",
    "log-norm": "mu",
    "spectrum-lower": "nu_-",
    "spectrum-upper": "nu_+",
}


WEAKER_FORMULAS = (
    "reversible-two-stream",
    "leapfrog-comparison",
    "momentum-comparison",
)
"""Their numbers are singular values of a power; the formulas are a little weaker."""


def tables(outcome: Outcome) -> RenderableType:
    """Everything a person reads of a design."""
    found, design = outcome.answer, outcome.design
    parts: list[RenderableType] = [Text(statement_of(design)), *_constants(outcome)]
    if outcome.methods:
        parts += [_heading("Steps"), _steps(outcome)]
    parts += [_heading("Depth"), Text("\n".join(_depth_lines(outcome)))]
    if found.depth:
        parts += [_heading("Weights within the caps")]
        parts += [Text(recipe) for recipe in recipes_of(design)]
        parts += [_heading("Scaling"), Text(scaling_of(found))]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _constants(outcome: Outcome) -> list[RenderableType]:
    table = plain_table("field", "", "", "formula", "theorem")
    for place, lines in enumerate(outcome.answer.constants):
        name = outcome.design.branches[place].field["kind"]
        for quantity, line in lines.items():
            if quantity == "log-norm" and line.value == lines["lipschitz"].value:
                continue
            symbol = SYMBOLS[quantity]
            sign = ">=" if quantity in LOWER else "<="
            number = f"{sign} {shown(line)}"
            table.add_row(name, symbol, number, _formula(line), line.theorem)
            name = ""
    return [_heading("Constants"), table] if table.row_count else []


def _formula(line: Line) -> str:
    return formula_text(line.formula)


def _steps(outcome: Outcome) -> RenderableType:
    several = len(outcome.design.branches) > 1
    size = outcome.design.step.text
    table = plain_table(
        "method", f"growth at h = {size}", "shrink", "contractive up to h",
        "invertible up to h",
    )  # fmt: skip
    for row in outcome.methods:
        layer = row.answer.layer
        first = [
            row.method.name,
            shown(layer.get("growth")) or "-",
            shown(layer.get("shrink")) or "-",
        ]
        for place in dict.fromkeys(step.part for step in row.steps):
            largest = [s for s in row.steps if s.part == place]
            field = row.answer.parts[place]["field"]
            name = f"field {field + 1}: " if several else ""
            table.add_row(*first, *(name + _step_cell(step) for step in largest))
            first = ["", "", ""]
    return table


def _step_cell(step: LargestStep) -> str:
    formula = formula_text(step.formula)
    same = formula in ("", step.number) or "CRootOf" in formula
    return step.number if same else f"{step.number} = {formula}"


def _depth_lines(outcome: Outcome) -> list[str]:
    record = depth_of(outcome)
    if record["growth"] is None:
        return [f"nothing is promised: {record['reason']}"]
    lines = []
    for quantity, sign in (("growth", "<="), ("shrink", ">=")):
        line = outcome.answer.depth.get(quantity)
        if line is None:
            reason = record.get(f"{quantity}_reason", "no theorem gives one")
            lines.append(f"{quantity} {sign} 0: {reason}")
            continue
        formula = formula_text(line.formula)
        relation = sign if line.theorem in WEAKER_FORMULAS else "="
        equal = f" {relation} {formula}" if formula else ""
        lines.append(
            f"{quantity} of {outcome.design.depth} layers {sign} {shown(line)}{equal} "
            f"({line.theorem})"
        )
    for quantity, line in outcome.answer.every_depth.items():
        sign = "<=" if quantity == "growth" else ">="
        lines.append(
            f"{quantity} at every depth from {outcome.design.depth} on {sign} "
            f"{shown(line)} = {formula_text(line.formula)} ({line.theorem})"
        )
    if outcome.answer.start is not None:
        lines.append(
            f"from every state with squared token norms up to "
            f"{record['start_radius_squared']} (design-ball-reach)"
        )
    if record.get("vacuous"):
        lines.append("vacuous: a bound above 1e12 says nothing")
    return lines
