r"""A small semidefinite program in float64: a proposal, never a certificate.

Minimise $c^Tz$ subject to $M_0 + \sum_kz_kG_k \succ 0$ and $z_k > 0$ for some $k$, by
Newton's method on the barrier $c^Tz/\tau - \log\det M(z) - \sum\log z_k$ for a falling
$\tau$ (Nesterov, Nemirovskii, Interior-Point Polynomial Algorithms, 1994, chapter 4).
Every point on the way is strictly feasible: rounding it to rationals keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

REDUCTION = 0.2
"""How far the barrier's weight falls between two centres."""
NEWTON_STEPS = 40
CENTRES = 40
DECREMENT = 1e-6
"""A squared Newton decrement below which a centre is good enough."""
BACKTRACKS = 50


@dataclass(frozen=True)
class Pencil:
    r"""$M(z) = M_0 + \sum_kz_kG_k$ with signs of z and a cost.

    **Arguments:** `constant`, `(k, k)`; `directions`, `(m, k, k)`; `cost`, `(m,)`;
    `signed`, `(m,)`, true where the entry of z has to be positive.
    """

    constant: np.ndarray
    directions: np.ndarray
    cost: np.ndarray
    signed: np.ndarray

    def at(self, z: np.ndarray) -> np.ndarray:
        """The matrix at z."""
        return self.constant + np.tensordot(z, self.directions, axes=1)

    def barrier(self, z: np.ndarray, tau: float) -> float:
        """The barrier, infinite outside."""
        if not (z[self.signed] > 0).all():
            return np.inf
        try:
            factor = np.linalg.cholesky(self.at(z))
        except np.linalg.LinAlgError:
            return np.inf
        logarithms = 2 * np.log(np.diag(factor)).sum() + np.log(z[self.signed]).sum()
        return float(self.cost @ z / tau - logarithms)

    def newton(self, z: np.ndarray, tau: float) -> tuple[np.ndarray, float]:
        """The Newton step of the barrier and its squared decrement."""
        root = np.linalg.inv(np.linalg.cholesky(self.at(z)))
        turned = root @ self.directions @ root.T
        flat = turned.reshape(len(z), -1)
        gradient = self.cost / tau - np.trace(turned, axis1=1, axis2=2)
        hessian = flat @ flat.T
        inverse = np.where(self.signed, 1 / np.where(self.signed, z, 1.0), 0.0)
        gradient = gradient - inverse
        hessian[np.diag_indices(len(z))] += inverse**2
        scale = 1 / np.sqrt(np.diag(hessian))
        scaled = hessian * np.outer(scale, scale)
        step = scale * np.linalg.solve(scaled, -gradient * scale)
        return step, float(-gradient @ step)


def central_path(
    pencil: Pencil,
    start: np.ndarray,
    *,
    gap: float,
    enough: Callable[[np.ndarray], bool] = lambda z: False,
) -> np.ndarray:
    """Follow the centres from a strictly feasible start.

    **Arguments:** `gap`, the final weight of the barrier; `enough`, stop there.

    **Returns:** the last centre, strictly feasible.
    """
    z = np.array(start, dtype=float)
    tau = max(1.0, abs(float(pencil.cost @ start)))
    for _ in range(CENTRES):
        z = _centre(pencil, z, tau, enough)
        if tau <= gap or enough(z):
            break
        tau = max(REDUCTION * tau, gap)
    return z


def _centre(
    pencil: Pencil,
    z: np.ndarray,
    tau: float,
    enough: Callable[[np.ndarray], bool],
) -> np.ndarray:
    value = pencil.barrier(z, tau)
    for _ in range(NEWTON_STEPS):
        try:
            step, decrement = pencil.newton(z, tau)
        except np.linalg.LinAlgError:
            return z
        if not DECREMENT < decrement < np.inf or enough(z):
            return z
        length = 1.0
        for _ in range(BACKTRACKS):
            trial = z + length * step
            reached = pencil.barrier(trial, tau)
            if reached < value - 1e-4 * length * decrement:
                break
            length /= 2
        else:
            return z
        z, value = trial, reached
    return z
