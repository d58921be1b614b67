r"""The matrices, one a key and a cell of its move, that bound the attention Jacobian.

With $N_i = I + \nu_ia_ia_i^{\mathsf T}$ row $i$ of $Jv$ is at most $s_i|v_i| +
(g_i\sum_k p_{ik}\,v_k\cdot N_iv_k)^{1/2}$, $g_i = \lVert U\rVert^2 + \sigma_i^2 b_i^2$.
Where $p_{ik}$ is large the deviation $\sigma_i$ is small: $\sigma_i^2 \le (1 - p_{ik})
D_{ik}^2$ with $D_{ik}$ the largest distance of a value from that of $k$.  A price
$\lambda$ of the squared moves replaces the shared budget by one cell a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.budget_rows import BudgetRows, apart
from stabcheck.bounds.norms import trace_power_eigenvalue
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class BudgetBlocks:
    """The blocks of one head.

    `metric` `(n,)`, the nu; `value_term` `(C, n)`, deviations of values that stay.
    """

    rows: BudgetRows
    metric: Array
    value_term: Array

    @cached_property
    def enlarged(self) -> Array:
        """The largest factor of the metric N_i, `(n,)`."""
        return 1 + self.metric * self.rows.head.slope_norm**2

    @cached_property
    def _pull(self) -> Array:
        """b_i, the slope in the inverse metric, `(C, n)`."""
        head = self.rows.head
        centre = head.slope_norm / np.sqrt(self.enlarged)
        return centre + head.form_norm * head.reach.high[:, None]

    @cached_property
    def _distance(self) -> Array:
        """D_ik squared, `(n, n)`."""
        head = self.rows.head
        still = np.sqrt(apart(self.rows.value_gram, head.keys).max(axis=1))
        return (still + head.value_norm * head.reach.parting) ** 2

    def _moved(self, key: int, cell: int, upper: Array) -> Array:
        """The root of sum p delta^2 where the key moves within a cell, `(C, n)`."""
        head, reach = self.rows.head, self.rows.head.reach
        if not reach.shares:
            return np.broadcast_to(reach.high[:, None], upper.shape)
        tokens = np.arange(upper.shape[1])
        all_upper = self.rows.upper
        own = all_upper[:, tokens, tokens] * reach.high[:, None] ** 2
        third = all_upper.copy()
        third[:, tokens, tokens] = 0.0
        third[:, :, key] = 0.0
        rest = np.maximum(reach.rest[cell] - reach.low**2, 0.0)[:, None]
        square = own + upper * reach.high[cell] ** 2 + rest * third.max(axis=2)
        # The key's own row: one cell, and all the rest is for others.
        same = upper[:, key] * reach.high[cell] ** 2
        square[:, key] = same + reach.rest[cell] * third[cell, key].max()
        return np.sqrt(np.minimum(square, reach.radius**2 / 2)) * ~head.lone

    def factors(self, key: int, cell: int) -> Array:
        """The largest p_ik g_i where the key moves within a cell, `(C, n)`."""
        head = self.rows.head
        upper = head.upper(head.column_moves(cell))[:, :, key]
        moved = head.value_norm * self._moved(key, cell, upper)
        variance = (self.value_term + moved) ** 2 * ~head.lone
        square, value = self._pull**2, head.value_norm**2
        found = joint_factor(upper, variance, self._distance[:, key], square, value)
        found[:, key] = found[cell, key]
        return found

    def matrix(self, factors: Array) -> Array:
        """sum_i f_i N_i without its part at the identity, `(..., d, d)`."""
        slope = self.rows.head.slope
        weighted = (factors * self.metric)[..., None] * slope
        return np.swapaxes(weighted, -1, -2) @ slope

    def top(self, factors: Array) -> Array:
        """A bound of the largest eigenvalue of sum_i f_i N_i, shape `(...)`."""
        return factors.sum(axis=-1) + trace_power_eigenvalue(self.matrix(factors))


def joint_factor(
    upper: Array, variance: Array, distance: Array, square: Array, value: Array
) -> Array:
    r"""The largest $p(u + b^2\min(S, (1 - p)D))$ over $0 \le p \le \bar p$.

    **Arguments:** `upper`, $\bar p$; `variance`, $S$; `distance`, $D$; `square`, $b^2$;
    `value`, $u$.
    """
    at_upper = upper * (value + square * variance)
    with np.errstate(all="ignore"):
        meeting = 1 - variance / distance
        summit = (value + square * distance) / (2 * square * distance)
        place = np.minimum(upper, np.maximum(summit, meeting))
        beyond = place * (value + square * (1 - place) * distance)
    return np.where(upper > meeting, np.minimum(beyond, at_upper), at_upper)
