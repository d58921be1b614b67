r"""A declared field under other names for its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Expr, Indexed, IndexedBase

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import Field, Scalar, tensor_name


def relabelled(field: Field, names: Mapping[str, str]) -> Field:
    """The field with other names for some of its parameters.

    **Raises:** `InvalidInput` for a name that is not a parameter, or is taken.
    """
    own = {parameter.name for parameter in field.parameters}
    taken = own | {d.name for d in field.definitions} | {field.state.name}
    wrong = sorted(set(names) - own) or sorted(
        new for old, new in names.items() if new != old and new in taken - set(names)
    )
    if wrong:
        raise InvalidInput(
            f"asked to rename parameters of {field.name}, found {wrong[0]} unknown or "
            f"taken; it has {', '.join(sorted(own))}"
        )

    symbols = {
        p.symbol: replace(p, name=names[p.name]).symbol
        for p in field.parameters
        if isinstance(p, Scalar) and p.name in names
    }

    def renamed(body: Expr) -> Expr:
        entries = {
            entry: IndexedBase(names[tensor_name(entry)])[entry.indices]
            for entry in body.atoms(Indexed)
            if tensor_name(entry) in names
        }
        return body.xreplace({**symbols, **entries})

    return replace(
        field,
        parameters=tuple(
            replace(p, name=names.get(p.name, p.name)) for p in field.parameters
        ),
        definitions=tuple(replace(d, body=renamed(d.body)) for d in field.definitions),
        origin=None,
    )
