"""The declared fields written out by hand in plain jax: an independent reference."""

import jax
import jax.numpy as jnp

import stabcheck.interpret.jax_  # noqa: F401  for its side effect: 64-bit numbers


def attention(X, W_Q, W_K, W_V, W_O, causal=False, mask=None, bias=None, **biases):
    """Multi-head attention of one state, head by head."""
    tokens, _ = X.shape
    heads, _, width = W_Q.shape
    value_width = W_V.shape[2]
    seen = jnp.ones((tokens, tokens)) if mask is None else mask
    seen = jnp.tril(seen) if causal else seen
    outputs = []
    for head in range(heads):
        query, key, value = (X @ W[head] for W in (W_Q, W_K, W_V))
        if biases:
            query = query + biases["b_Q"][head]
            key = key + biases["b_K"][head]
            value = value + biases["b_V"][head]
        logits = query @ key.T / jnp.sqrt(width)
        if bias is not None:
            logits = logits + (bias[head] if bias.ndim == 3 else bias)
        P = jax.nn.softmax(jnp.where(seen > 0, logits, -jnp.inf), axis=-1)
        outputs.append(P @ value)
    joined = jnp.concatenate(outputs, axis=1)
    assert joined.shape == (tokens, heads * value_width)
    return joined @ W_O + (biases["b_O"] if biases else 0)


def layer_norm(X, gamma, beta, epsilon):
    """LayerNorm of each token."""
    centred = X - X.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1, keepdims=True)
    return gamma * centred / jnp.sqrt(variance + epsilon) + beta


def rms_norm(X, gamma, epsilon):
    """RMSNorm of each token."""
    return gamma * X / jnp.sqrt((X**2).mean(axis=1, keepdims=True) + epsilon)


def feed_forward(X, W_1, b_1, W_2, b_2):
    """The feed-forward branch with the exact GELU."""
    return jax.nn.gelu(X @ W_1 + b_1, approximate=False) @ W_2 + b_2
