r"""Products brought into the order in which balls stay narrow, for enclosures.

Affine definitions are written out where they meet parameters, so that parameters meet
each other before they meet the state: $W_K W_Q^T x$ instead of $W_K q$.  What depends
on the state but not on the index of an average is taken out of it, so that the average
is centred first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, Mul, Sum

from stabcheck.symbolic.enclosing.average import Central
from stabcheck.symbolic.field import Definition, Field, Tensor, tensor_name
from stabcheck.symbolic.index import (
    Binder,
    Index,
    free_indices,
    refresh,
    rename,
    total,
)
from stabcheck.symbolic.tangent import tangent_body


def folded(field: Field) -> Field:
    """The field with the same values and narrower balls."""
    folding = _Folding(*_affine(field))
    definitions = tuple(
        replace(definition, body=folding.written(definition.body))
        for definition in field.definitions
    )
    return replace(field, definitions=definitions)


@dataclass(frozen=True)
class _Folding:
    """`affine` are the definitions to write out, `moving` what depends on the state."""

    affine: Mapping[str, Definition]
    moving: frozenset[str]

    def written(self, body: Expr) -> Expr:
        """An expression rewritten."""
        if isinstance(body, Add):
            return Add(*(self.written(part) for part in body.args))
        if isinstance(body, Sum) and isinstance(body.function, Add):
            over = body.bound_symbols
            parts = (total(part, *over) for part in body.function.args)
            return Add(*(self.written(part) for part in parts))
        if isinstance(body, Mul | Sum):
            return self._product(body)
        if isinstance(body, Central):
            return self._average(body)
        if isinstance(body, Indexed) or not body.args:
            return body
        return body.func(*(self.written(part) for part in body.args))

    def _product(self, body: Expr) -> Expr:
        factors, bound = flattened(body)
        if not any(self._is_affine(factor) for factor in factors):
            inside = Mul(*(self.written(factor) for factor in factors))
            return total(inside, *bound)
        options = [
            list(self._terms(factor))
            if self._is_written_out(factor, factors, bound)
            else [self.written(factor)]
            for factor in factors
        ]
        terms = (total(Mul(*one), *bound) for one in itertools.product(*options))
        return Add(*terms)

    def _average(self, node: Central) -> Expr:
        """The node of its inner parts, times what was taken out of it."""
        outside: list[Expr] = []
        over: list[Index] = []
        values = []
        for value in node.values:
            taken, bound, inside = self._divided(node.over, value)
            outside.extend(taken)
            over.extend(bound)
            values.append(self.written(inside))
        row = [self.written(part) for part in node.row]
        inner = node.func(*node.args[: node.front], *row, *values)
        return total(Mul(inner, *(self.written(part) for part in outside)), *over)

    def _divided(self, key: Index, value: Expr) -> tuple[list[Expr], list[Index], Expr]:
        """The factors and summed indices to take out of an average, and the rest."""
        if not isinstance(value, Mul | Sum):
            return [], [], value
        rest, bound = flattened(value)
        inside: list[Expr] = []
        reached = {key}
        while touching := [
            factor
            for factor in rest
            if free_indices(factor) & reached
            and (key in free_indices(factor) or not self._moves(factor))
        ]:
            inside.extend(touching)
            rest = [factor for factor in rest if factor not in touching]
            found = {index for factor in touching for index in free_indices(factor)}
            reached |= found & set(bound)
        linked = {index for factor in rest for index in free_indices(factor)}
        outer = [index for index in bound if index in linked]
        inner = [index for index in bound if index not in linked]
        return rest, outer, total(Mul(*inside), *inner)

    def _moves(self, factor: Expr) -> bool:
        return any(tensor_name(e) in self.moving for e in factor.atoms(Indexed))

    def _is_affine(self, factor: Expr) -> bool:
        return isinstance(factor, Indexed) and tensor_name(factor) in self.affine

    def _is_written_out(
        self, factor: Expr, factors: Sequence[Expr], bound: Sequence[Index]
    ) -> bool:
        """Whether it is summed against nothing but parameters and its like."""
        if not self._is_affine(factor):
            return False
        summed = free_indices(factor) & set(bound)
        return any(
            not any(
                index in free_indices(other) and self._moves(other)
                for other in factors
                if not self._is_affine(other)
            )
            for index in summed
        )

    def _terms(self, entry: Indexed) -> Iterator[Expr]:
        definition = self.affine[tensor_name(entry)]
        mapping = dict(zip(definition.indices, entry.indices, strict=True))
        body = self.written(definition.body)
        for term in Add.make_args(body):
            yield rename(refresh(term), mapping)


def flattened(body: Expr) -> tuple[list[Expr], list[Index]]:
    """The factors of a product of sums of products, and the indices summed over."""
    factors: list[Expr] = []
    bound: list[Index] = []
    parts = [body]
    while parts:
        part = parts.pop(0)
        if isinstance(part, Mul):
            parts = [*part.args, *parts]
        elif isinstance(part, Sum) and not isinstance(part.function, Add):
            apart = refresh(part)
            if isinstance(apart, Sum):
                bound.extend(apart.bound_symbols)
                parts.insert(0, apart.function)
            else:
                parts.insert(0, apart)
        else:
            factors.append(part)
    return factors, bound


def _affine(field: Field) -> tuple[dict[str, Definition], frozenset[str]]:
    """The definitions that are affine in the state by parameters; what moves."""
    parameters = {p.name for p in field.parameters if isinstance(p, Tensor)}
    dots = {field.state.name: Tensor("_dot", field.state.axes)}
    found: dict[str, Definition] = {}
    for definition in field.definitions:
        entries = definition.body.atoms(Indexed)
        names = {tensor_name(entry) for entry in entries}
        if not names & dots.keys():
            continue
        if names & parameters and not _has_binder(definition.body):
            slope = tangent_body(definition, dots)
            moved = {tensor_name(entry) for entry in slope.atoms(Indexed)}
            if not moved & dots.keys():
                found[definition.name] = definition
        dots[definition.name] = Tensor(f"{definition.name}_dot", definition.indices)
    return found, frozenset(dots)


def _has_binder(body: Expr) -> bool:
    return bool(body.atoms(Binder))
