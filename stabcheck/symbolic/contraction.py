r"""Contraction of Kronecker deltas with summed indices, keeping factored form.

Index ranges are typed, so $\sum_k \delta_{ik} T_k = T_i$ needs no case distinction;
SymPy's own summation answers with a `Piecewise`.  Only what carries a delta is
expanded: $(x_i - x_k)^2$ stays a square, because three terms would cancel in floats
and widen in balls.
"""

from __future__ import annotations

from sympy import Add, Expr, KroneckerDelta, Mul, S, Sum

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Index, LinearBinder, rename, total

Deltas = frozenset[KroneckerDelta]


def contract(expression: Expr) -> Expr:
    """The expression with every delta contracted or, where free, at the top."""
    groups = delta_groups(expression)
    return Add(*(Mul(*deltas) * factor for deltas, factor in groups.items()))


def delta_groups(expression: Expr) -> dict[Deltas, Expr]:
    """An expression as a sum over patterns of free deltas: deltas times a rest.

    The rests hold no delta.  Terms of one pattern stay together, so a centred factor
    stays centred.
    """
    if not expression.has(KroneckerDelta):
        return {frozenset(): expression}
    if isinstance(expression, KroneckerDelta):
        return {frozenset([expression]): S.One}
    if isinstance(expression, Add):
        return _merged(
            pair for term in expression.args for pair in delta_groups(term).items()
        )
    if isinstance(expression, Mul):
        return _product_groups(expression)
    if isinstance(expression, Sum):
        inner = delta_groups(expression.function)
        return _merged(
            _contracted(deltas, factor, expression.bound_symbols)
            for deltas, factor in inner.items()
        )
    if isinstance(expression, LinearBinder):
        return delta_groups(expression.without_deltas())
    raise InvalidInput(
        f"asked to contract deltas in {expression.func.__name__}, found a delta that "
        "does not enter linearly; deltas come from derivatives and enter linearly"
    )


def _product_groups(expression: Mul) -> dict[Deltas, Expr]:
    plain = [part for part in expression.args if not part.has(KroneckerDelta)]
    groups: dict[Deltas, Expr] = {frozenset(): Mul(*plain)}
    for part in expression.args:
        if part.has(KroneckerDelta):
            groups = _merged(
                (_simplified(left | right), one * two)
                for left, one in groups.items()
                for right, two in delta_groups(part).items()
            )
    return groups


def _contracted(
    deltas: Deltas, factor: Expr, bound: list[Index]
) -> tuple[Deltas, Expr]:
    bound = list(bound)
    while pair := _contractible(deltas, bound):
        old, new = pair
        if not old.ranges_like(new):
            raise InvalidInput(
                f"asked to contract a delta of {old} and {new}, found ranges "
                f"{old.size} and {new.size}; a delta joins indices of one range"
            )
        bound.remove(old)
        factor = rename(factor, {old: new})
        deltas = _simplified(delta.xreplace({old: new}) for delta in deltas)
    return deltas, total(factor, *bound)


def _contractible(deltas: Deltas, bound: list[Index]) -> tuple[Index, Index] | None:
    for delta in sorted(deltas, key=lambda delta: delta.sort_key()):
        left, right = delta.args
        if left in bound:
            return left, right
        if right in bound:
            return right, left
    return None


def _simplified(deltas) -> Deltas:
    return frozenset(delta for delta in deltas if delta != 1)


def _merged(pairs) -> dict[Deltas, Expr]:
    groups: dict[Deltas, list[Expr]] = {}
    for deltas, factor in pairs:
        groups.setdefault(deltas, []).append(factor)
    return {
        deltas: merged
        for deltas, factors in groups.items()
        if (merged := Add(*factors)) != 0
    }


def joined(deltas: Deltas) -> dict[Index, Index]:
    """For each index that deltas identify with others, the first of them by name."""
    onto: dict[Index, Index] = {}
    for delta in deltas:
        roots = {_root(index, onto) for index in delta.args}
        first, *others = sorted(roots, key=lambda index: index.label)
        onto.update(dict.fromkeys(others, first))
    return {index: _root(index, onto) for index in sorted(onto, key=str)}


def _root(index: Index, onto: dict[Index, Index]) -> Index:
    while index in onto:
        index = onto[index]
    return index
