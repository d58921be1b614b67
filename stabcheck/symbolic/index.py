r"""Typed indices, sums over them, and renaming that never captures.

An index knows its range: a name, a kind (token, feature, head, width) and a size
symbol.  $\delta_{uv}$ may be contracted only between indices of one kind and size, and
a free index may not slip under a sum that binds the same name: both are decided here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from sympy import Expr, Indexed, Integer, Sum, Symbol, Tuple, sympify

from stabcheck.errors import InvalidInput

KINDS = ("token", "feature", "head", "width")

_numbers = itertools.count()


class Index(Symbol):
    """A symbol that ranges over `0 .. size - 1`.

    Two indices are equal only if name, kind, size and level agree.  `level` is 0 but
    for the canonical names of the normal form.  `label` spells all four.
    """

    __slots__ = ("kind", "label", "level", "size")

    def __new__(cls, name: str, kind: str, size: Expr, level: int = 0) -> Index:
        if kind not in KINDS:
            raise InvalidInput(
                f"asked for an index {name} of kind {kind!r}; give one of "
                f"{', '.join(KINDS)}"
            )
        size = sympify(size)
        index = Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        index.kind, index.size, index.level = kind, size, level
        index.label = f"{name}:{kind}:{_spelled(size)}:{level}"
        return index

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.name, self.kind, self.size, self.level), {}

    def _hashable_content(self) -> tuple[Any, ...]:
        own = (self.kind, self.size, self.level)
        return (*Symbol._hashable_content(self), *own)

    def sort_key(self, order: Any = None) -> Any:
        one = Integer(1)
        return self.class_key(), (1, (self.label,)), one.sort_key(), one

    def ranges_like(self, other: Index) -> bool:
        """Whether both run over the same range."""
        return self.kind == other.kind and self.size == other.size


@cache
def _spelled(size: Expr) -> str:
    return str(size)


def indices(names: str, kind: str, size: Expr) -> tuple[Index, ...]:
    """Indices of one kind, by names separated by blanks."""
    return tuple(Index(name, kind, size) for name in names.split())


def fresh(like: Index) -> Index:
    """An index of the same range with a name never used before."""
    return Index(f"_{next(_numbers):06d}", like.kind, like.size)


def free_indices(expression: Expr) -> set[Index]:
    """The indices of an expression that no sum or softmax in it binds."""
    return set(_free_indices(expression))


@lru_cache(maxsize=2**14)
def _free_indices(expression: Expr) -> frozenset[Index]:
    return frozenset(s for s in expression.free_symbols if isinstance(s, Index))


def bound_indices(expression: Expr) -> set[Index]:
    """The indices that some sum or softmax of the expression binds."""
    binders = expression.atoms(Sum, Binder)
    return {index for node in binders for index in node.bound_symbols}


class Binder(Expr):
    """A node other than `Sum` that binds an index: it says how to rename under it."""

    def renamed(self, mapping: Mapping[Index, Index]) -> Expr:
        """The node with its free indices replaced, its bound ones out of the way."""
        raise NotImplementedError

    def rebound(self, mapping: Mapping[Index, Index]) -> Expr:
        """The same node with other names for its bound indices."""
        raise NotImplementedError


class LinearBinder(Binder):
    """A binder that is linear in what may hold Kronecker deltas."""

    def without_deltas(self) -> Expr:
        """The node as a sum of deltas times nodes that hold none."""
        raise NotImplementedError


def total(expression: Expr, *over: Index) -> Expr:
    """The sum of an expression over whole index ranges.

    An index on which nothing depends becomes the factor `size`; rational factors stand
    before the sum; nested sums are merged.
    """
    coefficient, expression = expression.as_coeff_Mul(rational=True)
    present = free_indices(expression)
    for index in over:
        if index not in present:
            coefficient = coefficient * index.size
    limits = [(index, 0, index.size - 1) for index in over if index in present]
    return coefficient * (Sum(expression, *limits) if limits else expression)


def rename(expression: Expr, mapping: Mapping[Index, Index]) -> Expr:
    """Replace free indices, capture-avoidingly.

    Where a new name is bound in the expression, the bound index steps aside.
    """
    present = free_indices(expression)
    live = {old: new for old, new in mapping.items() if old in present and old != new}
    if not live:
        return expression
    if not bound_indices(expression) & (live.keys() | set(live.values())):
        return expression.xreplace(live)
    if isinstance(expression, Sum):
        bound = expression.bound_symbols
        function, bound = step_aside(expression.function, bound, live)
        return total(rename(function, live), *bound)
    if isinstance(expression, Binder):
        return expression.renamed(live)
    return expression.func(*(rename(part, live) for part in expression.args))


def step_aside(
    body: Expr, bound: Iterable[Index], live: Mapping[Index, Index]
) -> tuple[Expr, list[Index]]:
    """Rename bound indices that equal a new name; return the body and its binders."""
    bound = list(bound)
    taken = set(live.values())
    aside = {index: fresh(index) for index in bound if index in taken}
    return rename(body, aside), [aside.get(index, index) for index in bound]


def refresh(expression: Expr) -> Expr:
    """Give every bound index a name of its own."""
    if isinstance(expression, Sum):
        new = {index: fresh(index) for index in expression.bound_symbols}
        body = rename(refresh(expression.function), new)
        return total(body, *new.values())
    if isinstance(expression, Binder):
        new = {index: fresh(index) for index in expression.bound_symbols}
        return expression.rebound(new)
    if isinstance(expression, Tuple | Indexed) or not bound_indices(expression):
        return expression
    return expression.func(*(refresh(part) for part in expression.args))
