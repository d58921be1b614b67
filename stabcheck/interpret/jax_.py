r"""Arrays of JAX, compiled by XLA, in the number type of the state.

Importing this module switches JAX to 64-bit numbers (`jax_enable_x64`): a Jacobian in
float32 would be no proposal worth checking, so what comes without a floating type is
float64.  A state in 16 bits is computed with in float32 and its result rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput
from stabcheck.interpret import sinkhorn, sinkhorn_jax
from stabcheck.symbolic.lowering.backend import Backend

jax.config.update("jax_enable_x64", True)

DOUBLE = np.dtype(np.float64)


def _pushed(function: Callable[..., Any], state: jax.Array, along: jax.Array) -> Any:
    return jax.jvp(function, (state,), (along,))[1]


def _pulled(function: Callable[..., Any], state: jax.Array, along: jax.Array) -> Any:
    return jax.vjp(function, state)[1](along)[0]


@dataclass(frozen=True)
class JaxBackend(Backend):
    """The interpretation in JAX; arrays may be traced.

    `dtype` is the type computed with, `rounded` that of the results.
    """

    dtype: Any = DOUBLE
    rounded: Any = DOUBLE

    automatic: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "jvp": _pushed,
        "vjp": _pulled,
    }
    expands_squares: ClassVar[bool] = True
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": jnp.exp,
        "log": jnp.log,
        "erf": erf,
        "tanh": jnp.tanh,
        "sin": jnp.sin,
        "cos": jnp.cos,
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "relu": jax.nn.relu,
        "step": lambda x: (x > 0).astype(x.dtype),
        "impulse": jnp.zeros_like,
        "elu1": lambda x: jnp.where(x > 0, x + 1, jnp.exp(jnp.where(x > 0, 0, x))),
        "absolute": jnp.abs,
        "Heaviside": lambda x: (x >= 0).astype(x.dtype),
    }

    def following(self, state: Any) -> JaxBackend:
        return _of_type(np.result_type(getattr(state, "dtype", np.float64)))

    def returned(self, array: jax.Array) -> jax.Array:
        return array.astype(self.rounded)

    def array(self, value: Any) -> jax.Array:
        if isinstance(value, jax.Array | np.ndarray) and value.dtype == self.dtype:
            return value
        given = value if isinstance(value, jax.Array) else np.asarray(value)
        if not (given.dtype == bool or jnp.issubdtype(given.dtype, jnp.number)) or (
            jnp.issubdtype(given.dtype, jnp.complexfloating)
        ):
            raise InvalidInput(
                f"asked to evaluate in {self.dtype}, found values of type "
                f"{given.dtype}; pass real numbers"
            )
        return jnp.asarray(given, dtype=self.dtype)

    def number(self, value: Expr) -> np.ndarray:
        return self.dtype.type(float(value))

    def positions(self, size: int) -> jax.Array:
        return jnp.arange(size, dtype=self.dtype)

    def einsum(
        self, operands: Sequence[tuple[jax.Array, Sequence[int]]], out: Sequence[int]
    ) -> jax.Array:
        short = _short(operands, out)
        if short is not None:
            return _unrolled(operands, out, short)
        flat = [part for array, labels in operands for part in (array, list(labels))]
        highest = jax.lax.Precision.HIGHEST
        return jnp.einsum(*flat, list(out), optimize="optimal", precision=highest)

    def transpose(self, array: jax.Array, axes: Sequence[int]) -> jax.Array:
        return jnp.transpose(array, axes)

    def reshape(self, array: jax.Array, shape: Sequence[int]) -> jax.Array:
        return jnp.reshape(array, shape)

    def broadcast(self, array: jax.Array, shape: Sequence[int]) -> jax.Array:
        return jnp.broadcast_to(array, shape)

    def power(self, base: jax.Array, exponent: Rational) -> jax.Array:
        if exponent.q == 2:
            return jnp.sqrt(base) ** int(exponent.p)
        return base ** (int(exponent) if exponent.is_Integer else float(exponent))

    def softmax(
        self, logits: jax.Array, mask: jax.Array | None, sink: jax.Array | None
    ) -> jax.Array:
        seen = None if mask is None else mask > 0
        if sink is None:
            return jax.nn.softmax(logits, axis=-1, where=seen)
        if seen is not None:
            logits = jnp.where(seen, logits, -jnp.inf)
        logits = jnp.concatenate([logits, sink[..., None]], axis=-1)
        return jax.nn.softmax(logits, axis=-1)[..., :-1]

    def sinkhorn(self, logits: jax.Array) -> jax.Array:
        return sinkhorn_jax.weights_of(logits)

    def projected(self, weights: jax.Array, given: jax.Array) -> jax.Array:
        return sinkhorn.projected(jnp, weights, given)

    def scatter(
        self,
        shape: Sequence[int],
        dense: jax.Array | None,
        parts: Sequence[tuple[tuple[int, ...], jax.Array]],
    ) -> jax.Array:
        # One selection for each pattern of deltas: XLA fuses it into the pass that
        # writes the dense part, where a scatter would copy the result.
        total = jnp.zeros(shape, self.dtype) if dense is None else dense
        for at, block in parts:
            total = total + _spread(shape, at, block)
        return total

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(function)


def _short(operands: Sequence[tuple[Any, Sequence[int]]], out: Sequence[int]) -> Any:
    """The one label that two operands sum over, if it takes two values or one."""
    if len(operands) != 2:
        return None
    sizes = {
        label: size
        for array, labels in operands
        for label, size in zip(labels, np.shape(array), strict=True)
    }
    summed = [label for label in sizes if label not in out]
    shared = all(set(summed) <= set(labels) for _, labels in operands)
    return summed[0] if len(summed) == 1 and shared and sizes[summed[0]] <= 2 else None


def _unrolled(
    operands: Sequence[tuple[jax.Array, Sequence[int]]], out: Sequence[int], short: int
) -> jax.Array:
    """A sum of products written out, which XLA fuses where a contraction would copy."""
    sides = []
    for array, labels in operands:
        present = [label for label in (short, *out) if label in labels]
        moved = jnp.transpose(array, [list(labels).index(label) for label in present])
        sizes = dict(zip(present, moved.shape, strict=True))
        sides.append(jnp.reshape(moved, [sizes.get(k, 1) for k in (short, *out)]))
    return (sides[0] * sides[1]).sum(axis=0)


def _spread(shape: Sequence[int], at: Sequence[int], block: jax.Array) -> jax.Array:
    """A block at the positions where repeated axes agree, zeros elsewhere."""
    first = {axis: position for position, axis in reversed(list(enumerate(at)))}
    own = [1] * len(shape)
    for axis, position in first.items():
        own[position] = block.shape[axis]
    order = sorted(first, key=first.__getitem__)
    spread = jnp.reshape(jnp.transpose(block, order), own)
    for position, axis in enumerate(at):
        if first[axis] != position:
            numbers = [
                jnp.reshape(
                    jnp.arange(shape[q]),
                    [shape[q] if p == q else 1 for p in range(len(shape))],
                )
                for q in (first[axis], position)
            ]
            spread = jnp.where(numbers[0] == numbers[1], spread, 0.0)
    return spread


@cache
def _of_type(dtype: np.dtype) -> JaxBackend:
    if not jnp.issubdtype(dtype, jnp.floating):
        return JaxBackend()
    wide = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
    return JaxBackend(wide, dtype)


BACKEND = JaxBackend()
