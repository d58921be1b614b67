r"""Lowering: from a field to a kernel, a callable on arrays of some backend."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
from sympy import Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import Field, Scalar, Tensor
from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lowering.backend import Array, Backend
from stabcheck.symbolic.lowering.evaluation import returned, tensors
from stabcheck.symbolic.lowering.masks import check_masks, check_rows

# The one upward arrow of the house: by name, so that the language imports no backend.
BACKENDS = {
    "balls": "stabcheck.interpret.balls",
    "exact": "stabcheck.interpret.exact",
    "intervals": "stabcheck.interpret.intervals",
    "jax": "stabcheck.interpret.jax_",
    "numpy": "stabcheck.interpret.numpy_",
}


Program = Callable[[Mapping[str, Array]], Array]


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
        self._programs: dict[Hashable, tuple[dict[Symbol, int], Program]] = {}

    def __call__(self, state: Any, *directions: Any, **parameters: Any) -> Array:
        values = self._named(state, directions, parameters)
        backend = self.backend.following(state)
        key = (backend, *((name, np.shape(value)) for name, value in values.items()))
        if key not in self._programs:
            sizes = self.sizes(values)
            check_rows(self.field, sizes, None, backend_named("numpy"))
            program = partial(returned, self.field, backend, sizes)
            self._programs[key] = sizes, backend.compiled(program)
        sizes, program = self._programs[key]
        check_masks(self.field, sizes, values, backend_named("numpy"))
        return program({name: backend.array(value) for name, value in values.items()})

    def program(self, sizes: Mapping[Symbol, int]) -> Program:
        """The pure function of named arrays that the kernel runs at these sizes."""

        def run(values: Mapping[str, Array]) -> Array:
            backend = self.backend.following(values[self.field.state.name])
            arrays = {name: backend.array(value) for name, value in values.items()}
            return returned(self.field, backend, sizes, arrays)

        return run

    def sizes(self, values: Mapping[str, Any]) -> dict[Symbol, int]:
        """The sizes that the shapes of some arrays say.

        **Raises:** `InvalidInput` where shapes disagree with the declaration.
        """
        sizes = dict(self.field.sizes)
        for one in self.field.parameters:
            if isinstance(one, Scalar) and np.shape(values.get(one.name, 0)) != ():
                raise InvalidInput(
                    f"asked for {self.field.name} with {one.name} of shape "
                    f"{np.shape(values[one.name])}, found a declaration of one number"
                )
        merged: list[tuple[Tensor, int, tuple[Index, ...], int]] = []
        for tensor in tensors(self.field):
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
            _complete(sizes, axis, size)
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


def _complete(sizes: dict[Symbol, int], axis: tuple[Index, ...], size: int) -> None:
    """Let the size of a merged axis say the one size in it that nothing else says."""
    unknown = [index.size for index in axis if index.size.free_symbols - sizes.keys()]
    if len(unknown) == 1:
        known = [index.size.xreplace(sizes) for index in axis]
        rest = int(np.prod([int(part) for part in known if part != unknown[0]]))
        sizes[unknown[0]] = max(1, size // rest)


def _disagreement(
    tensor: Tensor, shape: tuple[int, ...], axis: Index, sizes: Mapping[Symbol, int]
) -> str:
    return (
        f"asked for {tensor.name} of shape {_shown(tensor)}, found {shape} where "
        f"{axis.size} is {sizes[axis.size]}; every size must be at least 1 and agree"
    )
