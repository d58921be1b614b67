"""`show`, `theorems`, `prove`: what is declared, what is stated, what is proved."""

from __future__ import annotations

import difflib
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from stabcheck.cli.facts import page
from stabcheck.errors import InvalidInput, Rejected


def show(
    name: Annotated[
        str | None, typer.Argument(metavar="FIELD", help="A declared field.")
    ] = None,
    jacobian: Annotated[
        bool, typer.Option("--jacobian", help="Show its Jacobian instead.")
    ] = False,
    jvp: Annotated[
        bool, typer.Option("--jvp", help="Show the Jacobian times a direction.")
    ] = False,
    vjp: Annotated[
        bool, typer.Option("--vjp", help="Show its transpose times a cotangent.")
    ] = False,
    hessian: Annotated[
        bool, typer.Option("--hessian", help="Show the second derivative.")
    ] = False,
    format: Annotated[str, typer.Option(help="latex or text.")] = "text",
    listing: Annotated[
        bool, typer.Option("--list", help="List the declared fields.")
    ] = False,
) -> None:
    """Print a declared vector field, or what is derived from it.

    Example: `stabcheck show attention --jacobian --format latex`
    """
    from stabcheck.fields import FIELDS

    if listing or name is None:
        print("\n".join(sorted(FIELDS)))
        return
    if format not in ("latex", "text"):
        raise InvalidInput(f"asked for the format {format!r}; use latex or text")
    flags = {"jacobian": jacobian, "jvp": jvp, "vjp": vjp, "hessian": hessian}
    chosen = [product for product, asked in flags.items() if asked]
    if len(chosen) > 1:
        raise InvalidInput(
            f"asked to show {' and '.join(chosen)} at once; choose one of them"
        )
    declare = FIELDS.get(name)
    if declare is None:
        near = difflib.get_close_matches(name, FIELDS, 3) or sorted(FIELDS)
        raise InvalidInput(
            f"asked to show {name!r}, found no such field; nearest: {', '.join(near)}"
        )
    field = declare()
    for product in chosen:
        field = DERIVED[product](field)
    print(field.latex() if format == "latex" else field.text())


DERIVED = {
    "jacobian": lambda field: field.jacobian(),
    "jvp": lambda field: field.jvp(),
    "vjp": lambda field: field.vjp(),
    "hessian": lambda field: field.jacobian().jacobian(),
}


def theorems(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One theorem, whole.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """The ledger: every theorem the program uses, and whether it is proved or cited.

    Example: `stabcheck theorems attention-norm-tube`
    """
    from stabcheck.theorems import LEDGER, get

    chosen = [get(id)] if id else list(LEDGER.values())
    if as_json:
        print(json.dumps([theorem.to_json() for theorem in chosen], indent=1))
        return
    if id:
        print(chosen[0].text())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "status", "statement"):
        table.add_column(heading, overflow="fold")
    for theorem in chosen:
        table.add_row(theorem.id, theorem.status, theorem.summary)
    page().print(table)


def prove(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Theorems; all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Run the executable proofs; a proof whose mutant passes has failed.

    Example: `stabcheck prove attention-jacobian`
    """
    from stabcheck.theorems.proofs import find, run

    files = find(ids or [])
    console = Console(stderr=True)
    outcomes = [
        run(file) for file in track(files, "proofs", console=console, transient=True)
    ]
    if as_json:
        print(json.dumps([outcome.to_json() for outcome in outcomes], indent=1))
    else:
        page().print(proof_table(outcomes))
    failed = [outcome.theorem for outcome in outcomes if not outcome.proved]
    if failed:
        raise Rejected(f"not proved: {', '.join(failed)}; the table says which step")


def proof_table(outcomes) -> Table:
    """One row a proof: id, statement, what proved it or what failed, seconds."""
    from stabcheck.theorems import LEDGER

    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("statement", ratio=1)
    table.add_column("proved by", overflow="fold")
    table.add_column("seconds", justify="right")
    for outcome in outcomes:
        stated = LEDGER.get(outcome.theorem)
        ran = f"{outcome.steps} steps, {outcome.mutants_refused} mutants refused"
        table.add_row(
            outcome.theorem,
            stated.summary if stated else "not in the ledger",
            ran if outcome.proved else escape(f"failed: {outcome.failure}"),
            f"{outcome.seconds:.2f}",
        )
    return table
