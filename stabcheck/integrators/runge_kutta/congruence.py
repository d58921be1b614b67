r"""Contractivity by a congruence: the form and the weights in any basis of stages."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq_mat, fmpq_poly

from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.roots import first_root, fraction
from stabcheck.integrators.runge_kutta.contractivity import is_positive_semidefinite


def pencil_radius(gram: fmpq_mat, form: fmpq_mat) -> Algebraic | Infinity:
    r"""The largest $r$ with $G \succeq 0$, $F + G/r \succeq 0$; 0 if there is none.

    $-1/\lambda_{\min}(G^{-1}F)$, infinite if no eigenvalue is negative.

    **Arguments:** `gram`, $G = V^{\mathsf T}BV$; `form`, $F = V^{\mathsf T}(BA +
    A^{\mathsf T}B - bb^{\mathsf T})V$ for an invertible $V$.
    """
    if not is_positive_semidefinite(
        [[fraction(x) for x in row] for row in gram.tolist()]
    ):
        return Algebraic.of(0)
    if gram.det() == 0:
        # A weight is zero: its row of the form has to be, and the rest decides.
        size = gram.nrows()
        reduced, kept = _echelon(gram)
        if form * _kernel(reduced, kept) != fmpq_mat(size, size):
            return Algebraic.of(0)
        gram, form = _minor(gram, kept), _minor(form, kept)
    characteristic = gram.solve(form).charpoly().coeffs()
    # lambda = -1/r: the smallest positive r belongs to the lowest eigenvalue.
    signed = [c * (-1) ** k for k, c in enumerate(reversed(characteristic))]
    return first_root(fmpq_poly(signed))


def _minor(matrix: fmpq_mat, kept: Sequence[int]) -> fmpq_mat:
    return fmpq_mat([[matrix[i, j] for j in kept] for i in kept])


def _echelon(matrix: fmpq_mat) -> tuple[fmpq_mat, list[int]]:
    """The reduced echelon form and its pivot columns."""
    reduced, rank = matrix.rref()
    columns = range(matrix.ncols())
    return reduced, [
        next(j for j in columns if reduced[i, j] != 0) for i in range(rank)
    ]


def _kernel(reduced: fmpq_mat, pivots: Sequence[int]) -> fmpq_mat:
    """A square matrix whose columns span the kernel, from the echelon form."""
    size = reduced.ncols()
    kernel = fmpq_mat(size, size)
    for k in set(range(size)) - set(pivots):
        kernel[k, k] = 1
        for i, pivot in enumerate(pivots):
            kernel[pivot, k] = -reduced[i, k]
    return kernel
