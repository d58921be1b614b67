"""A finished run as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stabcheck.certify import decimals
from stabcheck.certify.costliest import largest_factor
from stabcheck.certify.depth import VACUOUS, DepthReport
from stabcheck.certify.depth_product import Factor
from stabcheck.certify.run import Outcome

SYMBOLS = {
    "spectral-norm": "‖J‖₂",
    "log-norm": "μ₂",
    "log-norm-lower": "λmin",
}


NOTES = {
    "one-leg-g-norm": "G-norm: growth of the last values together, in the norm of G",
    "momentum-schur-cohn": "frozen radius: spectral radius of the step with the "
    "Jacobian of the centre, no growth from other states",
}
"""What stands under the step table where a row bounds another quantity."""


def to_json(outcome: Outcome, path: str, seconds: float) -> dict[str, Any]:
    """The object that `certify --json` prints."""
    *layers, depth = outcome.ranges
    return {
        "certificate": path,
        "checked": outcome.verdict["tier"],
        "claims": outcome.verdict["claims"],
        "seconds": round(seconds, 1),
        "layers": [_public(summary) for summary in outcome.maps],
        "wholes": [_range(report) for report in layers],
        "depth": _range(depth) | _costliest(depth, outcome.factors),
    }


def _public(summary: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in summary.items() if k not in ("factor", "radius")}


def _costliest(depth: DepthReport, factors: list[Factor]) -> dict[str, Any]:
    """Which layer costs most, and the growth at the point without each, estimated.

    Where the derivative is no closed form: the map of the largest certified growth.
    """
    if depth.left_out is None:
        return {"costliest": largest_factor(factors)}
    growths = {
        k: float(decimals.nearest(v, 4)) for k, v in depth.left_out.growths.items()
    }
    return {"costliest": depth.left_out.costliest, "growth_without": growths}


def _range(report: DepthReport) -> dict[str, Any]:
    record: dict[str, Any] = {"name": report.name}
    if report.at_point and report.attained:
        record["at_point"] = {
            "growth": decimals.exact(report.at_point.value, 12),
            "attained": decimals.exact(report.attained.value, 12, up=False),
            "slack": _slack(report.at_point.value, report.attained.value),
            "theorem": report.at_point.theorem,
        }
    if report.shrink_at_point:
        record["shrink_at_point"] = decimals.at_least(report.shrink_at_point.value)
        record["shrink_theorem"] = report.shrink_at_point.theorem
    tube = report.over_tube
    record["input_radius"] = decimals.at_least(report.input_radius) if tube else None
    if tube and report.shortest_token:
        share = float(report.input_radius) / report.shortest_token
        record["relative_input_radius"] = float(f"{share:.3g}")
    record["growth"] = decimals.exact(tube.value) if tube else None
    shrink = report.shrink_over_tube
    record["shrink"] = decimals.at_least(shrink.value) if shrink else "0"
    record["composition"] = tube.theorem if tube else None
    if tube and tube.value > VACUOUS:
        record["vacuous"] = True
    if report.reason:
        record["reason"] = report.reason
    return record


def _slack(certified: Fraction, attained: Fraction) -> float | None:
    return float(certified / attained) if attained else None


def _slack_text(slack: float | None) -> str:
    return "–" if slack is None else f"1 + {slack - 1:.1g}"


def tables(outcome: Outcome) -> RenderableType:
    """Everything a person reads: Jacobians, steps, layers, depth, verdict."""
    *layers, depth = outcome.ranges
    parts: list[RenderableType] = [
        _heading("Jacobians over the tubes"),
        _jacobian_table(outcome.maps),
        _heading("Steps of the branches, from every state of the tube"),
        _step_table(outcome.maps),
        _heading("Layers"),
        _layer_table(layers),
        _heading("Depth"),
        Text("\n".join(_depth_lines(depth, outcome.factors))),
    ]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def plain_table(*headings: str) -> Table:
    """A table without rules: the first column left, the others right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(
            heading, justify="left" if index == 0 else "right", no_wrap=index == 0
        )
    return table


