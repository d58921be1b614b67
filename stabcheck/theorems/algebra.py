"""What proofs share: decisions on signs and definiteness, and products of many maps.

Exact, on SymPy expressions; used by the proofs only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Expr, Matrix, Poly, expand, symbols, together


def product_of(factors: Iterable[Any]) -> Any:
    """The product of scalars, matrices or symbols given first to last."""
    result = 1
    for factor in factors:
        result = factor * result
    return result


def moved_product_telescopes() -> bool:
    r"""Whether $\Omega_l = B_l + \sum_kP_{l,k}E_k\Omega_{k-1}$ for three moved maps.

    $\Omega_l = (J_l + E_l)\cdots(J_1 + E_1)$, $P_{l,k} = J_l\cdots J_{k+1}$ and
    $B_l = P_{l,0}$, of factors that do not commute.
    """
    J = symbols("J1:4", commutative=False)
    E = symbols("E1:4", commutative=False)
    moved = [a + b for a, b in zip(J, E, strict=True)]
    telescoped = product_of(J) + sum(
        product_of(J[k + 1 :]) * E[k] * product_of(moved[:k]) for k in range(3)
    )
    return expand(product_of(moved) - telescoped) == 0


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
