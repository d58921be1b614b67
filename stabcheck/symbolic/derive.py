r"""Derivatives of a declared field: jvp, vjp and dense Jacobian, as fields again.

SymPy's `diff` does every local derivative; here definitions are chained, deltas
contracted, and names kept.  The tangent of a definition $S := b(T)$ is its Gateaux
derivative $\partial_\epsilon\, b(T + \epsilon \dot T)|_{\epsilon = 0}$, in which no
delta ever appears.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import (
    Add,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
)

from stabcheck.symbolic.contraction import contract
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
from stabcheck.symbolic.sinkhorn import Implicit, Projected
from stabcheck.symbolic.tangent import (
    Tangent,
    folded,
    implicit_tangent,
    inlined_tangent,
    named_block,
    named_dense,
    swells,
    tangent_body,
)

_LETTERS = {
    "token": "i j k l m p q",
    "feature": "a b c e f g u",
    "head": "h t",
    "width": "r s v w y z",
}


def jvp(field: Field) -> Field:
    """The product of the Jacobian of a field with a direction."""
    taken = _taken(field)
    direction = Tensor(unused("V", taken), field.state.axes)
    dots = {field.state.name: direction}
    tape: list[Definition] = []
    for definition in field.definitions:
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
    taken = _taken(field)
    output = field.output
    cotangent = Tensor(unused("C", taken), output.indices)
    shapes = {d.name: d.indices for d in field.definitions}
    shapes[field.state.name] = field.state.indices
    pulled: dict[str, list[Expr]] = {name: [] for name in shapes}
    bars = {output.name: cotangent}
    tape = list(field.definitions)
    for definition in reversed(field.definitions):
        name = definition.name
        if definition is not output:
            if not pulled[name]:
                continue
            bars[name] = Tensor(unused(f"{name}_bar", taken), definition.indices)
            body = Add(*pulled[name])
            tape.append(Definition(bars[name].name, definition.indices, body))
        if isinstance(definition.body, Implicit):
            bars[name], change = _projected_bar(definition, bars[name], taken)
            tape.append(change)
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
    of several terms is named too, as the block $D_{iab}$ of $\delta_{ij} D_{iab}$, and
    so is that of a state inside a block, as $D_{ia,jb}$, and one that has grown long.
    """
    output = field.output
    used = {index for d in field.definitions for index in _all_indices(d)}
    used |= set(field.state.indices)
    wrt = tuple(_letter(axis, used) for axis in field.state.indices)
    unit = zip(field.state.indices, wrt, strict=True)
    start = Mul(*(KroneckerDelta(own, other) for own, other in unit))
    tangents = {field.state.name: Tangent(field.state.indices, start)}
    taken = _taken(field)
    tape: list[Definition] = []
    for definition in field.definitions:
        tape.append(definition)
        if isinstance(definition.body, Implicit):
            tangent, block = implicit_tangent(definition, tangents, wrt, taken)
            tape.extend(block)
        else:
            inlined = inlined_tangent(definition, tangents)
            tangent = Tangent(definition.indices, inlined)
        if definition is not output:
            tangent, block = named_block(definition, tangent, wrt, taken)
            if not block and (_is_inner_state(definition, output) or swells(tangent)):
                tangent, block = named_dense(definition, tangent, wrt, taken)
            tape.extend(block)
        if tangent.value != 0:
            tangents[definition.name] = tangent
    name = unused({"F": "J", "J": "H"}.get(output.name, f"D{output.name}"), taken)
    tape.append(Definition(name, (*output.indices, *wrt), tangent.value))
    return derived(field, "jacobian", tape, ())


def _taken(field: Field) -> set[str]:
    """Every name that a new array may not have."""
    arrays = (field.state, *field.parameters, *field.directions, *field.definitions)
    return {array.name for array in arrays}


def derived(
    field: Field,
    how: str,
    tape: list[Definition],
    directions: tuple[Tensor, ...],
) -> Field:
    """A field derived from another: what its output does not need is dropped."""
    return replace(
        field,
        name=f"{field.name}-{how}",
        definitions=needed(tape),
        directions=(*field.directions, *directions),
        parts=(),
        origin=(how, field),
    )


def needed(tape: list[Definition]) -> tuple[Definition, ...]:
    """The definitions without those that the last one does not need."""
    kept: list[Definition] = []
    wanted = {tape[-1].name}
    for definition in reversed(tape):
        if definition.name in wanted:
            kept.append(definition)
            wanted |= {tensor_name(e) for e in definition.body.atoms(Indexed)}
    return tuple(reversed(kept))


def _projected_bar(
    definition: Definition, bar: Tensor, taken: set[str]
) -> tuple[Tensor, Definition]:
    """The cotangent of a node that solves equations, brought through them by name."""
    node = definition.body
    entry = definition.tensor[definition.indices]
    there = {node.row: node.over[0], node.column: node.over[1]}
    weights = folded(node.weights, node, entry)
    change = weights * bar[definition.indices].xreplace(there)
    body = Projected(node.row, node.column, *node.over, weights, change)
    name = unused(f"{definition.name}_change", taken)
    taken.add(name)
    projected = Definition(name, definition.indices, body)
    return projected.tensor, projected


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
    if isinstance(body, Implicit):
        parts = body.pulled(entry, bar[tuple(own.values())])
        slopes = (w * part.diff(IndexedBase(source)[elsewhere]) for w, part in parts)
        weighted = contract(total(Add(*slopes), *own.values()))
        return rename(weighted, dict(zip(elsewhere, at, strict=True)))
    slope = folded(body.diff(IndexedBase(source)[elsewhere]), body, entry)
    weighted = contract(total(bar[tuple(own.values())] * slope, *own.values()))
    return rename(weighted, dict(zip(elsewhere, at, strict=True)))


def _all_indices(definition: Definition) -> set[Index]:
    body = definition.body
    return {*definition.indices, *free_indices(body), *bound_indices(body)}


def _is_inner_state(definition: Definition, output: Definition) -> bool:
    """Whether a definition has the axes of a state and is not the output itself."""
    own, out = definition.indices, output.indices
    if len(own) != len(out) or not all(map(Index.ranges_like, own, out)):
        return False
    return output.body != definition.tensor[out]


def _letter(like: Index, used: set[Index]) -> Index:
    names = {index.name for index in used}
    for name in _LETTERS[like.kind].split():
        if name not in names:
            letter = Index(name, like.kind, like.size)
            used.add(letter)
            return letter
    return fresh(like)
