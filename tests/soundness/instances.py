"""Random fields, states and domains for the campaign, and the traps among them.

Every instance is a function of one generator; magnitudes reach from subnormal numbers
to softmax rows that are exactly one-hot, radii from 0 over 1e-300 to a whole layer.
"""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction

import numpy as np

from stabcheck import domains
from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.layers import Branch

Generator = np.random.Generator
ORDINARY = (0.1, 0.5, 1.0)
EXTREME = (1e-300, 1e-160, 1e-20, 1e-8, 30.0, 1e4, 1e8, 1e150)
LARGE_BIAS = 5.0
"""Projection biases of trained models reach this."""
RADII = ("0", "1e-300", "1e-17", "1e-9", "1e-4", "0.01", "0.1", "0.5", "2")


class Declined(Exception):
    """The prover said in one line that it has no bound here."""


@contextmanager
def declining():
    """Turn the prover's refusals in words into `Declined`."""
    try:
        yield
    except (InvalidInput, Undecided) as error:
        raise Declined(str(error)) from error


def magnitude(rng: Generator, *, traps: bool) -> float:
    """The size of an array: ordinary, or with traps now and then extreme."""
    return float(rng.choice(EXTREME if traps and rng.random() < 0.4 else ORDINARY))


def sizes(rng: Generator, most: int = 5) -> tuple[int, int]:
    """Tokens and features, both from 1 on."""
    tokens, features = (int(size) for size in rng.integers(1, most + 1, 2))
    return tokens, features


def state(rng: Generator, tokens: int, features: int, *, traps: bool) -> np.ndarray:
    """Tokens scattered, tied, all equal, or of very different lengths."""
    found = magnitude(rng, traps=traps) * rng.standard_normal((tokens, features))
    kind = rng.integers(5)
    if kind == 0:
        found[:] = found[0]
    elif kind == 1:
        found[-1] = found[0]
    elif kind == 2 and traps:
        found *= 10.0 ** rng.integers(-12, 9, (tokens, 1))
    elif kind == 3 and traps:
        found[rng.random(found.shape) < 0.5] = 0.0
    return found


def attention(rng: Generator, features: int, tokens: int, *, traps: bool) -> Attention:
    """Softmax attention with every option, drawn."""
    heads = int(rng.integers(1, 4))
    key, value = (int(size) for size in rng.integers(1, 4, 2))
    output = heads > 1 or rng.random() < 0.7
    value = value if output else features

    def array(*shape: int) -> np.ndarray:
        return magnitude(rng, traps=traps) * rng.standard_normal(shape)

    def maybe(*shape: int) -> np.ndarray | None:
        if rng.random() < 0.6:
            return None
        large = traps and rng.random() < 0.3
        return LARGE_BIAS * rng.standard_normal(shape) if large else array(*shape)

    mask = rng.integers(0, 2, (tokens, tokens)).astype(np.int8)
    np.fill_diagonal(mask, 1)
    return Attention(
        W_Q=array(heads, features, key),
        W_K=array(heads, features, key),
        W_V=array(heads, features, value),
        W_O=array(heads * value, features) if output else None,
        b_Q=maybe(heads, key),
        b_K=maybe(heads, key),
        b_V=maybe(heads, value),
        b_O=maybe(features),
        causal=bool(rng.random() < 0.4),
        mask=mask if rng.random() < 0.3 else None,
        bias=maybe(heads, tokens, tokens),
    )


def feed_forward(rng: Generator, features: int, *, traps: bool) -> FeedForward:
    """A feed-forward field with biases."""
    del traps  # Its products are those of attention without the exponential.
    hidden = int(rng.integers(1, 7))
    scale = magnitude(rng, traps=False)
    return FeedForward(
        W_1=scale * rng.standard_normal((features, hidden)),
        b_1=rng.standard_normal(hidden),
        W_2=scale * rng.standard_normal((hidden, features)),
        b_2=rng.standard_normal(features),
    )


def damping(rng: Generator, features: int) -> FeedForward:
    """Biases so large that every slope is nearly 1: -c x and a constant."""
    factor = np.sqrt(magnitude(rng, traps=False)) * np.eye(features)
    large = np.full(features, 2 * LARGE_BIAS)
    return FeedForward(factor, large, -factor, np.zeros(features))


def branch(rng: Generator, features: int, tokens: int, *, traps: bool) -> Branch:
    """Attention or a feed-forward field, behind a normalisation or none."""
    inner: Attention | FeedForward
    if rng.random() < 0.25:
        return (damping(rng, features),)
    if rng.random() < 0.6:
        inner = attention(rng, features, tokens, traps=traps)
    else:
        inner = feed_forward(rng, features, traps=traps)
    if rng.random() < 0.4:
        return (inner,)
    return (normalisation(rng, features), inner)


def normalisation(rng: Generator, features: int) -> LayerNorm | RMSNorm:
    """LayerNorm or RMSNorm with gains of both signs."""
    gamma = rng.standard_normal(features)
    epsilon = Fraction(1, 10 ** int(rng.integers(1, 8)))
    if rng.random() < 0.5:
        return LayerNorm(gamma, rng.standard_normal(features), epsilon)
    return RMSNorm(gamma, epsilon)


ROUND = ("tube", "box", "frobenius")
CENTRED = ("ball", "sphere")


def domain(rng: Generator, centre: np.ndarray) -> domains.Domain:
    """Any domain that one quantity can be asked on."""
    kind = str(rng.choice(["point", *ROUND, *ROUND, *CENTRED]))
    radius = str(rng.choice(RADII))
    if kind in CENTRED:
        radius = repr(float(rng.choice([1e-9, 0.5, 1.0, 3.0])))
    return domains.parse(kind if kind == "point" else f"{kind}:{radius}", centre)
