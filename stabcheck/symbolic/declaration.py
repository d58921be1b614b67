r"""Declaring a field, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sympy import Expr, Indexed, IndexedBase, sympify

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import (
    Definition,
    Field,
    Parameter,
    Tensor,
    occurring,
    tensor_name,
    unused,
)
from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lines import check_line


class Declaration:
    """Builds a `Field` line by line; checks each line as it comes.

    **Raises:** `InvalidInput` where a line is refused (see `lines`), and for two
    parameters of one name.
    """

    def __init__(
        self,
        name: str,
        state: Tensor,
        parameters: Iterable[Parameter] = (),
        **settings: Any,
    ) -> None:
        self.field = Field(name, state, tuple(parameters), (), settings=settings)
        names = [state.name, *(p.name for p in self.field.parameters)]
        twice = sorted({one for one in names if names.count(one) > 1})
        if twice:
            raise InvalidInput(
                f"asked to declare {name}, found {twice[0]} the name of two arrays; "
                "rename one of them"
            )

    def let(self, name: str, at: Index | tuple[Index, ...], body: Expr) -> Tensor:
        """Define `name[at] := body` and return it as a tensor for later lines."""
        at = (at,) if isinstance(at, Index) else tuple(at)
        _check_left(name, at, self.field)
        definition = Definition(name, at, sympify(body))
        check_line(definition, self.field)
        definitions = (*self.field.definitions, definition)
        self.field = replace(self.field, definitions=definitions)
        return definition.tensor

    def returns(
        self, at: Index | tuple[Index, ...], body: Expr, **changes: Any
    ) -> Field:
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


def _check_left(name: str, at: tuple[Index, ...], field: Field) -> None:
    """Refuse a left side that is not a name with indices."""
    named = isinstance(name, str) and name.isidentifier()
    if not (named and at and all(isinstance(index, Index) for index in at)):
        raise InvalidInput(
            f"asked to define {name!r} at {at} in {field.name}, found no array on the "
            "left side; give a name of letters, digits and underscores, and at least "
            "one index"
        )
