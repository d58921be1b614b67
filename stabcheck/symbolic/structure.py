r"""The structure of an expression: one string for all that differ in names only.

Bound indices and, in order of appearance, free ones are numbered after the parts of
sums and products were put in an order that no name decides.  Equal structures prove
equality up to renaming; ties may leave equal expressions with different structures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Add, Expr, Indexed, KroneckerDelta, Mul, Sum

from stabcheck.symbolic.index import Binder, Index

_UNORDERED = Add | Mul | KroneckerDelta


def structure(expression: Expr) -> tuple[str, tuple[Index, ...]]:
    """The structure, and the free indices in the order in which it numbers them."""
    walk = _Walk()
    spelled = walk.spell(expression, {})
    return spelled, tuple(walk.free)


@dataclass
class _Walk:
    free: dict[Index, str] = field(default_factory=dict)
    bound: int = 0

    def spell(self, e: Expr, names: Mapping[Index, _Bound]) -> str:
        if isinstance(e, Index):
            if e in names:
                return self._numbered(e, names)
            return self.free.setdefault(e, f"f{len(self.free)}:{_range(e)}")
        if isinstance(e, Sum | Binder):
            names = {**names, **{k: _Bound() for k in e.bound_symbols}}
            if isinstance(e, Sum):
                return f"Sum({self.spell(e.function, names)})"
        parts = list(_parts(e))
        if isinstance(e, _UNORDERED):
            parts.sort(key=lambda part: _blind(part, names))
        inside = ",".join(self.spell(part, names) for part in parts)
        return f"{_head(e)}({inside})" if parts else str(e)

    def _numbered(self, index: Index, names: Mapping[Index, _Bound]) -> str:
        binder = names[index]
        if binder.number is None:
            binder.number, self.bound = self.bound, self.bound + 1
        return f"b{binder.number}:{_range(index)}"


@dataclass
class _Bound:
    """A bound index; it gets its number where it first appears."""

    number: int | None = None


def _blind(e: Expr, names: Mapping[Index, object]) -> str:
    """A spelling that sees only what kind of index stands where."""
    if isinstance(e, Index):
        return f"{'b' if e in names else 'f'}:{_range(e)}"
    if isinstance(e, Sum | Binder):
        names = {**names, **dict.fromkeys(e.bound_symbols)}
        if isinstance(e, Sum):
            return f"Sum({len(e.limits)};{_blind(e.function, names)})"
    parts = [_blind(part, names) for part in _parts(e)]
    if isinstance(e, _UNORDERED):
        parts.sort()
    return f"{_head(e)}({','.join(parts)})" if parts else str(e)


def _parts(e: Expr) -> tuple[Expr, ...]:
    return e.indices if isinstance(e, Indexed) else e.args


def _head(e: Expr) -> str:
    return e.base.label.name if isinstance(e, Indexed) else e.func.__name__


def _range(index: Index) -> str:
    return index.label.partition(":")[2]
