"""The page of the tightness table: cells in, Markdown out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from regional_rows import ROWS, Row

if TYPE_CHECKING:
    from regional import Cell

ABOVE = r"""# How tight the bounds are

Written by `python benchmarks/regional.py --out docs/tightness.md`.  One head,
$F(X) = \operatorname{softmax}(XAX^T/\sqrt d)XV$, with $A$ and $V$ Gaussian of standard
deviation $1/\sqrt d$ and a Gaussian state, $n = d$ tokens.  **Slack** is the certified
bound divided by the largest value that a projected ascent with many restarts attains
in the domain: 1 would be exact, and the truth lies between.  Every certificate was
accepted by the checker; seconds include it, with other work on the two cores.  A line
shows the worst of its seeds, and on balls the worst of the radii $\sqrt d$ times
1/8, 1/4, 1/2, 3/4, 1.  A tube of 1 % has that share of the smallest token norm as its
radius.

**Published** is the least of three bounds of the literature on the smallest ball that
holds the domain, divided by the same attained value: of Castin, Ablin and Peyré (finite
and mean-field) and the two-line one; they bound the norm.  What verification tools give
on the same instances stands in [verifiers.md](verifiers.md).
"""

BELOW = r"""## What keeps the rest from its goal

* **Box 0.01, norm, n = 16 and 32.** At n = 16 less than half of what is above the
  attained value lies beyond the first order; the rest is the first order held in one
  matrix inequality, where 128 instead of 64 vectors and longer searches gave nothing.
* **Frobenius ball, 1.** Every row of softmax takes its own worst state: the variance of
  its logits, its receiver's keys and its means are each extremal in every row at once,
  and a joint bound of their cumulants would gain about 4 % (an estimate).  Hundreds of
  restarts of the ascent found nothing above the attained values.
* **Ball, norm and log norm.** At the largest attained states one token faces all others
  at a second place: at n = 4 (seed 1, R = 2) the heaviest column mass is 1.07 where
  3.73 is allowed, and the logits of no row use more than 0.6 of their largest slope.
  That
  queries are keys as well is not used; it would bring 2.36 to about 2.15 at n = 16 (an
  estimate).  The log norm also pays the norm of the value map where the truth is near
  its log norm.
* **Tubes at n = 64.** The matrix of `attention-pencil` would have more rows than it
  takes; the bounds that apply are joint over heads and tokens, but not over rows.
"""

HEADINGS = (
    "domain", "quantity", "n = d", "slack", "must", "goal", "moonshot", "reached",
    "certified", "attained", "theorem", "tier", "seconds", "allowed", "published",
    "seeds",
)  # fmt: skip


def page(cells: list[Cell]) -> str:
    """The whole page."""
    lines = [ABOVE, *_summary(cells), "", "## Every size", "", *_header(HEADINGS)]
    for row in ROWS:
        for size in row.sizes:
            own = [c for c in cells if c.row == row.name and c.size == size]
            if own:
                lines.append(_line(row, size, own))
    return "\n".join([*lines, "", BELOW, *_reasons(cells)]).rstrip() + "\n"


def _header(headings: tuple[str, ...]) -> list[str]:
    return [f"| {' | '.join(headings)} |", "|" + "---|" * len(headings)]


def _summary(cells: list[Cell]) -> list[str]:
    lines = ["## In short: slack by size", ""]
    lines += _header(("domain", "quantity", "slack", "must", "goal", "moonshot"))
    for row in ROWS:
        measured = []
        for size in row.sizes:
            own = [c.slack for c in cells if c.row == row.name and c.size == size]
            measured.append(f"{_number(max(own))} ({size})" if own else f"- ({size})")
        numbers = (
            " / ".join(f"{number:g}" for number in dict.fromkeys(given))
            if len(set(given)) == 1
            else " / ".join(f"{number:g}" for number in given)
            for given in (row.must, row.goal, row.moonshot)
        )
        cellular = (row.domain, row.quantity, " / ".join(measured), *numbers)
        lines.append(f"| {' | '.join(cellular)} |")
    return lines


def _line(row: Row, size: int, cells: list[Cell]) -> str:
    worst = max(cells, key=lambda cell: cell.slack)
    at = row.sizes.index(size)
    slowest = max(cell.seconds for cell in cells)
    published = (
        "-" if worst.published is None else _number(worst.published / worst.attained)
    )
    shown = (
        worst.domain,
        row.quantity,
        str(size),
        f"**{_number(worst.slack)}**",
        *(f"{numbers[at]:g}" for numbers in (row.must, row.goal, row.moonshot)),
        row.reached(size, worst.slack),
        "-" if worst.certified is None else _number(worst.certified),
        _number(worst.attained),
        ", ".join(sorted({cell.theorem for cell in cells})),
        worst.tier,
        f"{slowest:.3g}" + (" (over)" if slowest > row.seconds else ""),
        f"{row.seconds:g}",
        published,
        _seeds(row, size, cells),
    )
    return f"| {' | '.join(shown)} |"


def _seeds(row: Row, size: int, cells: list[Cell]) -> str:
    """How many seeds were measured, and whether a run stopped in the midst of one."""
    counts = Counter(cell.seed for cell in cells)
    partly = sum(count < len(row.domains(size)) for count in counts.values())
    return f"{len(counts)}" + (f" ({partly} in part)" if partly else "")


def _number(value: float) -> str:
    return "no bound" if value == float("inf") else f"{value:.4g}"


def _reasons(cells: list[Cell]) -> list[str]:
    failed = [cell for cell in cells if cell.error]
    if not failed:
        return []
    lines = ["## Where there is no bound", ""]
    return lines + [
        f"- {cell.row}, n = {cell.size}, seed {cell.seed}, {cell.domain}: {cell.error}"
        for cell in failed
    ]
