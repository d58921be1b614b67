r"""The structure of an expression: one string for all that differ in names only.

Bound indices and, in order of appearance, free ones are numbered after the parts of
sums and products were put in an order that no name decides.  Equal structures prove
equality up to renaming; symmetric parts may leave equal expressions with different
ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Add, Expr, Indexed, KroneckerDelta, Mul, Sum

from stabcheck.symbolic.index import Binder, Index, fresh

_UNORDERED = Add | Mul | KroneckerDelta


def structure(expression: Expr) -> tuple[str, tuple[Index, ...]]:
    """The structure, and the free indices in the order in which it numbers them."""
    walk = _Walk()
    spelled = walk.spell(expression, {})
    return spelled, tuple(walk.free)


@dataclass
class _Bound:
    """A bound index; it gets its number where it first appears."""

    number: int | None = None


@dataclass
class _Walk:
    free: dict[Index, str] = field(default_factory=dict)
    bound: int = 0

    def spell(self, e: Expr, names: Mapping[Index, _Bound]) -> str:
        """The spelling of a part; numbers the indices that first appear in it."""
        if isinstance(e, Index):
            return self._numbered(e, names)
        e = _apart(e)
        if isinstance(e, Sum | Binder):
            names = {**names, **{k: _Bound() for k in e.bound_symbols}}
            if isinstance(e, Sum):
                return f"Sum({self.spell(e.function, names)})"
        parts = _parts(e)
        if not parts:
            return str(e)
        if isinstance(e, _UNORDERED):
            inside = self._spell_unordered(parts, names)
        else:
            inside = [self.spell(part, names) for part in parts]
        return f"{_head(e)}({','.join(inside)})"

    def _spell_unordered(
        self, parts: Sequence[Expr], names: Mapping[Index, _Bound]
    ) -> list[str]:
        blind = {part: self._glimpse(part, names, True) for part in parts}
        inside: list[str] = []
        ordered = sorted(parts, key=blind.__getitem__)
        for _, group in itertools.groupby(ordered, blind.__getitem__):
            # Parts that look alike are told apart by the numbers given so far.
            tied = list(group)
            while tied:
                part = min(tied, key=lambda one: self._glimpse(one, names, False))
                tied.remove(part)
                inside.append(self.spell(part, names))
        return inside

    def _numbered(self, index: Index, names: Mapping[Index, _Bound]) -> str:
        if index not in names:
            free = f"f{len(self.free)}:{_range(index)}"
            return self.free.setdefault(index, free)
        binder = names[index]
        if binder.number is None:
            binder.number, self.bound = self.bound, self.bound + 1
        return f"b{binder.number}:{_range(index)}"

    def _glimpse(self, e: Expr, names: Mapping[Index, _Bound], blind: bool) -> str:
        """A spelling that numbers nothing; a blind one sees only kinds of index."""
        if isinstance(e, Index):
            if e in names:
                number = None if blind else names[e].number
                return f"b{'' if number is None else number}:{_range(e)}"
            return "f:" + _range(e) if blind or e not in self.free else self.free[e]
        e = _apart(e)
        if isinstance(e, Sum | Binder):
            names = {**names, **{k: _Bound() for k in e.bound_symbols}}
            if isinstance(e, Sum):
                return f"Sum({self._glimpse(e.function, names, blind)})"
        parts = [self._glimpse(part, names, blind) for part in _parts(e)]
        if isinstance(e, _UNORDERED):
            parts.sort()
        return f"{_head(e)}({','.join(parts)})" if parts else str(e)


def _apart(e: Expr) -> Expr:
    """A binder whose bound indices differ from those at which it is read off."""
    if isinstance(e, Binder):
        named = [part for part in e.args if isinstance(part, Index)]
        if len(set(named)) < len(named):
            return e.rebound({index: fresh(index) for index in e.bound_symbols})
    return e


def _parts(e: Expr) -> tuple[Expr, ...]:
    return e.indices if isinstance(e, Indexed) else e.args


def _head(e: Expr) -> str:
    return e.base.label.name if isinstance(e, Indexed) else e.func.__name__


def _range(index: Index) -> str:
    return index.label.partition(":")[2]
