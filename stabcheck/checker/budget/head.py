r"""One attention head round a centre, and its largest weights where tokens move.

With $p_i$ the softmax row, $y_{ik} = x_k - \sum_l p_{il}x_l$, $U =
(W_VW_O)^{\mathsf T}$, $A = s\,W_QW_K^{\mathsf T}$, $a_i = s\,W_Kq_i$: centred by $p_i$,
the logit of $k$ moves by

$$(Ay_{ik} + (1_{k=i} - p_{ii})a_i)\cdot\delta_i + \sum_{l\ne i}(1_{k=l} - p_{il})
 (a_i + A^{\mathsf T}\delta_i)\cdot\delta_l + (1_{k=i} - p_{ii})\,\delta_i\cdot
 A\delta_i,$$

at most $H_{ik}$, and then (Jensen) the weight is at most $p/(p + (1 - p)
e^{-H/(1-p)})$.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, spectral_norm, vector_norm
from stabcheck.checker.budget.reach import Reach
from stabcheck.checker.fields.attention import Head, HeadState, Weights, head_state

__all__ = ["BudgetHead", "budget_head"]


@dataclass(frozen=True)
class BudgetHead:
    """A head: weights, slopes, maps U^T and A with their norms, moves of the logits."""

    reach: Reach
    keys: list[list[int]]
    weight: list[list[arb]]
    others: list[list[arb]]
    slope: arb_mat
    slope_norm: list[arb]
    form: arb_mat
    form_norm: arb
    value: arb_mat
    value_norm: arb
    deviation: list[arb_mat]
    own_turn: list[list[list[arb]]]

    def is_lone(self, token: int) -> bool:
        """Whether the token sees one key only: its weights do not move."""
        return len(self.keys[token]) == 1

    def upper(self, token: int, key: int, move: arb) -> arb:
        """The largest weight where the centred logit moves by at most `move`."""
        if self.is_lone(token):
            return arb(1)
        p, rest = self.weight[token][key], self.others[token][key]
        return p / (p + rest * (-move / rest).exp())

    def free_move(self, token: int, key: int) -> arb:
        """H on a tube or a box, where no token takes from another."""
        r, turn = ball(self.reach.radius), self.own_turn[token][key]
        away = 2 * self.others[token][key]
        by_others = away - self._own_weight(token, key)
        if self.reach.kind == "tube":
            own, pull = vector_norm(turn), self.slope_norm[token]
            square = self.form_norm
        else:
            own, pull = _absolute(turn), _absolute(self.slope.tolist()[token])
            square = _absolute(self.form.entries())
            square = square.min(len(turn) * self.form_norm)
        return r * (own + pull * by_others) + r * r * square * away

    def shared_move(self, token: int, key: int, own: arb, others: arb) -> arb:
        """H for an own move; `others`, what the rest does to the key, unscaled."""
        pull = self.slope_norm[token] + self.form_norm * own
        square = self.form_norm * own * own * self._own_weight(token, key)
        return own * vector_norm(self.own_turn[token][key]) + square + pull * others

    def third(self, token: int, key: int) -> arb:
        """The norm of p_il over the keys l that are neither the token nor the key."""
        row = self.weight[token]
        return vector_norm([row[k] for k in self.keys[token] if k not in (token, key)])

    def _own_weight(self, token: int, key: int) -> arb:
        if token == key:
            return self.others[token][token]
        return self.weight[token][token]


def _absolute(entries: list[arb]) -> arb:
    return sum((abs(entry) for entry in entries), arb(0))


def _others(row: list[arb]) -> list[arb]:
    """1 - p as the sum of the other weights, which does not cancel."""
    return [
        sum((p for k, p in enumerate(row) if k != j), arb(0)) for j in range(len(row))
    ]


def budget_head(
    weights: Weights, head: Head, state: arb_mat, reach: Reach
) -> BudgetHead:
    """Enclose a head at a centre `(n, d)`."""
    at: HeadState = head_state(weights, head, state)
    tokens = range(state.nrows())
    form = head.query * head.key.transpose() * weights.scale
    value = head.value * head.output
    slope = at.query * head.key.transpose() * weights.scale
    ones = arb_mat(state.nrows(), 1, [arb(1)] * state.nrows())
    mean = at.weight * state
    deviation = [
        state - ones * arb_mat([[mean[i, a] for a in range(state.ncols())]])
        for i in tokens
    ]
    weight, slopes = at.weight.tolist(), slope.tolist()
    turns = []
    for i in tokens:
        turn = (deviation[i] * form.transpose()).tolist()
        for k in tokens:
            share = int(k == i) - weight[i][i]
            turn[k] = [
                entry + share * a for entry, a in zip(turn[k], slopes[i], strict=True)
            ]
        turns.append(turn)
    return BudgetHead(
        reach=reach,
        keys=weights.admissible,
        weight=weight,
        others=[_others(row) for row in weight],
        slope=slope,
        slope_norm=[vector_norm(row) for row in slopes],
        form=form,
        form_norm=spectral_norm(form),
        value=value,
        value_norm=spectral_norm(value),
        deviation=deviation,
        own_turn=turns,
    )
