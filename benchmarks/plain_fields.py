"""Attention written by hand in JAX, as well as one would: what is measured against.

Heads are batched in einsum, keys of a group are shared without copies, the softmax is
the stable one of JAX.  The parameters have the names and shapes of the declarations.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

Values = dict[str, jax.Array]


def projected(values: Values) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Queries, keys and values `(heads or groups, n, width)`."""
    names = ("W_Q", "W_K", "W_V")
    return tuple(jnp.einsum("id,hdr->hir", values["X"], values[n]) for n in names)


def mixed(values: Values, logits: jax.Array, value: jax.Array) -> jax.Array:
    """Softmax averages of the values `(heads, n, width)`, brought together by `W_O`."""
    weighted = jnp.einsum("hik,hks->his", jax.nn.softmax(logits, axis=-1), value)
    heads, tokens, width = weighted.shape
    joined = weighted.transpose(1, 0, 2).reshape(tokens, heads * width)
    return joined @ values["W_O"]


def products(query: jax.Array, key: jax.Array) -> jax.Array:
    """Scaled dot products."""
    return jnp.einsum("hir,hkr->hik", query, key) / query.shape[-1] ** 0.5


def attention(values: Values) -> jax.Array:
    """Multi-head attention."""
    query, key, value = projected(values)
    return mixed(values, products(query, key), value)


def causal_attention(values: Values) -> jax.Array:
    """Multi-head attention to earlier tokens."""
    query, key, value = projected(values)
    logits = products(query, key)
    seen = jnp.tril(jnp.ones(logits.shape[1:], dtype=bool))
    return mixed(values, jnp.where(seen, logits, -jnp.inf), value)


def grouped_query_attention(values: Values) -> jax.Array:
    """Queries in groups that share keys and values."""
    query, key, value = projected(values)
    groups, tokens, width = key.shape
    query = query.reshape(groups, -1, tokens, width)
    logits = jnp.einsum("gtir,gkr->gtik", query, key) / width**0.5
    weighted = jnp.einsum("gtik,gks->gtis", jax.nn.softmax(logits, axis=-1), value)
    joined = weighted.transpose(2, 0, 1, 3).reshape(tokens, -1)
    return joined @ values["W_O"]


def l2_attention(values: Values) -> jax.Array:
    """Logits from squared distances (Kim et al. 2021, section 4)."""
    query, key, value = projected(values)
    squares = (query**2).sum(-1)[:, :, None] + (key**2).sum(-1)[:, None, :]
    logits = (2 * jnp.einsum("hir,hkr->hik", query, key) - squares) / (
        query.shape[-1] ** 0.5
    )
    return mixed(values, logits, value)


def rotary_attention(values: Values) -> jax.Array:
    """Rotary positions, the two halves of the width as real and imaginary parts."""
    query, key, value = projected(values)
    return mixed(values, products(rotated(query), rotated(key)), value)


def rotated(projection: jax.Array) -> jax.Array:
    """Each pair of components turned by position times frequency."""
    _, tokens, width = projection.shape
    frequencies = 10000.0 ** (-jnp.arange(width // 2) / (width // 2))
    angles = jnp.arange(tokens)[:, None] * frequencies
    real, imaginary = jnp.split(projection, 2, axis=-1)
    cos, sin = jnp.cos(angles), jnp.sin(angles)
    parts = (real * cos - imaginary * sin, real * sin + imaginary * cos)
    return jnp.concatenate(parts, axis=-1)


def qk_norm_attention(values: Values) -> jax.Array:
    """Queries and keys normalised by RMSNorm with gains."""
    query, key, value = projected(values)
    query, key = (
        rms_norm(projection, values[gain], values["qk_epsilon"])
        for projection, gain in ((query, "gamma_Q"), (key, "gamma_K"))
    )
    return mixed(values, products(query, key), value)


def rms_norm(state: jax.Array, gamma: jax.Array, epsilon: jax.Array) -> jax.Array:
    """RMSNorm over the last axis."""
    square = (state**2).mean(axis=-1, keepdims=True)
    return gamma * state * jax.lax.rsqrt(square + epsilon)


def pre_norm_attention(values: Values) -> jax.Array:
    """Multi-head attention of the normalised state."""
    normalised = rms_norm(values["X"], values["gamma"], values["epsilon"])
    return attention({**values, "X": normalised})


def feed_forward(values: Values) -> jax.Array:
    """The feed-forward branch with the exact GELU."""
    hidden = jax.nn.gelu(values["X"] @ values["W_1"] + values["b_1"], approximate=False)
    return hidden @ values["W_2"] + values["b_2"]
