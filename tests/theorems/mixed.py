"""A lower estimate of the mixed norm of a Jacobian: what alternating climbs find."""

from __future__ import annotations

import numpy as np


def tokens_of(jacobian: np.ndarray, tokens: int) -> np.ndarray:
    """The blocks `(n, d, n, d)` of a token-major Jacobian."""
    features = len(jacobian) // tokens
    return jacobian.reshape(tokens, features, tokens, features)


def mixed_norm(jacobian: np.ndarray, tokens: int, seed: int, climbs: int = 12) -> float:
    """The largest token of J v that is found, over v with tokens of norm 1."""
    rng = np.random.default_rng(seed)
    blocks = tokens_of(jacobian, tokens)
    best = 0.0
    for row in blocks.transpose(0, 2, 1, 3):  # (n, d, d) for every receiver
        direction = _units(rng.standard_normal(row.shape[::2]))
        for _ in range(climbs):
            image = np.einsum("jab,jb->a", row, direction)
            best = max(best, float(np.linalg.norm(image)))
            direction = _units(np.einsum("jab,a->jb", row, image))
    return best


def _units(array: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    # A token that gets no weight may have any direction, or none.
    return array / np.maximum(norms, 1e-300)
