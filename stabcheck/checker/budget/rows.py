r"""Deviations of values and keys under weights that are only bounded from above.

For every law $p \le \bar p$ on points $z_k$ and every $\theta \ge 0$
$$\lambda_{\max}(\operatorname{Cov}_p z) \le \min\Bigl(\theta + \lambda_{\max}\sum_k
\bar p_k\,(1 - \theta/|z_k|^2)_+\,z_kz_k^{\mathsf T},\ \tfrac14\max_{j,k}|z_j -
z_k|^2\Bigr):$$
a variance is at most the second moment, $x^2 \le \theta + (x^2 - \theta)_+$, and
Popoviciu.  Where the points move by $K\delta_k$, a standard deviation grows by at most
$\lVert K\rVert(\sum_k p_k\delta_k^2)^{1/2}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, gram_norm, largest, root
from stabcheck.checker.budget.head import BudgetHead

__all__ = ["Rows", "distances", "rows_of"]

Gram = list[list[arb]]


@dataclass(frozen=True)
class Rows:
    """Per cell of the own token, then per token: weights, self and value terms.

    `distance` are squared distances of two values of a row, by token.
    """

    upper: list[list[list[arb]]]
    self_term: list[list[arb]]
    value_term: list[list[arb]]
    distance: list[Gram]


def _upper(head: BudgetHead, cell: int, token: int) -> list[arb]:
    """The largest weights of a row whose token moves within a cell."""
    reach = head.reach
    row = [arb(0)] * len(head.weight)
    for key in head.keys[token]:
        if reach.shares:
            far = arb(0) if key == token else head.others[token][key]
            third = head.third(token, key)
            others = root(ball(reach.rest[cell]) * (far * far + third * third))
            move = head.shared_move(token, key, reach.high[cell], others)
        else:
            move = head.free_move(token, key)
        row[key] = head.upper(token, key, move)
    return row


def _moved(head: BudgetHead, cell: int, token: int, upper: list[arb]) -> arb:
    """The root of sum p delta^2 at most."""
    reach = head.reach
    if not reach.shares:
        return reach.high[cell]
    others = largest([arb(0), *(p for k, p in enumerate(upper) if k != token)])
    square = upper[token] * reach.high[cell] ** 2 + ball(reach.rest[cell]) * others
    return root(square.min(ball(reach.radius**2 / 2)))


def distances(gram: Gram, keys: list[int]) -> Gram:
    """Squared distances of admissible points; zero for the others."""
    zero = [arb(0)] * len(gram)
    found = [list(zero) for _ in gram]
    for j in keys:
        for k in keys:
            if j != k:
                found[j][k] = gram[j][j] + gram[k][k] - 2 * gram[j][k]
    return found


def _still(
    gram: Gram, upper: list[arb], keys: list[int], theta: Fraction, diameter: arb
) -> arb:
    """The largest deviation of points that stay."""
    roots = []
    for k in keys:
        length, cut = gram[k][k], arb(1)
        if theta and length <= ball(theta):
            cut = arb(0)
        elif theta and length > 0:
            cut = (1 - ball(theta) / length).max(arb(0))
        roots.append(root(upper[k] * cut))
    scaled = [
        [a * gram[j][k] * b for k, b in zip(keys, roots, strict=True)]
        for j, a in zip(keys, roots, strict=True)
    ]
    return root((ball(theta) + gram_norm(arb_mat(scaled))).min(diameter / 4))


def _self_map(head: BudgetHead, balance: arb, sign: int | None) -> arb:
    """The norm of t U beside A/t, or of t U + sign A/t."""
    square = balance * balance
    value, key = head.value, head.form.transpose()
    gram = value * value.transpose() * square + key * key.transpose() / square
    if sign is not None:
        mixed = value * key.transpose() * sign
        gram = gram + mixed + mixed.transpose()
    return root(gram_norm(gram))


def rows_of(
    head: BudgetHead,
    balance: list[Fraction],
    self_level: list[list[Fraction]],
    value_level: list[list[Fraction]],
    sign: int | None,
) -> Rows:
    """Bound every row of a head; the levels are lists token by token, then cells."""
    cells = range(len(head.reach.high))
    rows = Rows([[] for _ in cells], [[] for _ in cells], [[] for _ in cells], [])
    maps: dict[Fraction, arb] = {}
    for i, keys in enumerate(head.keys):
        t = balance[i]
        if t not in maps:
            maps[t] = _self_map(head, ball(t), sign)
        values = head.deviation[i] * head.value
        turned = head.deviation[i] * head.form.transpose()
        value_gram = values * values.transpose()
        square = ball(t) * ball(t)
        self_gram = value_gram * square + turned * turned.transpose() / square
        if sign is not None:
            mixed = values * turned.transpose() * sign
            self_gram = self_gram + mixed + mixed.transpose()
        value_table, self_table = value_gram.tolist(), self_gram.tolist()
        rows.distance.append(distances(value_table, keys))
        value_diameter = largest(map(largest, rows.distance[-1]))
        self_diameter = largest(map(largest, distances(self_table, keys)))
        for c in cells:
            upper = _upper(head, c, i)
            rows.upper[c].append(upper)
            if head.is_lone(i):
                rows.self_term[c].append(arb(0))
                rows.value_term[c].append(arb(0))
                continue
            theta = value_level[i][c]
            still = _still(value_table, upper, keys, theta, value_diameter)
            rows.value_term[c].append(still)
            still = _still(self_table, upper, keys, self_level[i][c], self_diameter)
            deviation = still + maps[t] * _moved(head, c, i, upper)
            share = 2 if sign is None else 4
            rows.self_term[c].append(deviation * deviation / share)
    return rows
