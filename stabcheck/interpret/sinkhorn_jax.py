r"""Sinkhorn's weights at convergence in JAX, differentiated implicitly."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from stabcheck.interpret.sinkhorn import (
    SWEEPS,
    corrected,
    projected,
    swept,
    tolerance,
)


@jax.custom_jvp
def weights_of(logits: jax.Array) -> jax.Array:
    """Sinkhorn's weights of the last two axes; NaN where they do not settle."""
    enough = tolerance(logits.shape[-1], jnp.finfo(logits.dtype).eps)
    start = jnp.zeros(logits.shape[:-1], dtype=logits.dtype)
    first = swept(jnp, logits, start)

    def unsettled(carry: tuple) -> jax.Array:
        number, _, weights = carry
        off = jnp.abs(weights.sum(axis=-2) - 1).max()
        return (number < SWEEPS) & ~(off <= enough)

    def sweep(carry: tuple) -> tuple:
        number, f, weights = carry
        f, _, weights = swept(jnp, logits, corrected(jnp, f, weights))
        return number + 1, f, weights

    number, _, weights = jax.lax.while_loop(unsettled, sweep, (0, first[0], first[2]))
    return jnp.where(number < SWEEPS, weights, jnp.nan)


@weights_of.defjvp
def _moved(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    (logits,), (change,) = primals, tangents
    weights = weights_of(logits)
    given = (weights * change)[..., None, :, :]
    return weights, projected(jnp, weights, given)[..., 0, :, :]
