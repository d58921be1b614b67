r"""Rounded Cholesky factors: what makes positive semidefiniteness cheap to check.

The checker rounds the matrix $M$ to integers on the grid $2^{-K}$ and accepts when
$2^{t} M_{\mathrm{int}} - L L^T$ is diagonally dominant (`psd-integer-witness`).
$L$ is the Cholesky factor of $M - \tfrac12\lambda_{\min}(M) I$, rounded on a grid that
leaves most of $\lambda_{\min}/2$ as dominance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import dyadic, spectral_norm, symmetric_part
from stabcheck.bounds.validation import Array, checked_array
from stabcheck.errors import Undecided

# A point bound leaves this relative distance for the witness: the smallest eigenvalue
# of the matrix to be proved positive is about this times its norm.
WITNESS_MARGIN = 1e-7
LARGEST_SHIFT = 1024
LARGEST_GRID = 512


@dataclass(frozen=True, eq=False)
class Witness:
    """Factors int64 `(N, N)`, lower triangular, on one `grid` K with one `shift` t."""

    factors: tuple[Array, ...]
    grid: int
    shift: int

    @property
    def factor(self) -> Array:
        """The factor of a witness for one matrix."""
        (only,) = self.factors
        return only


def psd_witness(matrix: Array, grid: int = 48) -> Witness:
    """The witness that one matrix `(N, N)` is positive semidefinite."""
    return psd_witnesses([matrix], grid)


def psd_witnesses(matrices: Sequence[Array], grid: int = 48) -> Witness:
    """Round Cholesky factors that prove matrices positive semidefinite.

    **Arguments:** `matrices`, symmetric `(N, N)`; `grid`, the least K to use (raised
    when a smallest eigenvalue needs a finer grid).

    **Raises:** `Undecided` when a smallest eigenvalue is not clearly positive in
    float64, or no 64-bit factor can be fine enough.
    """
    factors, needs = [], []
    for matrix in matrices:
        M = symmetric_part(checked_array("matrix", matrix, (None, None)))
        slack = _clear_eigenvalue(M) / 2
        size = M.shape[0]
        factor = np.linalg.cholesky(M - slack * np.eye(size))
        # Row sums of |2^t M_int - L L^T| against the dominance 2^(t+K) slack: M_int is
        # off by half a step and its radii are a step and a bit, twice; the rounding of
        # L enters as half a step times sums of rows of L, and once squared.
        row = float(np.abs(factor).sum(axis=1).max())
        factors.append(factor)
        fine = max(8 * size * row / slack, size * math.sqrt(8 / slack))
        needs.append((32 * size / slack, fine))
    grid = max(grid, *(math.ceil(math.log2(need)) for need, _ in needs))
    exponent = max(
        0, (grid + 1) // 2, *(math.ceil(math.log2(need)) for _, need in needs)
    )
    shift = 2 * exponent - grid
    top = max(float(np.abs(factor).max()) for factor in factors)
    if exponent + math.log2(max(top, 1e-300)) > 62:
        raise Undecided(
            f"no witness: a factor on the grid 2^-{exponent} does not fit into 64 "
            "bits; raise the bound"
        )
    if grid > LARGEST_GRID or shift > LARGEST_SHIFT:
        raise Undecided(
            f"no witness: the grid 2^-{grid} with shift {shift} is finer than the "
            "certificate allows; raise the bound"
        )
    integers = tuple(
        np.rint(np.ldexp(np.tril(factor), exponent)).astype(np.int64)
        for factor in factors
    )
    return Witness(integers, grid, shift)


def _clear_eigenvalue(matrix: Array) -> float:
    size = matrix.shape[0]
    values = np.linalg.eigvalsh(matrix)
    smallest, largest = float(values[0]), float(np.abs(values).max())
    # Rounding in the matrix itself (a product of length about N) blurs eigenvalues.
    blur = 8 * size * np.finfo(float).eps * largest
    if not smallest > blur:
        raise Undecided(
            f"no witness: the smallest eigenvalue {smallest:.3e} of a {size} x {size} "
            f"matrix of norm {largest:.3e} is not clearly positive; raise the bound"
        )
    return smallest


def point_matrix(jacobian: Array, quantity: str, centre: float) -> Array:
    """The matrix that is positive semidefinite exactly if the point claim holds.

    `spectral-norm`: c^2 I - J^T J; `log-norm`: c I - H(J); `log-norm-lower`:
    H(J) - c I, with H the symmetric part.  Stacks `(..., N, N)` are allowed.
    """
    identity = np.eye(jacobian.shape[-1])
    if quantity == "spectral-norm":
        gram = np.swapaxes(jacobian, -1, -2) @ jacobian
        return centre**2 * identity - gram
    symmetric = symmetric_part(jacobian)
    if quantity == "log-norm":
        return centre * identity - symmetric
    return symmetric - centre * identity


def point_values(jacobian: Array, margin: float) -> dict[str, float]:
    """The exact quantities of a dense Jacobian, moved outward by `margin` norms.

    **Arguments:** `jacobian` `(N, N)`.

    **Returns:** by quantity, as in `point_matrix`, dyadic numbers of at most 40 bits.
    """
    norm = spectral_norm(jacobian)
    ends = np.linalg.eigvalsh(symmetric_part(jacobian))[[0, -1]]
    # The zero matrix has norm 0 and still needs room for its witness.
    room = margin * (norm or 1.0)
    values = {
        "spectral-norm": norm + room,
        "log-norm": ends[1] + room,
        "log-norm-lower": ends[0] - room,
    }
    return {quantity: float(dyadic(value)) for quantity, value in values.items()}


def point_bound(jacobian: Array, quantity: str) -> Bound:
    """The exact norm or logarithmic norm at a point, for the integer witness.

    Theorems `spectral-norm-psd` and `log-norm-psd`.

    **Arguments:** `jacobian` dense `(N, N)`; `quantity` one of `spectral-norm`,
    `log-norm`, `log-norm-lower`.
    """
    theorem = "spectral-norm-psd" if quantity == "spectral-norm" else "log-norm-psd"
    value = point_values(jacobian, WITNESS_MARGIN)[quantity]
    return Bound(theorem, quantity, value)


def token_wise_centre(blocks: Array, margin: float) -> dict[str, float]:
    """The worst `point_values` over the tokens of a token-wise field, `(n, d, d)`."""
    found = [point_values(block, margin) for block in blocks]
    return {
        "spectral-norm": max(values["spectral-norm"] for values in found),
        "log-norm": max(values["log-norm"] for values in found),
        "log-norm-lower": min(values["log-norm-lower"] for values in found),
    }


def centre_and_deviation(
    theorem: str, quantity: str, centre: float, deviation: float
) -> Bound:
    """Bound `centre + deviation` (`centre - deviation` for a lower bound)."""
    sign = -1 if quantity == "log-norm-lower" else 1
    size = abs(centre) + deviation
    value = outward(quantity, centre + sign * deviation, size)
    return Bound(theorem, quantity, value, {"centre": centre})
