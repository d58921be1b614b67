r"""The search for the free choices of a budget bound.

Levels and balances are chosen row by row.  The weights of a sum are chosen by
quasi-Newton steps on a smoothed largest block, anew for the cells that were worst, and
the price of every block on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.budget_blocks import BudgetBlocks
from stabcheck.bounds.budget_head import BudgetHead
from stabcheck.bounds.budget_reach import Reach
from stabcheck.bounds.budget_rows import BudgetRows
from stabcheck.bounds.budget_weights import BudgetWeights
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.validation import Array

PRICES = 32
"""Values of the price that are tried, beside zero."""
ROUNDS = 5
"""How often the weights are chosen anew for the cells that were worst."""
SQUARINGS = 5
"""Directions are taken from the 32nd power of a matrix."""
BITS = 24
BALANCES = (0.6, 1.0, 1.6)


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """A head's rows with chosen levels `(C, n)`; nothing depends on the metric."""

    rows: BudgetRows
    self_level: Array
    value_level: Array

    @staticmethod
    def of(head: BudgetHead, sign: int | None) -> ChosenRows:
        ratio = (head.form_norm or 1.0) / (head.value_norm or 1.0)
        tries = [
            BudgetRows(head, np.full(len(head.slope), float(dyadic(t, BITS))), sign)
            for t in np.sqrt(ratio) * np.array(BALANCES)
        ]
        levels = [dyadic(rows.levels(rows.self_gram), BITS) for rows in tries]
        values = [
            rows.self_term(level).sum(axis=0)
            for rows, level in zip(tries, levels, strict=True)
        ]
        # One balance a token: the best over the sum of its cells.
        best = np.argmin(values, axis=0)
        pick = np.arange(len(best))
        balance = np.array([rows.balance for rows in tries])[best, pick]
        rows = BudgetRows(head, balance, sign)
        level = np.array(levels)[best, :, pick].T
        return ChosenRows(rows, level, dyadic(rows.levels(rows.value_gram), BITS))

    @cached_property
    def self_term(self) -> Array:
        return self.rows.self_term(self.self_level)

    def blocks(self, metric: float) -> BudgetBlocks:
        squares = self.rows.head.slope_norm**2
        nu = np.where(squares > 0, metric / np.where(squares > 0, squares, 1.0), 0.0)
        value_term = self.rows.value_term(self.value_level)
        return BudgetBlocks(self.rows, dyadic(nu, BITS), value_term)


@dataclass(frozen=True, eq=False)
class Choice:
    """Choices with the value that they give: the norm or the logarithmic norm."""

    value: float
    blocks: list[BudgetBlocks]
    rows: list[ChosenRows]
    weights: BudgetWeights
    price: Array

    def parameters(self) -> dict[str, list[float]]:
        """The choices as claim parameters, heads first."""
        reach = self.rows[0].rows.head.reach
        lists = {
            "metric": [blocks.metric for blocks in self.blocks],
            "balance": [rows.rows.balance for rows in self.rows],
            "self_level": [rows.self_level.T for rows in self.rows],
            "value_level": [rows.value_level.T for rows in self.rows],
            "price": self.price,
        } | self.weights.parameters()
        return {"edges": [float(edge) for edge in reach.low]} | {
            name: [float(x) for x in np.concatenate([np.ravel(a) for a in arrays])]
            for name, arrays in lists.items()
        }


