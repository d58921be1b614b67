"""The variants of attention written out by hand, head by head: no line of the package.

Every function takes `xp`, jax.numpy to be differentiated or numpy to be sampled.
"""

import jax.numpy as jnp
import numpy as np

SWEEPS = 80


def softmax(s, seen, xp, sink=None):
    """Rows of exponentials over their sum, with a sink over that and its own."""
    weights = xp.where(seen > 0, xp.exp(s), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    return weights / (total if sink is None else total + xp.exp(sink))


def balance(P, sweeps):
    """Divide by column sums, then by row sums, again and again."""
    for _ in range(sweeps):
        P = P / P.sum(axis=0, keepdims=True)
        P = P / P.sum(axis=1, keepdims=True)
    return P


def turned(z, angles, interleaved, xp):
    """Rotary positions as multiplication of complex numbers."""
    half = z.shape[1] // 2
    real, imaginary = (
        (z[:, 0::2], z[:, 1::2]) if interleaved else (z[:, :half], z[:, half:])
    )
    places = np.arange(len(z))[:, None]
    spun = (real + 1j * imaginary) * xp.exp(1j * places * angles)
    parts = (spun.real, spun.imag)
    if interleaved:
        return xp.stack(parts, axis=2).reshape(len(z), 2 * half)
    return xp.concatenate(parts, axis=1)


def unit(z, how, epsilon, gain, xp):
    """A vector over its root mean square, or over its length."""
    square = (z * z).mean(axis=1) if how == "rms" else (z * z).sum(axis=1)
    return gain * z / xp.sqrt(square + epsilon)[:, None]


def features(z, xp):
    """elu(z) + 1, safe where z is large."""
    return xp.where(z > 0, z + 1, xp.exp(xp.where(z > 0, 0.0, z)))


def visible(n, causal, window):
    """Who sees whom, entry by entry."""
    seen = np.ones((n, n))
    for i in range(n):
        for k in range(n):
            late = causal and k > i
            far = window is not None and abs(i - k) >= window
            seen[i, k] = 0 if late or far else 1
    return seen


def logits(q, k, score, scale, xp):
    """The scores of all pairs."""
    if score == "l2":
        return -scale * ((q[:, None, :] - k[None, :, :]) ** 2).sum(axis=2)
    return scale * (q @ k.T)


def weights_of(s, seen, weights, sink, offset, iterations, xp):
    """How scores become weights."""
    if weights == "sigmoid":
        return seen / (1 + xp.exp(offset - s))
    P = softmax(s, seen, xp, sink)
    if weights == "sinkhorn":
        return balance(P, SWEEPS if iterations is None else iterations)
    return P


def attention(
    X,
    W_Q,
    W_K,
    W_V,
    W_O,
    *,
    xp=jnp,
    causal=False,
    window=None,
    mask=None,
    bias=None,
    slopes=None,
    rotary=None,
    theta=None,
    qk_norm=None,
    qk_epsilon=0.0,
    gamma_Q=1.0,
    gamma_K=1.0,
    nu=None,
    score="dot",
    cap=None,
    sink=None,
    weights="softmax",
    iterations=None,
    offset=None,
    consensus=False,
    **biases,
):
    """Attention of one state; query heads share keys as `W_K` has fewer of them."""
    n, heads, width = len(X), len(W_Q), W_Q.shape[2]
    shared = heads // len(W_K)
    seen = visible(n, causal, window) * (1 if mask is None else mask)
    angles = 10000.0 ** (-np.arange(width // 2) / (width // 2))
    far = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    outputs = []
    for head in range(heads):
        group = head // shared
        q, k, v = X @ W_Q[head], X @ W_K[group], X @ W_V[group]
        if biases:
            q, k = q + biases["b_Q"][head], k + biases["b_K"][group]
            v = v + biases["b_V"][group]
        if qk_norm:
            q = unit(q, qk_norm, qk_epsilon, gamma_Q, xp)
            k = unit(k, qk_norm, qk_epsilon, gamma_K, xp)
        if nu is not None:
            v = unit(v, "l2", qk_epsilon, nu, xp)
        if rotary:
            spin = angles if theta is None else theta
            q, k = (turned(z, spin, rotary == "interleaved", xp) for z in (q, k))
        if weights == "linear":
            P = (features(q, xp) @ features(k, xp).T) * seen
            P = P / P.sum(axis=1, keepdims=True)
        else:
            s = logits(q, k, score, 1 / np.sqrt(width), xp)
            s = s if cap is None else cap * xp.tanh(s / cap)
            s = s if slopes is None else s - slopes[head] * far
            if bias is not None:
                s = s + (bias[head] if np.ndim(bias) == 3 else bias)
            drain = None if sink is None else np.broadcast_to(sink, heads)[head]
            shift = np.log(n) if offset is None else offset
            P = weights_of(s, seen, weights, drain, shift, iterations, xp)
        outputs.append(P @ v - (v * P.sum(axis=1, keepdims=True) if consensus else 0))
    joined = xp.concatenate(outputs, axis=1) @ W_O
    return joined + (biases["b_O"] if biases else 0)


def energy_attention(X, W_Q, W_K, *, xp=jnp, causal=False):
    """The two pulls of energy attention, token by token."""
    n, (heads, _, width) = len(X), W_Q.shape
    seen = visible(n, causal, None)
    moved = 0
    for head in range(heads):
        q, k = X @ W_Q[head], X @ W_K[head]
        P = softmax(q @ k.T / np.sqrt(width), seen, xp)
        moved = moved + (P @ k) @ W_Q[head].T + (P.T @ q) @ W_K[head].T
    return moved


def energy(X, W_Q, W_K, *, causal=False):
    """The energy whose negative gradient energy attention is."""
    n, (heads, _, width) = len(X), W_Q.shape
    root, seen = np.sqrt(width), visible(n, causal, None)
    parts = (jnp.exp(X @ W_Q[h] @ (X @ W_K[h]).T / root) * seen for h in range(heads))
    return -root * sum(jnp.log(part.sum(axis=1)).sum() for part in parts)
