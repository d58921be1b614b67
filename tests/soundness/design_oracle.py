"""What the claims of a design say, evaluated at members of its families.

Weights at their caps, states of the domain, steps by Newton's method; whatever they
attain must not exceed an accepted claim.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from soundness.members import (
    Field,
    Generator,
    Step,
    derivative,
    lengths,
    member,
    number,
    runge_kutta,
    state_of,
)
from theorems.mixed import mixed_norm
from theorems.search import log_norm, spectral_norm

Document = dict[str, Any]

ROUNDING = 1e-8
"""Relative room for the rounding of these evaluations."""
TRIES = 4
MOST_DEPTH = 8
MOST_FEATURES = 5
LOWER = ("shrink", "spectrum-lower")


class Outside(Exception):
    """The member or the step is none that the claim speaks about."""


def design_refutation(document: Document, rng: Generator) -> str | None:
    """The first claim that some member exceeds, in words; None if there is none."""
    for index, claim in enumerate(document["claims"]):
        for _ in range(TRIES):
            with np.errstate(all="ignore"):
                found = _exceeded(document, claim, rng)
            if found is not None:
                name = f"claim {index} ({claim['theorem']}, {claim['quantity']})"
                return f"{name}: {found}"
    return None


def _exceeded(document: Document, claim: Document, rng: Generator) -> str | None:
    quantity, bound = claim["quantity"], number(claim["bound"])
    try:
        shape = int(rng.integers(1, 4)), _features(document, rng)
        value = _value(document, claim, rng, shape)
    except (Outside, np.linalg.LinAlgError):
        return None
    if value is None or not np.isfinite(value):
        return None
    limit = {"contractive-step": 1.0, "invertible-step": 0.0}.get(quantity, bound)
    if quantity == "start-radius-squared":
        limit = number(document["domain"]["radius_squared"])
    room = ROUNDING * (1 + abs(value) + abs(limit))
    lower = quantity in (*LOWER, "invertible-step")
    if (value < limit - room) if lower else (value > limit + room):
        return f"{value:.17g} found, {limit:.17g} claimed"
    return None


def _features(document: Document, rng: Generator) -> int:
    """The width of a token: RMSNorm's is in its record."""
    squares = {
        number(field["radius_squared"])
        for field in document["fields"]
        if field.get("normalisation") == "rms"
    }
    if not squares:
        return int(rng.integers(1, 4))
    width = squares.pop()
    if squares or not width.is_integer() or width > MOST_FEATURES:
        raise Outside  # No token has this width.
    return int(width)


def _value(
    document: Document, claim: Document, rng: Generator, shape: tuple[int, int]
) -> float | None:
    ((about, inner),) = claim["subject"].items()
    if about == "field":
        return _of_field(document, document["fields"][inner], claim, rng, shape)
    if about == "part":
        return _of_part(document, inner, claim, rng, shape)
    depth = {"layer": 1}.get(about, inner)
    if depth > MOST_DEPTH:
        return None
    if about == "every-depth":
        longer = depth * int(rng.integers(1, 3))
        shrunk = _with_steps(document, Fraction(depth, longer))
        return _of_layers(shrunk, claim, rng, shape, longer)
    return _of_layers(document, claim, rng, shape, depth)


def _with_steps(document: Document, factor: Fraction) -> Document:
    """The same layer with all its steps scaled."""
    parts = []
    for part in document["layer"]["parts"]:
        step = Fraction(*part["step"]) * factor
        parts.append(part | {"step": [step.numerator, step.denominator]})
    return document | {"layer": document["layer"] | {"parts": parts}}


def _of_field(
    document: Document,
    record: Document,
    claim: Document,
    rng: Generator,
    shape: tuple[int, int],
) -> float:
    state = state_of(document["domain"], rng, shape)
    jacobian = derivative(member(record, rng, shape), state)
    quantity, metric = claim["quantity"], document["metric"]
    scale = 1.0
    if document["domain"]["kind"] == "token-rms":
        # Constants behind RMSNorm are those of a token of rms 1.
        scale = float(lengths(state).min()) / np.sqrt(shape[1])
    if quantity == "lipschitz":
        return scale * growth(jacobian, metric, shape[0])
    if quantity == "spectrum-lower":
        return -scale * log_norm(-jacobian)
    if quantity == "log-norm" and metric == "token-max":
        return scale * row_log_norm(jacobian, shape[0], rng)
    return scale * log_norm(jacobian)


