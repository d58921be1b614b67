r"""Few-token states: where the Jacobian of attention is large on a ball.

The norm on a ball of radius $R$ grows like $\sqrt n R^2$ where a few senders hold
every receiver's attention in balance, so that a small move of a sender turns all
outputs at once (ledger, 3.4): receivers at one point $Rw$, senders elsewhere on the
rim.  Random states never come near such a state in many features; from one of these an
ascent does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from stabcheck.domains import Ball, Sphere
from stabcheck.spectra.branch import Branch

POWERS = (64, 1, 16, 4)
"""In turn: the more powers, the nearer a direction to the leading singular vectors."""
SCATTER = (0.05, 0.3)
"""Tokens leave their place by such shares of the radius, in turn."""


def few_token_states(
    branch: Branch, domain: Ball | Sphere, generator: np.random.Generator
) -> Iterator[np.ndarray]:
    """Endless states `(n, d)` of senders and receivers, near the rim of a ball.

    Directions lean towards those that the first attention of the branch magnifies;
    they are random where the branch has none.
    """
    radius, shape = float(domain.radius), domain.shape
    attention = next((field for field in branch if hasattr(field, "W_Q")), None)
    form = value = np.eye(domain.features)
    for index in count():
        if attention is not None:
            form, value = _head(attention, generator)
        powers = POWERS[index % len(POWERS)]
        receiver = _leaning(form, powers, generator)
        sender = _leaning(value, powers, generator)
        senders = _senders(index, receiver, sender, _unit(receiver @ form))
        rows = np.tile(receiver, (domain.tokens, 1))
        kept = senders[: domain.tokens]
        rows[: len(kept)] = kept
        share = SCATTER[index // 2 % len(SCATTER)] / np.sqrt(domain.features)
        yield radius * (rows + share * generator.standard_normal(shape))


def _senders(
    index: int, receiver: np.ndarray, sender: np.ndarray, key: np.ndarray
) -> list[np.ndarray]:
    """One pattern in turn: its senders, the rest of the tokens are receivers."""
    patterns = (
        [sender, -sender],
        [sender],
        [-receiver],
        [key, -key],
        [key],
        [_unit(key + sender), _unit(key - sender)],
    )
    return patterns[index % len(patterns)]


def _head(
    attention: Any, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    r"""$W_QW_K^{\mathsf T}$ and $W_VW_O$ of a head drawn at random, up to scale."""
    head = int(generator.integers(len(attention.W_Q)))
    query, key, value, output = (
        _scaled(W[head])
        for W in (
            attention.W_Q,
            attention.W_K,
            attention.W_V,
            attention.output_matrices(),
        )
    )
    return query @ key.T, value @ output


def _scaled(matrix: np.ndarray) -> np.ndarray:
    """Float64 entries of at most 1: products of huge weights would overflow."""
    matrix = np.asarray(matrix, dtype=np.float64)
    return matrix / (np.abs(matrix).max() or 1.0)


def _leaning(
    matrix: np.ndarray, powers: int, generator: np.random.Generator
) -> np.ndarray:
    r"""A random unit row $x$ that leans towards large $|xM|$."""
    row = generator.standard_normal(len(matrix))
    for _ in range(powers):
        row = _unit(_unit(row @ matrix) @ matrix.T)
    return _unit(row)


def _unit(row: np.ndarray) -> np.ndarray:
    largest = np.abs(row).max()
    if not largest > 0 or not np.isfinite(largest):
        return np.eye(1, len(row))[0]
    return row / largest / np.linalg.norm(row / largest)
