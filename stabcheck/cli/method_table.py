"""The table of all methods: a line a row of the registry, in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stabcheck.integrators.registry import Row

GROUPS = (
    (1, "A", "Transformer blocks"),
    (22, "B", "Explicit Runge-Kutta"),
    (65, "C", "Strong stability preserving and low storage"),
    (78, "D", "Stabilised"),
    (88, "E", "Implicit Runge-Kutta"),
    (116, "F", "Rosenbrock and implicit-explicit"),
    (124, "G", "Multistep and general linear"),
    (138, "H", "Exponential"),
    (148, "I", "Splitting and composition"),
    (159, "J", "Symplectic, partitioned and Nystrom"),
)
"""The number of the first row of each group, its letter and its title."""

DIGITS = 5
NUMBERS = (
    "real_stability_interval",
    "imaginary_stability_interval",
    "largest_disc_radius",
    "closed_imaginary_stability_interval",
    "stable_box",
    "oscillator_stability_interval",
)
PREDICATES = {
    "is_A_stable": "A",
    "is_L_stable": "L",
    "is_algebraically_stable": "B",
}
SHORT = {
    "diagonally implicit Runge-Kutta": "DIRK",
    "Runge-Kutta": "RK",
    "linear multistep": "multistep",
    "Rosenbrock": "Rosenbr.",
    "second-derivative": "2nd-deriv.",
    "extended backward differences": "extended BDF",
    "rational stability function": "rational function",
}
FORMAT = "{:>3} {:<26} {:>4} {:<20} {:>3} {:>3} {:>10} {:>10} {:>7} {:<5}"
"""Of a line of 100 characters."""

LEGEND = """\
+ further methods of the row.  p order; * of decimals: all facts are conditional on it.
s stages, or k steps.  real, imag: [-x, 0] and i[-x, x] lie in the stability region, the
one of a multistep method without, the other with its boundary; box: [-x, 0]^2 does, for
two fields; osc: the oscillator is stable for 0 <= h omega <= x.  disc: radius of the
largest disc |z + r| <= r in it.  A-, L-, and algebraic (B) stability.
`stabcheck integrator NAME` shows every fact."""


def group_of(row: Row) -> tuple[str, str]:
    """Letter and title of the group of a row."""
    return next(
        (letter, title)
        for first, letter, title in reversed(GROUPS)
        if row.number >= first
    )


def chosen(rows: Iterable[Row], text: str | None) -> list[Row]:
    """The rows of a group given by its letter, or with a text in a name or title."""
    if not text:
        return list(rows)
    if len(text) == 1 and text.isupper():
        return [row for row in rows if group_of(row)[0] == text]
    wanted = text.casefold()
    return [
        row
        for row in rows
        if any(
            wanted in name.casefold()
            for name in (row.key, row.title, *row.names, *row.families, *row.aliases)
        )
    ]


def record_of(row: Row, name: str | None, digits: int) -> dict[str, Any]:
    """What the table shows of a row and one of its methods; numbers as strings."""
    from stabcheck.integrators import get

    letter, _ = group_of(row)
    record: dict[str, Any] = {
        "row": row.number, "group": letter, "key": row.key, "title": row.title,
        "methods": list(row.names), "families": list(row.families),
        "open": row.open or None,
    }  # fmt: skip
    if name is None:
        return record | {"name": row.key}
    method = get(name)
    record |= {
        "name": method.name,
        "family": method.family,
        "order": method.order,
        "conditional_on_order": getattr(method, "conditional_on_order", None),
        "stages": method.stages,
        "steps": getattr(method, "steps", None),
    }
    for key in NUMBERS:
        value = getattr(method, key, None)
        record[key] = None if value is None else value.decimal(digits)
    return record | {key: getattr(method, key, None) for key in PREDICATES}


def lines_of(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The table as lines of 100 characters, each group under its title."""
    yield FORMAT.format("#", "name", "+", "family", "p", "s", "real", "imag", "disc",
                        "A L B")  # fmt: skip
    shown = ""
    titles = {letter: title for _, letter, title in GROUPS}
    for record in records:
        if record["group"] != shown:
            shown = record["group"]
            yield f"\n{shown}  {titles[shown]}"
        if record["methods"]:
            yield FORMAT.format(*_cells(record)).rstrip()
        else:
            yield f"{record['row']:>3} {record['name']:<26} open, see below"


def _cells(record: dict[str, Any]) -> list[str]:
    more = len(record["methods"]) - 1 if record["name"] == record["methods"][0] else 0
    real, imaginary, disc, closed, box, oscillator = (record[key] for key in NUMBERS)
    family = record["family"]
    for long, short in SHORT.items():
        family = family.replace(long, short)
    stages, steps = record["stages"], record["steps"]
    return [
        str(record["row"]),
        record["name"],
        f"+{more}" if more else "",
        family,
        f"{record['order']}{'*' if record['conditional_on_order'] else ''}",
        str(stages) if stages is not None else f"{steps}k" if steps else "-",
        f"box {box}" if box else real or "-",
        f"osc {oscillator}" if oscillator else closed or imaginary or "-",
        disc or "-",
        " ".join(_flag(record[key], letter) for key, letter in PREDICATES.items()),
    ]


def _flag(value: bool | None, letter: str) -> str:
    return {True: letter, False: "-", None: " "}[value]


def open_rows(records: Sequence[dict[str, Any]]) -> list[str]:
    """A line for every row without a certified method, with the reason."""
    return [
        f"open: {record['row']} {record['title']}: {record['open']}"
        for record in records
        if record["open"]
    ]
