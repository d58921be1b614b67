r"""Theorem psd-integer-witness.

Let $2^kM = LL^{\mathsf T} + E$ with symmetric $M$, $E$ and let $\rho_{ij} = \rho_{ji}
\ge 0$.  If for every row
$E_{ii} - 2^k\rho_{ii} \ge \sum_{j \ne i}\bigl(|E_{ij}| + 2^k\rho_{ij}\bigr)$, then $M +
D \succeq 0$ for every symmetric $D$ with $|D_{ij}| \le \rho_{ij}$.
"""

from itertools import product

from sympy import Matrix, MatrixSymbol, expand, symbols, zeros

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "psd-integer-witness"


def row_dominates(residual, radii, i, counted: bool = True) -> bool:
    """The hypothesis in row i, with or without the radii off the diagonal."""
    others = [j for j in range(residual.rows) if j != i]
    off = sum(abs(residual[i, j]) + counted * radii[i, j] for j in others)
    return residual[i, i] - radii[i, i] >= off


def statement_holds(matrix: Matrix, radii: Matrix, dominates) -> bool:
    """Whether the hypothesis, with L = 0 and k = 0, implies semidefinite corners."""
    size = matrix.rows
    if not all(dominates(matrix, radii, i) for i in range(size)):
        return True
    places = [(i, j) for i in range(size) for j in range(i + 1)]
    for signs in product((-1, 1), repeat=len(places)):
        corner = matrix.copy()
        for (i, j), sign in zip(places, signs, strict=True):
            corner[i, j] = corner[j, i] = matrix[i, j] + sign * radii[i, j]
        if not is_positive_semidefinite(corner):
            return False
    return True


def step_1_a_gram_matrix_is_a_sum_of_squares():
    # v^T L L^T v = |L^T v|^2 for every size.
    n = symbols("n", integer=True, positive=True)
    L, v = MatrixSymbol("L", n, n), MatrixSymbol("v", n, 1)
    assert (v.T * L * L.T * v).doit() == ((L.T * v).T * (L.T * v)).doit()


def step_2_the_ball_stays_on_the_diagonally_dominant_side():
    # S = E + 2^k D.  On the diagonal D_ii = -rho_ii + s with s >= 0; off it |S_ij| is
    # at most |E_ij| + 2^k rho_ij by the triangle inequality, short of it by u; `margin`
    # is what the hypothesis leaves in the row.
    margin, s, u, off, rho, scale = symbols("margin s u off rho k", nonnegative=True)
    diagonal = (margin + off + scale * rho) + scale * (-rho + s)
    assert is_sum_of_nonnegative_terms(diagonal - (off - u))


def step_3_a_pair_of_rows_gives_a_square():
    # 2 S_ij v_i v_j = |S_ij| (v_i + sign v_j)^2 - |S_ij| v_i^2 - |S_ij| v_j^2.  Summed
    # over the pairs: v^T S v = sum_i (S_ii - sum_j |S_ij|) v_i^2 + squares >= 0.
    size, x, y = symbols("size x y", real=True)
    for sign in (-1, 1):
        square = size * (x + sign * y) ** 2 - size * x**2 - size * y**2
        assert expand(2 * sign * size * x * y - square) == 0


def step_4_the_sum_of_the_two_is_semidefinite():
    # 2^k (M + D) = L L^T + S: both forms are nonnegative, and 2^k > 0.
    form, gram = symbols("form gram", nonnegative=True)
    assert is_sum_of_nonnegative_terms(form + gram)


def witness_the_margin_zero_reaches_a_singular_corner():
    matrix, radii = Matrix([[2, 0], [0, 2]]), Matrix([[1, 1], [1, 1]])
    assert statement_holds(matrix, radii, row_dominates)
    assert (matrix - radii).det() == 0


def witness_a_zero_matrix_needs_no_room():
    assert statement_holds(zeros(2, 2), zeros(2, 2), row_dominates)


def mutant_one_less_on_the_diagonal_suffices():
    def weaker(residual, radii, i):
        return row_dominates(residual + Matrix.eye(2), radii, i)

    return statement_holds(Matrix([[1, 0], [0, 1]]), Matrix([[1, 1], [1, 1]]), weaker)


def mutant_radii_off_the_diagonal_do_not_count():
    def forgetful(residual, radii, i):
        return row_dominates(residual, radii, i, counted=False)

    return statement_holds(
        Matrix([[1, 0], [0, 1]]), Matrix([[0, 2], [2, 0]]), forgetful
    )
