"""Small random inputs that fit any declaration: what an examination evaluates at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from sympy import Symbol

from stabcheck.symbolic.field import Field, Scalar, Tensor
from stabcheck.symbolic.index import Index

NUMBER = 0.3
"""For a number without a default, such as the epsilon of a normalisation."""


@dataclass(frozen=True)
class Inputs:
    """A state, a direction, and parameters by name."""

    state: np.ndarray
    direction: np.ndarray
    parameters: dict[str, np.ndarray]


def drawn_inputs(field: Field, tokens: int, features: int, seed: int = 0) -> Inputs:
    """Gaussian arrays of the shapes that a field declares; a mask sees the first.

    Two heads; widths are 2, 3, 2, ..., so that a transposed array does not fit.
    """
    rng = np.random.default_rng(seed)
    sizes = _sizes(field, tokens, features)
    tensors = [p for p in field.parameters if isinstance(p, Tensor)]
    parameters = {tensor.name: _entries(tensor, sizes, rng) for tensor in tensors}
    for parameter in field.parameters:
        if isinstance(parameter, Scalar) and parameter.default is None:
            parameters[parameter.name] = np.float64(NUMBER)
    state, direction = rng.standard_normal((2, tokens, features))
    return Inputs(state, direction, parameters)


def _sizes(field: Field, tokens: int, features: int) -> dict[Symbol, int]:
    own = dict(
        zip((i.size for i in field.state.indices), (tokens, features), strict=True)
    )
    sizes = {**own, **field.sizes}
    other = itertools.cycle((2, 3))
    tensors = [p for p in field.parameters if isinstance(p, Tensor)]
    for index in (index for tensor in tensors for index in tensor.indices):
        for symbol in sorted(index.size.free_symbols, key=str):
            if symbol not in sizes:
                sizes[symbol] = 2 if index.kind == "head" else next(other)
    return sizes


def _entries(
    tensor: Tensor, sizes: dict[Symbol, int], rng: np.random.Generator
) -> np.ndarray:
    merged = (axis if isinstance(axis, tuple) else (axis,) for axis in tensor.axes)
    shape = tuple(int(np.prod([_size(i, sizes) for i in part])) for part in merged)
    if not tensor.zero_one:
        return rng.standard_normal(shape)
    seen = rng.integers(0, 2, shape)
    seen[..., 0] = 1
    return seen


def _size(index: Index, sizes: dict[Symbol, int]) -> int:
    return int(index.size.xreplace(sizes))
