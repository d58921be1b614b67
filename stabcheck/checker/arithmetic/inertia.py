r"""How many negative eigenvalues a matrix has, decided in balls.

For an invertible diagonal $E$ and an invertible symmetric $K$ (theorem
`inertia-of-low-rank-update`, by Haynsworth's additivity of inertia)

$$\nu(E + WKW^{\mathsf T}) = \nu(E) + \nu(-K^{-1} - W^{\mathsf T}E^{-1}W)
 - \nu(-K^{-1}),$$

where $\nu$ counts negative eigenvalues.  The right side needs signs of numbers and two
matrices as small as the rank of the update: no dense matrix, no witness.

E. V. Haynsworth, Linear Algebra Appl. 1 (1968) 73-81, doi:10.1016/0024-3795(68)90050-5;
J. R. Bunch, B. N. Parlett, SIAM J. Numer. Anal. 8 (1971) 639-655 (the pivots).
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb

from stabcheck.checker.failures import ClaimUndecided

__all__ = ["negative_eigenvalues", "negative_eigenvalues_of_update"]

Rows = list[list[arb]]


def _is_negative(value: arb, what: str) -> bool:
    if value < 0:
        return True
    if value > 0:
        return False
    raise ClaimUndecided(f"{what} is {value.str(5)}: its sign is not known")


def negative_eigenvalues(matrix: Sequence[Sequence[arb]]) -> int:
    """Count the negative eigenvalues of every symmetric matrix in the balls.

    Eliminates with a diagonal pivot where one is large, else with a pivot block of
    two whose determinant is negative: one eigenvalue of each sign.  Sylvester: both
    are congruences, so the pivots have the signs of the eigenvalues.

    **Raises:** `ClaimUndecided` if a pivot has no known sign.
    """
    rows = [list(row) for row in matrix]
    live = list(range(len(rows)))
    count = 0
    while live:
        pivot = _pivot(rows, live)
        live = [k for k in live if k not in pivot]
        if len(pivot) == 1:
            (i,) = pivot
            count += _is_negative(rows[i][i], "a pivot")
            inverse = [[1 / rows[i][i]]]
        else:
            i, j = pivot
            a, b, c = rows[i][i], rows[i][j], rows[j][j]
            determinant = a * c - b * b
            if not _is_negative(determinant, "a pivot's determinant"):
                raise ClaimUndecided("a pivot block of two is not indefinite")
            count += 1
            inverse = [
                [c / determinant, -b / determinant],
                [-b / determinant, a / determinant],
            ]
        _eliminate(rows, live, pivot, inverse)
    return count


def _pivot(rows: Rows, live: list[int]) -> tuple[int, ...]:
    """The largest diagonal entry, or the place of a much larger one off it."""

    def size(place: tuple[int, int]) -> arb:
        return abs(rows[place[0]][place[1]].mid())

    diagonal = max(((i, i) for i in live), key=size)
    pairs = [(i, j) for i in live for j in live if i < j]
    if not pairs:
        return (diagonal[0],)
    pair = max(pairs, key=size)
    return pair if size(pair) > 2 * size(diagonal) else (diagonal[0],)


def _eliminate(
    rows: Rows, live: list[int], pivot: tuple[int, ...], inverse: Rows
) -> None:
    """Subtract what the pivot explains from the rows that remain."""
    solved = {
        j: [
            sum((inverse[p][q] * rows[pivot[q]][j] for q in range(len(pivot))), arb(0))
            for p in range(len(pivot))
        ]
        for j in live
    }
    for i in live:
        for j in live:
            for p, k in enumerate(pivot):
                rows[i][j] = rows[i][j] - rows[i][k] * solved[j][p]


def negative_eigenvalues_of_update(
    diagonal: Sequence[arb],
    columns: Sequence[Sequence[arb]],
    core_inverse: Sequence[Sequence[arb]],
) -> int:
    r"""Count the negative eigenvalues of $E + WKW^{\mathsf T}$.

    **Arguments:** `diagonal` of $E$, length d; `columns` of $W$, k lists of length d;
    `core_inverse`, $K^{-1}$ of shape (k, k).

    **Raises:** `ClaimUndecided` if a sign is not known.
    """
    count = sum(_is_negative(entry, "a diagonal entry") for entry in diagonal)
    scaled = [
        [w / e for w, e in zip(column, diagonal, strict=True)] for column in columns
    ]
    core = [[-entry for entry in row] for row in core_inverse]
    small = [
        [
            entry - sum((a * b for a, b in zip(left, right, strict=True)), arb(0))
            for entry, right in zip(row, columns, strict=True)
        ]
        for row, left in zip(core, scaled, strict=True)
    ]
    return count + negative_eigenvalues(small) - negative_eigenvalues(core)
