"""A letter for each bound index, reused in separate sums."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Sum

from stabcheck.symbolic.field import Definition
from stabcheck.symbolic.index import Binder, Index, free_indices, rename

LETTERS = {
    "token": "k l m p q i j",
    "feature": "c e f g u v a b",
    "head": "h t",
    "width": "r s w y z",
}


def with_letters(definition: Definition) -> Expr:
    """The body with a letter for each bound index, reused in separate sums."""
    return _lettered(definition.body, {index.name for index in definition.indices})


def letters_for(indices: Iterable[Index], taken: Iterable[str]) -> dict[Index, Index]:
    """A letter for each index, none of them taken; one that has a letter keeps it."""
    used, chosen = set(taken), {}
    for index in indices:
        letters = LETTERS[index.kind].split()
        numbered = (f"{letters[0]}{number}" for number in range(1, 100))
        own = [] if index.name.startswith("_") else [index.name]
        name = next(n for n in (*own, *letters, *numbered) if n not in used)
        used.add(name)
        chosen[index] = Index(name, index.kind, index.size)
    return chosen


def _lettered(expression: Expr, taken: set[str]) -> Expr:
    if isinstance(expression, Sum | Binder):
        used = taken | {index.name for index in free_indices(expression)}
        letters = letters_for(expression.bound_symbols, used)
        inside = used | {letter.name for letter in letters.values()}
        if isinstance(expression, Binder):
            renamed = expression.rebound(letters)
            return renamed.func(*(_lettered(part, inside) for part in renamed.args))
        body = _lettered(rename(expression.function, letters), inside)
        limits = [(letter, 0, letter.size - 1) for letter in letters.values()]
        return Sum(body, *limits)
    if not expression.has(Sum, Binder):
        return expression
    return _rebuilt(expression, [_lettered(part, taken) for part in expression.args])


def _rebuilt(expression: Expr, parts: list[Expr]) -> Expr:
    """The expression with other parts; products stay factored as they are."""
    if expression.is_Mul:
        return expression.func(*parts, evaluate=False)
    return expression.func(*parts)
