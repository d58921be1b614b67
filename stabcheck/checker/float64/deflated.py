r"""Upper bounds of spectral norms, sharp where few singular values are large.

For a symmetric $G$ and orthonormal columns $V$ with complement $V_\perp$ (theorem
`top-pair-block`, with a subspace in place of a vector),

$$\lVert G\rVert \le \left\lVert\begin{pmatrix}\lVert V^{\mathsf T}GV\rVert & \lVert
V_\perp^{\mathsf T}GV\rVert_F\\ \lVert V_\perp^{\mathsf T}GV\rVert_F & \lVert
V_\perp^{\mathsf T}GV_\perp\rVert_F\end{pmatrix}\right\rVert,$$

and both Frobenius norms follow from those of $G$, $GV$ and $V^{\mathsf T}GV$.  With $G
= M^{\mathsf T}M$ this costs one large product, as `schatten_norm` does, and loses only
what stands behind the leading singular vectors.

$V$ is a float matrix with $\lVert V^{\mathsf T}V - I\rVert \le \eta$: the orthonormal
$V(V^{\mathsf T}V)^{-1/2}$ is within $\eta$ of it.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.definite import is_norm_at_most
from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    gamma,
    outward,
)
from stabcheck.checker.float64.norms import frobenius

DIRECTIONS = 96
SWEEPS = 4
"""Subspace iterations: each costs a thin product."""
LEAST_LENGTH = 1e-60
"""Squares of smaller matrices underflow: their Frobenius norm is the bound."""
SHARP = 1.4
"""A bound so many times an estimate is replaced by the estimate, verified."""
ESTIMATE_ROOM = 0.02
"""Ritz values of few sweeps fall short of the norm by so much at most, as a rule."""


def deflated_norm(array: np.ndarray) -> float:
    """Bound the norm of a matrix, or of a block-diagonal one by its worst block.

    Where many singular values are as large as the first, as those of a matrix near the
    identity, an estimate is verified instead: that costs four times as much.
    """
    if array.ndim == 3:
        return max(deflated_norm(block) for block in array)
    bound, estimate = _bound_and_estimate(array)
    if estimate > 0 and bound > SHARP * estimate:
        tall = array if array.shape[0] >= array.shape[1] else array.T
        raised = estimate * (1 + ESTIMATE_ROOM)
        if is_norm_at_most(tall, raised):
            return raised
    return bound


def _bound_and_estimate(array: np.ndarray) -> tuple[float, float]:
    """A bound of the norm, and the largest Ritz value: an estimate from below."""
    tall = array if array.shape[0] >= array.shape[1] else array.T
    length = frobenius(tall)
    if not LEAST_LENGTH < length < 1 / LEAST_LENGTH:
        return length, 0.0
    rows, columns = tall.shape
    product = tall.T @ tall
    gram = (product + product.T) / 2
    size = frobenius(gram)
    # |fl(M^T M) - M^T M| <= gamma |M|^T |M| + k eta, and the mean is rounded once.
    error = gamma(rows) * length * length + 2 * UNIT_ROUNDOFF * size
    error += rows * columns * SMALLEST
    found, estimate = _symmetric_norm(gram, size)
    square = min(size, found)
    bound = min(length, float(outward(np.sqrt(outward(square + error)))))
    return bound, float(np.sqrt(estimate))


def _directions(gram: np.ndarray) -> np.ndarray:
    """Nearly orthonormal columns near the leading eigenvectors, as Ritz vectors."""
    columns = len(gram)
    count = min(DIRECTIONS, columns)
    start = np.random.default_rng(0).standard_normal((columns, count))
    basis, _ = np.linalg.qr(start)
    for _ in range(SWEEPS):
        basis, _ = np.linalg.qr(gram @ basis)
    _, turn = np.linalg.eigh(basis.T @ (gram @ basis))
    return basis @ turn


def _symmetric_norm(gram: np.ndarray, size: float) -> tuple[float, float]:
    """Bound and estimate the norm of a symmetric matrix of Frobenius norm `size`."""
    try:
        basis = _directions(gram)
    except np.linalg.LinAlgError:
        return np.inf, 0.0
    rows, count = basis.shape
    width = frobenius(basis)
    rounding = gamma(rows + 1)
    defect = frobenius(basis.T @ basis - np.eye(count)) + rounding * (width**2 + count)
    if not defect < 0.5:
        return np.inf, 0.0
    image = gram @ basis
    inner = basis.T @ image
    image_size, inner_size = frobenius(image), frobenius(inner)
    image_error = size * (rounding * width + defect)
    inner_error = image_error + image_size * (defect + rounding * width)
    diagonal = np.diagonal(inner)
    estimate = float(np.abs(diagonal).max())
    along = estimate + frobenius(inner - np.diag(diagonal))
    along += inner_error + UNIT_ROUNDOFF * inner_size
    # Lower bounds of computed Frobenius norms: more than `width` columns have squares
    # enough for 8 gamma to hold their sum and the outward roundings as well; fewer
    # leave nothing outside the basis.
    certain = 1 - 8 * gamma(gram.size)
    image_least = max(image_size * certain - image_error, 0.0)
    inner_least = max(inner_size * certain - inner_error, 0.0)
    image_most, inner_most = image_size + image_error, inner_size + inner_error
    # Differences of squares: the rounding is that of their terms.
    terms = image_most**2 + inner_most**2 + size**2
    across = image_most**2 - inner_least**2 + 8 * UNIT_ROUNDOFF * terms
    rest = size**2 - 2 * image_least**2 + inner_most**2 + 8 * UNIT_ROUNDOFF * terms
    behind = float(np.sqrt(max(rest, 0.0)))
    half = abs(along - behind) / 2
    bound = (along + behind) / 2 + np.sqrt(half * half + max(across, 0.0))
    return (float(bound * (1 + 2.0**-40)) if bound >= 0 else np.inf), estimate
