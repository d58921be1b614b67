"""The table of fields: one line gives a field all of its tests.

A line names a declaration, what draws its parameters, and a plain function written by
hand.  The tests of this folder then prove its derivatives, compare them with automatic
differentiation and with differences at drawn sizes, enclose them, and refuse mutants.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from agreement import plain
from agreement.attention_cases import ATTENTIONS
from agreement.block_cases import BLOCKS
from agreement.design_cases import CONVERGED, DESIGNS

from stabcheck.fields import (
    attention,
    feed_forward,
    layer_norm,
    post_norm,
    pre_norm,
    rms_norm,
)
from stabcheck.symbolic import Field


@dataclass(frozen=True)
class Variant:
    """A declaration, what draws its parameters, and the plain function."""

    name: str
    declare: Any
    draw: Any
    reference: Any


def attention_parameters(rng, n, d, *, heads=2, biases=False, mask=False, bias=None):
    key_width, value_width = 3, 2
    given = {
        "W_Q": rng.standard_normal((heads, d, key_width)),
        "W_K": rng.standard_normal((heads, d, key_width)),
        "W_V": rng.standard_normal((heads, d, value_width)),
        "W_O": rng.standard_normal((heads * value_width, d)),
    }
    if biases:
        given |= {
            "b_Q": rng.standard_normal((heads, key_width)),
            "b_K": rng.standard_normal((heads, key_width)),
            "b_V": rng.standard_normal((heads, value_width)),
            "b_O": rng.standard_normal(d),
        }
    if mask:
        seen = rng.integers(0, 2, (n, n))
        np.fill_diagonal(seen, 1)
        given["mask"] = seen
    if bias is not None:
        given["bias"] = rng.standard_normal((*bias, n, n))
    return given


def layer_norm_parameters(rng, n, d):
    gamma, beta = rng.standard_normal((2, d))
    return {"gamma": gamma, "beta": beta, "epsilon": 0.1}


def rms_norm_parameters(rng, n, d):
    return {"gamma": rng.standard_normal(d), "epsilon": 0.1}


def feed_forward_parameters(rng, n, d):
    hidden = 5
    return {
        "W_1": rng.standard_normal((d, hidden)),
        "b_1": rng.standard_normal(hidden),
        "W_2": rng.standard_normal((hidden, d)),
        "b_2": rng.standard_normal(d),
    }


def pre_attention(X, gamma, epsilon, **parameters):
    return plain.attention(plain.rms_norm(X, gamma, epsilon), **parameters)


def post_feed_forward(X, gamma, beta, epsilon, step_size, **parameters):
    slope = plain.feed_forward(X, **parameters)
    return plain.layer_norm(X + step_size * slope, gamma, beta, epsilon)


VARIANTS = (
    Variant(
        "attention",
        lambda: attention(heads=2),
        attention_parameters,
        plain.attention,
    ),
    Variant(
        "causal-biased",
        lambda: attention(heads=2, causal=True, biases=True),
        lambda rng, n, d: attention_parameters(rng, n, d, biases=True),
        lambda X, **p: plain.attention(X, causal=True, **p),
    ),
    Variant(
        "masked-score-bias",
        lambda: attention(heads=2, mask=True, bias="head"),
        lambda rng, n, d: attention_parameters(rng, n, d, mask=True, bias=(2,)),
        plain.attention,
    ),
    Variant(
        "one-head",
        lambda: attention(bias=True),
        lambda rng, n, d: attention_parameters(rng, n, d, heads=1, bias=()),
        plain.attention,
    ),
    Variant("layer-norm", layer_norm, layer_norm_parameters, plain.layer_norm),
    Variant("rms-norm", rms_norm, rms_norm_parameters, plain.rms_norm),
    Variant("feed-forward", feed_forward, feed_forward_parameters, plain.feed_forward),
    Variant(
        "pre-norm-attention",
        lambda: pre_norm(rms_norm(), attention(heads=2)),
        lambda rng, n, d: (
            attention_parameters(rng, n, d) | rms_norm_parameters(rng, n, d)
        ),
        pre_attention,
    ),
    Variant(
        "post-norm-feed-forward",
        lambda: post_norm(layer_norm(), feed_forward()),
        lambda rng, n, d: (
            feed_forward_parameters(rng, n, d)
            | layer_norm_parameters(rng, n, d)
            | {"step_size": 0.5}
        ),
        post_feed_forward,
    ),
    *(Variant(*line) for line in ATTENTIONS),
    *(Variant(*line) for line in BLOCKS),
    *(Variant(*line) for line in DESIGNS),
)

SIZES = ((1, 1), (3, 2))

EXPLICIT = tuple(v for v in VARIANTS if v.name not in ("sinkhorn", *CONVERGED))
"""The fields that can be written out; Sinkhorn's limit is defined by equations."""


def named(name: str) -> Variant:
    """The line of the table with this name."""
    return next(variant for variant in VARIANTS if variant.name == name)


@cache
def derived(variant: Variant) -> tuple[Field, Field, Field, Field]:
    """A field with its Jacobian and its two products."""
    field = variant.declare()
    return field, field.jacobian(), field.jvp(), field.vjp()


def drawn(variant: Variant, n: int, d: int, seed: int = 0):
    """A field with a state, a direction and parameters."""
    rng = np.random.default_rng(seed)
    state, direction = rng.standard_normal((2, n, d))
    return derived(variant)[0], state, direction, variant.draw(rng, n, d)


def tolerance(*arrays) -> float:
    """What rounding may do to sums of a few hundred terms of these sizes."""
    size = max(np.abs(np.asarray(array, dtype=float)).max() for array in arrays)
    return 2**10 * np.finfo(float).eps * (1 + size)
