"""From an integer matrix and a named witness to the kernel's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import factor_product
from stabcheck.checker.arithmetic.judgements import WithinRadii, keep
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.kernel import psd_ball

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def check_psd(
    ctx: Context,
    matrix: list[list[int]],
    radii: list[list[int]],
    factor: str,
    shift: int,
    what: str,
) -> None:
    """Have the kernel decide that every matrix within the radii is PSD.

    The witness is a square int64 array; its strictly upper part is ignored.  The
    product of the factor with its transpose is exact.
    """
    tensor = ctx.tensor(factor)
    size = len(matrix)
    if tensor.shape != (size, size):
        raise ClaimRejected(
            f"the witness of {what} has shape {tensor.shape}, not {(size, size)}"
        )
    entries = tensor.mantissas
    rows = [
        entries[i * size : i * size + i + 1] + [0] * (size - i - 1) for i in range(size)
    ]
    if not psd_ball(matrix, radii, factor_product(rows), shift):
        raise ClaimRejected(
            f"the matrix of {what} is not shown positive semidefinite by its witness"
        )
    keep(WithinRadii(matrix, radii, rows, shift, what))
