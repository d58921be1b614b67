"""Enclosed inverses of partial products, each with its residual."""

from __future__ import annotations

import numpy as np

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.deep.arrays import Near, exactly, multiply, upward
from stabcheck.checker.float64.deep.propagators import Along
from stabcheck.checker.float64.deep.support import matrix_norm


def inverse(path: Along, last: int, first: int) -> Near:
    r"""$P^{-1}$ near R: $\lVert P^{-1} - R\rVert \le \beta\lVert R\rVert/(1 - \beta)$
    for $\beta = \lVert I - RP\rVert < 1$.  Kept with the path.

    **Raises:** `ClaimRejected` where it is not enclosed.
    """
    if (last, first) not in path.inverses:
        product = path.products[last, first]
        near = exactly(_approximate_inverse(product.middle))
        identity = exactly(np.eye(len(product.middle)))
        defect = matrix_norm(identity + -multiply(near, product))
        if not defect < 0.5:
            raise ClaimRejected(
                f"the inverse of the maps {first} to {last - 1} of the range is not "
                "enclosed: nothing is proved about their shrink"
            )
        norm = matrix_norm(near)
        error = float(upward(defect * norm / (1 - defect)))
        path.inverses[last, first] = Near(near.middle, error, norm)
    return path.inverses[last, first]


def inverse_norm(path: Along, last: int, first: int) -> float:
    """A bound of the norm of the inverse of a partial product."""
    found = inverse(path, last, first)
    return float(upward(found.norm + found.radius))


def _approximate_inverse(matrix: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.zeros_like(matrix)  # its residual is 1: refused
