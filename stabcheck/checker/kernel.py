"""The kernel: integers only.  It decides two judgements and nothing else.

* Every symmetric real matrix within integer radii of an integer matrix, on a common
  dyadic grid, is positive semidefinite (`psd_ball`, with a rounded Cholesky factor;
  `psd_exact` without one, for singular and tight cases).
* A polynomial with rational coefficients is nonnegative on an interval
  (`bernstein_nonnegative`).

No floating-point number, no division with a remainder dropped unseen, no import but
operators.  Numerators and denominators travel as pairs of integers.
"""

from __future__ import annotations

from operator import mul

Matrix = list[list[int]]


def _is_square(matrix: object, size: int) -> bool:
    return (
        type(matrix) is list
        and len(matrix) == size
        and all(
            type(row) is list
            and len(row) == size
            and all(type(entry) is int for entry in row)
            for row in matrix
        )
    )


def _is_symmetric(matrix: Matrix) -> bool:
    return all(
        matrix[i][j] == matrix[j][i] for i in range(len(matrix)) for j in range(i)
    )


def gram(factor: Matrix) -> Matrix:
    """The product L L^T of a square integer matrix with its transpose."""
    return [[sum(map(mul, row, other)) for other in factor] for row in factor]


def psd_ball(matrix: Matrix, radii: Matrix, product: Matrix, shift: int) -> bool:
    """Decide whether every symmetric A with |A_ij - M_ij| <= rho_ij is PSD.

    `product` is L L^T for some real L, hence PSD.  With E = 2^shift M - product,

        2^shift A = product + E + 2^shift (A - M),

    and the last two terms are symmetric and diagonally dominant with nonnegative
    diagonal when E_ii - 2^shift rho_ii >= sum over j != i of |E_ij| + 2^shift rho_ij.
    A sum of positive semidefinite matrices is one.

    **Returns:** whether the domination holds; `False` for anything ill-formed.
    """
    size = len(matrix) if type(matrix) is list else 0
    if type(shift) is not int or shift < 0 or size == 0:
        return False
    if not all(_is_square(m, size) for m in (matrix, radii, product)):
        return False
    if not all(_is_symmetric(m) for m in (matrix, radii, product)):
        return False
    for i in range(size):
        rows = (matrix[i], radii[i], product[i])
        if min(radii[i]) < 0 or _margin(i, *rows, shift) < 0:
            return False
    return True


def _margin(
    i: int, row: list[int], radius: list[int], product: list[int], shift: int
) -> int:
    """How far the diagonal entry of row i exceeds what it has to dominate."""
    residual = [(m << shift) - p for m, p in zip(row, product, strict=True)]
    spread = [r << shift for r in radius]
    off = sum(map(abs, residual)) - abs(residual[i]) + sum(spread) - spread[i]
    return residual[i] - spread[i] - off


def psd_exact(matrix: Matrix) -> bool:
    """Decide whether a symmetric integer matrix is PSD, singular or not.

    Fraction-free elimination with diagonal pivots (Bareiss): each exact quotient is an
    integer; a zero pivot of the largest kind needs the rest to vanish.
    """
    size = len(matrix) if type(matrix) is list else 0
    if size == 0 or not _is_square(matrix, size) or not _is_symmetric(matrix):
        return False
    rest = [row[:] for row in matrix]
    live = list(range(size))
    previous = 1
    while live:
        pivot_row = max(live, key=lambda i: rest[i][i])
        pivot = rest[pivot_row][pivot_row]
        if pivot <= 0:
            return pivot == 0 and all(rest[i][j] == 0 for i in live for j in live)
        live.remove(pivot_row)
        column = [row[pivot_row] for row in rest]
        for i in live:
            for j in live:
                rest[i][j] = (pivot * rest[i][j] - column[i] * column[j]) // previous
        previous = pivot
    return True


def _binomials(degree: int) -> list[int]:
    row = [1]
    for _ in range(degree):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    return row


def bernstein_coefficients(
    polynomial: list[int], low: tuple[int, int], high: tuple[int, int]
) -> list[int]:
    """Coefficients on [low, high], ascending input, up to one positive factor.

    With x = (a + (b - a) t)/c over a common denominator c, the polynomial times c^n is
    the sum of q_k t^k; coefficient i of the Bernstein form is the sum over k <= i of
    q_k C(i, k)/C(n, k), kept over the product of all C(n, k).
    """
    degree = len(polynomial) - 1
    common = low[1] * high[1]
    start, width = low[0] * high[1], high[0] * low[1] - low[0] * high[1]
    power = [0] * (degree + 1)
    scale = 1
    for coefficient in reversed(polynomial):
        shifted = [start * value for value in power]
        for k in range(degree):
            shifted[k + 1] += width * power[k]
        power = shifted
        power[0] += coefficient * scale
        scale *= common
    choose = _binomials(degree)
    product = 1
    for value in choose:
        product *= value
    weights = [q * (product // c) for q, c in zip(power, choose, strict=True)]
    return [sum(map(mul, _binomials(i), weights[: i + 1])) for i in range(degree + 1)]


def bernstein_nonnegative(polynomial: list[int], cuts: list[tuple[int, int]]) -> bool:
    """Decide p >= 0 on [cuts[0], cuts[-1]] by nonnegative Bernstein coefficients.

    `cuts` are rationals (numerator, positive denominator), strictly ascending: they
    cover the interval piece by piece.  `False` means not shown.
    """
    if not polynomial or any(type(c) is not int for c in polynomial) or len(cuts) < 2:
        return False
    for cut in cuts:
        if len(cut) != 2 or any(type(part) is not int for part in cut) or cut[1] <= 0:
            return False
    pieces = [(cuts[k], cuts[k + 1]) for k in range(len(cuts) - 1)]
    if any(low[0] * high[1] >= high[0] * low[1] for low, high in pieces):
        return False
    return all(
        min(bernstein_coefficients(polynomial, low, high)) >= 0 for low, high in pieces
    )
