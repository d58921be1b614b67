r"""What the nodes of the language may ask of a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sympy import Expr, Rational

from stabcheck.symbolic.index import Index

Array = Any


@dataclass(frozen=True, eq=False)
class Operand:
    """An array whose axes are indices."""

    array: Array
    labels: tuple[Index, ...] = ()


class Backend(Protocol):
    """Arrays of one number type.

    `functions` gives the elementwise meaning of SymPy's functions by name.
    """

    functions: Mapping[str, Callable[[Array], Array]]

    def array(self, value: Any) -> Array:
        """Bring a user's value into the backend's number type."""

    def number(self, value: Expr) -> Array:
        """A rational number or a constant such as pi, without axes."""

    def positions(self, size: int) -> Array:
        """The numbers `0 .. size - 1`."""

    def einsum(
        self, operands: Sequence[tuple[Array, Sequence[int]]], out: Sequence[int]
    ) -> Array:
        """Multiply and sum over the axes that `out` does not name."""

    def transpose(self, array: Array, axes: Sequence[int]) -> Array: ...

    def reshape(self, array: Array, shape: Sequence[int]) -> Array: ...

    def broadcast(self, array: Array, shape: Sequence[int]) -> Array: ...

    def power(self, base: Array, exponent: Rational) -> Array: ...

    def softmax(self, logits: Array, mask: Array | None) -> Array:
        """Softmax over the last axis, where the mask is not zero."""

    def scatter(
        self,
        shape: Sequence[int],
        dense: Array | None,
        parts: Sequence[tuple[tuple[Any, ...], Array]],
    ) -> Array:
        """`dense` (absent: zeros) with each part added at its place."""

    def compiled(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """The function, made fast where the backend can."""