def row_log_norm(jacobian: np.ndarray, tokens: int, rng: Generator) -> float:
    """A lower estimate of the largest u.(Jv)_i with v_i = u and all |v_j| = 1."""
    features = len(jacobian) // tokens
    blocks = jacobian.reshape(tokens, features, tokens, features)
    best = -np.inf
    for receiver in range(tokens):
        for _ in range(8):
            u = rng.standard_normal(features)
            u /= np.linalg.norm(u)
            moved = np.einsum("ajb,a->jb", blocks[receiver], u)
            value = u @ moved[receiver]
            others = np.delete(np.linalg.norm(moved, axis=1), receiver)
            best = max(best, float(value + others.sum()))
    return best


def growth(jacobian: np.ndarray, metric: str, tokens: int) -> float:
    """A lower estimate of the operator norm in the metric."""
    if not np.isfinite(jacobian).all():
        raise Outside
    if metric == "frobenius":
        return spectral_norm(jacobian)
    return mixed_norm(jacobian, tokens, 0)


def shrink(jacobian: np.ndarray, metric: str, tokens: int) -> float:
    """An upper estimate of how little a direction may shrink to."""
    inverse = growth(np.linalg.inv(jacobian), metric, tokens)
    return 1 / inverse if inverse > 0 else np.inf


def _leaky(field: Field, part: Document) -> Field:
    scale, leak = number(part["scale"]), number(part["leak"])
    return lambda X: scale * field(X) - leak * X


def _stepped(
    document: Document, part: Document, field: Field, state: np.ndarray, step: float
) -> Step:
    """One step of a part, its stages in the domain."""
    method = document["methods"][part["method"]]
    A = np.array([[number(a) for a in row] for row in method["A"]])
    b = np.array([number(b) for b in method["b"]])
    found = runge_kutta(_leaky(field, part), state, A, b, step)
    if found is None:
        raise Outside
    return found


def _check_in_ball(document: Document, states: list[np.ndarray]) -> None:
    """Refuse a step that leaves the ball on which a claim was made."""
    domain = document["domain"]
    if domain["kind"] == "ball":
        square = number(domain["radius_squared"])
        if any(largest(state) > square for state in states):
            raise Outside


def largest(state: np.ndarray) -> float:
    """The largest squared token norm."""
    return float((state**2).sum(axis=1).max())


def _of_part(
    document: Document, place: int, claim: Document, rng: Generator, shape: Any
) -> float | None:
    part = document["layer"]["parts"][place]
    field = member(document["fields"][part["field"]], rng, shape)
    state = state_of(document["domain"], rng, shape)
    quantity, step = claim["quantity"], number(part["step"])
    if quantity.endswith("-step"):
        step = number(claim["bound"]) * (1 - 1e-9)
        step *= 1.0 if rng.random() < 0.5 else rng.uniform()
    if step <= 0:
        return None
    taken = _stepped(document, part, field, state, step)
    _check_in_ball(document, taken.stages)
    if quantity == "invertible-step":
        # Positive at the step 0, and never zero in between.
        return float(np.linalg.det(taken.jacobian))
    measure = shrink if quantity == "shrink" else growth
    return measure(taken.jacobian, document["metric"], shape[0])


def _start(document: Document, claim: Document) -> Document:
    """The domain from which the layers of a claim begin."""
    domain = document["domain"]
    if domain["kind"] != "ball" or "layer" in claim["subject"]:
        return domain
    radius = claim["bound"] if claim["quantity"].startswith("start") else None
    for premise in claim["premises"]:
        found = document["claims"][premise]
        if found["quantity"] == "start-radius-squared":
            radius = found["bound"]
    if radius is None:
        raise Outside
    return {"kind": "ball", "radius_squared": radius}


def _of_layers(
    document: Document, claim: Document, rng: Generator, shape: Any, depth: int
) -> float:
    kind = document["layer"]["kind"]
    if kind not in ("composition", "sphere"):
        return _of_streams(document, claim, rng, shape, depth)
    state = state_of(_start(document, claim), rng, shape)
    first, jacobian = state, np.eye(state.size)
    visited = []
    for _ in range(depth):
        fields = [member(record, rng, shape) for record in document["fields"]]
        for part in document["layer"]["parts"]:
            field, step = fields[part["field"]], number(part["step"])
            taken = _stepped(document, part, field, state, step)
            visited += [*taken.stages, taken.state]
            jacobian, state = taken.jacobian @ jacobian, taken.state
            if kind == "sphere":
                jacobian = derivative(lambda X: X / lengths(X), state) @ jacobian
                state = state / lengths(state)
    if claim["quantity"].startswith("start"):
        # What the last layer hands on need not lie in the ball.
        return max(largest(state) for state in visited[:-1])
    if "layer" in claim["subject"]:
        _check_in_ball(document, visited[:-1])
    if kind == "sphere":
        return _on_tangents(document, claim, jacobian, first)
    measure = shrink if claim["quantity"] == "shrink" else growth
    return measure(jacobian, document["metric"], shape[0])


