"""The application: its commands, and the one place where an error becomes a line.

Exit codes: 0 done or accepted; 1 rejected; 2 bad input; 3 undecided at this precision;
130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from stabcheck.cli import certify, designs, export, facts, ledger
from stabcheck.cli import plot as pictures
from stabcheck.errors import InvalidInput, Rejected, StabcheckError, Undecided

# typer brings its own copy of click in some releases and uses click in others.
UsageError = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "UsageError")

EXIT_CODES = {InvalidInput: 2, Rejected: 1, Undecided: 3}

INTERRUPTED = 130
"""What shells report of SIGINT; typer returns it instead of raising."""

app = typer.Typer(
    name="stabcheck",
    help="Certified stability of transformer layers, read as integrator steps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("certify")(certify.certify)
app.command("check")(certify.check)
app.command("export")(export.export)
app.command("bound")(certify.bound)
app.command("integrators")(facts.integrators)
app.command("integrator")(facts.integrator)
app.command("designs")(designs.designs)
app.command("show")(ledger.show)
app.command("theorems")(ledger.theorems)
app.command("prove")(ledger.prove)
plot = typer.Typer(
    help="Draw where methods are stable.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
plot.command("region")(pictures.region)
plot.command("star")(pictures.star)
plot.command("modulus")(pictures.modulus)
plot.command("growth")(pictures.growth)
app.add_typer(plot, name="plot")
design = typer.Typer(
    help="Compare designs, advise on one, check weights against one.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
design.command("compare")(designs.compare)
design.command("advise")(designs.advise)
design.command("check")(designs.check)
app.add_typer(design, name="design")


def main() -> None:
    """Run a command; an error is one line on stderr and an exit code, no traceback."""
    try:
        status = app(standalone_mode=False)
    except StabcheckError as error:
        sys.exit(report(str(error), exit_code(error)))
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except UsageError as error:
        if not error.format_message():  # no arguments: the help is printed
            sys.exit(2)
        sys.exit(report(error.format_message(), 2))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    if status == INTERRUPTED:
        report("interrupted; the same command goes on where it stopped", status)
    sys.exit(status or 0)


def exit_code(error: StabcheckError) -> int:
    """The exit code of an error of ours."""
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def report(message: str, code: int) -> int:
    """One clear line on stderr."""
    print("stabcheck: " + " ".join(message.split()), file=sys.stderr)
    return code
