r"""A declared vector field: a tape of named definitions whose bodies are plain SymPy.

A declaration names a state tensor, parameters, and definitions in order; each body is
SymPy over `IndexedBase` and `Sum`, with the one primitive `Softmax`.  What is derived
from it (Jacobian, products with it) is a field again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Indexed, IndexedBase, Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Index

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
            isinstance(index, Index) and index.ranges_like(axis)
            for index, axis in zip(at, wanted, strict=True)
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
    """A named number, positive unless `signed`; `default` is in the sizes, or None."""

    name: str
    default: Expr | None = None
    signed: bool = False

    @property
    def symbol(self) -> Symbol:
        signs = {"real": True} if self.signed else {"positive": True}
        return Symbol(self.name, **signs)


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
    sizes that the declaration fixes; `origin` says how a derived field came about
    (`jvp`, `vjp`, `jacobian`) and from which.
    """

    name: str
    state: Tensor
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...]
    directions: tuple[Tensor, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Field, ...] = ()
    sizes: Mapping[Symbol, int] = field(default_factory=dict)
    origin: tuple[str, Field] | None = None

    @property
    def output(self) -> Definition:
        return self.definitions[-1]

    @property
    def root(self) -> Field:
        """The declared field from which this one was derived, or itself."""
        return self.origin[1].root if self.origin else self

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

    def blocks(self) -> Field:
        r"""The blocks $D_{iab}$ of a token-wise Jacobian $\delta_{ij} D_{iab}$."""
        from stabcheck.symbolic.lowering.blocks import blocks

        return blocks(self)

    def lower(self, backend: str) -> Any:
        """A kernel: a callable of the state, the directions, and named parameters.

        **Arguments:** `backend`, one of `jax`, `numpy`, `balls`.
        """
        from stabcheck.symbolic.lowering.lower import lower

        return lower(self, backend)

    def latex(self) -> str:
        """The definitions as aligned LaTeX lines."""
        from stabcheck.symbolic.printing.latex import latex

        return latex(self)

    def text(self) -> str:
        """The definitions as lines of text."""
        from stabcheck.symbolic.printing.text import text

        return text(self)


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
