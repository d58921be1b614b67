r"""Deviations of values and keys under weights that are only bounded from above.

For every law $p \le \bar p$ on points $z_k$ and every $\theta \ge 0$
$$\lambda_{\max}(\operatorname{Cov}_p z) \le \min\Bigl(\theta + \lambda_{\max}\sum_k
\bar p_k\,(1 - \theta/|z_k|^2)_+\,z_kz_k^{\mathsf T},\ \tfrac14\max_{j,k}|z_j -
z_k|^2\Bigr),$$
and where the points move too, a standard deviation grows by at most the norm of the map
times $(\sum_k p_k\delta_k^2)^{1/2}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.budget_head import BudgetHead
from stabcheck.bounds.norms import trace_power_eigenvalue, trace_power_norm
from stabcheck.bounds.validation import Array

LEVELS = 12
"""Values of theta that are tried, as shares of the largest squared length."""


@dataclass(frozen=True, eq=False)
class BudgetRows:
    """The rows of a head in every cell of their own token.

    `balance` `(n,)`, the positive t of the self term; `sign`, None for the norm, else
    1 or -1 for the logarithmic norm of J or -J.
    """

    head: BudgetHead
    balance: Array
    sign: int | None

    @cached_property
    def upper(self) -> Array:
        """The largest weights, `(C, n, n)`."""
        return self.head.upper(self.head.row_moves())

    @cached_property
    def _largest_other(self) -> Array:
        """The largest weight of a key that is not the token itself, `(C, n)`."""
        return (self.upper * (1 - np.eye(self.upper.shape[-1]))).max(axis=-1)

    @cached_property
    def moved(self) -> Array:
        """The root of sum p delta^2 at most, `(C, n)`."""
        reach = self.head.reach
        if not reach.shares:
            return np.broadcast_to(reach.high[:, None], self.upper.shape[:2])
        own = np.diagonal(self.upper, axis1=1, axis2=2) * reach.high[:, None] ** 2
        others = reach.rest[:, None] * self._largest_other
        return np.sqrt(np.minimum(own + others, reach.radius**2 / 2))

    @cached_property
    def values(self) -> Array:
        """The points of which the means are taken, `(n, n, d)`: U y."""
        return self.head.deviation @ self.head.value

    @cached_property
    def value_gram(self) -> Array:
        return self.values @ self.values.transpose(0, 2, 1)

    @cached_property
    def self_gram(self) -> Array:
        """Gram matrices of t U y with A y/t beside it, or of their sum, `(n, n, n)`."""
        keys = self.head.deviation @ self.head.form.T
        square = self.balance[:, None, None] ** 2
        gram = square * self.value_gram + keys @ keys.transpose(0, 2, 1) / square
        if self.sign is None:
            return gram
        mixed = self.values @ keys.transpose(0, 2, 1)
        return gram + self.sign * (mixed + mixed.transpose(0, 2, 1))

    @cached_property
    def self_norm(self) -> Array:
        """The norm of the map whose points are `self_gram`'s, `(n,)`."""
        t = self.balance[:, None, None]
        value, key = t * self.head.value, self.head.form.T / t
        both = (
            np.concatenate([value, key], axis=2)
            if self.sign is None
            else value + self.sign * key
        )
        return trace_power_norm(both)

    def still(self, gram: Array, theta: Array) -> Array:
        """The largest squared deviation of points that stay, `(C, n)`.

        **Arguments:** `gram` `(n, n, n)`; `theta` `(C, n)`.
        """
        length = np.diagonal(gram, axis1=1, axis2=2)
        cut = 1 - theta[..., None] / np.where(length > 0, length, 1.0)
        root = np.sqrt(self.upper * np.maximum(cut, 0.0))
        top = trace_power_eigenvalue(root[..., None] * gram * root[..., None, :])
        return np.minimum(theta + top, _diameter(gram, self.head.keys) / 4)

    def levels(self, gram: Array) -> Array:
        """The best theta on a grid, `(C, n)`."""
        length = np.diagonal(gram, axis1=1, axis2=2) * self.head.keys
        top = length.max(axis=1)
        found = [
            np.broadcast_to(top * share, self.upper.shape[:2])
            for share in np.linspace(0.0, 1.0, LEVELS + 1)
        ]
        best = np.argmin([self.still(gram, theta) for theta in found], axis=0)
        return np.take_along_axis(np.array(found), best[None], axis=0)[0]

    def self_term(self, theta: Array) -> Array:
        """What the token's own query adds, `(C, n)`; zero where there is one key."""
        deviation = np.sqrt(self.still(self.self_gram, theta))
        deviation = deviation + self.self_norm * self.moved
        share = 0.5 if self.sign is None else 0.25
        return share * deviation**2 * ~self.head.lone

    def value_term(self, theta: Array) -> Array:
        """The deviation of the values where no token moves, `(C, n)`."""
        return np.sqrt(self.still(self.value_gram, theta)) * ~self.head.lone


def _diameter(gram: Array, keys: Array) -> Array:
    """The largest squared distance of two admissible points, `(n,)`."""
    return apart(gram, keys).max(axis=(1, 2))


def apart(gram: Array, keys: Array) -> Array:
    """Squared distances between admissible points, `(n, n, n)`, zero for others."""
    length = np.diagonal(gram, axis1=1, axis2=2)
    squares = length[:, :, None] + length[:, None, :] - 2 * gram
    return np.maximum(squares, 0.0) * (keys[:, :, None] & keys[:, None, :])
