r"""Positive semidefiniteness and singular values, decided by verified residuals.

**Theorem** `psd-floating-point-cholesky`.  Let $L$ be any float64 matrix and
$\lVert S - \sigma I - LL^{\mathsf T}\rVert_2 \le \sigma - \delta$ for a symmetric
float64 matrix $S$.  Then every symmetric $A$ with $\lVert A - S\rVert_2 \le \delta$ is
positive semidefinite, since $A = LL^{\mathsf T} + (S - \sigma I - LL^{\mathsf T}) +
(\sigma - \delta)I + (A - S + \delta I)$.

$L$ is what LAPACK's Cholesky factorisation returns; Rump (BIT 46 (2006) 433-452,
Corollary 2.4) accepts it when it runs to the end, with the error bound of the
algorithm.  Here the residual is bounded from $L$ itself, which is both sharper and
independent of how LAPACK computes.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    SUMMATION_BLOCK,
    UNIT_ROUNDOFF,
    gamma,
    outward,
    summation_length,
)
from stabcheck.checker.float64.norms import frobenius, nonnegative_norm

ATTEMPTS = 3
RESERVE = 2.0**-39
"""First guess of the residual relative to the diagonal; a miss costs one attempt."""

SHARP_MARGIN = 1e-9
"""Above an estimate of a norm, so that its verification does not fail by rounding."""


def gram(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    r"""The float product $C^{\mathsf T}C$, exactly symmetric, and its error in norm.

    Summed in blocks: the error is at most $\gamma_\ell |C|^{\mathsf T}|C| + k\eta$.
    """
    rows, columns = matrix.shape
    result = np.zeros((columns, columns))
    for start in range(0, rows, SUMMATION_BLOCK):
        part = matrix[start : start + SUMMATION_BLOCK]
        result += part.T @ part
    size = nonnegative_norm(np.abs(matrix))
    error = gamma(summation_length(rows)) * size * size
    return result, float(outward(error + rows * columns * SMALLEST))


def _residual_norm(matrix: np.ndarray, factor: np.ndarray) -> float:
    r"""Bound $\lVert M - LL^{\mathsf T}\rVert$ for a lower triangular $L$."""
    size = len(matrix)
    difference = matrix.copy()
    for start in range(0, size, SUMMATION_BLOCK):
        part = factor[start:, start : start + SUMMATION_BLOCK]
        difference[start:, start:] -= part @ part.T
    # Summed from the matrix downwards: each entry is a sum of 1 + k terms, of which
    # the matrix passes through every subtraction.
    length = nonnegative_norm(np.abs(factor))
    spread = gamma(summation_length(size) + 1) * length * length
    through = gamma(-(-size // SUMMATION_BLOCK)) * nonnegative_norm(np.abs(matrix))
    seen = nonnegative_norm(np.abs(difference))
    return float(outward(seen + spread + through + size * size * SMALLEST))


def is_positive_semidefinite(matrix: np.ndarray, distance: float) -> bool:
    r"""Whether it is proved that all symmetric $A$ within `distance` are PSD.

    `matrix` is exactly symmetric; the distance is in the 2-norm.
    """
    scale = float(np.abs(np.diagonal(matrix)).max())
    reserve = RESERVE * scale
    for _ in range(ATTEMPTS):
        shift = float(outward(distance + reserve))
        lowered = matrix.copy()
        diagonal = np.einsum("ii->i", lowered)
        diagonal -= shift
        # The computed diagonal errs by u times itself.
        rounding = 2 * UNIT_ROUNDOFF * float(np.abs(diagonal).max())
        try:
            factor = np.linalg.cholesky(lowered)
        except np.linalg.LinAlgError:
            return False
        error = float(outward(_residual_norm(lowered, factor) + rounding))
        if error <= reserve:
            return True
        if not np.isfinite(error):
            return False
        reserve = 2 * error
    return False


def is_norm_at_most(matrix: np.ndarray, bound: float) -> bool:
    r"""Whether $\lVert C\rVert_2 \le c$ is proved: $c^2 I - C^{\mathsf T}C \succeq 0$.

    Both are divided by a power of two near $c$ first, so that the squares neither
    overflow nor underflow.
    """
    if not (bound > 0 and np.isfinite(bound)):
        return bool(bound == 0 and not matrix.any())
    exponent = int(np.frexp(bound)[1])
    scaled = np.ldexp(matrix, -exponent)
    # Entries that underflow move the matrix by less than this in norm.
    lost = float(np.sqrt(matrix.size) * (1 + 2.0**-40)) * SMALLEST
    bound = float(np.nextafter(np.ldexp(bound, -exponent) - lost, 0.0))
    return _is_gram_at_most(*gram(scaled), bound)


def _is_gram_at_most(product: np.ndarray, error: float, bound: float) -> bool:
    r"""Whether $G \preceq c^2 I$ is proved for all symmetric G within the error.

    The product is used up.
    """
    square = bound * bound
    np.negative(product, out=product)
    diagonal = np.einsum("ii->i", product)
    diagonal += square
    # The diagonal is c^2 plus a number, each rounded once: u times both.
    rounding = UNIT_ROUNDOFF * (square + float(np.abs(diagonal).max()))
    return is_positive_semidefinite(product, float(outward(error + 2 * rounding)))


def is_symmetric_part_at_most(matrix: np.ndarray, bound: float) -> bool:
    r"""Whether $\lambda_{\max}(\tfrac12(C + C^{\mathsf T})) \le c$ is proved."""
    difference = -(matrix + matrix.T)
    # Both roundings of an entry are u times a computed number.
    error = UNIT_ROUNDOFF * nonnegative_norm(np.abs(difference))
    diagonal = np.einsum("ii->i", difference)
    diagonal += 2 * bound
    error += UNIT_ROUNDOFF * float(np.abs(diagonal).max())
    return is_positive_semidefinite(difference, float(outward(error)))


def is_singular_value_at_least(matrix: np.ndarray, bound: float) -> bool:
    r"""Whether $\sigma_{\min}(C) \ge b > 0$ is proved, with an approximate inverse.

    For any $R$ with $\beta = \lVert I - RC\rVert < 1$, $(1 - \beta)|x| \le |RCx| \le
    \lVert R\rVert\,|Cx|$, so that $\lVert R\rVert \le (1 - \beta)/b$ suffices.
    """
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return False
    product = accurate_product(inverse, matrix)
    difference = product.midpoint
    diagonal = np.einsum("ii->i", difference)
    diagonal -= 1.0
    spread = np.abs(difference)
    spread *= 1 + 2 * UNIT_ROUNDOFF
    spread += product.radius
    defect = nonnegative_norm(outward(spread))
    if not defect < 1:
        return False
    room = (1 - defect) / bound * (1 - 2.0**-50)
    return is_norm_at_most(inverse, float(room))


def sharp_norm(matrix: np.ndarray, enough: float = 0.0) -> float:
    r"""Bound the norm of a matrix nearly sharply: an estimate, verified.

    **Returns:** the bound; the cruder $\lVert G\rVert_F^{1/2}$ of the Gram matrix
    where that is `enough`, or where the estimate fails.
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    length = frobenius(tall)
    if not (np.isfinite(length) and length > 0):
        return length
    # Divided by a power of two, so that squares neither overflow nor underflow.
    exponent = int(np.frexp(length)[1])
    product, error = gram(np.ldexp(tall, -exponent))
    lost = float(np.sqrt(tall.size) * (1 + 2.0**-40)) * SMALLEST
    crude = float(np.sqrt(outward(frobenius(product) + error))) + lost
    crude = min(length, float(outward(np.ldexp(outward(crude), exponent))))
    if crude <= enough:
        return crude
    top = max(float(np.linalg.eigvalsh(product)[-1]), 0.0)
    estimate = float(np.sqrt(top)) * (1 + SHARP_MARGIN)
    if not _is_gram_at_most(product, error, estimate):
        return crude
    return min(crude, float(outward(np.ldexp(outward(estimate + lost), exponent))))
