"""Members of a design's families: fields with weights at their caps, states, steps.

Fields are analytic functions in NumPy, so that a step of 1e-200 along the imaginary
axis gives derivatives without cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import erf

Generator = np.random.Generator
Record = Mapping[str, Any]
Field = Callable[[np.ndarray], np.ndarray]

INSIDE = 1 - 1e-12
"""Members keep this far inside their caps, so that rounding cannot leave them."""
IMAGINARY = 1e-200
BALANCED = 1e-10
SCALINGS = 200
"""Of rows and columns, until the weights are doubly stochastic."""


def number(value: Any) -> float:
    """A rational of a document."""
    return float(Fraction(*value))


def matrix(rng: Generator, rows: int, columns: int, cap: float) -> np.ndarray:
    """A matrix with singular values at most the cap: some of them all equal to it."""
    drawn = rng.standard_normal((rows, columns))
    if rng.random() < 0.3:
        drawn = np.outer(drawn[:, 0], drawn[0])
    u, s, vt = np.linalg.svd(drawn, full_matrices=False)
    level = np.ones_like(s) if rng.random() < 0.4 else s / max(s[0], 1e-300)
    return (u * level) @ vt * (cap * INSIDE)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of weights; hidden entries are -inf."""
    weights = np.exp(logits - logits.real.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def sinkhorn(logits: np.ndarray) -> np.ndarray:
    """Doubly stochastic weights; not a number where the scaling is too slow."""
    weights = np.exp(logits - logits.real.max())
    for _ in range(SCALINGS):
        weights = weights / weights.sum(axis=1, keepdims=True)
        weights = weights / weights.sum(axis=0, keepdims=True)
    defect = weights.sum(axis=1) - 1
    if max(abs(defect.real).max(), abs(defect.imag).max() / IMAGINARY) > BALANCED:
        return weights * np.nan
    return weights


def lengths(state: np.ndarray) -> np.ndarray:
    """Token norms `(n, 1)`, analytic."""
    return np.sqrt((state * state).sum(axis=-1, keepdims=True))


def seen(rng: Generator, mask: str, tokens: int) -> np.ndarray:
    """What is added to the logits: -inf where hidden, any bias under the mask any."""
    added = np.zeros((tokens, tokens))
    if mask == "causal":
        added[np.triu_indices(tokens, 1)] = -np.inf
    elif mask == "any":
        added += rng.standard_normal(added.shape) * rng.choice([0.0, 1.0, 10.0])
        added[rng.random(added.shape) < 0.3] = -np.inf
        added[np.arange(tokens), rng.integers(tokens, size=tokens)] = 0.0
    return added


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "tanh": np.tanh,
    "softplus": lambda z: np.where(z.real > 0, z, 0) + np.log1p(np.exp(-_positive(z))),
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
    "gelu": lambda z: 0.5 * z * (1 + erf(z / np.sqrt(2))),
    "silu": lambda z: 0.5 * z * (1 + np.tanh(z / 2)),
}


def _positive(z: np.ndarray) -> np.ndarray:
    """The one of z and -z with a positive real part."""
    return np.where(z.real > 0, z, -z)


