r"""The norm of a matrix plus a small linear one: theorem `top-pair-block`.

For unit vectors u, v and the projectors away from them

$$\lVert B + E\rVert \le \left\lVert\begin{pmatrix}|u^{\mathsf T}Bv| + g &
b_{12} + g_{12}\\ b_{21} + g_{21} & b_{22} + t\end{pmatrix}\right\rVert .$$

The vectors come from a float factorisation: whatever they are, the inequality holds.
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.deep.arrays import Near, contract, length, upward
from stabcheck.checker.float64.deep.curvature import directional
from stabcheck.checker.float64.deep.support import (
    matrix_norm,
    scalar_support,
    vector_support,
)


def top_pair(matrix: Near, tensor: Near, linear: float, radii: np.ndarray) -> float:
    r"""Bound $\sup\lVert B + T[\delta]\rVert$, `linear` at least $\lVert
    T[\delta]\rVert$; the tensor is `(N, N, N)`: output, direction, input.

    A vector of the factorisation is within 2^-40 of a unit vector, or nothing is
    bounded: the result is infinite.
    """
    left, _, right = np.linalg.svd(matrix.middle)
    u, v = _unit(left[:, 0]), _unit(right[0])
    if u is None or v is None:
        return np.inf
    from_left = directional("output", tensor, u)
    from_right = directional("input", tensor, v)
    slope = contract("km,m->k", from_left, v)
    across = from_left.transpose(1, 0) + -contract("m,k->mk", v, slope)
    down = from_right + -contract("a,k->ak", u, slope)
    row, column = contract("a,am->m", u, matrix), contract("am,m->a", matrix, v)
    corner = contract("m,m->", row, v)
    outside = row + -contract(",m->m", corner, v)
    below = column + -contract("a,->a", u, corner)
    rest = matrix + -contract("a,m->am", u, row) + -contract("a,m->am", below, v)
    corner_size = abs(float(corner.middle)) + corner.radius
    a = upward(corner_size + scalar_support(slope, radii))
    b = upward(length(outside.middle) + outside.radius + vector_support(across, radii))
    c = upward(length(below.middle) + below.radius + vector_support(down, radii))
    d = upward(matrix_norm(rest) + linear)
    return two_by_two_norm(float(a), float(b), float(c), float(d))


def _unit(vector: np.ndarray) -> Near | None:
    """The unit vector of a direction, and how far the float vector is from it."""
    size = float(vector @ vector)
    if not abs(size - 1) < 2.0**-42:
        return None
    return Near(vector, 2.0**-41)


def two_by_two_norm(a: float, b: float, c: float, d: float) -> float:
    """Bound the norm of a nonnegative 2 x 2 matrix: a root of its trace and a square.

    $\\lambda = \\tfrac12(s + \\sqrt{(a^2 + c^2 - b^2 - d^2)^2 + 4(ab + cd)^2})$, $s$
    the sum of the squares, of the product of the transpose and the matrix.
    """
    total = a * a + b * b + c * c + d * d
    # The difference may cancel: its rounding is far below the sum of squares.
    difference = abs((a * a + c * c) - (b * b + d * d)) + 2.0**-48 * total
    mixed = 2 * (a * b + c * d)
    spread = np.sqrt(difference * difference + mixed * mixed)
    return float(upward(np.sqrt(upward(total + spread) / 2)))
