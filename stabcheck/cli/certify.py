"""`certify`, `check`, `bound`: the commands that end in a verdict."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from stabcheck.errors import InvalidInput, Rejected


def certify(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A design file (.toml), `minilm`, or a checkpoint (BERT, Llama).",
        ),
    ],
    domain: Annotated[
        str | None, typer.Option(help="`point` or `tube:R`, R a number or 0.1%.")
    ] = None,
    integrator: Annotated[
        list[str] | None, typer.Option(help="rk4, gauss:2, bdf:2, ...; repeatable.")
    ] = None,
    step: Annotated[
        list[str] | None, typer.Option(help="A step size such as 1/16; repeatable.")
    ] = None,
    layers: Annotated[
        str | None, typer.Option(help="A range of layers such as 0-5.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="The sentence that a checkpoint reads.")
    ] = None,
    tokens: Annotated[
        int | None, typer.Option(help="Keep only the first N tokens.", min=1)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Begin no map after so many seconds; run again to go on."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(help='Exit 1 unless it holds, e.g. "growth<=2"; repeatable.'),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files.", show_default="certified")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another run's files in --out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Certify a stack of layers and hand the certificate to the checker.

    Example: `stabcheck certify examples/pre-norm.toml --out certified/pre-norm`
    """
    from stabcheck.certify import design, family, report, run, sources

    check_time_limit(time_limit)
    requirements = [parse_requirement(text) for text in require or []]
    start = time.perf_counter()
    options = sources.Options(
        domain, tuple(integrator or ()), tuple(step or ()), layers, text, tokens
    )
    folder = out or Path("certified")
    if source.endswith(".toml") and is_capped(Path(source)):
        certify_caps(source, options, folder, requirements, force, as_json)
        return
    plan = sources.plan(source, options)
    if isinstance(plan, design.FamilyDesign):
        outcome = family.run(plan, folder, force=force)
        record = family.to_json(outcome, str(folder), time.perf_counter() - start)
        shown = family.table(outcome)
    else:
        with progress() as bar:
            total = len(plan.stack.maps) + len(plan.stack.layers) + 2
            task = bar.add_task(plan.stack.name, total=total)

            def advance(name: str) -> None:
                bar.update(task, advance=1, description=name)

            outcome = run.run(
                plan,
                folder,
                jobs=jobs,
                force=force,
                advance=advance,
                time_limit=time_limit,
            )
        record = report.to_json(
            outcome, str(folder / "certificate.json"), time.perf_counter() - start
        )
        shown = report.tables(outcome)
        picture(plan, outcome, folder)
    if as_json:
        print(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        console = printer()
        console.print(shown)
        console.print(
            f"\n{verdict_line(outcome.verdict)}: {folder / 'certificate.json'} "
            f"({record['seconds']} s)"
        )
    check_requirements(requirements, record)


def check_time_limit(seconds: float | None) -> None:
    """Refuse what is no time: a negative number, or NaN, which would never pass."""
    if seconds is not None and not seconds >= 0:
        raise InvalidInput(
            f"asked for the time limit {seconds:g}; give seconds, a number >= 0"
        )


def is_capped(path: Path) -> bool:
    """Whether a design file leaves its weights open but for their caps."""
    from stabcheck.certify.designs.reading import document_of, speaks_of_caps

    return speaks_of_caps(document_of(path))


def certify_caps(
    source: str,
    options: Any,
    folder: Path,
    requirements: list[Any],
    force: bool,
    as_json: bool,
) -> None:
    """Certify a design for every set of weights within its caps."""
    from stabcheck.certify.designs import record, report
    from stabcheck.certify.designs.reading import read
    from stabcheck.certify.designs.run import run

    start = time.perf_counter()
    options.refuse_all(source)
    outcome = run(read(Path(source)), folder, force=force)
    path = folder / "certificate.json"
    found = record.to_json(outcome, str(path), time.perf_counter() - start)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        console = printer()
        console.print(report.tables(outcome))
        if outcome.verdict:
            verdict = verdict_line(outcome.verdict)
            console.print(f"\n{verdict}: {path} ({found['seconds']} s)")
    check_requirements(requirements, found)


def check_requirements(requirements: list[Any], record: dict[str, Any]) -> None:
    """Raise for the first requirement that the record does not show."""
    failed = [text for text, holds in requirements if not holds(record)]
    if failed:
        raise Rejected(f"required {failed[0]}, which the certificate does not show")


def picture(plan: Any, outcome: Any, folder: Path) -> None:
    """Save `stability.png` beside the certificate."""
    from stabcheck.plots.layer_picture import stability_figure

    stability_figure(plan, outcome).savefig(folder / "stability.png", dpi=160)


PIPE_WIDTH = 120
"""Columns of a table that is written to a pipe or a file."""


def printer() -> Console:
    """Prints tables as wide as the terminal, or `PIPE_WIDTH` columns into a pipe."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def progress() -> Progress:
    """A progress bar on stderr; silent where stderr is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def verdict_line(verdict: dict[str, Any]) -> str:
    """`accepted`, and by which tier."""
    tier = " (float64 tier)" if verdict["tier"] == "float64" else ""
    return f"{verdict['status']}{tier}, {verdict['claims']} claims"


REQUIREMENT = re.compile(r"\s*(growth|shrink)\s*(<=|>=)\s*(\S+)\s*")


def parse_requirement(text: str):
    """A requirement on the depth, as its text and a predicate of the JSON record."""
    match = REQUIREMENT.fullmatch(text)
    try:
        if match is None or (match[1] == "growth") != (match[2] == "<="):
            raise ValueError("not of that shape")
        limit = Fraction(match[3])
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidInput(
            f"asked to require {text!r}; write growth<=NUMBER or shrink>=NUMBER"
        ) from error
    key = match[1]

    def holds(record: dict[str, Any]) -> bool:
        value = record["depth"][key]
        if value is None:
            return False
        found = Fraction(value)
        return found <= limit if key == "growth" else found >= limit

    return text, holds


def check(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="certificate.json")
    ],
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check a certificate in a process that loads the checker alone.

    The same as `python -m stabcheck.checker CERTIFICATE`.

    Example: `stabcheck check certified/certificate.json`
    """
    command = [sys.executable, "-m", "stabcheck.checker", str(certificate)]
    command += ["--jobs", str(jobs)] + (["--json"] if as_json else [])
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def bound(
    parameters: Annotated[
        Path,
        typer.Option(
            help="An .npz: W_Q, W_K, W_V; optional W_O, b_Q, b_K, b_V, b_O, scale, "
            "mask, bias."
        ),
    ],
    state: Annotated[Path, typer.Option(help="An .npz that holds X, (n, d).")],
    domain: Annotated[
        str,
        typer.Option(
            help="point, or KIND:R with tube, box, frobenius, ball or sphere; "
            "tube:1% is a share of the smallest token norm."
        ),
    ],
    quantity: Annotated[
        str, typer.Option(help="spectral-norm, mixed-norm, log-norm, log-norm-lower.")
    ],
    causal: Annotated[bool, typer.Option("--causal", help="A causal mask.")] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Seconds for the search; slower theorems are left out."),
    ] = None,
    target_slack: Annotated[
        float | None,
        typer.Option(
            help="Cut a box in parts until upper / attained is at most this, or the "
            "time is over."
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Leave out theorems that the checker decides in float64."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Bound one quantity of one attention layer over a domain, and check the bound.

    Example: `stabcheck bound --parameters P.npz --state X.npz --domain tube:0.05
    --quantity spectral-norm`
    """
    from stabcheck.certify.single import bound_of

    check_time_limit(time_limit)
    record = bound_of(
        parameters,
        state,
        domain,
        quantity,
        causal=causal,
        time_limit=time_limit,
        target_slack=target_slack,
        only_exact=exact,
    )
    if as_json:
        print(json.dumps(record, indent=1))
        return
    console = printer()
    for key, value in record.items():
        console.print(f"{key:>10}  {value}")
