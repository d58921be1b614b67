r"""Integer witnesses of semidefinite matrices, as `Definite.v` checks them.

`accepted n t s M rho L w` says that $tM - sL\operatorname{diag}(w)L^{\mathsf T}$
dominates its diagonal together with $t\rho$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from flint import fmpz_mat

from stabcheck.checker.arithmetic.judgements import Exactly, WithinRadii
from stabcheck.formal.notation import (
    computed,
    define,
    define_list,
    define_rows,
    lower_triangle,
    theorem,
)

Matrix = list[list[int]]
LONGEST = 2048
"""Bits of an exact weight that Coq still multiplies in seconds."""


@dataclass(frozen=True)
class Witness:
    """`factor` L (n rows), `weights` w >= 0, and the scales `t` > 0 and `s` >= 0."""

    t: int
    s: int
    factor: Matrix
    weights: list[int]

    def product(self) -> Matrix:
        """$sL\\operatorname{diag}(w)L^{\\mathsf T}$."""
        weighted = [
            [self.s * w * x for w, x in zip(self.weights, row, strict=True)]
            for row in self.factor
        ]
        found = fmpz_mat(weighted) * fmpz_mat(self.factor).transpose()
        return [[int(entry) for entry in row] for row in found.tolist()]

    def accepts(self, matrix: Matrix, radii: Matrix) -> bool:
        """Whether the matrix within its radii is shown semidefinite."""
        for i, (row, radius, taken) in enumerate(
            zip(matrix, radii, self.product(), strict=True)
        ):
            residual = [self.t * m - p for m, p in zip(row, taken, strict=True)]
            spread = self.t * sum(radius)
            off = sum(map(abs, residual)) - abs(residual[i])
            if residual[i] < off + spread:
                return False
        return True

    def definitions(self) -> str:
        """L and w; L by its rows without the zeros behind the diagonal."""
        rows = [row[: _length(row)] for row in self.factor]
        return define_rows("L", rows) + define_list("w", self.weights)


def _length(row: list[int]) -> int:
    return max((k + 1 for k, entry in enumerate(row) if entry), default=0)


def rounded(judgement: WithinRadii) -> Witness:
    """The witness of a certificate's rounded Cholesky factor."""
    factor = judgement.factor
    return Witness(1 << judgement.shift, 1, factor, [1] * len(factor))


def eliminated(matrix: Matrix) -> Witness | None:
    r"""A witness of a semidefinite integer matrix, without a remainder.

    Elimination with diagonal pivots gives $M = \sum_k u_ku_k^{\mathsf T}/d_k$; the
    columns are made primitive and the weights integers.

    **Returns:** None where a weight is longer than `LONGEST`.

    **Raises:** `ValueError` if the matrix is not semidefinite.
    """
    columns, weights = [], []
    for pivot, column in _elimination(matrix):
        common = lcm(*(entry.denominator for entry in column))
        integers = [int(entry * common) for entry in column]
        divisor = gcd(*integers)
        columns.append([entry // divisor for entry in integers])
        weights.append(Fraction(divisor, common) ** 2 / pivot)
    t = lcm(*(weight.denominator for weight in weights))
    factor = [[column[i] for column in columns] or [0] for i in range(len(matrix))]
    found = Witness(t, 1, factor, [int(t * weight) for weight in weights] or [0])
    longest = max(weight.bit_length() for weight in (t, *found.weights))
    return found if longest <= LONGEST else None


def _elimination(matrix: Matrix) -> list[tuple[Fraction, list[Fraction]]]:
    """The pivots d and the columns u."""
    size = len(matrix)
    rest = [[Fraction(entry) for entry in row] for row in matrix]
    live = list(range(size))
    parts = []
    while live:
        k = max(live, key=lambda i: rest[i][i])
        pivot = rest[k][k]
        if pivot <= 0:
            if pivot < 0 or any(rest[i][j] for i in live for j in live):
                raise ValueError("the matrix is not positive semidefinite")
            break
        column = [rest[i][k] if i in live else Fraction(0) for i in range(size)]
        parts.append((pivot, column))
        live.remove(k)
        for i in live:
            for j in live:
                rest[i][j] -= column[i] * column[j] / pivot
    return parts


def semidefinite(
    name: str, matrix: Matrix, radii: Matrix, scale: int, witness: Witness
) -> str:
    """The theorem that every matrix within the radii is positive semidefinite."""
    n = len(matrix)
    arguments = f"{witness.t} {witness.s} M rho L w"
    body = (
        define("scale", scale)
        + define_rows("M", lower_triangle(matrix))
        + define_rows("rho", lower_triangle(radii))
        + witness.definitions()
        + computed("checked", f"accepted {n} {arguments}")
        + theorem(
            "claim",
            f"forall A, symmetric {n} A -> within {n} scale M rho A ->\n"
            f"  forall v, 0 <= form {n} A v",
            f"sound_scaled {n} scale {arguments} eq_refl checked",
        )
    )
    return f"Module {name}.\n{body}End {name}.\n"


def judgement_text(
    name: str, judgement: WithinRadii | Exactly, grid: int
) -> str | None:
    """The theorem of one judgement of the kernel; None where its witness is too long.

    **Arguments:** `grid` of the claim's witness, of which an exact matrix has none.
    """
    matrix = judgement.matrix
    if isinstance(judgement, WithinRadii):
        witness = rounded(judgement)
        return semidefinite(name, matrix, judgement.radii, 1 << grid, witness)
    found = eliminated(matrix)
    if found is None:
        return None
    radii = [[0] * len(matrix) for _ in matrix]
    return semidefinite(name, matrix, radii, judgement.scale, found)
