r"""Tangents of definitions: Gateaux derivatives, and which of them get a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sympy import (
    Add,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    S,
    Symbol,
    preorder_traversal,
)

from stabcheck.symbolic.contraction import contract, delta_groups
from stabcheck.symbolic.field import Definition, Tensor, tensor_name, unused
from stabcheck.symbolic.index import Index, refresh, rename
from stabcheck.symbolic.sinkhorn import Implicit
from stabcheck.symbolic.softmax import Softmax

FACTORS = 40
"""More factors than in the tangent of any one layer's output."""

_STEP = Symbol("_step", real=True)


@dataclass(frozen=True)
class Tangent:
    """The derivative of a definition: `value`, at the definition's indices."""

    indices: tuple[Index, ...]
    value: Expr

    def at(self, indices: Iterable[Index]) -> Expr:
        """The derivative read off at other indices, with bound names of its own."""
        mapping = dict(zip(self.indices, indices, strict=True))
        return rename(refresh(self.value), mapping)


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
    """Call softmax weights and functions again by the name under which they stand."""
    if isinstance(body, Function):
        return expression.xreplace({body: entry})
    if isinstance(body, Implicit):
        same = {
            node: entry.xreplace({body.row: node.row, body.column: node.column})
            for node in expression.atoms(type(body))
            if node.read_at(body.row, body.column) == body
        }
        return expression.xreplace(same)
    if not isinstance(body, Softmax):
        return expression
    same = {
        node: entry.xreplace({body.at: node.at})
        for node in expression.atoms(Softmax)
        if node.at_index(body.at) == body
    }
    return expression.xreplace(same)


def inlined_tangent(definition: Definition, tangents: Mapping[str, Tangent]) -> Expr:
    """The tangent of a definition by those of its tensors, deltas contracted."""
    taken = {tensor_name(entry) for entry in definition.body.atoms(Indexed)}
    dots = {
        name: Tensor(unused(f"{name}_dot", taken), tangent.indices)
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


def named_block(
    definition: Definition, tangent: Tangent, wrt: tuple[Index, ...], taken: set[str]
) -> tuple[Tangent, list[Definition]]:
    r"""A tangent with $\delta_{ij}$ in all of several terms: its block gets a name."""
    groups = delta_groups(tangent.value)
    others = wrt[1:]
    tokens = (index for index in definition.indices if index.ranges_like(wrt[0]))
    deltas = (KroneckerDelta(token, wrt[0]) for token in tokens)
    same_token = next((one for one in deltas if all(one in g for g in groups)), None)
    terms = [term for rest in groups.values() for term in Add.make_args(rest)]
    if same_token is None or len(terms) < 2:
        return tangent, []
    token = next(index for index in same_token.args if index != wrt[0])
    rest = Add(*(Mul(*(g - {same_token})) * f for g, f in groups.items()))
    block = Definition(
        unused(f"D_{definition.name}", taken),
        (*definition.indices, *others),
        rename(rest, {wrt[0]: token}),
    )
    value = same_token * block.tensor[block.indices]
    return Tangent(definition.indices, value), [block]


def swells(tangent: Tangent) -> bool:
    """Whether a tangent has so many factors that later lines should call it by name.

    Iterations would double it each time; no single layer comes near.
    """
    parts = preorder_traversal(tangent.value)
    return sum(isinstance(part, Indexed) for part in parts) > FACTORS


def named_dense(
    definition: Definition, tangent: Tangent, wrt: tuple[Index, ...], taken: set[str]
) -> tuple[Tangent, list[Definition]]:
    """A state inside a block: its Jacobian gets a name, and later ones call it."""
    if len(Add.make_args(tangent.value)) < 2:
        return tangent, []
    at = (*definition.indices, *wrt)
    dense = Definition(unused(f"D_{definition.name}", taken), at, tangent.value)
    return Tangent(definition.indices, dense.tensor[at]), [dense]


def implicit_tangent(
    definition: Definition,
    tangents: Mapping[str, Tangent],
    wrt: tuple[Index, ...],
    taken: set[str],
) -> tuple[Tangent, list[Definition]]:
    """A node that solves equations: it acts on the named tangents of its parts."""
    node, at = definition.body, (*definition.indices, *wrt)
    tape: list[Definition] = []
    changes = []
    for part in node.parts:
        written = Definition(definition.name, definition.indices, node.here(part))
        slope = inlined_tangent(written, tangents)
        if slope != 0:
            name = unused(f"D_in_{definition.name}", {*taken, *(d.name for d in tape)})
            tape.append(Definition(name, at, slope))
            there = {node.row: node.over[0], node.column: node.over[1]}
            slope = tape[-1].tensor[at].xreplace(there)
        changes.append(slope)
    entry = definition.tensor[definition.indices]
    moved = folded(node.moved(tuple(changes)), node, entry) if tape else S.Zero
    name = unused(f"D_{definition.name}", taken)
    dense = Definition(name, at, moved)
    value = dense.tensor[at] if tape else S.Zero
    return Tangent(definition.indices, value), [*tape, dense]
