r"""Evaluation of a field from named arrays, in some backend."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from stabcheck.symbolic.field import Field, Scalar, Tensor
from stabcheck.symbolic.lowering.backend import Array, Backend
from stabcheck.symbolic.lowering.walk import Walk


def returned(
    field: Field,
    backend: Backend,
    sizes: Mapping[Symbol, int],
    values: Mapping[str, Array],
) -> Array:
    """The output in the number type of the state."""
    return backend.returned(_evaluated(field, backend, sizes, values))


def _evaluated(
    field: Field,
    backend: Backend,
    sizes: Mapping[Symbol, int],
    values: Mapping[str, Array],
) -> Array:
    """The output; a product that the backend differentiates itself, by its origin."""
    how, origin = field.origin or ("declared", field)
    if how not in backend.automatic:
        return _walked(field, backend, sizes, values)
    state = field.state.name

    def function(at: Array) -> Array:
        return _evaluated(origin, backend, sizes, {**values, state: at})

    along = values[field.directions[-1].name]
    return backend.automatic[how](function, values[state], along)


def _walked(
    field: Field,
    backend: Backend,
    sizes: Mapping[Symbol, int],
    values: Mapping[str, Array],
) -> Array:
    declared = scalars(field)
    numbers = {name: value for name, value in values.items() if name in declared}
    walk = Walk(backend, sizes, {}, numbers)
    for name, scalar in declared.items():
        if name not in numbers:
            numbers[name] = walk.value(scalar.default).array
    for tensor in tensors(field):
        shape = [walk.size(index) for index in tensor.indices]
        walk.tensors[tensor.name] = backend.reshape(values[tensor.name], shape)
    return backend.output(field, walk)


def tensors(field: Field) -> list[Tensor]:
    """The arrays that a kernel takes: state, directions, parameters."""
    parameters = [p for p in field.parameters if isinstance(p, Tensor)]
    return [field.state, *field.directions, *parameters]


def scalars(field: Field) -> dict[str, Scalar]:
    """The numbers that a kernel takes, by name."""
    return {p.name: p for p in field.parameters if isinstance(p, Scalar)}
