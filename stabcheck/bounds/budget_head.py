r"""What one head does in a domain where tokens share a budget of moves.

At the centre, with $p_i$ the softmax row of token $i$, $y_{ik} = x_k - \sum_l p_{il}
x_l$, $U = (W_VW_O)^{\mathsf T}$, $A = s\,W_QW_K^{\mathsf T}$ and $a_i = s\,W_K q_i$:
centred by $p_i$, the logit of $k$ moves by at most $H_{ik}$, and the weight of $k$ is
at most $\bar p_{ik} = p/(p + (1 - p)e^{-H/(1-p)})$ wherever the tokens are (Jensen).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.budget_reach import Reach
from stabcheck.bounds.norms import spectral_norm_bound
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class BudgetHead:
    """One head at its centre.

    `weights`, `others` `(n, n)`: $p$ and $1 - p$; `keys` `(n, n)`, what is admissible;
    `slope` `(n, d)`: $a_i$; `form`, $A$ `(d, d)`; `value`, $U^{\\mathsf T}$ `(d, d)`;
    `deviation` `(n, n, d)`: $y_{ik}$; `reach`.
    """

    weights: Array
    others: Array
    keys: Array
    slope: Array
    form: Array
    value: Array
    deviation: Array
    reach: Reach

    @staticmethod
    def all_of(attention: Attention, state: Array, reach: Reach) -> list[BudgetHead]:
        """The heads of an attention field at a state `(n, d)`."""
        query, key, _ = attention.projections(state)
        weights = attention.attention_weights(query, key)
        keys = attention.admissible(len(state))
        scale = attention.scale_value
        heads = []
        for h, W_O in enumerate(attention.output_matrices()):
            W_Q, W_K, W_V = (
                W[h].astype(np.float64)
                for W in (attention.W_Q, attention.W_K, attention.W_V)
            )
            P = weights[h]
            heads.append(
                BudgetHead(
                    weights=P,
                    others=P @ (1 - np.eye(len(P))),
                    keys=keys,
                    slope=scale * query[h] @ W_K.T,
                    form=scale * W_Q @ W_K.T,
                    value=W_V @ W_O,
                    deviation=state[None] - (P @ state)[:, None],
                    reach=reach,
                )
            )
        return heads

    @cached_property
    def form_norm(self) -> float:
        return float(spectral_norm_bound(self.form))

    @cached_property
    def value_norm(self) -> float:
        return float(spectral_norm_bound(self.value))

    @cached_property
    def slope_norm(self) -> Array:
        return np.linalg.norm(self.slope, axis=1)

    @cached_property
    def lone(self) -> Array:
        """Which tokens see one key only: their weights do not move, `(n,)`."""
        return self.keys.sum(axis=1) == 1

    @cached_property
    def own_turn(self) -> Array:
        """Slope of the centred logits in the token itself, `(n, n, d)`."""
        tokens = np.arange(len(self.weights))
        turn = self.deviation @ self.form.T
        turn = turn - self.weights[tokens, tokens, None, None] * self.slope[:, None]
        turn[tokens, tokens] += self.slope
        return turn

    @cached_property
    def _own_length(self) -> Array:
        return np.linalg.norm(self.own_turn, axis=2)

    @cached_property
    def _own_weight(self) -> Array:
        """|1 - p_ii| for the token itself and p_ii for the other keys, `(n, n)`."""
        own = np.repeat(np.diag(self.weights)[:, None], len(self.weights), axis=1)
        np.fill_diagonal(own, np.diag(self.others))
        return own

    @cached_property
    def _third(self) -> Array:
        """The norm of p_il over the tokens l that are neither i nor k, `(n, n)`."""
        squares = self.weights**2
        tokens = len(squares)
        apart = 1 - np.eye(tokens)
        without = squares * apart
        return np.sqrt(without @ apart)

    @cached_property
    def _far(self) -> Array:
        """1 - p_ik for other keys and 0 for the token itself, `(n, n)`."""
        return self.others * (1 - np.eye(len(self.others)))

    def upper(self, moves: Array) -> Array:
        """The largest weights after moves of the centred logits, `(..., n, n)`."""
        p, rest = self.weights, self.others
        with np.errstate(all="ignore"):
            decay = np.exp(-moves / np.where(rest > 0, rest, 1.0))
            found = p / (p + rest * decay)
        # Neither a weight that underflows nor a lone key is bounded by its quotient.
        found = np.where((rest > 0) & np.isfinite(found), found, 1.0)
        return np.where(self.keys, found, 0.0)

    def _shared_moves(self, own: Array, others: Array) -> Array:
        """The moves for own moves `(..., n, 1)` and what the others do to a key."""
        pull = self.slope_norm[:, None] + self.form_norm * own
        square = self.form_norm * own * own * self._own_weight
        return own * self._own_length + square + pull * others

    def row_moves(self) -> Array:
        """H for every cell of the token itself, `(C, n, n)`."""
        reach = self.reach
        if reach.shares:
            own = reach.high[:, None, None]
            others = np.hypot(self._far, self._third)
            return self._shared_moves(own, np.sqrt(reach.rest)[:, None, None] * others)
        return self._free_moves()[None]

    def _free_moves(self) -> Array:
        reach, r = self.reach, self.reach.radius
        away = 2 * self.others
        by_others = np.maximum(away - self._own_weight, 0.0)
        if reach.kind == "tube":
            own, pull, size = self._own_length, self.slope_norm, self.form_norm
        else:
            d = self.slope.shape[1]
            own = np.abs(self.own_turn).sum(axis=2)
            pull = np.abs(self.slope).sum(axis=1)
            size = min(np.abs(self.form).sum(), d * self.form_norm)
        return r * (own + pull[:, None] * by_others) + r * r * size * away

    def column_moves(self, cell: int) -> Array:
        """H where the key k moves within a cell, `(C, n, n)`: own cell, i, k."""
        reach = self.reach
        if not reach.shares:
            return self._free_moves()[None]
        own = reach.high[:, None, None]
        rest = np.maximum(reach.rest[cell] - reach.low**2, 0.0)
        others = reach.high[cell] * self._far
        others = others + np.sqrt(rest)[:, None, None] * self._third
        moves = self._shared_moves(own, others)
        # The token that is its own key has one cell, and all the rest is for others.
        same = self._shared_moves(
            reach.high[cell], np.sqrt(reach.rest[cell]) * self._third
        )
        tokens = np.arange(len(self.weights))
        moves[:, tokens, tokens] = same[tokens, tokens]
        return moves
