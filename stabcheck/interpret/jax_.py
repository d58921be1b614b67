r"""Float64 arrays of JAX, compiled by XLA.

Importing this module switches JAX to 64-bit numbers (`jax_enable_x64`): a Jacobian in
float32 would be no proposal worth checking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf
from sympy import Expr, Rational

jax.config.update("jax_enable_x64", True)


class JaxBackend:
    """The interpretation in JAX; arrays may be traced."""

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": jnp.exp,
        "erf": erf,
        "tanh": jnp.tanh,
        "Heaviside": lambda x: (x >= 0).astype(jnp.float64),
    }

    def array(self, value: Any) -> jax.Array:
        return jnp.asarray(value, dtype=jnp.float64)

    def number(self, value: Expr) -> np.ndarray:
        return np.float64(float(value))

    def positions(self, size: int) -> jax.Array:
        return jnp.arange(size, dtype=jnp.float64)

    def einsum(
        self, operands: Sequence[tuple[jax.Array, Sequence[int]]], out: Sequence[int]
    ) -> jax.Array:
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

    def softmax(self, logits: jax.Array, mask: jax.Array | None) -> jax.Array:
        return jax.nn.softmax(logits, axis=-1, where=None if mask is None else mask > 0)

    def scatter(
        self,
        shape: Sequence[int],
        dense: jax.Array | None,
        parts: Sequence[tuple[tuple[int, ...], jax.Array]],
    ) -> jax.Array:
        # One selection for each pattern of deltas: XLA fuses it into the pass that
        # writes the dense part, where a scatter would copy the result.
        total = jnp.zeros(shape) if dense is None else dense
        for at, block in parts:
            total = total + _spread(shape, at, block)
        return total

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(function)


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


BACKEND = JaxBackend()
