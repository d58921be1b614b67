r"""Rotary positions in balls: rows turned by their position, plane by plane.

Row $i$ of a table of queries or keys is turned by the angle $i\,\theta_r$ in its plane
$r$; the positions count from 0, and only their differences enter a score.  The angles
are $\theta_r = b^{-r/d_r}$ for the exact number $b$ of the record, or an exact array.
A plane is a pair of features: neighbours (`interleaved`) or halves apart (`half`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["Turns", "turns_of"]


@dataclass(frozen=True)
class Turns:
    """Pairs of columns, and the cosine and sine of each pair at every position."""

    planes: list[tuple[int, int]]
    angles: list[list[tuple[arb, arb]]]

    def turned(self, rows: arb_mat) -> arb_mat:
        """Turn row i of a table (n, d_k) by the angles of position i."""
        return arb_mat([self._row(row, i) for i, row in enumerate(rows.tolist())])

    def turned_back(self, rows: arb_mat, position: int) -> arb_mat:
        """Turn every row of a table back by the angles of one position."""
        return arb_mat([self._row(row, position, -1) for row in rows.tolist()])

    def _row(self, row: list[arb], position: int, sign: int = 1) -> list[arb]:
        result = list(row)
        pairs = zip(self.planes, self.angles[position], strict=True)
        for (first, second), (cosine, sine) in pairs:
            x, y = row[first], row[second]
            result[first] = x * cosine - y * sine * sign
            result[second] = y * cosine + x * sine * sign
        return result


def turns_of(ctx: Context, field: dict) -> Turns | None:
    """Enclose the turns of a field at all its positions; none without rotary."""
    if "rotary" not in field:
        return None
    rotary, count = field["rotary"], field["key_width"] // 2
    if "base" in rotary:
        base = ball(rotary["base"]).log()
        steps = [(-base * plane / count).exp() for plane in range(count)]
    else:
        steps = ctx.arb_matrix(rotary["frequencies"], 1, count).entries()
    halves = rotary["layout"] == "half"
    return Turns(
        planes=[(r, r + count) if halves else (2 * r, 2 * r + 1) for r in range(count)],
        angles=[
            [((step * i).cos(), (step * i).sin()) for step in steps]
            for i in range(field["tokens"])
        ],
    )
