"""Nonlinear fields of a given Lipschitz constant, and parts that move along them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

SHAPES = st.sampled_from([(1, 1), (2, 1), (3, 2)])


def largest(state: np.ndarray) -> float:
    """The largest token norm."""
    return float(np.linalg.norm(state, axis=-1).max())


def lipschitz_map(
    rng: np.random.Generator, shape: tuple[int, int], K: float
) -> Callable:
    """A nonlinear field on tokens of Lipschitz constant K in the largest token norm."""
    tokens, features = shape
    P = rng.dirichlet(np.full(tokens, 0.3), tokens)
    U = rng.standard_normal((features, features))
    U *= K / np.linalg.norm(U, 2)
    shift = rng.standard_normal(shape)
    # |sin|' <= 1 entry by entry: a token's norm does not grow.
    return lambda X: P @ np.sin(X + shift) @ U.T


def plain(step: Fraction, scale: int = 1) -> dict[str, Any]:
    """A part as the engine holds it."""
    zero = Fraction(0)
    return {
        "field": 0,
        "method": 0,
        "scale": Fraction(scale),
        "leak": zero,
        "step": step,
    }
