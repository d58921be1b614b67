r"""Derivatives of a declared field: jvp, vjp and dense Jacobian, as fields again.

SymPy's `diff` does every local derivative; here definitions are chained, deltas
contracted, and names kept.  The tangent of a definition $S := b(T)$ is its Gateaux
derivative $\partial_\epsilon\, b(T + \epsilon \dot T)|_{\epsilon = 0}$, in which no
delta ever appears.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, IndexedBase, KroneckerDelta, Mul, S, Symbol

from stabcheck.symbolic.contraction import contract, delta_groups
from stabcheck.symbolic.field import Definition, Field, Tensor, tensor_name, unused
from stabcheck.symbolic.index import (
    Index,
    bound_indices,
    free_indices,
    fresh,
    refresh,
    rename,
    total,
)
from stabcheck.symbolic.softmax import Softmax

_STEP = Symbol("_step", real=True)

_LETTERS = {
    "token": "i j k l m p q",
    "feature": "a b c e f g u",
    "head": "h t",
    "width": "r s v w y z",
}


@dataclass(frozen=True)
class Tangent:
    """The derivative of a definition: `value`, at the definition's indices."""

    indices: tuple[Index, ...]
    value: Expr

    def at(self, indices: Iterable[Index]) -> Expr:
        """The derivative read off at other indices, with bound names of its own."""
        mapping = dict(zip(self.indices, indices, strict=True))
        return rename(refresh(self.value), mapping)


def jvp(field: Field) -> Field:
    """The product of the Jacobian of a field with a direction."""
    taken = {field.state.name, *(d.name for d in field.definitions)}
    taken |= {tensor.name for tensor in field.directions}
    direction = Tensor(unused("V", taken), field.state.axes)
    dots = {field.state.name: direction}
    tape: list[Definition] = []
    for definition in field.definitions:
        if definition is not field.output:
            tape.append(definition)
        body = tangent_body(definition, dots)
        if body != 0 or definition is field.output:
            name = unused(f"{definition.name}_dot", taken)
            dots[definition.name] = Tensor(name, definition.indices)
            tape.append(Definition(name, definition.indices, body))
    return derived(field, "jvp", tape, (direction,))


def vjp(field: Field) -> Field:
    r"""The product of the transposed Jacobian with a cotangent.

    Reverse mode: $\bar S_s = \sum_T \sum_t \bar T_t\, \partial b^T_t/\partial S_s$.
    """
    taken = {field.state.name, *(d.name for d in field.definitions)}
    taken |= {tensor.name for tensor in field.directions}
    output = field.output
    cotangent = Tensor(unused("C", taken), output.indices)
    shapes = {d.name: d.indices for d in field.definitions}
    shapes[field.state.name] = field.state.indices
    pulled: dict[str, list[Expr]] = {name: [] for name in shapes}
    bars = {output.name: cotangent}
    tape = [d for d in field.definitions if d is not output]
    for definition in reversed(field.definitions):
        name = definition.name
        if definition is not output:
            if not pulled[name]:
                continue
            bars[name] = Tensor(unused(f"{name}_bar", taken), definition.indices)
            body = Add(*pulled[name])
            tape.append(Definition(bars[name].name, definition.indices, body))
        for source in _sources(definition, shapes):
            pulled[source].append(
                _pulled_back(definition, bars[name], source, shapes[source])
            )
    state = field.state
    body = Add(*pulled[state.name])
    name = unused(f"{state.name}_bar", taken)
    tape.append(Definition(name, state.indices, body))
    return derived(field, "vjp", tape, (cotangent,))


def jacobian(field: Field) -> Field:
    r"""The dense Jacobian: tangents of unit directions inlined, deltas contracted.

    Definitions of the field keep their names.  The tangent of a token-wise definition
    of several terms is named too, as the block $D_{iab}$ of $\delta_{ij} D_{iab}$.
    """
    output = field.output
    used = {index for d in field.definitions for index in _all_indices(d)}
    wrt = tuple(_letter(axis, used) for axis in field.state.indices)
    unit = zip(field.state.indices, wrt, strict=True)
    start = Mul(*(KroneckerDelta(own, other) for own, other in unit))
    tangents = {field.state.name: Tangent(field.state.indices, start)}
    taken = {field.state.name, *(d.name for d in field.definitions)}
    tape: list[Definition] = []
    for definition in field.definitions:
        if definition is not output:
            tape.append(definition)
        tangent = Tangent(definition.indices, _inlined_tangent(definition, tangents))
        if definition is not output:
            tangent, block = _named_block(definition, tangent, wrt, taken)
            tape.extend(block)
        if tangent.value != 0:
            tangents[definition.name] = tangent
    name = unused({"F": "J", "J": "H"}.get(output.name, f"D{output.name}"), taken)
    tape.append(Definition(name, (*output.indices, *wrt), tangent.value))
    return derived(field, "jacobian", tape, ())


