r"""A normalisation along a tube: theorem `layer-norm-second-order`.

With $s = \sqrt{\operatorname{var} + \epsilon}$, $|\delta| \le r$, $\rho = r/(s\sqrt
d) < 1$: $D = \operatorname{diag}(\gamma)(\Pi - \hat z\hat z^{\mathsf T})/s$, and with
$g = |\gamma|_\infty$

* $\lVert D'[\delta]\rVert \le \tfrac2{\sqrt3}\,g\rho/s$,
* $\lVert D(x + \delta) - D - D'[\delta]\rVert \le \tfrac32\,g\rho^2/(s(1 - \rho)^3)$,
* $|N(x + \delta) - N(x) - D\delta| \le \tfrac1{\sqrt3}\,g\rho r/(s(1 - \rho)^2)$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds import LayerNorm, RMSNorm
from stabcheck.growth.deep.graded import Graded

SLOPE = 2 / np.sqrt(3)
"""Largest $|3c(1 - c^2)|$: the third derivative of a length along a line."""
CURVATURE = 3.0
"""Largest $|3(1 - c^2)(1 - 5c^2)|$: the fourth one."""


@dataclass(frozen=True)
class Normalised:
    """A normalisation at a state `(n, d)`: directions, scales and Jacobians."""

    state: np.ndarray
    directions: np.ndarray
    scales: np.ndarray
    gains: np.ndarray
    centred: bool

    @property
    def features(self) -> int:
        return len(self.gains)

    @cached_property
    def projector(self) -> np.ndarray:
        """Removes the mean of LayerNorm; the identity of RMSNorm."""
        d = self.features
        return np.eye(d) - (1 / d if self.centred else 0.0)

    @cached_property
    def jacobians(self) -> np.ndarray:
        """One `(d, d)` matrix a token."""
        plane = self.directions[:, :, None] * self.directions[:, None, :]
        inner = (self.projector - plane) / self.scales[:, None, None]
        return self.gains[:, None] * inner

    def shares(self, moved: np.ndarray) -> np.ndarray:
        r"""$\rho$ of every token that moves by `moved`."""
        return moved / (self.scales * np.sqrt(self.features))

    def jacobian_moves(self, linear: np.ndarray, drift: np.ndarray) -> Graded:
        """Bound how far the Jacobian of each token moves, by order; shapes `(n,)`."""
        gain = np.abs(self.gains).max()
        rho = self.shares(linear + drift)
        slope = SLOPE * gain / self.scales
        rest = CURVATURE / 2 * gain * rho**2 / (self.scales * (1 - rho) ** 3)
        return Graded(
            np.zeros_like(rho),
            slope * self.shares(linear),
            slope * self.shares(drift),
            rest,
        )

    def value_rest(self, moved: np.ndarray) -> np.ndarray:
        """Bound what the value moves beyond its derivative, `(n,)`."""
        gain, rho = np.abs(self.gains).max(), self.shares(moved)
        return SLOPE / 2 * gain * rho * moved / (self.scales * (1 - rho) ** 2)

    def second_derivative(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """N''[a, b] for columns of `(n, d, k)` and `(n, d, m)`: `(n, d, k, m)`."""
        along = [self.directions[:, None] @ part for part in (first, second)]
        across = [
            (self.projector @ part - self.directions[:, :, None] * length)
            for part, length in zip((first, second), along, strict=True)
        ]
        found = along[0][..., None] * across[1][:, :, None, :]
        found = found + across[0][..., None] * along[1][:, :, None, :]
        inner = np.swapaxes(across[0], 1, 2) @ second
        found = found + self.directions[:, :, None, None] * inner[:, None]
        scale = -1 / (np.sqrt(self.features) * self.scales**2)
        return self.gains[:, None, None] * found * scale[:, None, None, None]


def normalised(norm: LayerNorm | RMSNorm, state: np.ndarray) -> Normalised:
    """The normalisation at a state `(n, d)`."""
    centred = isinstance(norm, LayerNorm)
    rows = state - state.mean(axis=1, keepdims=True) if centred else state
    scales = np.sqrt((rows * rows).mean(axis=1) + float(norm.epsilon))
    directions = rows / (scales[:, None] * np.sqrt(state.shape[1]))
    gains = np.asarray(norm.gamma, dtype=np.float64)
    return Normalised(state, directions, scales, gains, centred)
