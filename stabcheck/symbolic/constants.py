r"""What must not change with the state: the masks and the sinks of softmax.

A derivative takes them for constants, and a mask for zeros and ones; both are checked
where the line is declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Indexed

from stabcheck.symbolic.field import Field, Tensor, tensor_name
from stabcheck.symbolic.softmax import Softmax


def constant_faults(body: Expr, field: Field) -> Iterator[str]:
    """What is wrong with the masks and sinks of a line."""
    moving = _moving(field)
    masks = {p.name for p in field.parameters if isinstance(p, Tensor) and p.zero_one}
    for node in sorted(body.atoms(Softmax), key=str):
        for part, what in ((node.mask, "mask"), (node.sink, "sink")):
            names = {tensor_name(entry) for entry in part.atoms(Indexed)}
            if moved := sorted(names & moving):
                yield (
                    f"a {what} that depends on the state, by {', '.join(moved)}; a "
                    f"{what} is a constant"
                )
            elif what == "mask" and (other := sorted(names - masks)):
                yield (
                    f"{', '.join(other)} in a mask, declared without zero_one=True; a "
                    "mask is of zeros and ones"
                )


def _moving(field: Field) -> set[str]:
    """The names of the state and of every definition that depends on it."""
    moving = {field.state.name}
    for definition in field.definitions:
        entries = definition.body.atoms(Indexed)
        if any(tensor_name(entry) in moving for entry in entries):
            moving.add(definition.name)
    return moving
