"""Members of a design, drawn at their caps, as maps that JAX differentiates.

Gaussian members have Gaussian weights, spiked ones heavy tails and a few large
directions, as trained weights have; both are scaled to attain every cap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stabcheck.certify.designs.description import Branch, Design
from stabcheck.integrators import get
from stabcheck.interpret import jax_  # noqa: F401  switches JAX to float64
from stabcheck.schemes import (
    Leapfrog,
    Momentum,
    OnSphere,
    RungeKuttaStep,
    TwoStreams,
)

Arrays = dict[str, Any]
ACTIVATIONS = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "softplus": jax.nn.softplus,
}
SWEEPS = 60
"""Of Sinkhorn's iteration: enough for marginals to 1e-9 at logits of a few units."""


def soft(X: Any) -> Any:
    """The soft norm in units of its radius."""
    return X / jnp.sqrt(1 + jnp.sum(X**2, axis=-1, keepdims=True))


def unit(X: Any) -> Any:
    """Tokens of length 1."""
    return X / jnp.linalg.norm(X, axis=-1, keepdims=True)


NORMS = {"none": lambda X: X, "soft": soft, "rms": unit}


def softmax_weights(logits: Any, causal: bool) -> Any:
    """Rows of attention weights."""
    if causal:
        seen = jnp.tril(jnp.ones(logits.shape, bool))
        logits = jnp.where(seen, logits, -jnp.inf)
    return jax.nn.softmax(logits, axis=-1)


def sinkhorn_weights(logits: Any) -> Any:
    """Doubly stochastic weights."""
    lse = jax.scipy.special.logsumexp

    def sweep(_: int, duals: tuple[Any, Any]) -> tuple[Any, Any]:
        _, g = duals
        f = -lse(logits + g[None], axis=1)
        return f, -lse(logits + f[:, None], axis=0)

    zero = jnp.zeros(len(logits))
    f, g = jax.lax.fori_loop(0, SWEEPS, sweep, (zero, zero))
    return jnp.exp(logits + f[:, None] + g[None])


def slope(branch: Branch, weights: Arrays, leak: float) -> Callable[[Any], Any]:
    """The field of a branch with weights: x' = -leak x + F(x)."""
    field = FIELDS[branch.field["kind"]]
    return lambda X: field(branch.field, weights, X) - leak * X


def _attention(record: Mapping[str, Any], w: Arrays, X: Any) -> Any:
    Z = NORMS[record["normalisation"]](X)
    logits = Z @ w["A"] @ Z.T
    if record["kind"] == "sinkhorn-attention":
        return sinkhorn_weights(logits) @ Z @ w["V"]
    return softmax_weights(logits, record["mask"] == "causal") @ Z @ w["V"]


def _cosine(record: Mapping[str, Any], w: Arrays, X: Any) -> Any:
    q, k, v = (soft(X @ w[name]) for name in ("Q", "K", "V"))
    return float(record["output"]) * (
        softmax_weights(float(record["temperature"]) * q @ k.T, False) @ v
    )


def _l2(record: Mapping[str, Any], w: Arrays, X: Any) -> Any:
    u = X @ w["W"]
    logits = -jnp.sum((u[:, None] - u[None]) ** 2, axis=-1)
    return softmax_weights(logits, record["mask"] == "causal") @ u @ w["B"]


def _feed_forward(record: Mapping[str, Any], w: Arrays, X: Any) -> Any:
    Z = NORMS[record["normalisation"]](X)
    return ACTIVATIONS[record["activation"]](Z @ w["W_1"] + w["b"]) @ w["W_2"]


def _gradient(record: Mapping[str, Any], w: Arrays, X: Any) -> Any:
    return -ACTIVATIONS[record["activation"]](X @ w["W"] + w["b"]) @ w["W"].T


