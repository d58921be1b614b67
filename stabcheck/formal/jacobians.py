r"""Claims at a point, as theorems about the Jacobian itself.

The checker's Jacobian is rounded to a grid so fine that its radius costs nothing; from
the integers, the radius and the bound Coq computes the matrix $c^2I - J^{\mathsf T}J$
or $cI - H(J)$, and the certificate's own factor shows it semidefinite.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpz_mat

from stabcheck.checker.arithmetic.balls import round_to_grid
from stabcheck.checker.fields.branches import jacobian
from stabcheck.formal.matrices import Matrix, Witness
from stabcheck.formal.notation import computed, define, define_rows, theorem

if TYPE_CHECKING:
    from stabcheck.checker.arithmetic.judgements import WithinRadii
    from stabcheck.checker.context import Context

POINT_THEOREMS = ("spectral-norm-psd", "log-norm-psd")
FINER = (4, 12, 24)
"""Bits beyond the witness's grid and the size of the columns, tried in turn."""


def rounded_jacobian(ctx: Context, claim: dict, grid: int) -> tuple[Matrix, int]:
    """Integers and one radius: the Jacobian of a claim at its point, times 2^grid."""
    branch = claim["subject"]["branch"]
    field = ctx.field(branch[0])
    centre = ctx.domain(claim["domain"])["centre"]
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    middle, radii = round_to_grid(jacobian(ctx, branch, state), grid)
    return middle, max(max(row) for row in radii)


def norm_matrix(m: Matrix, r: int, D: int, bound: Fraction) -> tuple[Matrix, Matrix]:
    """$q^2D^2((p/q)^2I - J^{\\mathsf T}J)$ and its radii, as `Definite.v` has them."""
    p, q, size = bound.numerator, bound.denominator, len(m)
    entries = fmpz_mat(m)
    gram = (entries.transpose() * entries).tolist()
    sizes = [sum(abs(row[j]) for row in m) for j in range(size)]
    matrix = [[-q * q * int(entry) for entry in row] for row in gram]
    for i in range(size):
        matrix[i][i] += (p * D) ** 2
    radii = [[q * q * r * (a + b + size * r) for b in sizes] for a in sizes]
    return matrix, radii


def log_matrix(
    m: Matrix, r: int, D: int, bound: Fraction, sign: int
) -> tuple[Matrix, Matrix]:
    """$2qD\\,$sign$\\,(p/q\\,I - H(J))$ and its radii, as `Definite.v` has them."""
    p, q, size = bound.numerator, bound.denominator, len(m)
    matrix = [
        [
            sign * ((2 * p * D if i == j else 0) - q * (m[i][j] + m[j][i]))
            for j in range(size)
        ]
        for i in range(size)
    ]
    return matrix, [[2 * q * r] * size for _ in range(size)]


def point_text(ctx: Context, claim: dict, judgement: WithinRadii) -> str | None:
    """The theorem of a claim at a point; None where no grid leaves the witness room."""
    norm = claim["quantity"] == "spectral-norm"
    sign = -1 if claim["quantity"] == "log-norm-lower" else 1
    bound, own = claim["bound"], claim["witness"]["grid"]
    coarse, _ = rounded_jacobian(ctx, claim, 0)
    width = sum(max(map(abs, row)) for row in coarse).bit_length()
    for finer in FINER:
        grid = own + width + finer
        m, r = rounded_jacobian(ctx, claim, grid)
        if norm:
            found = norm_matrix(m, r, 1 << grid, bound)
            have, weight = 2 * grid, bound.denominator**2
        else:
            found = log_matrix(m, r, 1 << grid, bound, sign)
            have, weight = grid + 1, bound.denominator
        # t (scale of the matrix) = s (scale of L L^T): powers of two but for q.
        excess = have - judgement.shift - own
        witness = Witness(
            t=1 << max(0, -excess),
            s=weight << max(0, excess),
            factor=judgement.factor,
            weights=[1] * len(m),
        )
        if witness.accepts(*found):
            return _text(m, r, grid, bound, 0 if norm else sign, witness)
    return None


def _text(
    m: Matrix,
    r: int,
    grid: int,
    bound: Fraction,
    sign: int,
    witness: Witness,
) -> str:
    """The theorem; `sign` 0 is the norm."""
    n, p, q = len(m), bound.numerator, bound.denominator
    ends = f"{witness.t} {witness.s}"
    if sign == 0:
        arguments = f"{n} {ends} D p q m {r} L w"
        check, proof = "norm_accepted", f"norm_sound {arguments} checked"
        ending = f"image_square {n} J v <= (IZR p / IZR q) ^ 2 * square {n} v"
    else:
        arguments = f"{n} {ends} D p q ({sign}) m {r} L w"
        which = "or_introl" if sign == 1 else "or_intror"
        check, proof = (
            "log_accepted",
            f"log_sound {arguments} ({which} eq_refl) checked",
        )
        ending = (
            f"IZR ({sign}) * form {n} J v <= IZR ({sign}) * (IZR p / IZR q) * "
            f"square {n} v"
        )
    return (
        define("D", 1 << grid)
        + define("p", p)
        + define("q", q)
        + define_rows("m", m)
        + witness.definitions()
        + computed("checked", f"{check} {arguments}")
        + theorem(
            "claim", f"forall J, near {n} D m {r} J -> forall v,\n  {ending}", proof
        )
    )