def _jacobian_table(maps: Iterable[dict[str, Any]]) -> Table:
    table = plain_table("map", "tube", "", "certified", "attained", "slack", "theorem")
    for summary in maps:
        first = (summary["name"], summary["domain"].removeprefix("tube:"))
        for quantity, symbol in SYMBOLS.items():
            row = summary["bounds"][quantity]
            bound = Fraction(row.get("upper", row.get("lower")))
            certified = decimals.certified(quantity, bound, 5)
            attained = decimals.attained(quantity, Fraction(str(row["attained"])), 5)
            slack = f"{row['slack']:.4g}" if "slack" in row else "–"
            table.add_row(*first, symbol, certified, attained, slack, row["theorem"])
            first = ("", "")
    return table


def _step_table(maps: Iterable[dict[str, Any]]) -> RenderableType:
    summaries = list(maps)
    table = plain_table(
        "branch", "method", "h", "growth", "shrink",
        "contractive h", "invertible h", "solvable h",
    )  # fmt: skip
    notes: dict[str, int] = {}
    for summary in summaries:
        name = summary["name"]
        for step in summary["steps"]:
            table.add_row(name, step["integrator"], step["step"], *_cells(step, notes))
            name = ""
    if not table.row_count:
        return Text("no residual branch")
    lines = [f"({number}) {reason}" for reason, number in notes.items()]
    if any(s.get("contractive_step") == "0" for m in summaries for s in m["steps"]):
        lines.append("contractive h –: none is certified; none exists where mu_2 > 0")
    theorems = {step.get("theorem") for m in summaries for step in m["steps"]}
    lines += [note for theorem, note in NOTES.items() if theorem in theorems]
    return Group(table, *(Text(line) for line in lines))


def _cells(step: dict[str, Any], notes: dict[str, int]) -> tuple[str, ...]:
    """Growth, shrink and the largest certified steps of one row."""
    keys = ("contractive_step", "invertible_step", "largest_step")
    found = (step.get(key, "–") for key in keys)
    largest = tuple("–" if size == "0" else size for size in found)
    if step["growth"] is None:
        number = notes.setdefault(step.get("reason", ""), len(notes) + 1)
        return f"not certified ({number})", "–", *largest
    shrink = "–" if step["theorem"] in NOTES else "0"
    if step["shrink"]:
        shrink = decimals.at_least(Fraction(step["shrink"]), 4)
    return decimals.at_most(Fraction(step["growth"]), 5), shrink, *largest


def _layer_table(reports: Iterable[DepthReport]) -> Table:
    table = plain_table(
        "layer", "growth at the point", "slack", "growth over the tube", "input radius"
    )
    for report in reports:
        record = _range(report)
        point = record.get("at_point")
        table.add_row(
            report.name,
            decimals.at_most(Fraction(point["growth"])) if point else "–",
            _slack_text(point["slack"]) if point else "–",
            record["growth"] or f"not certified: {report.reason}",
            record["input_radius"] or "–",
        )
    return table


def _depth_lines(report: DepthReport, factors: list[Factor]) -> Iterable[str]:
    record = _range(report)
    point = record.get("at_point")
    if point:
        yield (
            f"at the point: growth <= {point['growth']}, attained {point['attained']}, "
            f"slack {_slack_text(point['slack'])} ({point['theorem']})"
        )
    kernel = record.get("shrink_theorem") == "layer-norm-kernel"
    if kernel:
        yield (
            "shrink: 0, as the stack ends in a LayerNorm, whose Jacobian has a kernel "
            "(layer-norm-kernel); before normalisation: the step table"
        )
    elif "shrink_at_point" in record:
        yield f"at the point: shrink >= {record['shrink_at_point']}"
    if record["growth"] is None:
        yield f"over a tube: not certified: {report.reason}"
        yield from _costliest_line(report, factors)
        return
    vacuous = " -- vacuous: it says nothing" if record.get("vacuous") else ""
    share = record.get("relative_input_radius")
    of_token = f" ({share:.2g} of the shortest token)" if share else ""
    yield (
        f"over the input tube of radius {record['input_radius']}{of_token}: growth <= "
        f"{record['growth']} ({record['composition']}){vacuous}"
    )
    if not kernel:
        yield f"over the same tube: shrink >= {record['shrink']}"
    yield from _costliest_line(report, factors)


def _costliest_line(report: DepthReport, factors: list[Factor]) -> Iterable[str]:
    found = _costliest(report, factors)
    name = found["costliest"]
    if "growth_without" in found:
        yield (
            f"costliest: {name}: without it the growth at the point would be about "
            f"{found['growth_without'][name]:.4g} (its Jacobian replaced by the "
            "identity; an estimate)"
        )
    elif name:
        yield f"costliest: {name}, of the largest growth over its own tube"
