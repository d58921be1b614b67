r"""Explicit tableaus as they are printed: rows below the diagonal, then the weights.

    source: Kutta, Z. Math. Phys. 46 (1901) 435-453

    1/2
    -1 2
    1/6 2/3 1/6

A further row holds embedded weights.  A number is a fraction, its decimals, or
`1/4+3/8*sqrt(5)` without blanks.  A method that was published in decimals only says
so above the rows, `decimals of order: 5`, with `embedded order: 4` for a pair.  Each
file of the folder `coefficients` is one method.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from pathlib import Path

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.number_field import square_root
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

FOLDER = Path(__file__).with_name("coefficients")

SURD = re.compile(
    r"(?P<rational>[-+]?[\d/.]+(?![\d/.*]))?"
    r"(?P<factor>[-+]?[\d/.]+)\*sqrt\((?P<radicand>\d+)\)"
)


def printed(*names: str) -> dict[str, Callable[[], ButcherTableau]]:
    """What builds the methods of these files, by their names."""
    return {name: partial(read, name) for name in names}


def read(name: str) -> ButcherTableau:
    """The method of the file of that name."""
    return tableau(name, text_of(name))


def text_of(name: str) -> str:
    """The file of coefficients of that name."""
    return (FOLDER / f"{name}.txt").read_text("utf-8")


def tableau(name: str, text: str) -> ButcherTableau:
    """The method of a printed tableau.

    **Raises:** `InvalidInput` for rows that form no triangle, or for numbers that are
    none.
    """
    said, lines = words(text)
    rows = [[number(word) for word in line] for line in lines]
    stages = len(rows[-1]) if rows else 0
    lengths = [len(row) for row in rows]
    triangle = [*range(1, stages), stages]
    if not rows or lengths not in (triangle, [*triangle, stages]):
        raise InvalidInput(
            f"asked for the printed method {name}, found rows of {lengths} numbers; "
            "give 1, 2, ... of them, then the weights, then embedded weights if any"
        )
    below = [[], *rows[: stages - 1]]
    order, embedded_order = (
        None if key not in said else int(said[key])
        for key in ("decimals of order", "embedded order")
    )
    return ButcherTableau(
        name,
        tuple((*row, *[Fraction(0)] * (stages - len(row))) for row in below),
        tuple(rows[stages - 1]),
        source=said.get("source", ""),
        embedded=tuple(rows[stages]) if len(rows) > stages else None,
        published_order=order,
        embedded_order=embedded_order,
    )


def number(text: str) -> Coefficient:
    """A printed number.

    **Raises:** `InvalidInput` for a text that is none.
    """
    surd = SURD.fullmatch(text)
    try:
        if surd is None:
            return Fraction(text)
        rational = Fraction(surd["rational"] or 0)
        return rational + Fraction(surd["factor"]) * _square_root(int(surd["radicand"]))
    except (ValueError, ZeroDivisionError):
        raise InvalidInput(
            f"asked for the printed number {text!r}; write a fraction, its decimals, "
            "or 1/4+3/8*sqrt(5)"
        ) from None


_square_root = cache(square_root)


def words(text: str) -> tuple[dict[str, str], list[list[str]]]:
    """What is said above the rows, by its keyword, and the words of the rows."""
    said: dict[str, str] = {}
    lines: list[list[str]] = []
    for line in text.splitlines():
        if ": " in line and not lines:
            keyword, _, value = line.partition(": ")
            said[keyword.strip()] = value.strip()
        elif line.strip():
            lines.append(line.split())
    return said, lines
