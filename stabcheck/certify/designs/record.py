"""A certified design as JSON: numbers, formulas, theorem ids."""

from __future__ import annotations

from typing import Any

from stabcheck.certify.designs.chain import Line
from stabcheck.certify.designs.formatting import (
    LOWER,
    digits,
    formula_latex,
    formula_text,
    shown,
)
from stabcheck.certify.designs.run import Outcome
from stabcheck.certify.designs.statement import recipes_of, scaling_of, statement_of
from stabcheck.certify.designs.steps import LargestStep, MethodSteps

VACUOUS = 10**12


def to_json(outcome: Outcome, path: str, seconds: float) -> dict[str, Any]:
    """The object that `certify --json` prints for a design."""
    found, design = outcome.answer, outcome.design
    verdict = outcome.verdict
    return {
        "design": design.name,
        "statement": statement_of(design),
        "certificate": path if verdict else None,
        "checked": verdict["tier"] if verdict else None,
        "claims": verdict["claims"] if verdict else 0,
        "seconds": round(seconds, 1),
        "metric": design.metric,
        "domain": design.domain["kind"],
        "layers": [
            {
                "name": branch.field["kind"],
                "bounds": {quantity: _line(line) for quantity, line in lines.items()},
            }
            for branch, lines in zip(design.branches, found.constants, strict=False)
        ],
        "layer": {key: _line(line) for key, line in found.layer.items()},
        "steps": [step for row in outcome.methods for step in _step_rows(row)],
        "depth": depth_of(outcome),
        "every_depth": {
            "from": design.depth,
            **{key: _line(line) for key, line in found.every_depth.items()},
        }
        if found.every_depth
        else None,
        "scaling": scaling_of(found),
        "recipe": recipes_of(design),
    }


def _line(line: Line) -> dict[str, Any]:
    side = "lower" if line.quantity in LOWER else "upper"
    return {
        side: shown(line),
        "formula": str(line.formula()),
        "latex": formula_latex(line.formula),
        "theorem": line.theorem,
    }


def _step_rows(row: MethodSteps) -> list[dict[str, Any]]:
    layer = row.answer.layer
    rows = []
    for place in dict.fromkeys(step.part for step in row.steps):
        largest = {s.purpose: s for s in row.steps if s.part == place}
        rows.append(
            {
                "integrator": row.method.name,
                "step": str(row.answer.design.step_size),
                "growth": shown(layer.get("growth")),
                "shrink": shown(layer.get("shrink")),
                "part": place,
                **{
                    f"largest_{purpose}_step": _largest(step)
                    for purpose, step in largest.items()
                },
            }
        )
    return rows


def _largest(step: LargestStep) -> dict[str, Any]:
    if step.theorem is None:
        return {"value": None, "reason": step.reason}
    value = "inf" if step.value is None else digits(step.value, up=False)
    return {
        "value": value,
        "formula": formula_text(step.formula) or None,
        "latex": formula_latex(step.formula),
        "theorem": step.theorem,
    }


def depth_of(outcome: Outcome) -> dict[str, Any]:
    """Growth and shrink over the depth, or the reason why there are none."""
    reasons = outcome.answer.reasons
    depth = outcome.answer.depth
    growth, shrink = depth.get("growth"), depth.get("shrink")
    record: dict[str, Any] = {
        "layers": outcome.design.depth,
        "growth": shown(growth),
        "shrink": shown(shrink) or "0",
        "composition": growth.theorem if growth else None,
    }
    for key, line in depth.items():
        record[f"{key}_formula"] = str(line.formula())
        record[f"{key}_latex"] = formula_latex(line.formula)
    if growth and growth.value > VACUOUS:
        record["vacuous"] = True
    if growth is None:
        record["reason"] = next(
            (reasons[key] for key in ("growth", "depth") if reasons.get(key)),
            "no theorem bounds the growth of this design",
        )
    elif shrink is None and reasons.get("shrink"):
        record["shrink_reason"] = reasons["shrink"]
    if outcome.answer.start is not None:
        record["start_radius_squared"] = shown(outcome.answer.start)
    return record
