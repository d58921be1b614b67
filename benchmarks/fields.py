"""The table of declared fields: proofs, agreement, enclosures, speed, formulas.

    python benchmarks/fields.py [--out docs/fields.md] [FIELD ...]

Every declared field is examined (`stabcheck.examine`), its derived kernel is timed
beside jax.jacfwd in a process of its own, and its Jacobian is printed.  A cell is a
value, or `n/a` with one of the reasons listed below the table.  With names, only those
rows are printed, to the terminal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jacobian

import stabcheck as sc
from stabcheck.interpret.examination import REASONS, Examination, Finding

HEADINGS = (
    "field",
    "self-proof",
    "wrong J refuted",
    "agreement",
    "enclosure",
    "speed",
    "show",
)
SIZE = (16, 16, 4)
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "own_field.py"

ABOVE = """\
# The declared fields

Written by `make docs` (`python benchmarks/fields.py --out docs/fields.md`); each cell
was measured in that run.

- **self-proof**: that the derived Jacobian is SymPy's derivative of the field written
  out, and that the products with it and its transpose are adjoint, proved for every
  size; seconds of both proofs.
- **wrong J refuted**: with any one term of a derived line dropped, or its sign turned,
  a rational point is found at which the Jacobian is not the derivative.
- **agreement**: the largest error of the Jacobian and of both products against
  `jax.jacfwd` of the lowered field, relative to the largest entry.
- **enclosure**: the width of the enclosure of J over a box of radius 2^-10, relative to
  the exact range to first order; random Jacobians of the box lie inside.
- **speed**: how many times quicker the derived kernel is than `jax.jacfwd` at
  n = {}, d = {}, H = {}; below 1 it is slower.
- **show**: the Jacobian's lines that `stabcheck show FIELD --jacobian` prints; they
  stand below the table.
"""

OWN = """\
## A field of your own

Declare it in ten lines; `stabcheck.examine` answers the questions of this table for it:

```python
{}```
"""


@dataclass(frozen=True)
class Row:
    """The cells of a field, and the lines of its Jacobian in LaTeX."""

    cells: tuple[str, ...]
    latex: str

    def __str__(self) -> str:
        return f"| {' | '.join(self.cells)} |"


def row(name: str, quicker: str) -> Row:
    """Examine and print one field."""
    field = sc.fields.FIELDS[name]()
    shown = field.jacobian().latex()
    lines = shown.count("&=")
    cells = (f"`{name}`", *examined(sc.examine(field)), quicker, str(lines))
    return Row(cells, shown)


def examined(examination: Examination) -> Iterator[str]:
    """The cells that an examination fills."""
    derivative, adjoint, mutants, agreement, enclosure, _ = examination.findings
    seconds = derivative.seconds + adjoint.seconds
    yield cell(derivative, f"{seconds:.1f} s")
    for finding, form in ((mutants, ".0f"), (agreement, ".0e"), (enclosure, ".2f")):
        yield cell(finding, format(finding.value or 0, form))


def cell(finding: Finding, value: str) -> str:
    """A value; `n/a` and its reason; a failure in capitals."""
    if finding.passed is None:
        (key,) = (key for key, words in REASONS.items() if words == finding.answer)
        return f"n/a ({key})"
    return value if finding.passed else f"FAILED: {finding.answer}"


def speed(name: str) -> str:
    """How many times quicker the derived kernel is than jax.jacfwd."""
    ratio = jacobian.measure(name, *SIZE).speed_ratio
    return "n/a (memory)" if ratio is None else f"{ratio:.1f}"


def page(rows: list[Row]) -> str:
    """The page of documentation."""
    separator = "|" + "---|" * len(HEADINGS)
    reasons = [f"- `{key}`: {words}." for key, words in ALL_REASONS.items()]
    formulas = [f"### {one.cells[0]}\n\n```math\n{one.latex}\n```\n" for one in rows]
    parts = [
        ABOVE.format(*SIZE),
        "\n".join([f"| {' | '.join(HEADINGS)} |", separator, *map(str, rows)]) + "\n",
        "Reasons for `n/a`:\n\n" + "\n".join(reasons) + "\n",
        OWN.format(EXAMPLE.read_text()),
        "## The Jacobians\n",
        "Names with a superscript are contractions with a weight: $v^O$ is $v$ seen "
        "through $W^O$;\n$\\langle v \\rangle$ is a mean under the attention weights, "
        "$C$ a covariance under them,\n$D^f$ the Jacobian of the definition $f$.\n",
        *formulas,
    ]
    return "\n".join(parts)


ALL_REASONS = {**REASONS, "memory": "jax.jacfwd runs out of memory"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("fields", nargs="*")
    options = parser.parse_args()
    names = options.fields or sorted(sc.fields.FIELDS)
    # Children are forked before this process has threads of its own.
    ratios = {name: speed(name) for name in names}
    rows = []
    for name in names:
        rows.append(row(name, ratios[name]))
        print(rows[-1], flush=True)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(page(rows))
    return int(any("FAILED" in str(one) for one in rows))


if __name__ == "__main__":
    sys.exit(main())