def _attention(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    tokens, features = shape
    heads = 1 if record["tie"] == "convex" else int(rng.integers(1, 3))
    cap, values = number(record["query_key_norm"]), number(record["value_norm"])
    shares = rng.dirichlet(np.ones(heads))
    parts = []
    for share in shares:
        A = matrix(rng, features, features, cap)
        V = matrix(rng, features, features, share * values)
        if record["tie"] == "convex":
            root = matrix(rng, features, features, np.sqrt(cap))
            A = root @ root.T
        if record["tie"] != "none":
            # V = -kappa A' with kappa ||A|| at most the share.
            size = np.linalg.norm(A, 2)
            V = -A.T * (share * values * INSIDE / size) if size > 0 else 0 * A
        parts.append((A, V))
    added = seen(rng, record["mask"], tokens)
    weights = sinkhorn if record["kind"] == "sinkhorn-attention" else softmax
    normalise = normalisation(record)

    def field(X: np.ndarray) -> np.ndarray:
        Y = normalise(X)
        return sum(weights(Y @ A @ Y.T + added) @ Y @ V for A, V in parts)

    return field


def normalisation(record: Record) -> Field:
    """What stands before a field."""
    kind = record.get("normalisation", "none")
    square = number(record.get("radius_squared") or [1, 1])
    if kind == "soft":
        return lambda X: X / np.sqrt(1 + (X * X).sum(axis=-1, keepdims=True) / square)
    if kind == "rms":
        return lambda X: np.sqrt(square) * X / lengths(X)
    return lambda X: X


def _scores(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    """Attention with other scores: rotary, soft-capped, sigmoid, normalised."""
    tokens, features = shape
    kind, cap = record["kind"], number(record.get("query_key_norm", [1, 1]))
    A = matrix(rng, features, features, cap)
    V = matrix(rng, features, features, number(record["value_norm"]))
    added = seen(rng, record.get("mask", "none"), tokens)
    rotations = _rotations(rng, tokens, features)
    if kind == "qk-norm-attention":
        width, epsilon = record["key_width"], number(record["epsilon"])
        Q, K = (
            matrix(rng, features, width, number(record[key]))
            for key in ("query_norm", "key_norm")
        )
        gain = rng.choice([-1.0, 1.0], width) * number(record["gain"])

    def unit(z: np.ndarray) -> np.ndarray:
        return z / np.sqrt((z * z).mean(axis=-1, keepdims=True) + epsilon)

    def field(X: np.ndarray) -> np.ndarray:
        if kind == "rotary-attention":
            queries = np.einsum("iab,ib->ia", rotations, X @ A)
            keys = np.einsum("iab,ib->ia", rotations, X)
            logits = queries @ keys.T
        elif kind == "qk-norm-attention":
            logits = (unit(X @ Q) * gain) @ unit(X @ K).T / np.sqrt(width)
        else:
            logits = X @ A @ X.T
        if kind == "soft-cap-attention":
            size = number(record["cap"])
            logits = size * np.tanh(logits / size)
        if kind == "sigmoid-attention":
            z = logits + number(record["bias"])
            return 0.5 * (1 + np.tanh(z / 2)) @ X @ V
        return softmax(logits + added) @ X @ V

    return field


def _rotations(rng: Generator, tokens: int, features: int) -> np.ndarray:
    """One orthogonal matrix a token: rotary positions are some of them."""
    drawn = rng.standard_normal((tokens, features, features))
    return np.linalg.qr(drawn)[0]


def _cosine(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    tokens, features = shape
    names = ("query_norm", "key_norm", "value_norm")
    Q, K, V = (matrix(rng, features, features, number(record[key])) for key in names)
    tau, nu, epsilon = (
        number(record[key]) for key in ("temperature", "output", "epsilon")
    )
    added = seen(rng, record["mask"], tokens)

    def unit(z: np.ndarray) -> np.ndarray:
        return z / np.sqrt((z * z).sum(axis=-1, keepdims=True) + epsilon)

    def field(X: np.ndarray) -> np.ndarray:
        logits = tau * unit(X @ Q) @ unit(X @ K).T
        return nu * softmax(logits + added) @ unit(X @ V)

    return field


def _distances(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    tokens, features = shape
    W = matrix(rng, features, features, number(record["feature_norm"]))
    B = matrix(rng, features, features, number(record["value_norm"]))
    added = seen(rng, record["mask"], tokens)
    temperature = float(rng.choice([0.1, 1.0, 10.0]))

    def field(X: np.ndarray) -> np.ndarray:
        u = X @ W
        gaps = ((u[:, None] - u[None]) ** 2).sum(axis=-1)
        return softmax(added - gaps / temperature) @ u @ B

    return field


def _hopfield(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    memories = rng.standard_normal((int(rng.integers(1, 5)), shape[1]))
    gaps = np.linalg.norm(memories[:, None] - memories[None], axis=-1).max()
    if gaps > 0:
        memories *= np.sqrt(number(record["diameter_squared"])) * INSIDE / gaps
    beta, sign = number(record["beta"]), record["sign"]
    return lambda X: sign * softmax(beta * X @ memories.T) @ memories


def _feed_forward(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    features, hidden = shape[1], int(rng.integers(1, 4))
    activation = ACTIVATIONS[record["activation"]]
    size = float(rng.choice([0.0, 1.0, 5.0]))
    if record["kind"] == "antisymmetric-feed-forward":
        drawn = rng.standard_normal((features, features))
        K = drawn - drawn.T
        K *= number(record["matrix_norm"]) * INSIDE / max(np.linalg.norm(K, 2), 1e-300)
        shift = size * rng.standard_normal(features)
        return lambda X: activation(X @ K.T + shift)
    shift = size * rng.standard_normal(hidden)
    if record["kind"] == "gradient-feed-forward":
        W = matrix(rng, features, hidden, number(record["matrix_norm"]))
        return lambda X: -activation(X @ W + shift) @ W.T
    first = matrix(rng, features, hidden, number(record["in_norm"]))
    second = matrix(rng, hidden, features, number(record["out_norm"]))
    normalise = normalisation(record)
    return lambda X: activation(normalise(X) @ first + shift) @ second


KINDS: dict[str, Callable[..., Field]] = {
    "attention": _attention,
    "sinkhorn-attention": _attention,
    "rotary-attention": _scores,
    "soft-cap-attention": _scores,
    "sigmoid-attention": _scores,
    "qk-norm-attention": _scores,
    "cosine-attention": _cosine,
    "l2-attention": _distances,
    "hopfield": _hopfield,
    "feed-forward": _feed_forward,
    "gradient-feed-forward": _feed_forward,
    "antisymmetric-feed-forward": _feed_forward,
}


def member(record: Record, rng: Generator, shape: tuple[int, int]) -> Field:
    """A field of the family that a record describes, its weights at the caps."""
    return KINDS[record["kind"]](record, rng, shape)


def state_of(domain: Record, rng: Generator, shape: tuple[int, int]) -> np.ndarray:
    """A state of the domain, often on its rim, now and then with equal tokens."""
    drawn = rng.standard_normal(shape)
    if rng.random() < 0.2:
        drawn[:] = drawn[0]
    size = np.linalg.norm(drawn, axis=1, keepdims=True)
    share = 1.0 if rng.random() < 0.5 else rng.uniform(size=(shape[0], 1))
    if domain["kind"] == "ball":
        radius = np.sqrt(number(domain["radius_squared"])) * INSIDE
        return drawn / size * radius * share
    if domain["kind"] == "sphere":
        return drawn / size
    if domain["kind"] == "token-rms":
        floor = number(domain["floor"]) * np.sqrt(shape[1]) / INSIDE
        return drawn / size * (floor * (2 - share))
    return drawn * 10.0 ** rng.uniform(-2, 1)


def derivative(field: Field, state: np.ndarray) -> np.ndarray:
    """The dense Jacobian `(n d, n d)`, by steps along the imaginary axis."""
    columns = []
    for place in range(state.size):
        moved = state.astype(complex)
        moved.flat[place] += 1j * IMAGINARY
        columns.append(np.imag(field(moved)).ravel() / IMAGINARY)
    return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Step:
    """A step of a method: where it leads, its derivative and its stages."""

    state: np.ndarray
    jacobian: np.ndarray
    stages: list[np.ndarray]


ROUNDS = 60
CONVERGED = 1e-13


def runge_kutta(
    field: Field,
    state: np.ndarray,
    A: np.ndarray,
    b: np.ndarray,
    step: float,
    *,
    derived: Callable[[Field, np.ndarray], np.ndarray] = derivative,
    guess: Sequence[np.ndarray] = (),
) -> Step | None:
    """One step, its stages by Newton's method; None where it does not converge.

    `derived` gives the dense Jacobian of the field at a stage; `guess`, where the
    stages are looked for, of which long implicit steps have several.
    """
    size, count = state.size, len(b)
    first = guess or [state] * count
    slopes = np.concatenate([field(stage).ravel() for stage in first])
    identity = np.eye(size * count)
    for _ in range(ROUNDS):
        stages = _stages(state, A, step, slopes)
        jacobians = [derived(field, stage) for stage in stages]
        defect = slopes - np.concatenate([field(stage).ravel() for stage in stages])
        if not np.isfinite(defect).all():
            return None
        if np.abs(defect).max() <= CONVERGED * (1 + np.abs(slopes).max()):
            break
        coupled = _coupled(jacobians, A)
        slopes = slopes - np.linalg.solve(identity - step * coupled, defect)
    else:
        return None
    right = np.concatenate(jacobians)
    moved = np.linalg.solve(identity - step * _coupled(jacobians, A), right)
    moved = moved.reshape(count, size, size)
    end = state + step * np.tensordot(b, slopes.reshape(count, *state.shape), 1)
    return Step(end, np.eye(size) + step * np.tensordot(b, moved, 1), stages)


def _stages(
    state: np.ndarray, A: np.ndarray, step: float, slopes: np.ndarray
) -> list[np.ndarray]:
    shaped = slopes.reshape(len(A), *state.shape)
    return [state + step * np.tensordot(row, shaped, 1) for row in A]


def _coupled(jacobians: list[np.ndarray], A: np.ndarray) -> np.ndarray:
    """The block matrix of the products of A and the stages' Jacobians."""
    return np.block(
        [
            [a * jacobian for a in row]
            for row, jacobian in zip(A, jacobians, strict=True)
        ]
    )
