"""The two decisions that proofs of inequalities end in: signs, and definiteness.

Exact, on SymPy expressions; used by the proofs only.
"""

from __future__ import annotations

from sympy import Expr, Matrix, Poly, expand, together


def is_sum_of_nonnegative_terms(gap: Expr) -> bool:
    """Whether a polynomial in nonnegative symbols has no negative coefficient.

    Then it is nonnegative.  A slack symbol stands for what an inequality gives away:
    $a \\le b$ enters as $a = b - s$ with $s \\ge 0$.  The other direction does not
    hold, so a refusal says that the argument at hand does not carry that far.
    """
    gap = expand(gap)
    if gap.is_number:
        return bool(gap >= 0)
    symbols = sorted(gap.free_symbols, key=str)
    return bool(
        all(symbol.is_nonnegative for symbol in symbols)
        and all(coefficient >= 0 for coefficient in Poly(gap, *symbols).coeffs())
    )


def is_positive_semidefinite(matrix: Matrix) -> bool:
    """Whether a symmetric matrix of exact real numbers is, by elimination."""
    if matrix != matrix.T:
        return False
    while matrix.rows:
        pivot = next((k for k in range(matrix.rows) if matrix[k, k] != 0), None)
        if pivot is None:
            return matrix.is_zero_matrix is True
        if not matrix[pivot, pivot] > 0:
            return False
        column = matrix[:, pivot]
        matrix = matrix - column * column.T / matrix[pivot, pivot]
        matrix.row_del(pivot)
        matrix.col_del(pivot)
        matrix = matrix.applyfunc(lambda entry: together(entry.expand()))
    return True
