r"""Suprema of linear maps over products of balls.  Theorem `product-ball-support`.

For $|\delta_j| \le \varepsilon_j$ and any $\beta_j > 0$

$$\Bigl|\sum_jM_j\delta_j\Bigr|^2 \le \Bigl(\sum_j\beta_j\varepsilon_j\Bigr)
\lambda_{\max}\Bigl(\sum_j\tfrac{\varepsilon_j}{\beta_j}M_jM_j^{\mathsf T}\Bigr).$$
"""

from __future__ import annotations

import numpy as np

SQUARINGS = 6
"""Squarings of a Gram matrix: its largest eigenvalue is met to its rank^(1/128)."""


def top_eigenvalue(gram: np.ndarray) -> np.ndarray:
    r"""Bound $\lambda_{\max}$ of positive semidefinite `(..., k, k)` by a trace power.

    $\lambda_{\max}(M) \le \lVert M^{64}\rVert_F^{1/64}$.
    """
    scale = np.sqrt((gram * gram).sum(axis=(-2, -1)))
    safe = np.where(scale > 0, scale, 1.0)
    power = gram / safe[..., None, None]
    bound = np.ones_like(scale)
    for step in range(1, SQUARINGS + 1):
        power = power @ power
        size = np.sqrt((power * power).sum(axis=(-2, -1)))
        size = np.where(size > 0, size, 1.0)
        power = power / size[..., None, None]
        bound = bound * size ** (0.5**step)
    return scale * bound


def matrix_norm(matrix: np.ndarray) -> float:
    """Bound the spectral norm of a matrix from its smaller Gram matrix."""
    wide = matrix.shape[0] <= matrix.shape[1]
    gram = matrix @ matrix.T if wide else matrix.T @ matrix
    return float(np.sqrt(top_eigenvalue(gram)))


def scalar_support(rows: np.ndarray, radii: np.ndarray) -> np.ndarray:
    r"""$\sum_j\varepsilon_j|m_j|$: the supremum of functionals `(..., n d)`, exact."""
    tokens = len(radii)
    blocks = rows.reshape(*rows.shape[:-1], tokens, -1)
    return np.sqrt((blocks * blocks).sum(axis=-1)) @ radii


def vector_support(maps: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """The supremum of the length of maps `(..., a, n d)`, one each."""
    tokens = len(radii)
    blocks = maps.reshape(*maps.shape[:-1], tokens, -1)
    beta = np.sqrt((blocks * blocks).sum(axis=(-3, -1)))
    total = beta @ radii
    used = beta > 0
    share = np.where(used, radii / np.where(used, beta, 1.0), 0.0)
    scaled = (blocks * np.sqrt(share)[..., None, :, None]).reshape(maps.shape)
    top = top_eigenvalue(scaled @ np.swapaxes(scaled, -1, -2))
    return np.minimum(total, np.sqrt(top * total))


def gram_support(grams: np.ndarray, radii: np.ndarray) -> float:
    r"""$\sup\lVert G[\delta]\rVert$ from the Grams $\Gamma_j = \sum_kG_kG_k^T$."""
    beta = np.sqrt(top_eigenvalue(grams))
    total = float(beta @ radii)
    share = np.where(beta > 0, radii / np.where(beta > 0, beta, 1.0), 0.0)
    top = float(top_eigenvalue(np.tensordot(share, grams, 1)))
    return min(total, float(np.sqrt(top * total)))


def pair_supports(
    grams: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    r"""$\sup|T[\delta, w]_i|$ over two products of balls, for each token `i`.

    `grams` `(n, n, n, d, d)`: token, then the tokens of $\delta$ and of $w$, whose
    product of the parts is as long as both lengths multiplied.
    """
    radii = np.outer(first, second).ravel()
    width = grams.shape[-1]
    return np.array([gram_support(g.reshape(-1, width, width), radii) for g in grams])
