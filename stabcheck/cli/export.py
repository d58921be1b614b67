"""`export`: claims of a certificate in the language of another proof checker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from stabcheck.errors import InvalidInput

LANGUAGES = ("coq",)


def export(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="certificate.json")
    ],
    to: Annotated[str, typer.Option(help="The language: coq.")] = "coq",
    out: Annotated[Path, typer.Option(help="Folder of the files, one a claim.")] = Path(
        "coq"
    ),
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of an earlier export.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Write the small claims of a certificate as theorems that Coq checks.

    Claims of the exact tier that rest on integer matrices of at most 128 rows, or on
    intervals of a method's stability region.  Each is decided by the checker first; its
    file names what stays trusted.  The claims left out are counted in one line.

    Example: `stabcheck export certified/certificate.json --to coq --out coq`
    """
    if to not in LANGUAGES:
        raise InvalidInput(
            f"asked to export to {to!r}, found no such language; use coq"
        )
    command = [sys.executable, "-m", "stabcheck.formal", str(certificate)]
    command += ["--out", str(out)] + ["--force"] * force + ["--json"] * as_json
    raise typer.Exit(subprocess.run(command, check=False).returncode)
