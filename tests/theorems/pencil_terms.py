"""The terms of theorem attention-pencil at a state of a domain, from definitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from strategies import generator

from stabcheck.bounds.pencil.domain import KINDS
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.products import Anchor

SHAPES = st.sampled_from([*KINDS, "rectangle"])


def drawn(shape, radius: float, state: np.ndarray, seed: int):
    """A kind and its radius; a rectangle is a box whose entries move differently."""
    if shape != "rectangle":
        return shape, radius
    shares = generator(seed).choice([0.0, 0.03, 0.5, 1.0], size=state.shape)
    return "box", radius * shares


def states_of(
    kind: str, state: np.ndarray, radius: float, seed: int, count: int
) -> list[np.ndarray]:
    """States of a box, tube or Frobenius ball: vertices, rims, one token alone."""
    rng = np.random.default_rng(seed)
    inside = radius * (1 - 1e-12)
    found = []
    for index in range(count):
        move = rng.standard_normal(state.shape)
        if index % 3 == 1:
            move[np.arange(len(state)) != rng.integers(len(state))] = 0
        if kind == "box":
            move = np.sign(move) * (1 if index % 2 else rng.uniform(size=move.shape))
        elif kind == "tube":
            lengths = np.linalg.norm(move, axis=1, keepdims=True)
            move = move / np.maximum(lengths, 1e-300)
        else:
            move = move / max(np.linalg.norm(move), 1e-300)
        found.append(state + inside * move)
    return found


@dataclass(frozen=True)
class Terms:
    """The twelve terms `(12, H, n)` of a form, and what the anchor leaves of it."""

    each: np.ndarray
    difference: float

    @property
    def total(self) -> float:
        """All terms together: the form less the anchor's."""
        return float(self.each.sum())


def terms(
    heads: PencilHeads,
    taken: Anchor,
    other: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
) -> Terms:
    """The terms at another state for directions u, v `(n, d)`."""
    query, key, _ = heads.attention.projections(other)
    new_weights = heads.attention.attention_weights(query, key)
    move = other - heads.state
    count, tokens, _ = heads.shape
    each = np.zeros((12, count, tokens))
    for h in range(count):
        form, through = heads.forms[h], heads.maps[h] @ u.T
        for i in range(tokens):
            p, new = heads.weights[h, i], new_weights[h, i]
            row = _Row(p, new)
            logits = heads.rows[h, i] @ move.ravel()
            y = heads.values[h, i] @ u[i]
            z = heads.rows[h, i] @ v.ravel()
            moved, direct = move @ through[:, i], v @ through[:, i]
            first = v @ (form.T @ move[i])
            second = move @ (form.T @ v[i])
            share = taken.shares[:, h, i]
            shifts = taken.covariance[h, i], taken.means[h, i]
            each[:, h, i] = row.terms(
                logits, (y, z), (moved, direct, first, second), shifts, share
            )
    jacobian = heads.attention.jacobian(other)
    anchor = heads.anchor(1 + taken.covariance, 1 + taken.means)
    difference = u.ravel() @ (jacobian - anchor) @ v.ravel()
    return Terms(each, float(difference))


@dataclass(frozen=True)
class _Row:
    """The weights of a row at the centre and at the other state."""

    old: np.ndarray
    new: np.ndarray

    def terms(self, logits, centred, moving, shifts, shares) -> list[float]:
        p, new = self.old, self.new
        (y, z), (moved, direct, first, second) = centred, moving
        covariance, means, moved_values, moved_keys = shares
        change = new - p
        kept = new - p * (1 + shifts[0] + covariance * logits)
        mean = new - p * (1 + shifts[1] + means * logits)

        def both(share, f, g) -> float:
            return _covariance(new, f, g) - share * _covariance(p, f, g)

        return [
            kept @ (y * z) - (change @ y) * (change @ z),
            both(moved_values, moved, z),
            both(moved_keys, y, first),
            both(moved_keys, y, second),
            _covariance(new, moved, first),
            _covariance(new, moved, second),
            mean @ direct,
            means * (p * logits) @ direct,
            covariance * (p * logits) @ (y * z),
            moved_values * _covariance(p, moved, z),
            moved_keys * _covariance(p, y, first),
            moved_keys * _covariance(p, y, second),
        ]


def _covariance(law: np.ndarray, f: np.ndarray, g: np.ndarray) -> float:
    return float(law @ ((f - law @ f) * (g - law @ g)))