def _on_tangents(
    document: Document, claim: Document, jacobian: np.ndarray, state: np.ndarray
) -> float:
    """Growth or shrink of directions along the sphere."""
    tokens, features = state.shape
    if features == 1:
        raise Outside  # Two points, and no direction.
    projected = jacobian.reshape(-1, tokens, features)
    along = np.einsum("rja,ja->rj", projected, state)
    projected = projected - along[..., None] * state
    flat = projected.reshape(len(jacobian), -1)
    if claim["quantity"] == "growth":
        return growth(flat, document["metric"], tokens)
    u, s, vt = np.linalg.svd(flat)
    rank = tokens * (features - 1)
    inverse = (vt[:rank].T / s[:rank]) @ u[:, :rank].T
    return 1 / growth(inverse, document["metric"], tokens)


def _of_streams(
    document: Document, claim: Document, rng: Generator, shape: Any, depth: int
) -> float:
    """Layers of two streams, side by side in one array."""
    state = rng.standard_normal((2 * shape[0], shape[1])) * 10.0 ** rng.uniform(-1, 1)
    jacobian = np.eye(state.size)
    for _ in range(depth):
        layer = _two_streams(document, rng, shape)
        jacobian = derivative(layer, state) @ jacobian
        state = layer(state)
    weights = np.ones(state.shape)
    if "weight" in claim.get("parameters", {}):
        weights[shape[0] :] = number(claim["parameters"]["weight"])
    scaled = weights.ravel()[:, None] * jacobian / weights.ravel()
    if not np.isfinite(scaled).all():
        raise Outside
    if claim["quantity"] == "growth":
        return joint_norm(scaled, document["metric"], shape, rng)
    inverse = joint_norm(np.linalg.inv(scaled), document["metric"], shape, rng)
    return 1 / inverse


def _two_streams(
    document: Document, rng: Generator, shape: tuple[int, int]
) -> Callable[[np.ndarray], np.ndarray]:
    layer, tokens = document["layer"], shape[0]
    fields = [member(record, rng, shape) for record in document["fields"]]
    moves = [
        (fields[part["field"]], number(part["step"]) * number(part["scale"]))
        for part in layer["parts"]
    ]
    field, h = moves[0]

    def reversible(first: np.ndarray, second: np.ndarray) -> Any:
        other, step = moves[1]
        first = first + h * field(second)
        return first, second + step * other(first)

    def leapfrog(velocity: np.ndarray, place: np.ndarray) -> Any:
        omega, step = number(layer["frequency"]), number(layer["parts"][0]["step"])
        velocity = velocity + h * field(place) / omega
        return velocity, place + step * omega * velocity

    def momentum(place: np.ndarray, velocity: np.ndarray) -> Any:
        gamma = number(layer["gamma"])
        velocity = gamma * velocity + (1 - gamma) * h * field(place)
        return place + velocity, velocity

    kinds = {"reversible": reversible, "leapfrog": leapfrog, "momentum": momentum}
    chosen = kinds[layer["kind"]]
    return lambda X: np.concatenate(chosen(X[:tokens], X[tokens:]))


CLIMBS = 8


def joint_norm(
    jacobian: np.ndarray, metric: str, shape: tuple[int, int], rng: Generator
) -> float:
    """A lower estimate of the norm of two streams: the root of their squares' sum."""
    if metric == "frobenius":
        return spectral_norm(jacobian)
    best = 0.0
    for _ in range(3):
        direction = _steepest(rng.standard_normal((2, *shape)))
        for _ in range(CLIMBS):
            image = (jacobian @ direction.ravel()).reshape(2, *shape)
            best = max(best, _joint(image))
            direction = _steepest(_slope(image, jacobian))
    return best


def _joint(pair: np.ndarray) -> float:
    return float(np.linalg.norm(np.linalg.norm(pair, axis=2).max(axis=1)))


def _slope(image: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """The gradient of the joint norm of the image, pulled back."""
    covector = np.zeros(image.shape)
    for stream, tokens in enumerate(image):
        place = int(np.linalg.norm(tokens, axis=1).argmax())
        covector[stream, place] = tokens[place]
    return (jacobian.T @ covector.ravel()).reshape(image.shape)


def _steepest(slope: np.ndarray) -> np.ndarray:
    """The direction of joint norm 1 that climbs fastest along a slope."""
    sizes = np.linalg.norm(slope, axis=2, keepdims=True)
    shares = sizes.sum(axis=1, keepdims=True)
    total = float(np.linalg.norm(shares))
    units = slope / np.where(sizes > 0, sizes, 1)
    return units * shares / max(total, 1e-300)
