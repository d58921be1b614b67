"""Hypothesis strategies for fields, states and radii.

Hypothesis draws the shape of a case (sizes, which parts are present, magnitudes) and a
seed; numpy fills the arrays.  Sizes start at 1: one token, one feature, one head.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm

SEEDS = st.integers(0, 2**32 - 1)
MAGNITUDES = st.sampled_from([0.1, 0.5, 1.0, 2.0])
"""Scales of weights: nearly linear layers up to saturated softmax rows."""


@dataclass(frozen=True)
class Case:
    """A field with a state it acts on."""

    field: Attention | FeedForward | LayerNorm | RMSNorm
    state: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return self.state.shape


def generator(seed: int) -> np.random.Generator:
    """The random numbers of a case."""
    return np.random.default_rng(seed)


@st.composite
def states(draw, tokens: int, features: int) -> np.ndarray:
    """States `(n, d)`: scattered tokens, or tokens near a consensus."""
    rng = generator(draw(SEEDS))
    state = draw(MAGNITUDES) * rng.standard_normal((tokens, features))
    if draw(st.booleans()):
        state = state[:1] + 0.01 * state
    return state


@st.composite
def masks(draw, tokens: int) -> np.ndarray:
    """Zero-one masks `(n, n)`; every token sees itself, so that no row is empty."""
    rng = generator(draw(SEEDS))
    mask = rng.integers(0, 2, (tokens, tokens)).astype(np.int8)
    np.fill_diagonal(mask, 1)
    return mask


@st.composite
def attention_cases(
    draw, most_tokens: int = 4, most_features: int = 4, most_heads: int = 3
) -> Case:
    """Attention of every shape: heads, widths, biases, masks, score bias, scale."""
    tokens = draw(st.integers(1, most_tokens))
    features = draw(st.integers(1, most_features))
    heads = draw(st.integers(1, most_heads))
    key_width, value_width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    without_output = heads == 1 and draw(st.booleans())
    if without_output:
        value_width = features
    rng = generator(draw(SEEDS))

    def array(*shape: int) -> np.ndarray:
        return draw(MAGNITUDES) * rng.standard_normal(shape)

    def maybe(*shape: int) -> np.ndarray | None:
        return array(*shape) if draw(st.booleans()) else None

    score_bias = draw(st.sampled_from([None, (), (heads,)]))
    attention = Attention(
        W_Q=array(heads, features, key_width),
        W_K=array(heads, features, key_width),
        W_V=array(heads, features, value_width),
        W_O=None if without_output else array(heads * value_width, features),
        b_Q=maybe(heads, key_width),
        b_K=maybe(heads, key_width),
        b_V=maybe(heads, value_width),
        b_O=maybe(features),
        scale=draw(st.sampled_from([None, 0.25, 1.0])),
        causal=draw(st.booleans()),
        mask=draw(masks(tokens)) if draw(st.booleans()) else None,
        bias=None if score_bias is None else array(*score_bias, tokens, tokens),
    )
    return Case(attention, draw(states(tokens, features)))


@st.composite
def feed_forward_cases(draw, most_tokens: int = 3, most_features: int = 4) -> Case:
    """GELU feed-forward fields with biases."""
    tokens = draw(st.integers(1, most_tokens))
    features, hidden = draw(st.integers(1, most_features)), draw(st.integers(1, 6))
    rng = generator(draw(SEEDS))
    first, second = draw(MAGNITUDES), draw(MAGNITUDES)
    field = FeedForward(
        W_1=first * rng.standard_normal((features, hidden)),
        b_1=rng.standard_normal(hidden),
        W_2=second * rng.standard_normal((hidden, features)),
        b_2=rng.standard_normal(features),
    )
    return Case(field, draw(states(tokens, features)))


@st.composite
def norm_cases(draw, most_tokens: int = 3, most_features: int = 5) -> Case:
    """LayerNorm and RMSNorm; gains of both signs, equal gains, small epsilon."""
    tokens = draw(st.integers(1, most_tokens))
    features = draw(st.integers(1, most_features))
    rng = generator(draw(SEEDS))
    gamma = rng.standard_normal(features)
    if draw(st.booleans()):
        gamma = np.ones(features)
    epsilon = draw(st.sampled_from([Fraction(1, 10**5), Fraction(1, 100), Fraction(1)]))
    if draw(st.booleans()):
        field = LayerNorm(gamma, rng.standard_normal(features), epsilon)
    else:
        field = RMSNorm(gamma, epsilon)
    return Case(field, draw(states(tokens, features)))


def radii(largest: int = 64) -> st.SearchStrategy[Fraction]:
    """Radii of tubes, from zero upwards, as dyadic rationals."""
    return st.integers(0, largest).map(lambda k: Fraction(k, 256))


def tube_states(
    state: np.ndarray, radius: float, seed: int, count: int = 12
) -> list[np.ndarray]:
    """States of a tube: its centre, and tokens moved by up to the radius.

    The moves are scaled by a little less than the radius, so that rounding cannot
    leave the tube.
    """
    rng = generator(seed)
    found = [state]
    for _ in range(count):
        move = rng.standard_normal(state.shape)
        move /= np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-300)
        share = rng.uniform(size=(len(state), 1)) if rng.integers(2) else 1.0
        found.append(state + radius * (1 - 1e-12) * share * move)
    return found
