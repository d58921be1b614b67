r"""General linear methods: several stages and several values handed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.root_condition import satisfies_root_condition
from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.general_linear_order import (
    order_by_stage_order,
    order_by_trees,
)
from stabcheck.integrators.memory.recurrence import Recurrence, rational_row

Matrix = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class GeneralLinearMethod(Recurrence):
    r"""$Y = hAF(Y) + Uy^{[n-1]}$, $y^{[n]} = hBF(Y) + Vy^{[n-1]}$ (Butcher 1966).

    **Arguments:** `A`, `U`, `B`, `V`, of shapes `(s, s)`, `(s, r)`, `(r, s)`,
    `(r, r)`, rationals; `shifts`, `(r,)`, for each value handed on the $a$ with which
    it is $y(t + ah)$, `None` for others; or `c`, `(s,)`, the abscissae of a method
    whose stage order is its order; `source`.

    **Raises:** `InvalidInput` for matrices that do not fit together, floats, neither or
    both of `shifts` and `c`, or an inconsistent method.
    """

    name: str
    A: Matrix
    U: Matrix
    B: Matrix
    V: Matrix
    shifts: tuple[Fraction | None, ...] = ()
    c: tuple[Fraction, ...] = ()
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for key in ("A", "U", "B", "V"):
            rows = tuple(self._row(key, row) for row in getattr(self, key))
            object.__setattr__(self, key, rows)
        object.__setattr__(self, "c", self._row("c", self.c))
        shifts = (a if a is None else self._row("shifts", [a])[0] for a in self.shifts)
        object.__setattr__(self, "shifts", tuple(shifts))
        s, r = len(self.A), len(self.V)
        shapes = {"A": (s, s), "U": (s, r), "B": (r, s), "V": (r, r)}
        for key, (rows, columns) in shapes.items():
            matrix = getattr(self, key)
            if len(matrix) != rows or any(len(row) != columns for row in matrix):
                raise InvalidInput(
                    f"asked for the method {self.name} with {s} stages and {r} values, "
                    f"found {key} with rows of {[len(row) for row in matrix]}; it has "
                    f"to be {rows} by {columns}"
                )
        if (len(self.shifts), len(self.c)) not in ((r, 0), (0, s)):
            raise InvalidInput(
                f"asked for the method {self.name} with {len(self.shifts)} shifts and "
                f"{len(self.c)} abscissae; give {r} shifts or {s} abscissae"
            )
        if self.order < 1:
            raise InvalidInput(
                f"asked for the method {self.name}, found an order below 1; a method "
                "has to be consistent"
            )

    def _row(self, what: str, values: Sequence[Any]) -> tuple[Fraction, ...]:
        return rational_row(f"{what} of {self.name}", values)

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "general linear"

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.A)

    @property
    def steps(self) -> int:
        """The number of values handed on, $r$."""
        return len(self.V)

    @property
    def is_explicit(self) -> bool:
        """Whether every stage uses earlier stages only."""
        return not any(any(row[i:]) for i, row in enumerate(self.A))

    @cached_property
    def order(self) -> int:
        """The order: by trees where the values are known, else by the stage order."""
        matrices = self.A, self.U, self.B, self.V
        if self.shifts:
            return order_by_trees(*matrices, self.shifts)
        return order_by_stage_order(*matrices, self.c)

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\det(I - zA)\det(\zeta I - M(z))$, $M = V + zB(I - zA)^{-1}U$.

        Interpolated in $z$, in which it has degree at most $s$; factors without
        $\zeta$ and powers of $\zeta$ are left out.
        """
        A, U, B, V = map(_matrix, (self.A, self.U, self.B, self.V))
        identity = _matrix(
            [[int(i == j) for j in range(self.stages)] for i in range(self.stages)]
        )
        points, values = [], []
        point = 0
        while len(points) <= self.stages:
            z = fmpq(point)
            resolvent = identity - A * z
            determinant = resolvent.det()
            if determinant != 0:
                M = V + B * resolvent.inv() * U * z
                points.append(z)
                values.append([determinant * x for x in M.charpoly().coeffs()])
            point = -point if point > 0 else 1 - point
        powers = fmpq_mat([[z**m for m in range(self.stages + 1)] for z in points])
        columns = powers.solve(fmpq_mat(values)).transpose().tolist()
        rows = [fmpq_poly(column) for column in columns]
        return CharacteristicPolynomial(_reduced(rows))

    @cached_property
    def is_zero_stable(self) -> bool:
        r"""Whether the powers of $V$ are bounded: by its minimal polynomial."""
        return satisfies_root_condition(_matrix(self.V).minpoly())


def _reduced(rows: list[fmpq_poly]) -> tuple[tuple[Fraction, ...], ...]:
    r"""Rows by power of $\zeta$ without common factor; leading zero rows left out."""
    while rows[0] == 0:
        rows = rows[1:]
    common = rows[0]
    for row in rows[1:]:
        common = common.gcd(row)
    rows = [row // common for row in rows]
    return tuple(tuple(fraction(x) for x in row.coeffs()) for row in rows)


def _matrix(rows: Sequence[Sequence[Any]]) -> fmpq_mat:
    return fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in rows])
