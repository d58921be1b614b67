r"""Kernels of a composition: the parts' own, one after the other, as operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.composition import Composition
from stabcheck.symbolic.field import Field
from stabcheck.symbolic.lowering.backend import Array
from stabcheck.symbolic.lowering.lower import Kernel, backend_named

Parameters = Mapping[str, Any]

# The labels of einsum: token and feature of the output, in between, and of the input.
_OUT, _BETWEEN, _IN = (0, 1), (2, 3), (4, 5)


@dataclass(eq=False)
class ComposedKernel:
    """`kernel(state, [direction], *parameters)` with one mapping for each part.

    Equal parts share one derivation and one program.
    """

    composition: Composition
    backend: str
    _kernels: dict[tuple[int, str], Kernel] = field(default_factory=dict)

    def __call__(self, state: Any, *rest: Any) -> Array:
        parts, product = self.composition.parts, self.composition.product
        directions = 1 if product in ("jvp", "vjp") else 0
        if len(rest) != directions + len(parts):
            raise InvalidInput(
                f"asked for a composition of {len(parts)} fields with "
                f"{len(rest) - directions} sets of parameters; after the state"
                f"{' and the direction' if directions else ''} give one mapping for "
                "each field, empty where it has no parameters"
            )
        direction, parameters = rest[:directions], rest[directions:]
        if product == "jvp":
            return self._forward(state, direction[0], parameters)
        states = self.states(state, parameters)
        if product == "vjp":
            return self._backward(states, direction[0], parameters)
        if product == "jacobian":
            return self._multiplied(self.factors(states, parameters))
        return states[-1]

    def states(self, state: Any, parameters: tuple[Parameters, ...]) -> list[Array]:
        """The state before each part, and the last."""
        states = [state]
        for part, given in zip(self.composition.parts, parameters, strict=True):
            states.append(self._kernel(part, "value")(states[-1], **given))
        return states

    def factors(
        self, states: list[Array], parameters: tuple[Parameters, ...]
    ) -> list[Array]:
        """The parts' Jacobians: `(n, d, d)` if token-wise, else `(n, d, n, d)`."""
        parts = self.composition.parts
        return [
            self._kernel(part, "jacobian")(at, **given)
            for part, at, given in zip(parts, states, parameters, strict=False)
        ]

    def _forward(self, state, direction, parameters: tuple[Parameters, ...]) -> Array:
        for part, given in zip(self.composition.parts, parameters, strict=True):
            direction = self._kernel(part, "jvp")(state, direction, **given)
            state = self._kernel(part, "value")(state, **given)
        return direction

    def _backward(
        self, states: list[Array], cotangent, parameters: tuple[Parameters, ...]
    ) -> Array:
        parts = self.composition.parts
        layers = list(zip(parts, states, parameters, strict=False))
        for part, at, given in reversed(layers):
            cotangent = self._kernel(part, "vjp")(at, cotangent, **given)
        return cotangent

    def _multiplied(self, factors: list[Array]) -> Array:
        product, *others = factors
        for factor in others:
            product = self._times(factor, product)
        return product if product.ndim == 4 else self._dense(product)

    def _times(self, left: Array, right: Array) -> Array:
        """The product of two operators, blocks as long as both are."""
        (i, a), (k, c), (j, b) = _OUT, _BETWEEN, _IN
        first = (i, a, c) if left.ndim == 3 else (i, a, k, c)
        middle = i if left.ndim == 3 else k
        if right.ndim == 4:
            second, out = (middle, c, j, b), (i, a, j, b)
        else:
            second = (middle, c, b)
            out = (i, a, b) if left.ndim == 3 else (i, a, k, b)
        operands = [(left, first), (right, second)]
        return backend_named(self.backend).einsum(operands, out)

    def _dense(self, blocks: Array) -> Array:
        n, d, _ = blocks.shape
        scatter = backend_named(self.backend).scatter
        return scatter((n, d, n, d), None, [((0, 1, 0, 2), blocks)])

    def _kernel(self, part: Field, product: str) -> Kernel:
        key = id(part), product
        if key not in self._kernels:
            self._kernels[key] = _DERIVED[product](part).lower(self.backend)
        return self._kernels[key]


def _operator(part: Field) -> Field:
    """The Jacobian: its blocks, or all of it where it joins different tokens."""
    jacobian = part.jacobian()
    try:
        return jacobian.blocks()
    except InvalidInput:
        return jacobian


_DERIVED: dict[str, Callable[[Field], Field]] = {
    "value": lambda part: part,
    "jacobian": _operator,
    "jvp": Field.jvp,
    "vjp": Field.vjp,
}
