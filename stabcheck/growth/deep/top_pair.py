r"""The norm of a matrix plus a small linear one: theorem `top-pair-block`.

For unit vectors u, v and the projectors away from them

$$\lVert B + E\rVert \le \left\lVert\begin{pmatrix}|u^{\mathsf T}Bv| + g &
b_{12} + g_{12}\\ b_{21} + g_{21} & b_{22} + t\end{pmatrix}\right\rVert$$

with $b_{12} = |u^{\mathsf T}B(I - vv^{\mathsf T})|$ and so on, $g$, $g_{12}$, $g_{21}$
the same of $E = T[\delta]$ and $t \ge \lVert E\rVert$.
"""

from __future__ import annotations

import numpy as np

from stabcheck.growth.deep.support import (
    matrix_norm,
    scalar_support,
    vector_support,
)


def top_pair(
    matrix: np.ndarray, tensor: np.ndarray, linear: float, radii: np.ndarray
) -> float:
    r"""Bound $\sup\lVert B + T[\delta]\rVert$, with `linear` at least $\lVert
    T[\delta]\rVert$; the tensor is `(N, N, N)`: output, direction, input.
    """
    left, _, right = np.linalg.svd(matrix)
    u, v = left[:, 0], right[0]
    from_left, from_right = np.tensordot(u, tensor, 1), tensor @ v
    slope = from_left @ v
    across = (from_left - slope[:, None] * v).T
    down = from_right - u[:, None] * slope
    corner = u @ matrix @ v
    row, column = u @ matrix - corner * v, matrix @ v - u * corner
    rest = matrix - np.outer(u, u @ matrix) - np.outer(column, v)
    block = np.array(
        [
            [abs(corner) + scalar_support(slope, radii), _length(row)],
            [_length(column), matrix_norm(rest) + linear],
        ]
    )
    block[0, 1] += vector_support(across, radii)
    block[1, 0] += vector_support(down, radii)
    return two_by_two_norm(block)


def _length(vector: np.ndarray) -> float:
    return float(np.sqrt(vector @ vector))


def two_by_two_norm(block: np.ndarray) -> float:
    """The norm of a 2 x 2 matrix."""
    (a, b), (c, d) = block
    total = a * a + b * b + c * c + d * d
    difference = np.hypot(a * a + b * b - c * c - d * d, 2 * (a * c + b * d))
    return float(np.sqrt((total + difference) / 2))
