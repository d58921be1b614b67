"""A Butcher tableau as aligned text."""

from __future__ import annotations

from typing import Any

WIDEST = 96
"""Wider tableaux are printed a row a line, without alignment."""


def tableau_text(record: dict[str, Any]) -> str | None:
    """The tableau of a record of facts with `A`, `b` and `c`, or `None`.

    Zeros on and above the diagonal of an explicit method are left out.
    """
    if not record.get("A") or not record.get("c"):
        return None
    A, b, c = record["A"], record["b"], record["c"]
    s = len(b)
    explicit = all(A[i][j] == "0" for i in range(s) for j in range(i, s))
    rows = [row[: i if explicit else s] for i, row in enumerate(A)]
    widths = [max(len(row[j]) for row in (*rows, b) if len(row) > j) for j in range(s)]
    first = max(map(len, c))
    if first + 3 + sum(widths) + 2 * s > WIDEST:
        return None
    lines = [
        f"{node:>{first}} | " + _aligned(row, widths)
        for node, row in zip(c, rows, strict=True)
    ]
    rule = "-" * first + "-+-" + "-" * (sum(widths) + 2 * (s - 1))
    return "\n".join([*lines, rule, " " * first + " | " + _aligned(b, widths)])


def _aligned(row: list[str], widths: list[int]) -> str:
    pairs = zip(row, widths, strict=False)
    return "  ".join(f"{entry:>{width}}" for entry, width in pairs).rstrip()
