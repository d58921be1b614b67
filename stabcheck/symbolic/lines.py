r"""What a line of a declaration must satisfy, and its refusal in its own words.

An index language has one semantic bug, capture: a name that is bound twice, or stands
for two ranges, or is free on one side only.  Each is refused where it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import (
    Add,
    Expr,
    Function,
    Heaviside,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Number,
    NumberSymbol,
    Pow,
    S,
    Sum,
    Symbol,
    Tuple,
    preorder_traversal,
)

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.constants import constant_faults
from stabcheck.symbolic.contraction import delta_groups
from stabcheck.symbolic.field import (
    Definition,
    Field,
    Scalar,
    Tensor,
    occurring,
    tensor_name,
)
from stabcheck.symbolic.functions import DIFFERENTIABLE, OF_INDICES
from stabcheck.symbolic.index import Binder, Index, free_indices
from stabcheck.symbolic.sinkhorn import Implicit
from stabcheck.symbolic.softmax import Softmax

NODES = (
    *(Add, Mul, Pow, Sum, Binder, Function, Indexed, IndexedBase, KroneckerDelta),
    *(Symbol, Number, NumberSymbol, Tuple),
)
"""The nodes that every interpretation has a rule for; functions are looked at again."""


def check_line(definition: Definition, field: Field) -> None:
    """Refuse a line that is not one of this field.

    **Raises:** `InvalidInput` for a name that is defined already or not yet, an index
    that is free on one side only, bound twice or of two ranges, entries whose axes
    are not those declared, sums over a part of a range, numbers that are not exact,
    functions without a derivative, and masks and sinks that are not constants.
    """
    for fault in _faults(definition, field):
        from stabcheck.symbolic.printing.text import line

        raise InvalidInput(
            f"asked to define {line(definition)} in {field.name}, found {fault}"
        )


def _faults(definition: Definition, field: Field) -> Iterator[str]:
    """What is wrong with a line, the worst first."""
    yield from _unknown_nodes(definition.body)
    yield from _names(definition, field)
    yield from _entries(definition, field)
    yield from _parts_of_ranges(definition.body)
    yield from _ranges(definition)
    yield from _bound_twice(definition.body, set(definition.indices))
    yield from _sides(definition)
    yield from _functions(definition.body)
    yield from _deltas(definition.body)
    yield from _implicit(definition)
    yield from constant_faults(definition.body, field)


def _unknown_nodes(body: Expr) -> Iterator[str]:
    for node in preorder_traversal(body):
        if not isinstance(node, NODES):
            yield (
                f"a {type(node).__name__}, for which there is no rule; use sums, "
                "products, powers, functions and softmax"
            )

        absent = S.NegativeInfinity if isinstance(node, Softmax) else None
        for part in (body, *node.args):
            inexact = part.is_Float or (part.is_Number and not part.is_finite)
            if inexact and part != absent:
                yield f"the number {part}; give an exact one, a Rational"


def _names(definition: Definition, field: Field) -> Iterator[str]:
    known = {tensor.name for tensor in _tensors(field)}
    known |= {parameter.name for parameter in field.parameters}
    if definition.name in known:
        yield "it defined already; choose another name"
    names, symbols = occurring([definition])
    sizes = {size.name for size in _sizes(definition)}
    unknown = sorted((names | symbols) - known - sizes)
    if unknown:
        yield f"{', '.join(unknown)} undeclared; declare it before use"
    scalars = {p.name: p.symbol for p in field.parameters if isinstance(p, Scalar)}
    if both := sorted(scalars.keys() & sizes):
        yield f"{both[0]} the name of a size and of a number; rename one"
    for symbol in sorted(definition.body.free_symbols, key=str):
        if symbol.name in symbols and scalars.get(symbol.name, symbol) != symbol:
            yield (
                f"{symbol.name} with another sign than declared; use the `symbol` of "
                "the declared number"
            )


def _entries(definition: Definition, field: Field) -> Iterator[str]:
    axes = {tensor.name: tensor.indices for tensor in _tensors(field)}
    for entry in definition.body.atoms(Indexed):
        wanted = axes[tensor_name(entry)]
        if len(wanted) != len(entry.indices) or not all(
            isinstance(at, Index) and at.ranges_like(axis)
            for at, axis in zip(entry.indices, wanted, strict=True)
        ):
            yield (
                f"{tensor_name(entry)} with axes of sizes "
                f"({', '.join(_size(at) for at in entry.indices)}), declared with "
                f"({', '.join(_size(at) for at in wanted)}); give each axis an index "
                "of its own range"
            )


def _parts_of_ranges(body: Expr) -> Iterator[str]:
    for node in body.atoms(Sum):
        for index, *limits in node.limits:
            if not isinstance(index, Index) or limits != [0, index.size - 1]:
                yield (
                    f"a sum over a part of the range of {index}; sum over all of it "
                    "(`total`), what is left out times zero (`Heaviside`)"
                )


def _ranges(definition: Definition) -> Iterator[str]:
    every = definition.body.atoms(Index) | set(definition.indices)
    for one in sorted(every, key=lambda index: index.label):
        for other in every:
            if one.name == other.name and not one.ranges_like(other):
                yield (
                    f"{one.name} with the ranges {_size(one)} and {_size(other)}; use "
                    "one letter for one range"
                )
    for delta in definition.body.atoms(KroneckerDelta):
        left, right = delta.args
        if not (isinstance(left, Index) and isinstance(right, Index)):
            yield f"a delta of {left} and {right}; a delta joins two indices"
        elif not left.ranges_like(right):
            yield (
                f"a delta of {left} and {right} with the ranges {_size(left)} and "
                f"{_size(right)}; a delta joins indices of one range"
            )


def _sides(definition: Definition) -> Iterator[str]:
    left, right = definition.indices, free_indices(definition.body)
    repeated = sorted({index.name for index in left if left.count(index) > 1})
    if repeated:
        yield f"{repeated[0]} twice on the left side; give each axis its own letter"
    only_right = sorted(index.name for index in right - set(left))
    if only_right:
        yield (
            f"{', '.join(only_right)} undeclared: free on the right side only; sum "
            "over it or name it on the left"
        )
    only_left = sorted(index.name for index in set(left) - right)
    if only_left:
        yield (
            f"{', '.join(only_left)} free on the left side only; use it on the right "
            "or leave it out"
        )


def _bound_twice(expression: Expr, scope: set[Index]) -> Iterator[str]:
    """Bound names that mean something else around them already."""
    inside = scope
    if isinstance(expression, Sum | Binder):
        bound = list(expression.bound_symbols)
        inside = scope | set(bound)
        twice = {k.name for k in bound if k in scope or bound.count(k) > 1}
        if twice:
            yield (
                f"{sorted(twice)[0]} bound twice; use a letter of its own for each "
                "sum within another or under the left side"
            )
    for part in expression.args:
        yield from _bound_twice(part, inside)


def _functions(body: Expr) -> Iterator[str]:
    for applied in sorted(body.atoms(Function), key=str):
        allowed = DIFFERENTIABLE
        if not applied.has(Indexed):
            allowed = (*DIFFERENTIABLE, *OF_INDICES)
        if not isinstance(applied, (*allowed, KroneckerDelta)):
            yield (
                f"{applied.func.__name__}, a function without a derivative here; use "
                f"one of {', '.join(function.__name__ for function in allowed)}"
            )
    for jump in body.atoms(Heaviside):
        if jump.args[1] != 1:
            yield f"{jump.func.__name__} of one half at zero; write Heaviside(x, 1)"
    for power in body.atoms(Pow):
        if not power.exp.is_Rational and power.free_symbols:
            yield f"the exponent {power.exp}, which is not a rational number; use exp"


def _deltas(body: Expr) -> Iterator[str]:
    try:
        delta_groups(body)
    except InvalidInput:
        yield "a delta that does not enter linearly; bring it before functions"


def _implicit(definition: Definition) -> Iterator[str]:
    body = definition.body
    for node in body.atoms(Implicit):
        if node != body or not {node.row, node.column} <= set(definition.indices):
            yield (
                f"{type(node).__name__} within a larger expression; give it a line of "
                "its own"
            )


def _tensors(field: Field) -> Iterable[Tensor]:
    parameters = (p for p in field.parameters if isinstance(p, Tensor))
    return [field.state, *parameters, *(d.tensor for d in field.definitions)]


def _sizes(definition: Definition) -> set[Symbol]:
    every = definition.body.atoms(Index) | set(definition.indices)
    return {symbol for index in every for symbol in index.size.free_symbols}


def _size(index: Expr) -> str:
    return str(index.size) if isinstance(index, Index) else f"of {index}"