def tangent_body(definition: Definition, dots: Mapping[str, Tensor]) -> Expr:
    """The Gateaux derivative of a definition along the tangents of its tensors."""
    moved = {
        entry: entry + _STEP * IndexedBase(dots[tensor_name(entry)].name)[entry.indices]
        for entry in definition.body.atoms(Indexed)
        if tensor_name(entry) in dots
    }
    if not moved:
        return S.Zero
    change = definition.body.xreplace(moved).diff(_STEP).xreplace({_STEP: S.Zero})
    return folded(change, definition.body, definition.tensor[definition.indices])


def folded(expression: Expr, body: Expr, entry: Indexed) -> Expr:
    """Call softmax weights again by the name under which they are defined."""
    if not isinstance(body, Softmax):
        return expression
    same = {
        node: entry.xreplace({body.at: node.at})
        for node in expression.atoms(Softmax)
        if node.at_index(body.at) == body
    }
    return expression.xreplace(same)


def derived(
    field: Field,
    how: str,
    tape: list[Definition],
    directions: tuple[Tensor, ...],
) -> Field:
    """A field derived from another: what its output does not need is dropped."""
    needed: list[Definition] = []
    wanted = {tape[-1].name}
    for definition in reversed(tape):
        if definition.name in wanted:
            needed.append(definition)
            wanted |= {tensor_name(e) for e in definition.body.atoms(Indexed)}
    return replace(
        field,
        name=f"{field.name}-{how}",
        definitions=tuple(reversed(needed)),
        directions=(*field.directions, *directions),
        parts=(),
    )


def _inlined_tangent(definition: Definition, tangents: Mapping[str, Tangent]) -> Expr:
    dots = {
        name: Tensor(f"{name}_dot", tangent.indices)
        for name, tangent in tangents.items()
    }
    body = tangent_body(definition, dots)
    sources = {dots[name].name: tangent for name, tangent in tangents.items()}
    inlined = body.xreplace(
        {
            entry: sources[tensor_name(entry)].at(entry.indices)
            for entry in body.atoms(Indexed)
            if tensor_name(entry) in sources
        }
    )
    return contract(inlined)


def _named_block(
    definition: Definition, tangent: Tangent, wrt: tuple[Index, ...], taken: set[str]
) -> tuple[Tangent, list[Definition]]:
    groups = delta_groups(tangent.value)
    token, others = definition.indices[0], wrt[1:]
    same_token = KroneckerDelta(token, wrt[0])
    token_wise = token.ranges_like(wrt[0]) and all(same_token in g for g in groups)
    terms = [term for rest in groups.values() for term in Add.make_args(rest)]
    if not token_wise or len(terms) < 2:
        return tangent, []
    rest = Add(*(Mul(*(g - {same_token})) * f for g, f in groups.items()))
    block = Definition(
        unused(f"D_{definition.name}", taken),
        (*definition.indices, *others),
        rename(rest, {wrt[0]: token}),
    )
    value = same_token * block.tensor[block.indices]
    return Tangent(definition.indices, value), [block]


def _sources(definition: Definition, shapes: Mapping[str, object]) -> list[str]:
    names = {tensor_name(entry) for entry in definition.body.atoms(Indexed)}
    return [name for name in shapes if name in names]


def _pulled_back(
    definition: Definition, bar: Tensor, source: str, at: tuple[Index, ...]
) -> Expr:
    # Every index is renamed apart first: SymPy's derivative by T[s] captures s.
    own = {index: fresh(index) for index in definition.indices}
    body = rename(refresh(definition.body), own)
    entry = definition.tensor[tuple(own.values())]
    elsewhere = tuple(fresh(index) for index in at)
    slope = folded(body.diff(IndexedBase(source)[elsewhere]), body, entry)
    weighted = contract(total(bar[tuple(own.values())] * slope, *own.values()))
    return rename(weighted, dict(zip(elsewhere, at, strict=True)))


def _all_indices(definition: Definition) -> set[Index]:
    body = definition.body
    return {*definition.indices, *free_indices(body), *bound_indices(body)}


def _letter(like: Index, used: set[Index]) -> Index:
    names = {index.name for index in used}
    for name in _LETTERS[like.kind].split():
        if name not in names:
            letter = Index(name, like.kind, like.size)
            used.add(letter)
            return letter
    return fresh(like)
