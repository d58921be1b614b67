r"""GELU feed-forward on a tube, in integers: slopes, Jacobians, deviations.

A token's Jacobian at the centre is $J_0 = W_2^{\mathsf T}\operatorname{diag}(g)
W_1^{\mathsf T}$ with $g = $ gelu'(z), $z = x W_1 + b_1$.  On the tube, hidden unit $k$
moves by at most $\epsilon |W_{1,\cdot k}|$ and its slope by at most $\delta_k$, so
that for unit vectors $|u\cdot(J - J_0)v| \le \sum_k \delta_k |w_{2,k}\cdot u|
|w_{1,k}\cdot v| \le \lVert\operatorname{diag}(\sqrt\delta) W_2\rVert\,
\lVert\operatorname{diag}(\sqrt\delta) W_1^{\mathsf T}\rVert$.

Balls of this size are slow to multiply; products are made of integers on a dyadic
grid, and the error of every rounding is carried as a norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, fmpz_mat

from stabcheck.checker.arithmetic.balls import (
    ball,
    binary_size,
    ceiling_on_grid,
    integer_norm,
    nearest_integer,
    power_of_two,
    radius_on_grid,
    root,
    vector_norm,
)
from stabcheck.checker.fields.token_wise import (
    feed_forward_weights,
    gelu_derivative_deviation,
    hidden_slopes,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "ExactRows",
    "IntegerMatrix",
    "centre_jacobians",
    "deviation_over_tube",
    "exact_rows",
    "weighted_norm",
]

PRODUCT_BITS = 58  # factors of a product: two of them and a sum fit into 128 bits
NORM_BITS = 50  # factors whose norm is bounded


@dataclass(frozen=True)
class IntegerMatrix:
    r"""$M = 2^e (N + E)$ with integers $N$ and $\lVert E\rVert_F \le$ `error`."""

    entries: fmpz_mat
    exponent: int
    error: arb


@dataclass(frozen=True)
class ExactRows:
    """An exact matrix: integer rows times 2^exponent."""

    rows: list[list[int]]
    exponent: int
    bits: int


def exact_rows(ctx: Context, name: str, transposed: bool) -> ExactRows:
    """Read a matrix, or its transpose, as integers over one power of two."""
    key = ("exact-rows", name, transposed)
    if key not in ctx.cache:
        tensor = ctx.tensor(name)
        rows, columns = tensor.shape
        flat = tensor.mantissas
        if transposed:
            table = [flat[j::columns] for j in range(columns)]
        else:
            table = [flat[i * columns : (i + 1) * columns] for i in range(rows)]
        bits = max(abs(entry) for entry in flat).bit_length()
        ctx.cache[key] = ExactRows(table, tensor.exponent, bits)
    return ctx.cache[key]


def _scaled(matrix: ExactRows, factors: list[int], shift: int) -> list[list[int]]:
    """Return rows times factors, cut by a power of two (errors in [0, 1))."""
    if shift <= 0:
        return [
            [(factor * entry) << -shift for entry in row]
            for factor, row in zip(factors, matrix.rows, strict=True)
        ]
    return [
        [factor * entry >> shift for entry in row]
        for factor, row in zip(factors, matrix.rows, strict=True)
    ]


def weighted_norm(matrix: ExactRows, weights: list[arb], limit: arb | None) -> arb:
    """Bound the norm of diag(weights) times a matrix; weights are rounded up."""
    grid = NORM_BITS - max(binary_size(weight) for weight in weights)
    factors = [ceiling_on_grid(weight, grid) for weight in weights]
    shift = max(0, max(factors).bit_length() + matrix.bits - NORM_BITS)
    unit = power_of_two(matrix.exponent - grid + shift)
    below = None if limit is None else limit / unit
    return integer_norm(_scaled(matrix, factors, shift), 1, below) * unit


def _slopes(ctx: Context, index: int, centre: str) -> list[list[tuple[arb, arb]]]:
    """Enclose hidden value and slope of every unit, token by token."""
    field = ctx.field(index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    return hidden_slopes(ctx, index, state)


def _column_norms(ctx: Context, index: int) -> list[arb]:
    key = ("feed-forward-columns", index)
    if key not in ctx.cache:
        columns = feed_forward_weights(ctx, index).first.transpose().tolist()
        ctx.cache[key] = [vector_norm(column) for column in columns]
    return ctx.cache[key]


def deviation_over_tube(ctx: Context, index: int, centre: str, radius: Fraction) -> arb:
    """Bound the norm of the change of the Jacobian over the tube, worst token."""
    key = ("feed-forward-deviation", index, centre, radius)
    if key in ctx.cache:
        return ctx.cache[key]
    field = ctx.field(index)
    first = exact_rows(ctx, field["W_1"], transposed=True)
    second = exact_rows(ctx, field["W_2"], transposed=False)
    reach = [norm * ball(radius) for norm in _column_norms(ctx, index)]
    worst = arb(0)
    for row in _slopes(ctx, index, centre):
        weights = [
            root(gelu_derivative_deviation(z, move, slope))
            for (z, slope), move in zip(row, reach, strict=True)
        ]
        left = weighted_norm(first, weights, None)
        limit = worst / left if left > 0 and worst > 0 else None
        worst = worst.max(left * weighted_norm(second, weights, limit))
    ctx.cache[key] = worst
    return worst


def _frobenius(rows: list[list[int]]) -> arb:
    return arb(sum(entry * entry for row in rows for entry in row)).sqrt()


def _centre_jacobian(ctx: Context, index: int, slopes: list[arb]) -> IntegerMatrix:
    r"""Multiply W_2^T, diag(slopes) and W_1^T on a grid, with the error in norm.

    With $A = W_2^T$ cut to $A' + E_A$ and $B = \operatorname{diag}(g) W_1^T$ to
    $B' + E_B$, $AB - A'B' = A'E_B + E_A B$, in Frobenius norms.
    """
    field = ctx.field(index)
    first = exact_rows(ctx, field["W_1"], transposed=True)
    second = exact_rows(ctx, field["W_2"], transposed=False)
    hidden = len(slopes)
    cells = arb(hidden * field["features"]).sqrt()

    cut = max(0, second.bits - PRODUCT_BITS)
    left = _scaled(second, [1] * hidden, cut)
    left_error = cells if cut else arb(0)

    grid = PRODUCT_BITS + 8
    factors = [nearest_integer(slope, grid) for slope in slopes]
    slope_error = 1 + max(radius_on_grid(slope, grid) for slope in slopes)
    shift = max(0, first.bits + grid - PRODUCT_BITS)
    right = _scaled(first, factors, shift)
    # An entry w g: the slope's rounding times |w| < 2^bits, and one for the cut.
    right_error = cells * (1 + slope_error * power_of_two(first.bits - shift))

    product = fmpz_mat(left).transpose() * fmpz_mat(right)
    error = _frobenius(left) * right_error
    error = error + left_error * (_frobenius(right) + right_error)
    return IntegerMatrix(
        entries=product,
        exponent=second.exponent + cut + first.exponent - grid + shift,
        error=arb(error.upper()),
    )


def centre_jacobians(ctx: Context, index: int, centre: str) -> list[IntegerMatrix]:
    """Enclose the (d, d) Jacobian of every token at the centre.

    Only the last field's matrices are kept: they are large.
    """
    key, value = ctx.cache.get("feed-forward-jacobians", (None, None))
    if key == (index, centre):
        return value
    result = [
        _centre_jacobian(ctx, index, [slope for _, slope in row])
        for row in _slopes(ctx, index, centre)
    ]
    ctx.cache["feed-forward-jacobians"] = ((index, centre), result)
    return result