@dataclass(frozen=True, eq=False)
class BudgetSearch:
    """The blocks of all heads with one metric.

    `factors` `(H, n, C, C, n)`: head, key, its cell, own cell, row.
    """

    rows: list[ChosenRows]
    blocks: list[BudgetBlocks]
    factors: Array

    @staticmethod
    def of(rows: list[ChosenRows], metric: float) -> BudgetSearch:
        """The blocks with nu |a_i|^2 = metric."""
        blocks = [chosen.blocks(metric) for chosen in rows]
        cells, tokens = rows[0].self_term.shape
        factors = [
            [[b.factors(k, c) for c in range(cells)] for k in range(tokens)]
            for b in blocks
        ]
        return BudgetSearch(rows, blocks, np.array(factors))

    @cached_property
    def self_terms(self) -> Array:
        """The self terms by key and its cell, `(H, n, C)`."""
        return np.array([rows.self_term.T for rows in self.rows])

    @property
    def is_finite(self) -> bool:
        """Whether nothing has overflowed, so that there is something to search."""
        parts = (self.factors, self.self_terms, *(b.enlarged for b in self.blocks))
        return all(np.isfinite(part).all() for part in parts)

    def best(self) -> Choice:
        """The best choice of a few rounds."""
        is_norm = self.rows[0].rows.sign is None
        middle = self.self_terms.shape[2] // 3
        own = self.self_terms[..., middle : middle + 1]
        enlarged = np.array([blocks.enlarged for blocks in self.blocks])
        seen = self.factors[:, :, middle, middle] * enlarged[:, None]
        seen = seen[:, :, None]
        weights = BudgetWeights.even(own[..., 0], seen, is_norm)
        found = None
        for _ in range(ROUNDS):
            weights = weights.improved(own, seen)
            choice, seen = self._priced(weights)
            own = self.self_terms
            if found is None or choice.value < found.value:
                found = choice
        return found

    def _priced(self, weights: BudgetWeights) -> tuple[Choice, Array]:
        """The value at given weights with the best prices, and the worst factors."""
        total = weights.own_costs(self.self_terms).sum(axis=0)
        prices, seen = [], []
        for h, blocks in enumerate(self.blocks):
            multiplier = weights.multipliers[h]
            found = [
                _priced_key(blocks, factors * multiplier, k)
                for k, factors in enumerate(self.factors[h])
            ]
            total = total + np.array([cost for cost, _, _ in found])
            prices.append(np.array([price for _, price, _ in found]))
            seen.append(np.array([worst for _, _, worst in found]) / multiplier)
        top = float(total.max())
        value = np.sqrt(top) if weights.is_norm else top
        choice = Choice(value, self.blocks, self.rows, weights, np.array(prices))
        return choice, np.array(seen)


def _priced_key(
    blocks: BudgetBlocks, factors: Array, key: int
) -> tuple[Array, Array, Array]:
    """Cost, price and the factors that were worst for every cell of a key.

    **Arguments:** `factors` `(C, C, n)`: the key's cell, the own cell, the row.
    """
    reach = blocks.rows.head.reach
    cells = np.arange(reach.cells)
    grid = np.array([0.0])
    if reach.shares:
        scale = (factors * blocks.enlarged).max() / (reach.radius**2 or 1.0)
        geometric = scale * np.geomspace(0.01, 3.0, PRICES)
        grid = dyadic(np.concatenate([grid, geometric]), BITS)
    paid = grid[:, None, None, None] / blocks.enlarged * (reach.low**2)[:, None]
    left = np.where(_allowed(reach)[:, :, None], factors - paid, -np.inf)
    least, places = left.max(axis=2), left.argmax(axis=2)
    least[..., key] = factors[cells, cells, key]
    places[..., key] = cells
    costs = blocks.top(least) + grid[:, None] * reach.rest
    best = costs.argmin(axis=0)
    worst = np.take_along_axis(factors, places[best, cells][:, None], axis=1)[:, 0]
    vectors = _top_directions(blocks.matrix(least[best, cells]))
    lean = 1 + blocks.metric * (vectors @ blocks.rows.head.slope.T) ** 2
    return costs[best, cells], grid[best], worst * lean


def _top_directions(matrices: Array) -> Array:
    """Unit vectors near the top eigenvectors of semidefinite matrices, `(..., d)`.

    The column of a power in which most of its trace lies; zero where all is zero.
    """
    power = matrices
    for _ in range(SQUARINGS):
        trace = np.trace(power, axis1=-2, axis2=-1)[..., None, None]
        power = power / np.where(trace > 0, trace, 1.0)
        power = power @ power
    column = np.diagonal(power, axis1=-2, axis2=-1).argmax(axis=-1)
    found = np.take_along_axis(power, column[..., None, None], axis=-1)[..., 0]
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    return found / np.where(length > 0, length, 1.0)


def _allowed(reach: Reach) -> Array:
    """Which cells of another token fit beside a key's cell, `(C, C)`."""
    return reach.low**2 <= reach.rest[:, None] * (1 + 1e-9)
