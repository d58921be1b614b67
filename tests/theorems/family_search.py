"""Adversarial members: ascent over weights, tokens and directions at once, in JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from stabcheck.bounds import Attention
from stabcheck.interpret import jax_  # noqa: F401  switches JAX to float64

Member = dict[str, jax.Array]
BATCH, STEPS, RATE = 8, 50, 0.08
INSIDE = 1 - 1e-12
"""Members keep this far inside their caps, so that rounding cannot leave them."""


def capped(matrix: jax.Array, cap) -> jax.Array:
    """The nearest matrix with singular values of at most the cap."""
    u, s, vt = jnp.linalg.svd(matrix, full_matrices=False)
    return (u * jnp.minimum(s, cap * INSIDE)) @ vt


def short(tokens: jax.Array, radius=1.0) -> jax.Array:
    """Tokens cut to a radius."""
    lengths = jnp.sqrt(jnp.sum(tokens**2, axis=-1, keepdims=True) + 1e-300)
    return tokens * jnp.minimum(1.0, radius * INSIDE / lengths)


def unit(direction: jax.Array) -> jax.Array:
    """A direction of norm 1."""
    return direction / jnp.sqrt(jnp.sum(direction**2) + 1e-300)


def largest_token(field: Callable, member: Member) -> jax.Array:
    """The largest token of J v, smooth enough to climb."""
    _, moved = jax.jvp(field, (member["X"],), (member["v"],))
    return jnp.sqrt(jnp.max(jnp.sum(moved**2, axis=-1)) + 1e-300)


def largest_row(field: Callable, member: Member) -> jax.Array:
    """The largest v_i . (J v)_i."""
    _, moved = jax.jvp(field, (member["X"],), (member["v"],))
    return jnp.max(jnp.sum(member["v"] * moved, axis=-1))


def whole(field: Callable, member: Member) -> jax.Array:
    """|J v| for |v| = 1."""
    _, moved = jax.jvp(field, (member["X"],), (member["v"],))
    return jnp.sqrt(jnp.sum(moved**2) + 1e-300)


def form(field: Callable, member: Member) -> jax.Array:
    """v . J v for |v| = 1."""
    _, moved = jax.jvp(field, (member["X"],), (member["v"],))
    return jnp.sum(member["v"] * moved)


@cache
def climber(value: Callable, project: Callable) -> Callable:
    """An ascent, compiled once a shape: starts and caps to values and members.

    `value(member, caps)` is climbed by Adam's steps, each projected by `project(member,
    caps)`; every visited member counts.
    """
    slopes = jax.vmap(jax.value_and_grad(value), in_axes=(0, None))
    onto = jax.vmap(project, in_axes=(0, None))

    def keep(better, new, old):
        return jnp.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

    @jax.jit
    def run(start: Member, caps: Member):
        def step(state, number):
            here, first, second, best, members = state
            values, gradient = slopes(here, caps)
            gradient = jax.tree.map(jnp.nan_to_num, gradient)
            better = values > best
            members = jax.tree.map(lambda n, o: keep(better, n, o), here, members)
            best = jnp.where(better, values, best)
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
            second = jax.tree.map(
                lambda s, g: 0.98 * s + 0.02 * g * g, second, gradient
            )
            rate = RATE * (1 - number / STEPS)
            here = jax.tree.map(
                lambda p, m, s: p + rate * m / (jnp.sqrt(s) + 1e-12),
                here,
                first,
                second,
            )
            return (onto(here, caps), first, second, best, members), None

        here = onto(start, caps)
        zero = jax.tree.map(jnp.zeros_like, here)
        best = jnp.full(BATCH, -jnp.inf)
        state, _ = jax.lax.scan(step, (here, zero, zero, best, here), jnp.arange(STEPS))
        return state[3], state[4]

    return run


def climb(
    value: Callable,
    project: Callable,
    shapes: dict[str, tuple[int, ...]],
    caps: dict[str, float],
    seed: int,
) -> tuple[float, dict[str, np.ndarray]]:
    """The largest value found and its member, from random starts of many sizes."""
    rng = np.random.default_rng(seed)
    start = {
        name: jnp.asarray(
            rng.standard_normal((BATCH, *shape))
            * 10.0 ** rng.uniform(-1.5, 0.5, (BATCH, *(1,) * len(shape)))
        )
        for name, shape in shapes.items()
    }
    numbers = {name: jnp.asarray(float(number)) for name, number in caps.items()}
    values, members = climber(value, project)(start, numbers)
    place = int(np.argmax(np.asarray(values)))
    best = {name: np.asarray(array[place]) for name, array in members.items()}
    return float(values[place]), best


def attend(X, A, V, mask=None):
    """One head of softmax attention."""
    logits = X @ A @ X.T
    if mask is not None:
        logits = jnp.where(mask, logits, -jnp.inf)
    return jax.nn.softmax(logits, axis=-1) @ X @ V


def extremal_member(alpha, tokens):
    """One receiver, senders at +-z: field, state and direction of the family."""
    x, z, a, v = np.eye(4)
    slopes = alpha * (np.outer(x, a) + np.outer(v, z))
    field = Attention(slopes[None], np.eye(4)[None], np.outer(z, v)[None], scale=1.0)
    signs = 1.0 - 2 * (np.arange(tokens) % 2)
    state = signs[:, None] * z
    state[0] = x
    share = 1 / np.hypot(1, alpha)
    direction = share * z + alpha * share * np.outer(signs, a)
    direction[0] = v
    return field, state, direction
