r"""Rules for one GELU feed-forward field on a tube.

The Jacobian is block diagonal.  The exact tier proves the value at the centre by one
positive semidefinite matrix a token, $c_0^2 I - J_0^{\mathsf T}J_0$ or
$\pm(c_0 I - \tfrac12(J_0 + J_0^{\mathsf T}))$, with a witness; the deviation over the
tube is added.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, fmpz, fmpz_mat

from stabcheck.checker.arithmetic.balls import ceiling_on_grid, power_of_two
from stabcheck.checker.arithmetic.psd import check_psd
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.feed_forward_centre import (
    IntegerMatrix,
    centre_jacobians,
    deviation_over_tube,
)
from stabcheck.checker.hypotheses import (
    centre_and_deviation,
    decide_at_most,
    no_premises,
    quantity_of,
    single_field,
    tube_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
GRAM_BITS = 62  # size of the Jacobian's integers before the Gram product


def _shifted(entry: fmpz, shift: int) -> int:
    """Return floor(entry 2^shift)."""
    return int(entry << shift if shift >= 0 else entry >> -shift)


def _cut(matrix: IntegerMatrix) -> IntegerMatrix:
    """Cut the integers to GRAM_BITS; the cut moves the norm by at most the size."""
    entries = matrix.entries.entries()
    shift = int(max(map(abs, entries))).bit_length() - GRAM_BITS
    if shift <= 0:
        return matrix
    size = matrix.entries.nrows()
    return IntegerMatrix(
        entries=fmpz_mat(size, size, [entry >> shift for entry in entries]),
        exponent=matrix.exponent + shift,
        error=matrix.error * power_of_two(-shift) + size,
    )


def centre_matrix(
    jacobian: IntegerMatrix, quantity: str, centre: Fraction, grid: int
) -> list[list[int]]:
    r"""Build integers whose semidefiniteness, with radii 1, proves the centre value.

    The true matrix times $2^K$ is these integers, plus a symmetric matrix with entries
    at most 1 in size, plus a positive semidefinite one: the diagonal is lowered by
    the norm of the error of the Jacobian and rounded down.
    """
    if quantity == "spectral-norm":
        matrix = _cut(jacobian)
        part = matrix.entries.transpose() * matrix.entries
        exponent, sign = 2 * matrix.exponent, -1
        length = arb(sum(entry * entry for entry in matrix.entries.entries())).sqrt()
        error = (2 * length + matrix.error) * matrix.error * power_of_two(exponent)
        constant = centre * centre
    else:
        part = jacobian.entries + jacobian.entries.transpose()
        exponent = jacobian.exponent - 1
        error = jacobian.error * power_of_two(jacobian.exponent)
        sign = -1 if quantity == "log-norm" else 1
        constant = -sign * centre
    scaled = constant * 2**grid
    diagonal = scaled.numerator // scaled.denominator - ceiling_on_grid(error, grid)
    rows = [
        [sign * _shifted(entry, exponent + grid) for entry in row]
        for row in part.tolist()
    ]
    for i, row in enumerate(rows):
        row[i] += diagonal
    return rows


def _check_centre(
    ctx: Context, claim: dict, index: int, centre: str, value: Fraction
) -> None:
    field, witness = ctx.field(index), claim["witness"]
    tokens, size = field["tokens"], field["features"]
    factors = witness.get("factors")
    if factors is None or len(factors) != tokens:
        raise ClaimRejected(f"the witness has to name one factor for {tokens} tokens")
    radii = [[1] * size for _ in range(size)]
    jacobians = centre_jacobians(ctx, index, centre)
    for token, (name, jacobian) in enumerate(zip(factors, jacobians, strict=True)):
        matrix = centre_matrix(jacobian, claim["quantity"], value, witness["grid"])
        check_psd(ctx, matrix, radii, name, witness["shift"], f"token {token}")


def _exact(ctx: Context, claim: dict, premises: list[dict]) -> None:
    no_premises(premises)
    quantity = quantity_of(claim, QUANTITIES)
    index = single_field(ctx, claim, ["feed-forward"])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    value = claim["parameters"].get("centre")
    if not isinstance(value, Fraction):
        raise ClaimRejected("parameter centre, the value at the centre, is missing")
    if quantity == "spectral-norm" and value < 0:
        raise ClaimRejected(f"a norm at the centre cannot be {value}")
    centre_and_deviation(claim, value, deviation_over_tube(ctx, index, centre, radius))
    _check_centre(ctx, claim, index, centre, value)


@rule("feed-forward-tube")
def feed_forward_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check norm or logarithmic norm over the tube: centre plus deviation."""
    if claim["tier"] == "float64":
        from stabcheck.checker.float64.feed_forward import check

        check(ctx, claim, premises)
        return
    _exact(ctx, claim, premises)


@rule("feed-forward-deviation-tube")
def feed_forward_deviation_tube(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check how far the Jacobian moves from the centre's over the tube."""
    if claim["tier"] == "float64":
        from stabcheck.checker.float64.feed_forward import check_deviation

        check_deviation(ctx, claim, premises)
        return
    no_premises(premises)
    quantity_of(claim, ["jacobian-deviation"])
    index = single_field(ctx, claim, ["feed-forward"])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    decide_at_most(
        deviation_over_tube(ctx, index, centre, radius),
        claim["bound"],
        "the deviation over the tube",
    )
