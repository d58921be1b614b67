r"""Suprema of linear maps over products of balls, rounded upward.

Theorem `product-ball-support`: for $|\delta_j| \le \varepsilon_j$ and any positive
$\beta_j$, $|\sum_jM_j\delta_j|^2 \le (\sum_j\beta_j\varepsilon_j)\,\lambda_{\max}(
\sum_j\tfrac{\varepsilon_j}{\beta_j}M_jM_j^{\mathsf T})$.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.deep.arrays import ROOM, Near, length, upward
from stabcheck.checker.float64.midpoint_radius import UNIT_ROUNDOFF, gamma

SQUARINGS = 6
NEGLIGIBLE = 2.0**-500
"""Blocks shorter than this are left out: squares of their entries may underflow."""


def top_eigenvalue(gram: np.ndarray, error: np.ndarray | float) -> np.ndarray:
    r"""Bound the largest eigenvalue of symmetric matrices `(..., k, k)` near `gram`.

    With $M_0 = G/\lVert G\rVert_F$ and $M_{l+1}$ the normalised float square of $M_l$:
    $\lambda(M_l)^2 \le \lVert\mathrm{fl}(M_l^2)\rVert_F\,\lambda(M_{l+1}) + \gamma$,
    and $\lambda(M_6) \le \lVert M_6\rVert_F$.  `error` bounds the distance in norm.
    """
    terms = gram.shape[-1]
    scale = _frobenius(gram)
    power = _symmetric(gram / np.where(scale > 0, scale, 1.0)[..., None, None])
    sizes = []
    for _ in range(SQUARINGS):
        square = power @ power
        size = _frobenius(square)
        size = np.where(size > 0, size, 1.0)
        sizes.append(size)
        power = _symmetric(square / size[..., None, None])
    bound = upward(_frobenius(power))
    # The entries of a normalised matrix, its square and its quotient err by these.
    slip = 4 * (gamma(terms) + 4 * UNIT_ROUNDOFF)
    for size in reversed(sizes):
        bound = np.sqrt(upward(size * (bound + slip) + slip))
    return upward(scale * (bound + slip) + error)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + np.swapaxes(matrix, -1, -2)) / 2


def _frobenius(matrix: np.ndarray) -> np.ndarray:
    """Upper bounds of Frobenius norms; divided first, so that no square underflows."""
    top = np.abs(matrix).max(axis=(-2, -1))
    safe = np.where(top > 0, top, 1.0)
    parts = matrix / safe[..., None, None]
    return top * np.sqrt((parts * parts).sum(axis=(-2, -1))) * ROOM


def matrix_norm(matrix: Near) -> float:
    """Bound the spectral norm of a matrix from its smaller Gram matrix."""
    middle = matrix.middle
    wide = middle.shape[0] <= middle.shape[1]
    gram = middle @ middle.T if wide else middle.T @ middle
    error = gamma(max(middle.shape)) * length(middle) ** 2
    top = float(top_eigenvalue(gram, upward(error)))
    return float(upward(np.sqrt(top) + matrix.radius))


def total_length(radii: np.ndarray) -> float:
    """Bound the length of everything in a product of balls."""
    largest = float(radii.max())
    if largest == 0:
        return 0.0
    parts = radii / largest
    return float(upward(largest * np.sqrt(parts @ parts)))


def scalar_support(rows: Near, radii: np.ndarray) -> np.ndarray:
    r"""$\sum_j\varepsilon_j|m_j|$ of functionals `(..., n d)`."""
    blocks = rows.middle.reshape(*rows.middle.shape[:-1], len(radii), -1)
    found = np.sqrt((blocks * blocks).sum(axis=-1)) @ radii
    lost = rows.radius * total_length(radii) + 2 * NEGLIGIBLE * radii.sum()
    return upward(found + lost)


def vector_support(maps: Near, radii: np.ndarray) -> np.ndarray:
    """The supremum of the length of maps `(..., a, n d)`, one each."""
    blocks = maps.middle.reshape(*maps.middle.shape[:-1], len(radii), -1)
    beta = np.sqrt((blocks * blocks).sum(axis=(-3, -1)))
    used = beta > NEGLIGIBLE
    safe = np.where(used, beta, 1.0)
    share = np.where(used, radii / safe, 0.0)
    scaled = (blocks * np.sqrt(share)[..., None, :, None]).reshape(maps.middle.shape)
    gram = scaled @ np.swapaxes(scaled, -1, -2)
    # Both factors were rounded twice before the product.
    error = (gamma(scaled.shape[-1]) + 8 * UNIT_ROUNDOFF) * (
        (scaled * scaled).sum(axis=(-2, -1))
    )
    top = top_eigenvalue(gram, upward(error))
    total = upward(np.where(used, beta, 0.0) @ radii)
    lost = maps.radius * total_length(radii) + 2 * NEGLIGIBLE * radii.sum()
    return upward(np.minimum(total, np.sqrt(upward(total * top))) + lost)


def gram_support(grams: np.ndarray, error: np.ndarray, radii: np.ndarray) -> float:
    r"""$\sup\lVert G[\delta]\rVert$ from the Grams of each token, `(n, k, k)`.

    `error` `(n,)` bounds their rounding in norm.
    """
    beta = np.sqrt(top_eigenvalue(grams, error))
    total = upward(beta @ radii)
    share = np.where(beta > 0, radii / np.where(beta > 0, beta, 1.0), 0.0)
    mixed = np.tensordot(share, grams, 1)
    rounding = (gamma(len(radii)) + 4 * UNIT_ROUNDOFF) * (share @ _frobenius(grams))
    top = top_eigenvalue(mixed, upward(share @ error + rounding))
    return float(upward(min(total, float(np.sqrt(upward(top * total))))))


def pair_supports(
    grams: np.ndarray, error: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    r"""$\sup|T[\delta, w]_i|$ over two products of balls, for each token `i`.

    `grams` `(n, n, n, d, d)`: token, then the tokens of $\delta$ and of $w$, whose
    product of the parts is as long as both lengths multiplied; `error` `(n, n, n)`.
    """
    radii = upward(np.outer(first, second)).ravel()
    width = grams.shape[-1]
    return np.array(
        [
            gram_support(matrices.reshape(-1, width, width), slips.ravel(), radii)
            for matrices, slips in zip(grams, error, strict=True)
        ]
    )
