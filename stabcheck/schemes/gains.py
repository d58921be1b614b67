r"""How much a map grows and shrinks changes of a state: its dense Jacobian, measured.

In `frobenius` both numbers are singular values.  In `token-max`, $\max_i |v_i|_2$ over
the tokens, growth is the largest gain that alternating maximisation finds and shrink
one over that of the inverse: growth is attained, and no change shrinks less than
shrink says of one change that it found.  They are estimates in floating point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabcheck.errors import InvalidInput

METRICS = ("frobenius", "token-max")
CLIMBS = 40
STARTS = 3


@dataclass(frozen=True)
class Gains:
    """The largest and the smallest gain found, in one metric."""

    growth: float
    shrink: float


def gains(
    map_: Callable[[Any], Any],
    state: Any,
    *,
    metric: str = "token-max",
    tangent: bool = False,
) -> Gains:
    """The gains of a map at a state.

    **Arguments:** `map_`, traceable by jax; `state`, `(n, d)` or the two streams
    `(2, n, d)`, each of whose tokens counts; `metric`, `frobenius` or `token-max`;
    `tangent`, whether only changes orthogonal to each token are seen, as on the sphere.

    **Raises:** `InvalidInput`.
    """
    if metric not in METRICS:
        raise InvalidInput(
            f"asked for gains in the metric {metric!r}; give one of "
            f"{', '.join(METRICS)}"
        )
    matrix, width = jacobian(map_, state), np.shape(state)[-1]
    if tangent and width == 1:
        raise InvalidInput(
            "asked for gains along the sphere with one feature, found that its points "
            "have no tangent; give at least two features"
        )
    if tangent:
        after = tangent_basis(np.asarray(map_(state)))
        matrix = after.T @ matrix @ tangent_basis(np.asarray(state))
        width -= 1
    if metric == "frobenius":
        values = np.linalg.svd(matrix, compute_uv=False)
        return Gains(float(values[0]), float(values[-1]))
    growth = largest_token_gain(matrix, width)
    if np.linalg.cond(matrix) > 1 / np.finfo(float).eps:
        return Gains(growth, 0.0)
    return Gains(growth, 1 / largest_token_gain(np.linalg.inv(matrix), width))


def jacobian(map_: Callable[[Any], Any], state: Any) -> np.ndarray:
    """The dense Jacobian of a map at a state, by jax; rows and columns flattened."""
    import jax

    dense = np.asarray(jax.jacfwd(map_)(state))
    return dense.reshape(-1, np.size(state))


def largest_token_gain(matrix: np.ndarray, width: int) -> float:
    r"""The largest $\max_i |(Jv)_i|$ over $|v_j| \le 1$ that is found; attained.

    For a receiver $i$ and a unit vector $u$ the best $v_j$ is $(J^T u)_j$ over its
    length, and the best $u$ for a $v$ is $(Jv)_i$ over its: the two alternate for all
    receivers at once.

    **Arguments:** `matrix` `(m width, n width)`.
    """
    blocks = matrix.reshape(len(matrix) // width, width, -1, width)
    rng, best = np.random.default_rng(0), 0.0
    for _ in range(STARTS):
        unit = _units(rng.standard_normal((len(blocks), width)))
        for _ in range(CLIMBS):
            change = _units(np.einsum("iajb,ia->ijb", blocks, unit))
            reached = np.einsum("iajb,ijb->ia", blocks, change)
            unit = _units(reached)
        best = max(best, float(np.linalg.norm(reached, axis=1).max()))
    return best


def tangent_basis(state: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the changes orthogonal to each token, as columns."""
    tokens = state.reshape(-1, state.shape[-1])
    count, d = tokens.shape
    basis = np.zeros((count, d, count, d - 1))
    for token, x in enumerate(tokens):
        basis[token, :, token] = np.linalg.svd(x[None])[2][1:].T
    return basis.reshape(count * d, count * (d - 1))


def _units(array: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(array, axis=-1, keepdims=True)
    return array / np.where(lengths > 0, lengths, 1.0)