FIELDS = {
    "attention": _attention,
    "sinkhorn-attention": _attention,
    "cosine-attention": _cosine,
    "l2-attention": _l2,
    "feed-forward": _feed_forward,
    "gradient-feed-forward": _gradient,
}


def drawn(branch: Branch, d: int, rng: np.random.Generator, *, spiked: bool) -> Arrays:
    """Weights at the caps of a branch; tokens in units of the norm's radius."""
    record, m = branch.field, 2 * d

    def at(name: str, *shape: int, scale: float = 1.0) -> Any:
        matrix = rng.standard_normal(shape)
        if spiked:
            spike = rng.standard_normal((shape[0], 1)) * rng.standard_normal(shape[1])
            matrix = 0.3 * matrix + 2 * spike / np.sqrt(shape[1])
        cap = scale * float(record[name])
        return jnp.asarray(cap * matrix / np.linalg.norm(matrix, 2))

    kind = record["kind"]
    if kind in ("attention", "sinkhorn-attention"):
        square = float(record["radius_squared"] or 1)
        if record["tie"] == "convex":
            W = at("query_key_norm", d, d) / float(record["query_key_norm"])
            A = float(record["query_key_norm"]) * square * W @ W.T
        else:
            A = at("query_key_norm", d, d, scale=square)
        if record["tie"] == "none":
            return {"A": A, "V": at("value_norm", d, d)}
        size = jnp.linalg.norm(A, 2)
        return {"A": A, "V": -float(record["value_norm"]) / size * A.T}
    if kind == "cosine-attention":
        names = {"Q": "query_norm", "K": "key_norm", "V": "value_norm"}
        return {name: at(cap, d, d) for name, cap in names.items()}
    if kind == "l2-attention":
        return {"W": at("feature_norm", d, d), "B": at("value_norm", d, d)}
    bias = jnp.asarray(rng.standard_normal(m))
    if kind == "feed-forward":
        return {"W_1": at("in_norm", d, m), "W_2": at("out_norm", m, d), "b": bias}
    return {"W": at("matrix_norm", d, m), "b": bias}


def layer(design: Design, weights: list[Arrays]) -> Callable[[Any], Any]:
    """One layer of the design with those weights, one set a branch."""
    slopes = [
        slope(branch, w, float(branch.leak))
        for branch, w in zip(design.branches, weights, strict=True)
    ]
    h = design.step_size
    if design.layer == "reversible":
        # The streams of the scheme are (q, p): p moves first.
        scheme = TwoStreams(slopes[1], slopes[0], get("reversible-block"), h)
        return lambda S: scheme(S[::-1])[::-1]
    if design.layer == "leapfrog":
        return Leapfrog(slopes[0], h, design.scheme["frequency"])
    if design.layer == "momentum":
        return Momentum(slopes[0], h, design.scheme["gamma"])
    if design.layer == "sphere":
        return OnSphere(slopes[0], h)
    steps = [
        RungeKuttaStep(
            _scaled(slopes[part["field"]], float(part["scale"])),
            design.method_of(part),
            part["step"],
        )
        for part in design.records()["layer"]["parts"]
    ]

    def applied(X: Any) -> Any:
        for step in steps:
            X = step(X)
        return X

    return applied


def _scaled(field: Callable[[Any], Any], scale: float) -> Callable[[Any], Any]:
    return lambda X: scale * field(X)


def state(design: Design, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A state of the design's domain; two streams where it has two."""
    streams = (2,) if design.layer in ("reversible", "leapfrog", "momentum") else ()
    X = 0.7 * rng.standard_normal((*streams, n, d))
    lengths = np.linalg.norm(X, axis=-1, keepdims=True)
    kind = design.domain["kind"]
    if kind == "sphere":
        return X / lengths
    if kind == "token-rms":
        return X * np.maximum(1, float(design.domain["floor"]) / lengths)
    if kind == "ball":
        radius = float(design.domain["radius_squared"]) ** 0.5
        return X * np.minimum(1, radius / lengths)
    return X
