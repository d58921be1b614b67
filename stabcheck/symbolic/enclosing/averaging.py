r"""A field rewritten with averages over its softmax weights, for enclosures.

Every $\sum_k P_{ik} f_k$ becomes a mean, a node that knows that the weights sum to
one; what is then derived consists of central moments.  Weights with a sink do not sum
to one and are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sympy import Add, Expr, Indexed, Mul, Sum

from stabcheck.symbolic.enclosing.average import Cumulant, Weight
from stabcheck.symbolic.field import Definition, Field, tensor_name
from stabcheck.symbolic.index import Index, free_indices, refresh, rename, total
from stabcheck.symbolic.softmax import Softmax


def averaged(field: Field) -> Field:
    """The field with its averages as nodes; its weights lose their names."""
    weights = {
        definition.name: definition
        for definition in field.definitions
        if isinstance(definition.body, Softmax) and not definition.body.has_sink
    }
    if not weights:
        return field
    definitions = tuple(
        replace(definition, body=_rewritten(definition.body, weights))
        for definition in field.definitions
        if definition.name not in weights
    )
    return replace(field, definitions=definitions)


def linked(
    factors: Iterable[Expr], start: Index, among: Iterable[Index]
) -> tuple[list[Expr], list[Index]]:
    """The factors that depend on an index or share summed indices with one that does.

    **Returns:** those factors, and the summed indices among them.
    """
    among, rest = set(among), list(factors)
    found: list[Expr] = []
    reached = {start}
    while touching := [f for f in rest if free_indices(f) & reached]:
        found.extend(touching)
        rest = [f for f in rest if f not in touching]
        reached |= {k for f in touching for k in free_indices(f)} & among
    return found, sorted(reached - {start}, key=lambda index: index.label)


def _rewritten(body: Expr, weights: Mapping[str, Definition]) -> Expr:
    if isinstance(body, Sum):
        terms = Add.make_args(body.function)
        if len(terms) > 1:
            parts = (total(term, *body.bound_symbols) for term in terms)
            return Add(*(_rewritten(part, weights) for part in parts))
        return _rewritten_sum(body, weights)
    if isinstance(body, Indexed):
        return _weight(body, weights) if tensor_name(body) in weights else body
    if not any(tensor_name(entry) in weights for entry in body.atoms(Indexed)):
        return body
    return body.func(*(_rewritten(part, weights) for part in body.args))


def _rewritten_sum(body: Sum, weights: Mapping[str, Definition]) -> Expr:
    bound = list(body.bound_symbols)
    factors = list(Mul.make_args(body.function))
    for factor in factors:
        if not isinstance(factor, Indexed) or tensor_name(factor) not in weights:
            continue
        weight = _weight(factor, weights)
        key = weight.at
        row = free_indices(factor) - {key}
        if key not in bound or factor.indices.count(key) > 1:
            continue
        rest = [other for other in factors if other is not factor]
        inside, over = linked(rest, key, set(bound) - row - {key})
        value = total(Mul(*(_rewritten(part, weights) for part in inside)), *over)
        mean = Cumulant(
            key, *(rename(part, {weight.over: key}) for part in weight.args[2:4]), value
        )
        outside = [_rewritten(part, weights) for part in rest if part not in inside]
        left = [index for index in bound if index not in (key, *over)]
        return total(Mul(mean, *outside), *left)
    inside = Mul(*(_rewritten(factor, weights) for factor in factors))
    return total(inside, *bound)


def _weight(entry: Indexed, weights: Mapping[str, Definition]) -> Weight:
    definition = weights[tensor_name(entry)]
    mapping = dict(zip(definition.indices, entry.indices, strict=True))
    body = rename(refresh(definition.body), mapping)
    return Weight(*body.args)
