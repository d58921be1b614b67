"""Implicit, additive, Rosenbrock and splitting methods as they are printed.

A file of the folder `coefficients` with headed sections of rows of numbers:

    source: Cash, J. Inst. Maths Applics 24 (1979) 293-301
    decimals of order: 4

    stages:
    0.435866521508
    -1.1358665215 0.435866521508

    weights:
    ...

Triangles are printed without their zeros.  `decimals of order` stands above a method
that was published in decimals only, `limit at infinity: 0` if that was published too,
and `problem: q'' = g(q)` above a splitting for such problems only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.catalogue.printed import FOLDER, number
from stabcheck.integrators.runge_kutta.rosenbrock import (
    RosenbrockMethod,
    from_transformed,
)
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.additive import AdditiveRungeKutta
from stabcheck.integrators.several_fields.flow_words import FlowSplitting
from stabcheck.integrators.several_fields.nystrom_methods import NystromMethod

Rows = list[list[Coefficient]]


class Sections:
    """The file of a method: its source, its order if in decimals, rows by heading."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.source = ""
        self.decays = False
        self.is_for_second_order = False
        self.order: int | None = None
        self.lines: dict[str, list[list[str]]] = {}
        heading = ""
        for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
            keyword, _, value = line.partition(": ")
            if keyword == "source":
                self.source = value
            elif keyword == "decimals of order":
                self.order = int(value)
            elif keyword == "limit at infinity":
                self.decays = value == "0"
            elif keyword == "problem":
                self.is_for_second_order = True
            elif line.endswith(":"):
                heading = line.removesuffix(":")
                self.lines[heading] = []
            elif line.strip():
                self.lines[heading].append(line.split())

    def rows(self, heading: str) -> Rows:
        """The numbers under a heading."""
        return [[number(x) for x in row] for row in self.lines[heading]]

    def square(self, heading: str, size: int) -> Rows:
        """A lower triangle filled up with zeros, strict ones from above too."""
        rows = self.rows(heading)
        above: Rows = [[] for _ in range(size - len(rows))]
        return [[*row, *[Fraction(0)] * (size - len(row))] for row in (*above, *rows)]


def printed(
    build: Callable[[Sections], Any], *names: str
) -> dict[str, Callable[[], Any]]:
    """What builds the methods of these files, by their names."""
    return {name: partial(_built, build, name) for name in names}


def diagonally_implicit(file: Sections) -> ButcherTableau:
    """A method of sections `stages`, `weights` and perhaps `embedded`."""
    (b,) = file.rows("weights")
    embedded = file.rows("embedded")[0] if "embedded" in file.lines else None
    return ButcherTableau(
        file.name,
        _tuples(file.square("stages", len(b))),
        tuple(b),
        source=file.source,
        embedded=None if embedded is None else tuple(embedded),
        published_order=file.order,
        published_decay=file.decays,
    )


def implicit_explicit(file: Sections) -> AdditiveRungeKutta:
    """A method of sections `explicit`, `implicit` and one or two rows of `weights`."""
    weights = file.rows("weights")
    size = len(weights[0])
    tableaux = {
        "a": (file.square("explicit", size), weights[0]),
        "b": (file.square("implicit", size), weights[-1]),
    }
    return AdditiveRungeKutta(file.name, tableaux, file.source, file.order)


def rosenbrock(file: Sections) -> RosenbrockMethod:
    """A method in the transformed form: sections `gamma`, `a`, `C` and `m`."""
    (m,) = file.rows("m")
    size = len(m)
    return from_transformed(
        file.name,
        file.rows("gamma")[0][0],
        file.square("a", size),
        file.square("C", size),
        m,
        file.source,
        file.order,
        published_decay=file.decays,
    )


def flows(file: Sections) -> FlowSplitting:
    """A splitting: lines of a field and its fraction of the step."""
    word = tuple((name, number(share)) for name, share in file.lines["flows"])
    return FlowSplitting(
        file.name,
        word,
        file.source,
        file.order,
        is_for_second_order=file.is_for_second_order,
    )


def nystrom(file: Sections) -> NystromMethod:
    """A method of sections `stages`, `nodes`, `position` and `velocity`."""
    (c,), (position,), (velocity,) = (
        file.rows(key) for key in ("nodes", "position", "velocity")
    )
    A = file.square("stages", len(c))
    return NystromMethod(file.name, A, position, velocity, c, file.source, file.order)


def _built(build: Callable[[Sections], Any], name: str) -> Any:
    return build(Sections(name))


def _tuples(rows: Sequence[Sequence[Coefficient]]) -> tuple:
    return tuple(map(tuple, rows))
