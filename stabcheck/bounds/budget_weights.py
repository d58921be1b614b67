r"""The weights of the sums in a budget bound, chosen for the largest block.

For the norm $(\sum_j x_j)^2 \le \sum_j x_j^2/\omega_j$ with $\sum_j\omega_j \le 1$,
where the $x_j$ are the self and the mixing terms of the heads; for the logarithmic norm
$xy \le \tfrac12(\tau x^2 + y^2/\tau)$.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.validation import Array

SHARPNESS = 40.0
ITERATIONS = 60
SMALLEST_SHARE = 1e-4
GRID = 2.0**24


@dataclass(frozen=True, eq=False)
class BudgetWeights:
    """Logarithms of the weights.

    `logarithms` `(2, H, n)` of the shares of self and mixing terms, before they are
    normalised, or `(1, H, n)` of the mixing weights.
    """

    logarithms: Array
    is_norm: bool

    @staticmethod
    def even(own: Array, factors: Array, is_norm: bool) -> BudgetWeights:
        """A start from the sizes of the terms.

        **Arguments:** `own` `(H, n)`; `factors` `(H, n, R, n)`: head, key, its cell,
        token.
        """
        mixing = np.sqrt(factors.sum(axis=-1).max(axis=(1, 2)))[:, None] + 0 * own
        terms = np.stack([own, mixing] if is_norm else [mixing])
        largest = terms.max() or 1.0
        return BudgetWeights(np.log(np.maximum(terms, 1e-3 * largest)), is_norm)

    @property
    def shares(self) -> Array:
        """The shares, rounded down to a grid so that they add up to at most 1."""
        return _shares(self.logarithms)

    @property
    def multipliers(self) -> Array:
        """What a mixing factor is multiplied by, `(H, n)`."""
        if self.is_norm:
            return 1 / self.shares[1]
        return 0.5 / self.mixing

    @property
    def mixing(self) -> Array:
        """The rounded mixing weights `(H, n)` of the logarithmic norm."""
        mantissa, exponent = np.frexp(np.exp(self.logarithms[0]))
        return np.ldexp(np.round(mantissa * GRID) / GRID, exponent)

    def own_costs(self, own: Array) -> Array:
        """What self terms `(H, n, R)` cost their own block."""
        if self.is_norm:
            return own**2 / self.shares[0][..., None]
        return own + self.mixing[..., None] / 2

    def parameters(self) -> dict[str, Array]:
        """The weights as claim parameters."""
        if self.is_norm:
            return {"self_share": self.shares[0], "mixing_share": self.shares[1]}
        return {"mixing": self.mixing}

    def improved(self, own: Array, factors: Array) -> BudgetWeights:
        """Weights that lower the largest block.

        **Arguments:** `own` `(H, n, R)`; `factors` `(H, n, R, n)`.
        """
        objective = _SmoothBlock(own, factors, self)
        start = self.logarithms.ravel()
        result = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(x - 12.0, x + 12.0) for x in start],
            options={"maxiter": ITERATIONS},
        )
        if not np.isfinite(result.x).all():
            return self
        return replace(self, logarithms=result.x.reshape(self.logarithms.shape))


def _shares(logarithms: Array) -> Array:
    terms = np.exp(logarithms - logarithms.max(axis=(0, 1)))
    shares = np.maximum(terms / terms.sum(axis=(0, 1)), SMALLEST_SHARE)
    shares = shares / shares.sum(axis=(0, 1))
    return np.maximum(np.floor(shares * GRID), 1.0) / GRID


class _SmoothBlock:
    """The log-sum-exp of the blocks' sizes and its gradient in the logarithms."""

    def __init__(self, own: Array, factors: Array, weights: BudgetWeights) -> None:
        self.own, self.factors = own, factors
        self.is_norm, self.shape = weights.is_norm, weights.logarithms.shape

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        x = logarithms.reshape(self.shape)
        if self.is_norm:
            shares = np.exp(x - x.max(axis=(0, 1)))
            shares = np.maximum(shares / shares.sum(axis=(0, 1)), 1e-12)
            own, multipliers = self.own**2 / shares[0][..., None], 1 / shares[1]
        else:
            own = self.own + np.exp(x[0])[..., None] / 2
            multipliers = 0.5 / np.exp(x[0])
        value = own.sum(axis=0) + np.einsum("hkri,hi->kr", self.factors, multipliers)
        top = value.max()
        sharpness = SHARPNESS / top
        powers = np.exp(sharpness * (value - top))
        powers_total = powers.sum()
        powers = powers / powers_total
        falling = multipliers * np.einsum("kr,hkri->hi", powers, self.factors)
        if self.is_norm:
            # d(1/share_a) = -(1/share_a) (dx_a - sum_b share_b dx_b), token by token.
            costs = np.stack([(own * powers).sum(axis=2), falling])
            gradient = shares * costs.sum(axis=(0, 1)) - costs
        else:
            rising = np.exp(x[0]) / 2 * powers.sum(axis=1)
            gradient = (rising - falling)[None]
        return float(top + np.log(powers_total) / sharpness), gradient.ravel()
