r"""Heads: what the projections of attention map to, and how they come together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr, Integer, Symbol, prod, sqrt

from stabcheck.fields.notation import H, X, a, b_O, c, h, i, k, r, s
from stabcheck.symbolic import Declaration, Index, Scalar, Tensor, total

G, T, d_r = (Symbol(x, integer=True, positive=True) for x in ("G", "T", "d_r"))

group, member = Index("g", "head", G), Index("t", "head", T)
pair = Index("e", "width", Integer(2))
plane = Index("r", "width", d_r)
kappa = Scalar("kappa", Integer(1))


def merged(*indices: Index) -> Index | tuple[Index, ...]:
    """One axis that holds several indices, or the single index itself."""
    return indices[0] if len(indices) == 1 else indices


@dataclass(frozen=True)
class Heads:
    """The indices of heads, and the projections to them.

    `query` and `key` are the indices of a head of queries and of one of keys and
    values: with groups the query heads `(g, t)` share the keys of group `g`. `width`
    are the indices of a query's features: two where rotary positions turn them in
    planes. `value` is that of a value's features: those of the state without `W_O`.
    `sizes` are the numbers that the declaration fixes.
    """

    query: tuple[Index, ...] = (h,)
    key: tuple[Index, ...] = (h,)
    width: tuple[Index, ...] = (r,)
    value: Index = s
    sizes: Mapping[Symbol, int] = field(default_factory=dict)

    @cached_property
    def scale(self) -> Scalar:
        """The number before the scores, $1/\\sqrt{d_k}$ unless given."""
        return Scalar("scale", 1 / sqrt(prod(index.size for index in self.width)))

    @property
    def parameters(self) -> tuple[Tensor | Scalar, ...]:
        """The projections and the scale; a declaration keeps those that occur."""
        query, key, width = (merged(*x) for x in (self.query, self.key, self.width))
        return (
            Tensor("W_Q", (query, c, width)),
            Tensor("W_K", (key, c, width)),
            Tensor("W_V", (key, c, self.value)),
            Tensor("W_O", ((*self.query, s), a)),
            Tensor("b_Q", (query, width)),
            Tensor("b_K", (key, width)),
            Tensor("b_V", (key, self.value)),
            b_O,
            self.scale,
        )

    def projected(
        self, F: Declaration, *, names: str = "qkv", biases: bool = False
    ) -> tuple[Tensor, ...]:
        """Define the queries, keys and values, or some of them; return the tensors."""
        W_Q, W_K, W_V, _, b_Q, b_K, b_V, *_ = self.parameters
        has, v = int(biases), (self.value,)
        return tuple(
            F.let(
                name,
                (*heads, at, *wide),
                total(W[(*heads, c, *wide)] * X[at, c], c) + has * b[(*heads, *wide)],
            )
            for name, W, b, heads, at, wide in (
                ("q", W_Q, b_Q, self.query, i, self.width),
                ("k", W_K, b_K, self.key, k, self.width),
                ("v", W_V, b_V, self.key, k, v),
            )
            if name in names
        )

    def mixed(self, weights: Tensor, value: Tensor, *, consensus: bool) -> Expr:
        """The mean of the values under the weights, brought together by `W_O`.

        In consensus form the values are seen from the token's own.
        """
        v, W_O = self.value, self.parameters[3]
        seen = value[(*self.key, k, v)]
        if consensus:
            seen = seen - value[(*self.key, i, v)]
        out, over = (W_O[(*self.query, s, a)], (s,)) if v == s else (1, ())
        return total(weights[(*self.query, i, k)] * seen * out, *self.query, k, *over)

    def descending(self, weights: Tensor, key: Tensor) -> Expr:
        """The mean of the keys, brought back by the queries' own map, turned round."""
        W_Q, back = self.parameters[0], -kappa.symbol * self.scale.symbol
        drawn = weights[(*self.query, i, k)] * key[(*self.key, k, *self.width)]
        turned = drawn * W_Q[(*self.query, a, *self.width)]
        return back * total(turned, *self.query, k, *self.width)


def heads_of(
    *, heads: int, groups: int | None, rotary: str | bool, output: bool
) -> Heads:
    """The heads that the options of a declaration ask for."""
    widths = {"half": (pair, plane), "interleaved": (plane, pair)}
    chosen = {"width": widths.get(rotary, (r,)), "value": s if output else a}
    if groups is None:
        return Heads(sizes={H: heads}, **chosen)
    sizes = {G: groups, T: heads // groups}
    return Heads((group, member), (group,), sizes=sizes, **chosen)
