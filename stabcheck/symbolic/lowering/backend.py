r"""What the nodes of the language may ask of a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sympy import Expr, Rational

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Index

if TYPE_CHECKING:
    from stabcheck.symbolic.field import Field
    from stabcheck.symbolic.lowering.walk import Walk

Array = Any


@dataclass(frozen=True, eq=False)
class Operand:
    """An array whose axes are indices."""

    array: Array
    labels: tuple[Index, ...] = ()


class Backend(Protocol):
    """Arrays of one number type.

    `functions` gives the elementwise meaning of SymPy's functions by name.
    `automatic` gives the derived products (`jvp`, `vjp`) that the backend finds faster
    by itself, from a function, the state and the direction; the symbolic form is then
    the reference that the tests compare with.  `expands_squares` allows sums of squares
    of differences as matrix products, which are quicker and round more.
    """

    functions: Mapping[str, Callable[[Array], Array]]
    automatic: ClassVar[Mapping[str, Callable[..., Array]]] = {}
    expands_squares: ClassVar[bool] = False
    written_out: ClassVar[int] = 0
    """Up to so many products, `mean` and `off_diagonal` take an average."""

    def following(self, state: Any) -> Backend:
        """The backend whose number type is that of a state; here there is but one."""
        return self

    def returned(self, array: Array) -> Array:
        """A result in the number type of the state."""
        return array

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

    def softmax(self, logits: Array, mask: Array | None, sink: Array | None) -> Array:
        """Softmax over the last axis, where the mask is not zero, beside a sink."""

    def centre(self, array: Array) -> Array:
        """Points of the backend's own choice in each entry: the entries themselves."""
        return array

    def mean(self, weights: Array, values: Array) -> Array:
        """The mean over the last axis with weights that sum to one."""
        raise NotImplementedError

    def off_diagonal(self, array: Array, one: int, two: int) -> Array:
        """The array with zeros where two axes agree."""
        raise NotImplementedError

    def output(self, field: Field, walk: Walk) -> Array:
        """The output of a field whose arguments a walk knows."""
        for definition in field.definitions:
            output = walk.define(definition)
        return output

    def sinkhorn(self, logits: Array) -> Array:
        """Sinkhorn's weights of the last two axes, at convergence."""
        raise InvalidInput(_no_equations(self))

    def projected(self, weights: Array, given: Array) -> Array:
        r"""$\Pi_P(R)$ for every $R$ along the axis before the last two of `given`."""
        raise InvalidInput(_no_equations(self))

    def scatter(
        self,
        shape: Sequence[int],
        dense: Array | None,
        parts: Sequence[tuple[tuple[Any, ...], Array]],
    ) -> Array:
        """`dense` (absent: zeros) with each part added at its place."""

    def compiled(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """The function, made fast where the backend can."""


def _no_equations(backend: Backend) -> str:
    return (
        f"asked for Sinkhorn's weights at convergence in {type(backend).__name__}, "
        "found no rule for it: they are defined by equations; unroll the iterations"
    )
