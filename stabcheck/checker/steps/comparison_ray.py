r"""The leak comparison of all steps of one method at once, as polynomials in h.

With $x = h\lambda$ and $\kappa = hK$ the comparison $G(x, \kappa)$ of `comparison` is a
quotient of polynomials in h wherever no entry of $AZ$, $b^{\mathsf T}Z$, $Z\mathbb 1$
and the residual changes its sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flint import fmpq, fmpq_poly

from stabcheck.checker.arithmetic.polynomials import (
    flint,
    is_nonnegative,
    is_positive,
    odd_part,
)
from stabcheck.checker.steps.tableau import Rows, resolvent

PolynomialRows = list[list[fmpq_poly]]
ZERO = fmpq_poly([])


@dataclass(frozen=True)
class Ray:
    r"""The comparison along all steps, times $D = \det(I + h\lambda A)$.

    `coupling`, `output`, `spread` and `residual` are $D$ times $AZ$, $b^{\mathsf T}Z$,
    $Z\mathbb 1$ and $1 - xb^{\mathsf T}Z\mathbb 1$; `norm` is K.
    """

    determinant: fmpq_poly
    coupling: PolynomialRows
    output: list[fmpq_poly]
    spread: list[fmpq_poly]
    residual: fmpq_poly
    norm: fmpq

    def holds(self, cells: Sequence[Fraction], *, invertible: bool) -> bool | None:
        r"""Decide $G \le 1$, or for `invertible` $2R_- - G > 0$, up to the last cell.

        **Arguments:** `cells`, ascending ends of the intervals that are decided one by
        one, the first from 0 on.

        **Returns:** None where entries change their signs at several places of a cell.
        """
        ends = [Fraction(0), *cells]
        if not is_positive(self.determinant, 0, ends[-1]):
            return False
        for low, high in pairwise(ends):
            found = self._holds_on(low, high, invertible)
            if found is not True:
                return found
        return True

    def _holds_on(self, low: Fraction, high: Fraction, invertible: bool) -> bool | None:
        """Decide with every choice of the signs that change on the cell.

        At every point one choice has the absolute values.  G is a power series in them
        with nonnegative coefficients, so that the other choice only makes it smaller.
        """
        rows = [entry for row in self.coupling for entry in row]
        entries = [*rows, *self.output, *self.spread]
        if not invertible:
            entries.append(self.residual)
        choices = _choices(entries, low, high)
        if choices is None:
            return None
        return all(
            self._holds_with(
                [s * entry for s, entry in zip(chosen, entries, strict=True)],
                low,
                high,
                invertible,
            )
            for chosen in choices
        )

    def _holds_with(
        self, entries: list[fmpq_poly], low: Fraction, high: Fraction, invertible: bool
    ) -> bool:
        size = len(self.output)
        rows, output, spread = (
            entries[: size * size],
            entries[size * size : size * (size + 1)],
            entries[size * (size + 1) : size * (size + 2)],
        )
        kappa = fmpq_poly([0, self.norm])
        system = [
            [
                (self.determinant if i == j else ZERO) - kappa * rows[i * size + j]
                for j in range(size)
            ]
            for i in range(size)
        ]
        bordered = [[*row, z] for row, z in zip(system, spread, strict=True)]
        bordered.append([*(-w for w in output), ZERO])
        # G = residual/D + kappa det(bordered)/(D det(system)), by Cramer's rule.
        common, moved = determinant(system), kappa * determinant(bordered)
        # Positive from h = 0 on: the spectral radius has not reached 1.
        if not is_positive(common, low, high):
            return False
        if invertible:
            return is_positive(self.residual * common - moved, low, high)
        room = (self.determinant - entries[-1]) * common - moved
        return is_nonnegative(room, low, high)


def ray(A: Rows, b: Sequence[Fraction], leak: Fraction, norm: Fraction) -> Ray:
    r"""The comparison of every step h, for $\lambda$ and K."""
    size, rate = range(len(b)), flint(leak)
    found, adjugate = resolvent(A)
    D = _scaled(found.coeffs(), rate)
    Z = [
        [_scaled([matrix[i, j] for matrix in adjugate], rate) for j in size]
        for i in size
    ]
    output = [_sum(flint(b[i]) * Z[i][j] for i in size) for j in size]
    return Ray(
        determinant=D,
        coupling=[
            [_sum(flint(A[i][k]) * Z[k][j] for k in size) for j in size] for i in size
        ],
        output=output,
        spread=[_sum(row) for row in Z],
        residual=D - fmpq_poly([0, rate]) * _sum(output),
        norm=flint(norm),
    )


def determinant(matrix: PolynomialRows) -> fmpq_poly:
    """Return the determinant of a matrix that is regular at h = 0, with its minors.

    Bareiss' elimination: every division leaves no remainder.
    """
    rows = [list(row) for row in matrix]
    before = fmpq_poly([1])
    for k in range(len(rows) - 1):
        for i in range(k + 1, len(rows)):
            for j in range(k + 1, len(rows)):
                entry = rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]
                rows[i][j] = entry // before
        before = rows[k][k]
    return rows[-1][-1]


def _choices(
    entries: list[fmpq_poly], low: Fraction, high: Fraction
) -> list[tuple[int, ...]] | None:
    """Signs of all entries, so that at every point of the cell one list is true."""
    signs = [_sign_on(entry, low, high) for entry in entries]
    moving = [e for e, sign in zip(entries, signs, strict=True) if sign is None]
    if not moving:
        return [tuple(sign for sign in signs if sign is not None)]
    common = odd_part(moving[0])
    for entry in moving[1:]:
        common = common.gcd(odd_part(entry))
    # Entries that vanish together change together: two lists are enough.
    choice, other = [], []
    for entry, before in zip(entries, signs, strict=True):
        now = _sign_on(entry // common, low, high) if before is None else before
        if now is None:
            return None
        choice.append(now)
        other.append(-now if before is None else now)
    return [tuple(choice), tuple(other)]


def _sign_on(entry: fmpq_poly, low: Fraction, high: Fraction) -> int | None:
    """1 or -1 where no value of the cell has the other sign; None if both occur."""
    if is_nonnegative(entry, low, high):
        return 1
    return -1 if is_nonnegative(-entry, low, high) else None


def _scaled(coefficients: Sequence[fmpq], rate: fmpq) -> fmpq_poly:
    return fmpq_poly([c * rate**k for k, c in enumerate(coefficients)])


def _sum(terms: Iterable[fmpq_poly]) -> fmpq_poly:
    return sum(terms, start=ZERO)
