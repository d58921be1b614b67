"""A page with a picture for every row of the registry: `make gallery`.

`python -m stabcheck.plots.gallery FOLDER` writes `index.md` and small PNG files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from stabcheck.integrators import get
from stabcheck.integrators.catalogue import rows
from stabcheck.integrators.registry import Row
from stabcheck.plots.picture import NONE, kind_of, picture

MOST_METHODS = 6
"""In one frame, as many as there are colours."""
DOTS_PER_INCH = 70
INDEX = "index.md"


def build(folder: Path, chosen: Sequence[Row] | None = None) -> Path:
    """Write the page and its pictures.

    **Arguments:** `folder`, made if it is not there; `chosen`, rows, by default all.

    **Returns:** the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Where every method is stable", ""]
    progress = track(
        rows() if chosen is None else chosen,
        "gallery",
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    for row in progress:
        lines += _section(folder, row)
    page = folder / INDEX
    page.write_text("\n".join(lines) + "\n", "utf-8")
    return page


def _section(folder: Path, row: Row) -> Iterator[str]:
    yield f"## {row.number}. {row.title}"
    yield ""
    shown = drawn_of(row)
    if shown:
        name = f"{row.number:03d}-{row.key}.png"
        picture(*shown).savefig(folder / name, dpi=DOTS_PER_INCH)
        yield f"![{', '.join(method.name for method in shown)}]({name})"
    elif row.names:
        yield "Compositions of exact flows: exact on commuting linear fields."
    else:
        yield f"Open: {row.open}"
    yield ""
    others = [name for name in row.names if name not in {m.name for m in shown}]
    if others:
        yield f"Also: {', '.join(f'`{name}`' for name in others)}."
        yield ""
    for method in shown:
        kind = f"{method.family}, order {method.order}"
        yield f"* `{method.name}`: {kind}. {method.source}"
    yield ""


def drawn_of(row: Row) -> list[Any]:
    """The methods of a row that fit into one picture: some of the first one's kind."""
    methods = [get(name) for name in row.names]
    kinds = [kind_of(method) for method in methods]
    first = next((kind for kind in kinds if kind != NONE), None)
    fitting = [m for m, kind in zip(methods, kinds, strict=True) if kind == first]
    return fitting[:MOST_METHODS]


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/gallery")))
