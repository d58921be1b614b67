r"""Lowering: from a field to a kernel, a callable on arrays of some backend."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sympy import Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.backend import Array, Backend
from stabcheck.symbolic.field import Field, Scalar, Tensor
from stabcheck.symbolic.index import Index, free_indices
from stabcheck.symbolic.softmax import Softmax
from stabcheck.symbolic.walk import Walk

# The one upward arrow of the house: by name, so that the language imports no backend.
BACKENDS = {
    "balls": "stabcheck.interpret.balls",
    "jax": "stabcheck.interpret.jax_",
    "numpy": "stabcheck.interpret.numpy_",
}


def lower(field: Field, backend: str) -> Kernel:
    """A kernel of the field in the backend of that name.

    **Raises:** `InvalidInput` for a name that is not in `BACKENDS`.
    """
    return Kernel(field, backend_named(backend))


def backend_named(name: str) -> Backend:
    """The backend of that name; importing it sets up what it needs.

    **Raises:** `InvalidInput` for a name that is not in `BACKENDS`.
    """
    if name not in BACKENDS:
        raise InvalidInput(
            f"asked for the backend {name!r}, found none; use one of "
            f"{', '.join(sorted(BACKENDS))}"
        )
    return importlib.import_module(BACKENDS[name]).BACKEND


class Kernel:
    """`kernel(state, *directions, **parameters)`: the field's output as an array.

    Shapes are checked against the declaration at every call; one program is built
    (and where the backend compiles, compiled) for each set of sizes.
    """

    def __init__(self, field: Field, backend: Backend) -> None:
        self.field, self.backend = field, backend
        self._programs: dict[tuple[tuple[Symbol, int], ...], Callable[..., Array]] = {}

    def __call__(self, state: Any, *directions: Any, **parameters: Any) -> Array:
        values = self._named(state, directions, parameters)
        sizes = self.sizes(values)
        _check_masks(self.field, sizes, values)
        key = tuple(sorted(sizes.items(), key=lambda item: item[0].name))
        if key not in self._programs:
            self._programs[key] = self.backend.compiled(self.program(sizes))
        return self._programs[key](
            {name: self.backend.array(value) for name, value in values.items()}
        )

    def program(
        self, sizes: Mapping[Symbol, int]
    ) -> Callable[[Mapping[str, Array]], Array]:
        """The pure function of named arrays that the kernel runs at these sizes."""
        field, backend = self.field, self.backend

        def run(values: Mapping[str, Array]) -> Array:
            scalars = {n: v for n, v in values.items() if n in _scalars(field)}
            walk = Walk(backend, sizes, {}, scalars)
            for name, scalar in _scalars(field).items():
                if name not in scalars:
                    scalars[name] = walk.value(scalar.default).array
            for tensor in _tensors(field):
                shape = [walk.size(index) for index in tensor.indices]
                walk.tensors[tensor.name] = backend.reshape(values[tensor.name], shape)
            for definition in field.definitions:
                output = walk.define(definition)
            return output

        return run

    def sizes(self, values: Mapping[str, Any]) -> dict[Symbol, int]:
        """The sizes that the shapes of some arrays say.

        **Raises:** `InvalidInput` where shapes disagree with the declaration.
        """
        sizes = dict(self.field.sizes)
        merged: list[tuple[Tensor, int, tuple[Index, ...], int]] = []
        for tensor in _tensors(self.field):
            shape = np.shape(values[tensor.name])
            axes = tensor.axes
            if len(shape) == len(axes) - 1 and _may_be_absent(axes[0], self.field):
                axes = axes[1:]
            if len(shape) != len(axes):
                raise InvalidInput(
                    f"asked for {self.field.name} with {tensor.name} of shape {shape}, "
                    f"found a declaration with {len(axes)} axes: {_shown(tensor)}"
                )
            for position, (axis, size) in enumerate(zip(axes, shape, strict=True)):
                if isinstance(axis, tuple):
                    merged.append((tensor, position, axis, size))
                elif sizes.setdefault(axis.size, size) != size or size == 0:
                    raise InvalidInput(_disagreement(tensor, shape, axis, sizes))
        for tensor, position, axis, size in merged:
            product = int(np.prod([int(index.size.xreplace(sizes)) for index in axis]))
            if product != size:
                raise InvalidInput(
                    f"asked for {tensor.name} of shape {_shown(tensor)}, found axis "
                    f"{position} of size {size} where the other arrays say {product}"
                )
        return sizes

    def _named(
        self, state: Any, directions: tuple[Any, ...], parameters: dict[str, Any]
    ) -> dict[str, Any]:
        field = self.field
        if len(directions) != len(field.directions):
            raise InvalidInput(
                f"asked for {field.name} with {len(directions)} directions, found "
                f"{len(field.directions)} declared; pass the state, then the directions"
            )
        known = {parameter.name for parameter in field.parameters}
        for name in parameters:
            if name not in known:
                near = difflib.get_close_matches(name, known, 3, 0.1)
                raise InvalidInput(
                    f"asked for {field.name} with a parameter {name}, found none of "
                    f"that name; nearest: {', '.join(near) or 'none'}"
                )
        missing = [
            parameter.name
            for parameter in field.parameters
            if parameter.name not in parameters
            and (isinstance(parameter, Tensor) or parameter.default is None)
        ]
        if missing:
            raise InvalidInput(
                f"asked for {field.name}, found no {', '.join(missing)}; pass every "
                "parameter by name"
            )
        given = zip(field.directions, directions, strict=True)
        return {
            field.state.name: state,
            **{tensor.name: value for tensor, value in given},
            **parameters,
        }


def _tensors(field: Field) -> list[Tensor]:
    parameters = [p for p in field.parameters if isinstance(p, Tensor)]
    return [field.state, *field.directions, *parameters]


def _scalars(field: Field) -> dict[str, Scalar]:
    return {p.name: p for p in field.parameters if isinstance(p, Scalar)}


def _may_be_absent(axis: Any, field: Field) -> bool:
    """One head may be left out of a shape where the declaration says one head."""
    return isinstance(axis, Index) and (
        axis.kind == "head" and field.sizes.get(axis.size) == 1
    )


def _shown(tensor: Tensor) -> str:
    axes = (
        "*".join(str(i.size) for i in axis) if isinstance(axis, tuple) else axis.size
        for axis in tensor.axes
    )
    return f"({', '.join(map(str, axes))})"


def _disagreement(
    tensor: Tensor, shape: tuple[int, ...], axis: Index, sizes: Mapping[Symbol, int]
) -> str:
    return (
        f"asked for {tensor.name} of shape {_shown(tensor)}, found {shape} where "
        f"{axis.size} is {sizes[axis.size]}; every size must be at least 1 and agree"
    )


def _check_masks(
    field: Field, sizes: Mapping[Symbol, int], values: Mapping[str, Any]
) -> None:
    """Refuse masks that are not zeros and ones or leave a query without a key."""
    masks = [tensor for tensor in _tensors(field) if tensor.zero_one]
    if not masks or not all(_is_concrete(values[mask.name]) for mask in masks):
        return
    arrays = {mask.name: np.asarray(values[mask.name], dtype=float) for mask in masks}
    for name, array in arrays.items():
        if not np.isin(array, (0, 1)).all():
            raise InvalidInput(
                f"asked for {name} of zeros and ones, found other values; round it"
            )
    walk = Walk(backend_named("numpy"), sizes, arrays)
    for definition in field.definitions:
        body = definition.body
        if isinstance(body, Softmax) and body.mask != 1:
            queries = sorted(free_indices(body.mask) - {body.over}, key=str)
            seen = walk.finished(walk.value(body.mask), (*queries, body.over))
            if not seen.any(axis=-1).all():
                raise InvalidInput(
                    f"asked for {field.name} with a mask that leaves some query "
                    "without an admissible key; relax the mask"
                )


def _is_concrete(value: Any) -> bool:
    """Whether a value holds numbers (a traced array has only a shape)."""
    try:
        np.asarray(value)
    except Exception:  # every tracer refuses in its own way
        return False
    return True
