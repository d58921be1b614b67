r"""The matrices, one a key and a cell of its move, that bound the attention Jacobian.

With $N_i = I + \nu_ia_ia_i^{\mathsf T}$ row $i$ of $Jv$ is at most $s_i|v_i| +
(g_i\sum_k p_{ik}\,v_k\cdot N_iv_k)^{1/2}$, where $g_i = \lVert U\rVert^2 +
\sigma_i^2b_i^2$, $b_i = |a_i|/(1 + \nu_i|a_i|^2)^{1/2} + \lVert A\rVert\delta_i$ and
$\sigma_i^2 \le \min(S_i, (1 - p_{ik})D_{ik}^2)$.  In the block of key $k$ stand all
$p_{ik}g_i$; those of other tokens less a price of their squared move, which the budget
pays back: $\sum_i f_i(\delta_i)N_i \preceq \sum_i\max_c(f_i(c) - \lambda_i
\epsilon_{c-1}^2)N_i + \lambda(r^2 - \epsilon_k^2)I$ with $\lambda_i = \lambda/(1 +
\nu_i|a_i|^2)$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, gram_norm, largest, root
from stabcheck.checker.budget.head import BudgetHead
from stabcheck.checker.budget.rows import Rows

__all__ = ["Blocks"]


@dataclass(frozen=True)
class Blocks:
    """The blocks of one head with the metric's nu and the multiplier of each row."""

    head: BudgetHead
    rows: Rows
    metric: list[Fraction]
    multiplier: list[arb]

    @cached_property
    def enlarged(self) -> list[arb]:
        """The largest factor of each metric."""
        return [
            1 + ball(nu) * a * a
            for nu, a in zip(self.metric, self.head.slope_norm, strict=True)
        ]

    @cached_property
    def _pull_square(self) -> list[list[arb]]:
        """b_i^2 by cell and token."""
        head = self.head
        return [
            [
                (a / root(factor) + head.form_norm * move) ** 2
                for a, factor in zip(head.slope_norm, self.enlarged, strict=True)
            ]
            for move in head.reach.high
        ]

    @cached_property
    def _distance(self) -> list[list[arb]]:
        """D_ik^2: how far a value moves from that of the key, at most."""
        parting = self.head.value_norm * self.head.reach.parting
        return [
            [
                (root(largest(column)) + parting) ** 2
                for column in zip(*table, strict=True)
            ]
            for table in self.rows.distance
        ]

    @cached_property
    def _third(self) -> list[list[arb]]:
        head = self.head
        tokens = range(len(head.weight))
        return [[head.third(i, k) for k in tokens] for i in tokens]

    @cached_property
    def _largest(self) -> list[list[list[tuple[int, arb]]]]:
        """The weights of other tokens by cell and token, with the largest in front.

        Two of them suffice: one is left where the other is the key's.
        """
        found = []
        for table in self.rows.upper:
            rows = []
            for i, row in enumerate(table):
                others = [(k, p) for k, p in enumerate(row) if k != i]
                others.sort(key=lambda pair: pair[1].upper(), reverse=True)
                rows.append(others)
            found.append(rows)
        return found

    def _third_weight(self, cell: int, token: int, key: int) -> arb:
        """The largest weight of a key that is neither the token nor the key."""
        for k, p in self._largest[cell][token]:
            if k != key:
                return arb(p.upper())
        return arb(0)

    def _moved(self, key: int, cell: int, own: int, token: int, upper: arb) -> arb:
        """The root of sum p delta^2 at most."""
        reach = self.head.reach
        if not reach.shares:
            return reach.high[own]
        of_key = upper * reach.high[cell] ** 2
        third = self._third_weight(own, token, key)
        if token == key:
            square = of_key + ball(reach.rest[cell]) * third
        else:
            of_own = self.rows.upper[own][token][token] * reach.high[own] ** 2
            square = of_own + of_key + reach.left(cell, own) * third
        return root(square.min(ball(reach.radius**2 / 2)))

    def _upper(self, key: int, cell: int, own: int, token: int) -> arb:
        """The largest weight of the key where both tokens move within their cells."""
        head, reach = self.head, self.head.reach
        if not reach.shares:
            return self.rows.upper[0][token][key]
        third = self._third[token][key]
        if token == key:
            others = root(ball(reach.rest[cell])) * third
        else:
            others = reach.high[cell] * head.others[token][key]
            others = others + root(reach.left(cell, own)) * third
        move = head.shared_move(token, key, reach.high[own], others)
        return head.upper(token, key, move)

    def factor(self, key: int, cell: int, own: int, token: int) -> arb:
        """The largest p_ik g_i times the multiplier of the row."""
        head = self.head
        if key not in head.keys[token]:
            return arb(0)
        value = head.value_norm**2
        if head.is_lone(token):
            return value * self.multiplier[token]
        upper = self._upper(key, cell, own, token)
        moved = self._moved(key, cell, own, token, upper)
        deviation = self.rows.value_term[own][token] + head.value_norm * moved
        found = joint_factor(
            upper,
            deviation * deviation,
            self._distance[token][key],
            self._pull_square[own][token],
            value,
        )
        return found * self.multiplier[token]

    def cost(self, key: int, cell: int, price: Fraction) -> arb:
        """A bound of the largest eigenvalue of the block, with what the budget pays."""
        reach = self.head.reach
        least = []
        for token, factor in enumerate(self.enlarged):
            if token == key:
                least.append(self.factor(key, cell, cell, token))
                continue
            paid = ball(price) / factor
            least.append(
                largest(
                    self.factor(key, cell, own, token) - paid * ball(low * low)
                    for own, low in enumerate(reach.low)
                    if own in reach.allowed(cell)
                )
            )
        scaled = [
            [f * ball(nu) * entry for entry in row]
            for f, nu, row in zip(
                least, self.metric, self.head.slope.tolist(), strict=True
            )
        ]
        total = sum(least, arb(0)) + ball(price * reach.rest[cell])
        if not any(self.metric):
            return total
        return total + gram_norm(arb_mat(scaled).transpose() * self.head.slope)


def joint_factor(
    upper: arb, variance: arb, distance: arb, square: arb, value: arb
) -> arb:
    r"""Bound $p(u + b^2\min(S, (1 - p)D))$ over $0 \le p \le \bar p$.

    Rising up to $p_* = 1 - S/D$ and, as a parabola, up to its summit; at most its value
    at $\bar p$ without the second argument of the minimum.
    """
    plain = upper * (value + square * variance)
    if not (distance > 0 and square > 0):
        return plain
    meeting = 1 - variance / distance
    if not upper > meeting:
        return plain
    summit = (value + square * distance) / (2 * square * distance)
    place = upper.min(summit.max(meeting))
    return plain.min(place * (value + square * (1 - place) * distance))
