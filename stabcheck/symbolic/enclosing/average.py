r"""Averages over a softmax as nodes: joint cumulants, closed under differentiation.

Write $E f = \sum_k P_k f_k$ for weights $P = \operatorname{softmax}(u)$.  The joint
cumulants $\kappa(f) = E f$, $\kappa(f, g) = E f g - E f\, E g$, ... satisfy

$$d\,\kappa(f_1, \dots, f_m) = \sum_i \kappa(\dots, d f_i, \dots)
    + \kappa(f_1, \dots, f_m, d u),$$

the deviation $f_j - E f$ changes by $d f_j - E\,d f - \kappa(f, d u)$, and the weight
$P_j$ by $P_j\,(d u_j - E\,d u)$ (moments of an exponential family; McCullagh, Tensor
Methods in Statistics, section 2.3).  A field that is written with these nodes is
derived into central moments, which no constant added to an $f$ changes: an enclosure
may subtract what it likes from each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from sympy import Add, Expr, KroneckerDelta, Mul, S, sympify

from stabcheck.symbolic.contraction import Deltas, delta_groups
from stabcheck.symbolic.index import (
    Binder,
    Index,
    LinearBinder,
    fresh,
    rename,
    total,
)
from stabcheck.symbolic.softmax import Softmax


class Weight(Softmax):
    """A softmax weight whose derivative is written as a deviation."""

    def _eval_derivative(self, symbol: Expr) -> Expr:
        node = _apart(self, symbol)
        change = node.logits.diff(symbol)
        row = node.over, node.logits, node.mask
        return S.Zero if change == 0 else node * Deviation(node.at, *row, change)

    def renamed(self, mapping: Mapping[Index, Index]) -> Weight:
        return Weight(*super().renamed(mapping).args)

    def rebound(self, mapping: Mapping[Index, Index]) -> Weight:
        return Weight(*super().rebound(mapping).args)


class Central(LinearBinder):
    """What is central and linear in its values, which depend on the index `over`."""

    is_commutative = True
    front = 0
    """How many free indices stand before `over` among the arguments."""

    over = property(lambda self: self.args[self.front])
    row = property(lambda self: self.args[self.front : self.front + 3])
    values = property(lambda self: self.args[self.front + 3 :])

    @property
    def weights(self) -> Weight:
        """The weights as a function of `over`."""
        key = fresh(self.over)
        return rename(Weight(key, *self.row), {key: self.over})

    @property
    def bound_symbols(self) -> list[Index]:
        return [self.over]

    @property
    def free_symbols(self) -> set[Expr]:
        inside = set().union(*(part.free_symbols for part in self.args[self.front :]))
        return (inside - {self.over}) | set(self.args[: self.front])

    def renamed(self, mapping: Mapping[Index, Index]) -> Expr:
        over = fresh(self.over) if self.over in mapping.values() else self.over
        inner = {old: new for old, new in mapping.items() if old != self.over}
        _, *parts = self.args[self.front :]
        apart = (rename(rename(part, {self.over: over}), inner) for part in parts)
        head = (mapping.get(index, index) for index in self.args[: self.front])
        return self.func(*head, over, *apart)

    def rebound(self, mapping: Mapping[Index, Index]) -> Expr:
        _, *parts = self.args[self.front :]
        inside = (rename(part, mapping) for part in parts)
        return self.func(*self.args[: self.front], mapping[self.over], *inside)

    def with_values(self, values: Sequence[Expr]) -> Expr:
        """The same node of other values."""
        return self.func(*self.args[: self.front + 3], *values)


class Cumulant(Central):
    r"""The joint cumulant of `values` under softmax weights over the index `over`.

    **Arguments:** `over`, the bound index; `logits` and `mask` in it, as those of
    `Softmax`; `values`, expressions in it.  Of one value it is the mean.
    """

    def __new__(cls, over: Index, logits: Expr, mask: Expr, *values: Expr) -> Expr:
        parts = [sympify(value) for value in values]
        if any(part == 0 for part in parts):
            return S.Zero
        constant = [part for part in parts if over not in part.free_symbols]
        if constant:
            return constant[0] if len(parts) == 1 else S.Zero
        return Expr.__new__(cls, over, sympify(logits), sympify(mask), *parts)

    def _eval_derivative(self, symbol: Expr) -> Expr:
        node = _apart(self, symbol)
        values = node.values
        changes = [
            node.with_values([*values[:at], value.diff(symbol), *values[at + 1 :]])
            for at, value in enumerate(values)
        ]
        moved = node.with_values([*values, node.row[1].diff(symbol)])
        return Add(*changes, moved)

    def without_deltas(self) -> Expr:
        return _expanded(self.row, self.values, _cumulant)

    def as_quotient(self) -> Expr:
        """Written out in moments: for proofs, not for evaluation."""
        terms = (
            partition_sign(blocks)
            * Mul(*(self._moment([self.values[at] for at in b]) for b in blocks))
            for blocks in partitions(range(len(self.values)))
        )
        return Add(*terms)

    def _moment(self, values: Sequence[Expr]) -> Expr:
        key = fresh(self.over)
        inside = self.weights.as_quotient() * Mul(*values)
        return total(rename(inside, {self.over: key}), key)


class Deviation(Central):
    r"""$f_j - \sum_k P_k f_k$: a value at the index `at` against its mean.

    **Arguments:** `at`, a free index; then as for `Cumulant`, with one value.
    """

    front = 1
    at = property(lambda self: self.args[0])

    def __new__(
        cls, at: Index, over: Index, logits: Expr, mask: Expr, value: Expr
    ) -> Expr:
        value = sympify(value)
        if over not in value.free_symbols:
            return S.Zero
        return Expr.__new__(cls, at, over, sympify(logits), sympify(mask), value)

    def _eval_derivative(self, symbol: Expr) -> Expr:
        node = _apart(self, symbol)
        (value,) = node.values
        own = node.with_values([value.diff(symbol)])
        return own - Cumulant(*node.row, value, node.row[1].diff(symbol))

    def without_deltas(self) -> Expr:
        def deviation(row: Sequence[Expr], values: Sequence[Value]) -> Expr:
            return _deviation(self.at, row, values[0])

        return _expanded(self.row, self.values, deviation)

    def as_quotient(self) -> Expr:
        """Written out with the mean as a sum: for proofs, not for evaluation."""
        (value,) = self.values
        mean = Cumulant(*self.row, value)
        return rename(value, {self.over: self.at}) - mean.as_quotient()


Value = tuple[Index | None, Expr]
"""A value, and the index at which alone it is not zero where there is one."""


def _apart(node: Binder, symbol: Expr) -> Binder:
    """The node with its bound index out of the way of a symbol."""
    if node.over in symbol.free_symbols:
        return node.rebound({node.over: fresh(node.over)})
    return node


def _expanded(row: Sequence[Expr], values: Sequence[Expr], node) -> Expr:
    """A node of values that hold deltas, as deltas times nodes of values without."""
    terms = []
    for choice in itertools.product(*(delta_groups(v).items() for v in values)):
        outside, inside = [], []
        for deltas, factor in choice:
            free, value = _located(row[0], deltas, factor)
            outside.extend(free)
            inside.append(value)
        terms.append(Mul(*outside) * node(row, inside))
    return Add(*terms)


def _located(over: Index, deltas: Deltas, factor: Expr) -> tuple[list[Expr], Value]:
    r"""Deltas without `over`, and the value that $\delta_{kj}$ leaves at $j$ alone."""
    touching = sorted((d for d in deltas if over in d.args), key=str)
    free = [delta for delta in deltas if over not in delta.args]
    if not touching:
        return free, (None, factor)
    first, *others = touching
    (at,) = first.free_symbols - {over}
    free.extend(other.xreplace({over: at}) for other in others)
    return free, (at, rename(factor, {over: at}))


def _cumulant(row: Sequence[Expr], values: Sequence[Value]) -> Expr:
    r"""$\kappa(\delta_{kj} b, f, \dots)$ is $b$ times the derivative of $P_j$."""
    spread = [value for at, value in values if at is None]
    if len(spread) == len(values):
        return Cumulant(*row, *spread)
    first = next(n for n, (at, _) in enumerate(values) if at is not None)
    at, value = values[first]
    others = [*values[:first], *values[first + 1 :]]
    terms = (
        Mul(*(_block(at, row, [others[n] for n in block]) for block in blocks))
        for blocks in partitions(range(len(others)))
    )
    return value * Weight(at, *row) * Add(*terms)


def _block(at: Index, row: Sequence[Expr], values: Sequence[Value]) -> Expr:
    if len(values) == 1:
        return _deviation(at, row, values[0])
    return -_cumulant(row, values)


def _deviation(at: Index, row: Sequence[Expr], value: Value) -> Expr:
    where, factor = value
    if where is None:
        return Deviation(at, *row, factor)
    return factor * (KroneckerDelta(at, where) - Weight(where, *row))


def partitions(numbers: Sequence[int]) -> Iterator[list[list[int]]]:
    """The ways to divide some numbers into blocks."""
    if not numbers:
        yield []
        return
    first, rest = numbers[0], numbers[1:]
    for blocks in partitions(rest):
        yield [[first], *blocks]
        for at, block in enumerate(blocks):
            yield [*blocks[:at], [first, *block], *blocks[at + 1 :]]


def partition_sign(blocks: Sequence[Sequence[int]]) -> int:
    """The factor of a product of moments in a cumulant: $(-1)^{m-1} (m-1)!$."""
    return math.prod(-number for number in range(1, len(blocks)))
