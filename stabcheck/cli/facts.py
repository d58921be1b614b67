"""`integrators`, `integrator`: the methods and their exact facts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from stabcheck.errors import InvalidInput

MOST_DIGITS = 10_000
WIDTH = 100
"""Columns of the table where the output is no terminal."""


def integrators(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]", help="Only rows that contain it, or a letter A to J."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every method, not the first of a row.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the 166 rows of methods with their stability facts.

    Of each row the first method: order p, stages s, intervals on the axes, radius of
    the largest disc in the stability region; A-, L- and algebraic stability.

    Example: `stabcheck integrators bdf --all`
    """
    from stabcheck.cli import method_table
    from stabcheck.integrators.catalogue import rows

    chosen = method_table.chosen(rows(), text)
    if not chosen:
        raise InvalidInput(
            f"asked for the rows with {text!r}, found none; give a part of a name such "
            "as bdf, or a letter from A to J"
        )
    digits = 15 if as_json else method_table.DIGITS
    wanted = [
        (row, name)
        for row in chosen
        for name in (row.names if every and row.names else (row.names or (None,))[:1])
    ]
    progress = track(
        wanted,
        "facts",
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    records = [method_table.record_of(row, name, digits) for row, name in progress]
    if as_json:
        print(json.dumps(records, indent=1))
        return
    for line in method_table.lines_of(records):
        print(line)
    print("", *method_table.open_rows(records), method_table.LEGEND, sep="\n")


def page() -> Console:
    """A console that does not cut lines where the output is no terminal."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def integrator(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A method, e.g. rk4 or RK44.")
    ],
    digits: Annotated[
        int,
        typer.Option(help="Significant digits of each number.", min=1, max=MOST_DIGITS),
    ] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a certificate of the facts for `stabcheck check` instead.",
        ),
    ] = None,
) -> None:
    """Print the coefficients of one method and every exact fact about it.

    Numbers are algebraic: the digits are those of the exact value, and its minimal
    polynomial stands beside them.

    Example: `stabcheck integrator rk4 --digits 50`
    """
    from stabcheck.cli.tableau_text import tableau_text
    from stabcheck.integrators import facts, get, readable

    if certificate is not None:
        write_certificate(get(name), certificate)
        return
    if as_json:
        print(json.dumps(facts(get(name), digits), indent=1))
        return
    record = readable(get(name), digits)
    console = page()
    tableau = tableau_text(record)
    if tableau is not None:
        record = {k: v for k, v in record.items() if k not in ("A", "b", "c")}
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    polynomials = record.pop("minimal_polynomials")
    for key, value in record.items():
        if value is None or value == []:
            continue
        text = _cell(value)
        if "^" in polynomials.get(key, ""):
            text += f"  (root of {polynomials[key]})"
        table.add_row(key, text)
    console.print(table, highlight=False)
    if tableau is not None:
        console.print("\n" + tableau, highlight=False, markup=False)


def write_certificate(method: Any, file: Path) -> None:
    """Write the certificate of a method's facts whole or not at all."""
    from stabcheck.certificate import write_text
    from stabcheck.integrators.certificates import certificate

    document = certificate(method)
    if not file.parent.is_dir():
        raise InvalidInput(
            f"asked to write {file}, found no folder {file.parent}; make it first"
        )
    if file.is_dir():
        raise InvalidInput(
            f"asked to write {file}, found a folder of that name; give a file"
        )
    write_text(file, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"{file}: {len(document['claims'])} claims; `stabcheck check {file}`")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        rows = [" ".join(row) if isinstance(row, list) else row for row in value]
        return ("; " if any(isinstance(row, list) for row in value) else " ").join(rows)
    return "-" if value is None else str(value)
