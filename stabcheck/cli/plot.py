"""`plot`: pictures of where methods are stable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stabcheck.errors import InvalidInput

SUFFIXES = (".png", ".pdf", ".svg")
DOTS_PER_INCH = 200

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Methods of one kind.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A method, e.g. rk4.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="The picture, .png, .pdf or .svg.")
]


def region(
    names: Names,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Draw the Jacobian of its layer of largest norm over them."),
    ] = None,
    output: Output = Path("region.png"),
    sets: Annotated[
        bool,
        typer.Option("--sets", help="Draw the intervals and discs of several methods."),
    ] = False,
) -> None:
    """Draw where one or more methods are stable.

    One-step and multistep methods in the plane of h lambda; methods of two fields in
    slices of their two arguments; splittings and Nystrom methods over h omega.

    Example: `stabcheck plot region rk4 rkc2:10 bdf:3 -o region.png`
    """
    from stabcheck.plots import certificate_overlay, picture

    require_writable(output)
    overlay = certificate_overlay(certificate) if certificate else {}
    save(picture(*names, **overlay, sets=sets or None), output)


def star(name: Name, output: Output = Path("star.png")) -> None:
    """Draw the order star of a one-step method: where |R(z)| > |exp(z)|.

    Example: `stabcheck plot star pade:2,3 -o star.png`
    """
    from stabcheck.plots import order_star

    require_writable(output)
    save(order_star(name), output)


def modulus(name: Name, output: Output = Path("modulus.png")) -> None:
    """Draw contours of the growth in one step over the plane of h lambda.

    Example: `stabcheck plot modulus rk4 -o modulus.png`
    """
    from stabcheck.plots import modulus_contours

    require_writable(output)
    save(modulus_contours(name), output)


def growth(names: Names, output: Output = Path("growth.png")) -> None:
    """Draw the error growth function sup |R(z)| over Re z <= x of one-step methods.

    Example: `stabcheck plot growth backward-euler radau-iia:3 -o growth.png`
    """
    from stabcheck.plots import error_growth

    require_writable(output)
    save(error_growth(*names), output)


def require_writable(output: Path) -> None:
    """Refuse a file that cannot be drawn, before anything is computed."""
    if output.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            f"asked to draw {output}, found the ending {output.suffix!r}; use "
            + ", ".join(SUFFIXES)
        )
    if not output.parent.is_dir():
        raise InvalidInput(
            f"asked to draw {output}, found no folder {output.parent}; make it first"
        )


def save(figure: Any, output: Path) -> None:
    """Write a picture and print its name."""
    try:
        figure.savefig(output, dpi=DOTS_PER_INCH)
    except OSError as error:
        raise InvalidInput(
            f"asked to draw {output}, found that it cannot be written "
            f"({error.strerror}); give another file"
        ) from error
    print(output)
