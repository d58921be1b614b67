"""`designs`, `design compare | advise | check`: layers before a weight exists."""

from __future__ import annotations

import json
import time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from stabcheck.cli.certify import printer, verdict_line

SHORT = {
    "forward-euler": "E",
    "heun": "H",
    "ssprk3": "S3",
    "rk4": "R4",
    "backward-euler": "BE",
    "implicit-midpoint": "IM",
}
"""Methods in the heading of the table of largest steps."""
LEGEND = """
m: the largest token norm, 2: all tokens together.  h_c: no step up to it grows a
distance; h_inv: every step below it is invertible; any: every step; -: none certified.
E, H, S3, R4, BE, IM: forward Euler, Heun, SSPRK3, RK4, backward Euler, implicit
midpoint.  Growth and shrink are of the layers that the file names."""

JSON = Annotated[bool, typer.Option("--json", help="For machines.")]
File = Annotated[Path, typer.Argument(metavar="DESIGN", help="A design file (.toml).")]


def designs(as_json: JSON = False) -> None:
    """List the catalogue of designs: constants, largest steps, growth and shrink.

    `h_c` is the largest step certified to contract, `h_inv` the largest certified to be
    invertible, by forward Euler, Heun, SSPRK3, RK4, backward Euler, implicit midpoint.

    Example: `stabcheck designs`
    """
    from stabcheck.certify.designs import catalogue

    entries = catalogue.table()
    if as_json:
        print(json.dumps([entry.to_json() for entry in entries], indent=1))
        return
    console = printer()
    console.print(catalogue_table(entries))
    console.print(Text(LEGEND))


def catalogue_table(entries: list[Any]) -> Table:
    """One row a design."""
    table = plain(
        "design", "norm", "domain", "K, spectrum", "", *SHORT.values(),
        "growth", "shrink",
    )  # fmt: skip
    for entry in entries:
        record = entry.to_json()
        name = {"contractive": "h_c", "invertible": "h_inv"}[record["purpose"]]
        steps = [record["largest_steps"].get(method, "") for method in SHORT]
        table.add_row(
            record["design"],
            {"token-max": "m", "frobenius": "2"}[record["metric"]],
            record["domain"],
            ", ".join(record["constants"]),
            name if any(steps) else "",
            *map(step_text, steps),
            short(record["growth"], up=True),
            short(record["shrink"], up=False),
        )
    return table


def step_text(step: str) -> str:
    """Four characters of a largest step are enough for a table, rounded down."""
    try:
        Decimal(step)
    except InvalidOperation:
        return step
    return step if len(step) <= 5 else step[:5].rstrip(".")


def plain(*headings: str) -> Table:
    """A table without rules."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def short(number: str | None, *, up: bool) -> str:
    """Three digits of a number in text: a growth rounded up, a shrink down."""
    from stabcheck.certify.designs.formatting import digits

    if number is None:
        return "-"
    text = digits(Fraction(number), up=up, count=3)
    return text if len(text) <= 7 else f"{Decimal(text):.2e}"


def compare(
    files: Annotated[
        list[Path], typer.Argument(metavar="DESIGN...", help="Two or more files.")
    ],
    as_json: JSON = False,
) -> None:
    """Show designs side by side, and what each changes of the first one.

    Example: `stabcheck design compare examples/designs/layer-scale.toml
    examples/designs/reversible.toml`
    """
    from stabcheck.certify.designs.comparison import compared

    record = compared(files)
    if as_json:
        print(json.dumps(record, indent=1))
        return
    console = printer()
    names = [design["design"] for design in record["designs"]]
    table = plain("", *names)
    for key in ("fields", "layer", "metric", "domain", "step", "layers", "constants"):
        values = (design[key] for design in record["designs"])
        table.add_row(key, *(Text(flat(value)) for value in values))
    for key in ("growth", "shrink"):
        values = (design[key] for design in record["designs"])
        up = key == "growth"
        table.add_row(key, *(short(value, up=up) for value in values))
    console.print(table)
    for change in record["changes"]:
        console.print(
            Text(f"\n{change['design']} against {names[0]}: {change['buys']}")
        )
        for line in change["changed"]:
            console.print(Text(f"  {line}"))


def flat(value: Any) -> str:
    """A value of a record in one cell."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def advise(file: File, as_json: JSON = False) -> None:
    """Change one thing at a time, and show what each change makes of the certificate.

    Example: `stabcheck design advise examples/designs/layer-scale.toml`
    """
    from stabcheck.certify.designs.advice import advise as advised
    from stabcheck.certify.designs.comparison import change_record
    from stabcheck.certify.designs.reading import read

    now, changes = advised(read(file))
    rows = [change_record(change) for change in (now, *changes)]
    if as_json:
        print(json.dumps({"design": now.design.name, "changes": rows}, indent=1))
        return
    console = printer()
    table = plain("change", "growth", "shrink")
    for row in rows:
        growth, shrink = short(row["growth"], up=True), short(row["shrink"], up=False)
        table.add_row(Text(row["change"]), growth, shrink)
    console.print(table)
    if rows[0]["reason"]:
        console.print(Text(f"\nas it is: {rows[0]['reason']}"))
    if len(rows) == 1:
        console.print("\nno single change of those tried makes it better")


def check(
    file: File,
    parameters: Annotated[Path, typer.Option(help="An .npz of the weights.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files.", show_default="certified")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another run's files in --out.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Verify that weights lie within a design's caps; then its certificate is theirs.

    Arrays are named as in `bound`: `W_Q`, `W_K`, `W_V` (H, d, d_k), `W_O`, `scale`,
    `W_1`, `W_2`; a layer's number may stand before, as in `layers.3.W_Q`.

    Example: `stabcheck design check A.toml --parameters W.npz`
    """
    from stabcheck.certify.designs import record as records
    from stabcheck.certify.designs.members import measure
    from stabcheck.certify.designs.reading import read
    from stabcheck.certify.designs.run import run

    start = time.perf_counter()
    design = read(file)
    found = measure(design, parameters)
    inside = all(row.holds for row in found)
    folder = out or Path("certified")
    outcome = run(design, folder, force=force) if inside else None
    record: dict[str, Any] = {
        "design": design.name,
        "inside": inside,
        "caps": [row.to_json() for row in found],
        "certified": None,
    }
    if outcome is not None:
        seconds = time.perf_counter() - start
        path = str(folder / "certificate.json")
        record["certified"] = records.to_json(outcome, path, seconds)
    if as_json:
        print(json.dumps(record, indent=1))
        return
    print_check(record, outcome)


def print_check(record: dict[str, Any], outcome: Any) -> None:
    """The caps, the verdict, and what holds for these weights."""
    console = printer()
    table = plain("layer", "cap", "allowed", "verified bound", "")
    for row in record["caps"]:
        bound = "-" if row["verified"] is None else f"{row['verified']:.6g}"
        mark = "within" if row["holds"] else f"outside {row['note']}".strip()
        name, allowed = Text(row["cap"]), f"{row['allowed']:.6g}"
        table.add_row(row["layer"], name, allowed, bound, Text(mark))
    console.print(table)
    if not record["inside"]:
        console.print("\noutside the family: the design's certificate says nothing")
        return
    depth = record["certified"]["depth"]
    console.print("\ninside the family")
    if depth["growth"] is None:
        console.print(Text(f"nothing is promised of it: {depth['reason']}"))
        return
    console.print(
        f"growth <= {depth['growth']}, shrink >= {depth['shrink']} over "
        f"{depth['layers']} layers\n{verdict_line(outcome.verdict)}: "
        f"{record['certified']['certificate']}"
    )
