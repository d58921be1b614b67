"""`integrators`, `integrator`, `plot region`: methods, their exact facts, a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from stabcheck.errors import InvalidInput

MOST_DIGITS = 10_000
COLUMNS = {
    "order": "p",
    "stages": "s",
    "real_stability_interval": "real",
    "imaginary_stability_interval": "imag",
    "largest_disc_radius": "disc",
    "circle_contractivity_radius": "circle",
    "is_A_stable": "A",
    "is_L_stable": "L",
    "is_algebraically_stable": "alg.",
}
"""What the table of all methods shows, and its headings: p the order, s the stages."""


def integrators(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the methods with their stability facts.

    Order p, stages s, intervals on the axes, radius of the largest disc in the
    stability region, radius of circle contractivity; A-, L- and algebraic stability.

    Example: `stabcheck integrators`
    """
    from stabcheck.integrators import facts, get, names

    records = [facts(get(name), 15 if as_json else 6) for name in names()]
    if as_json:
        print(json.dumps(records, indent=1))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        table.add_row(record["name"], *(_cell(record[key]) for key in COLUMNS))
    Console().print(table)


def integrator(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A method, e.g. rk4 or RK44.")
    ],
    digits: Annotated[
        int,
        typer.Option(help="Significant digits of each number.", min=1, max=MOST_DIGITS),
    ] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Print the coefficients of one method and every exact fact about it.

    Numbers are algebraic: the digits are those of the exact value, and its minimal
    polynomial stands beside them.

    Example: `stabcheck integrator rk4 --digits 50`
    """
    from stabcheck.integrators import facts, get

    record = facts(get(name), digits)
    if as_json:
        print(json.dumps(record, indent=1))
        return
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
    Console().print(table)


def plot_region(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Runge-Kutta methods.")
    ],
    certificate: Annotated[
        Path | None,
        typer.Option(help="Draw the Jacobian of its layer of largest norm over them."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The picture, .png, .pdf or .svg."),
    ] = Path("region.png"),
) -> None:
    """Draw the stability regions of one or more methods.

    Example: `stabcheck plot region forward-euler rk4 implicit-midpoint -o region.png`
    """
    from stabcheck.plots import certificate_overlay, stability_region

    suffixes = (".png", ".pdf", ".svg")
    if output.suffix.lower() not in suffixes:
        raise InvalidInput(
            f"asked to draw {output}, found the ending {output.suffix!r}; use "
            + ", ".join(suffixes)
        )
    if not output.parent.is_dir():
        raise InvalidInput(
            f"asked to draw {output}, found no folder {output.parent}; make it first"
        )
    overlay = certificate_overlay(certificate) if certificate else {}
    stability_region(*names, **overlay).savefig(output, dpi=200)
    print(output)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        rows = [" ".join(row) if isinstance(row, list) else row for row in value]
        return ("; " if any(isinstance(row, list) for row in value) else " ").join(rows)
    return "-" if value is None else str(value)
