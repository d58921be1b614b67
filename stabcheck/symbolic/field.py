r"""A declared vector field: a tape of named definitions whose bodies are plain SymPy.

A declaration names a state tensor, parameters, and definitions in order; each body is
SymPy over `IndexedBase` and `Sum`, with the one primitive `Softmax`.  What is derived
from it (Jacobian, products with it) is a field again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Expr, Indexed, IndexedBase, Symbol, sympify

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Index, free_indices

Axis = Index | tuple[Index, ...]


@dataclass(frozen=True)
class Tensor:
    """A named array with typed axes.

    An axis given as a tuple of indices is stored merged: `W_O` is declared as
    `(h, s), a` and handed over with shape `(H d_v, d)`.  `zero_one` marks a mask.
    """

    name: str
    axes: tuple[Axis, ...]
    zero_one: bool = False

    @property
    def indices(self) -> tuple[Index, ...]:
        """The typed indices, merged axes taken apart."""
        parts = (axis if isinstance(axis, tuple) else (axis,) for axis in self.axes)
        return tuple(index for part in parts for index in part)

    def __getitem__(self, at: Index | tuple[Index, ...]) -> Indexed:
        at = at if isinstance(at, tuple) else (at,)
        wanted = self.indices
        fits = len(at) == len(wanted) and all(
            index.ranges_like(axis) for index, axis in zip(at, wanted, strict=True)
        )
        if not fits:
            raise InvalidInput(
                f"asked for {self.name}[{', '.join(map(str, at))}], found axes of "
                f"sizes ({', '.join(str(axis.size) for axis in wanted)}); use one "
                "index of the same range for each axis"
            )
        return IndexedBase(self.name)[at]


@dataclass(frozen=True)
class Scalar:
    """A named positive number; `default` is an expression in the sizes, or None."""

    name: str
    default: Expr | None = None

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.name, positive=True)


Parameter = Tensor | Scalar


@dataclass(frozen=True)
class Definition:
    """`name[indices] := body`; the free indices of the body are among the indices."""

    name: str
    indices: tuple[Index, ...]
    body: Expr

    @property
    def tensor(self) -> Tensor:
        return Tensor(self.name, self.indices)


@dataclass(frozen=True, eq=False)
class Field:
    """A vector field, or what was derived from one.

    `definitions` are in order and end with the output; `directions` are the further
    arguments of a derived product; `settings` are the options of the declaration;
    `parts` are the fields it was composed of, applied first to last; `sizes` are the
    sizes that the declaration fixes.
    """

    name: str
    state: Tensor
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...]
    directions: tuple[Tensor, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Field, ...] = ()
    sizes: Mapping[Symbol, int] = field(default_factory=dict)

    @property
    def output(self) -> Definition:
        return self.definitions[-1]

    def jacobian(self) -> Field:
        r"""The dense Jacobian $J_{ia,jb} = \partial F_{ia}/\partial x_{jb}$."""
        from stabcheck.symbolic.derive import jacobian

        return jacobian(self)

    def jvp(self) -> Field:
        """The product of the Jacobian with a direction, a further argument."""
        from stabcheck.symbolic.derive import jvp

        return jvp(self)

    def vjp(self) -> Field:
        """The product of the transposed Jacobian with a cotangent, a further one."""
        from stabcheck.symbolic.derive import vjp

        return vjp(self)

    def lower(self, backend: str) -> Any:
        """A kernel: a callable of the state, the directions, and named parameters.

        **Arguments:** `backend`, one of `jax`, `numpy`, `balls`.
        """
        from stabcheck.symbolic.lower import lower

        return lower(self, backend)

    def latex(self) -> str:
        """The definitions as aligned LaTeX lines."""
        from stabcheck.symbolic.latex import latex

        return latex(self)

    def text(self) -> str:
        """The definitions as lines of text."""
        from stabcheck.symbolic.latex import text

        return text(self)


class Declaration:
    """Builds a `Field` line by line; checks names and index ranges as it goes."""

    def __init__(
        self,
        name: str,
        state: Tensor,
        parameters: Iterable[Parameter] = (),
        **settings: Any,
    ) -> None:
        self.field = Field(name, state, tuple(parameters), (), settings=settings)

    def let(self, name: str, at: tuple[Index, ...], body: Expr) -> Tensor:
        """Define `name[at] := body` and return it as a tensor for later lines."""
        definition = Definition(name, at, sympify(body))
        self._check(definition)
        definitions = (*self.field.definitions, definition)
        self.field = replace(self.field, definitions=definitions)
        return definition.tensor

    def returns(self, at: tuple[Index, ...], body: Expr, **changes: Any) -> Field:
        """Define the output `F[at] := body`; keep the parameters that occur."""
        self.let("F", at, body)
        names, symbols = occurring(self.field.definitions)
        kept = tuple(
            parameter
            for parameter in self.field.parameters
            if parameter.name in names or parameter.name in symbols
        )
        return replace(self.field, parameters=kept, **changes)

    def include(self, part: Field, state: Tensor, name: str) -> Tensor:
        """Take over the definitions of a field at another state.

        **Returns:** its output, under the given name.
        """
        self._take_parameters(part)
        taken = {definition.name for definition in self.field.definitions}
        new = {part.state.name: state.name, part.output.name: name}
        for definition in part.definitions[:-1]:
            new[definition.name] = unused(definition.name, taken | set(new.values()))
        for definition in part.definitions:
            body = definition.body.xreplace(
                {
                    entry: IndexedBase(new[tensor_name(entry)])[entry.indices]
                    for entry in definition.body.atoms(Indexed)
                    if tensor_name(entry) in new
                }
            )
            output = self.let(new[definition.name], definition.indices, body)
        sizes = {**self.field.sizes, **part.sizes}
        parts = (*self.field.parts, part)
        self.field = replace(self.field, sizes=sizes, parts=parts)
        return output

    def _take_parameters(self, part: Field) -> None:
        own = {parameter.name for parameter in self.field.parameters}
        shared = sorted(own & {parameter.name for parameter in part.parameters})
        if shared:
            raise InvalidInput(
                f"asked to compose {self.field.name} with {part.name}, found "
                f"{', '.join(shared)} a parameter of both; rename one of the two"
            )
        self.field = replace(
            self.field, parameters=(*self.field.parameters, *part.parameters)
        )

    def _check(self, definition: Definition) -> None:
        known = {self.field.state.name}
        known |= {parameter.name for parameter in self.field.parameters}
        known |= {earlier.name for earlier in self.field.definitions}
        if definition.name in known:
            raise InvalidInput(
                f"asked to define {definition.name} in {self.field.name}, found it "
                "defined already; choose another name"
            )
        names, symbols = occurring([definition])
        sizes = {size.name for size in _sizes(definition)}
        unknown = sorted((names | symbols) - known - sizes)
        loose = sorted(str(index) for index in _loose(definition))
        if unknown or loose:
            raise InvalidInput(
                f"asked to define {definition.name} in {self.field.name}, found "
                f"{', '.join(unknown + loose)} undeclared; declare it before use"
            )


def tensor_name(entry: Indexed) -> str:
    """The name of the tensor of which this is an entry."""
    return entry.base.label.name


def occurring(definitions: Iterable[Definition]) -> tuple[set[str], set[str]]:
    """The names of the tensors and of the plain symbols in some bodies."""
    names: set[str] = set()
    symbols: set[str] = set()
    for definition in definitions:
        entries = definition.body.atoms(Indexed)
        names |= {tensor_name(entry) for entry in entries}
        labels = {entry.base.label for entry in entries}
        plain = definition.body.atoms(Symbol) - definition.body.atoms(Index) - labels
        symbols |= {symbol.name for symbol in plain}
    return names, symbols


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of its numbered variants that is not taken."""
    taken, candidate, number = set(taken), name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _loose(definition: Definition) -> set[Index]:
    return free_indices(definition.body) - set(definition.indices)


def _sizes(definition: Definition) -> set[Symbol]:
    every = definition.body.atoms(Index) | set(definition.indices)
    return {symbol for index in every for symbol in index.size.free_symbols}
