"""The variants of attention, one line each: declaration, parameters, plain function."""

from functools import partial

import numpy as np
from agreement import plain_attention as plain

from stabcheck.fields import attention, energy_attention

NUMBERS = {
    "qk_epsilon": lambda rng, n, heads, width: 0.3,
    "nu": lambda rng, n, heads, width: 0.7,
    "cap": lambda rng, n, heads, width: 1.5,
    "offset": lambda rng, n, heads, width: -0.4,
    "slopes": lambda rng, n, heads, width: rng.uniform(0.1, 1, heads),
    "sink": lambda rng, n, heads, width: rng.standard_normal(heads),
    "gamma_Q": lambda rng, n, heads, width: rng.standard_normal(width),
    "gamma_K": lambda rng, n, heads, width: rng.standard_normal(width),
    "theta": lambda rng, n, heads, width: rng.uniform(0, 2, width // 2),
    "bias": lambda rng, n, heads, width: rng.standard_normal((heads, n, n)),
    "mask": lambda rng, n, heads, width: (
        np.tril(rng.integers(0, 2, (n, n)), -1) + np.eye(n)
    ),
}
"""What draws the parameters of variants beside the projections."""


def projections(rng, d, heads, groups, width, biased):
    """Queries of all heads; keys and values of all groups."""
    value_width = 2
    drawn = {
        "W_Q": rng.standard_normal((heads, d, width)),
        "W_K": rng.standard_normal((groups, d, width)),
        "W_V": rng.standard_normal((groups, d, value_width)),
        "W_O": rng.standard_normal((heads * value_width, d)),
    }
    if biased:
        drawn |= {
            "b_Q": rng.standard_normal((heads, width)),
            "b_K": rng.standard_normal((groups, width)),
            "b_V": rng.standard_normal((groups, value_width)),
            "b_O": rng.standard_normal(d),
        }
    return drawn


def line(name, *own, known=None, heads=2, width=3, size=1.0, **options):
    """A case: parameters beside the projections, what the plain function is told."""
    groups = options.get("groups", heads)
    biased = options.get("biases", False)
    told = {} if known is None else known

    def draw(rng, n, d):
        given = projections(rng, d, heads, groups, width, biased)
        given["W_Q"] *= size
        return given | {one: NUMBERS[one](rng, n, heads, width) for one in own}

    declare = partial(attention, heads=heads, **options)
    return name, declare, draw, partial(plain.attention, **told)


def same(name, *own, **options):
    """A case whose options the plain function has under the same names."""
    plainly = ("causal", "window", "rotary", "qk_norm", "score", "weights")
    plainly += ("iterations", "consensus")
    known = {key: value for key, value in options.items() if key in plainly}
    return line(name, *own, known=known, **options)


ATTENTIONS = (
    same("biased", "bias", biases=True, bias="head"),
    same("causal", causal=True),
    same("masked", "mask", mask=True),
    same("grouped-query", heads=4, groups=2),
    same("multi-query", heads=3, groups=1, causal=True, biases=True),
    same("alibi", "slopes", causal=True, alibi=True),
    same("alibi-both-ways", "slopes", "bias", alibi=True, bias="head"),
    same("sliding-window", causal=True, window=2),
    same("window-both-ways", window=2, biases=True),
    same("rotary", rotary="half", width=4),
    same(
        "rotary-interleaved", "theta", rotary="interleaved", frequencies=True, width=4
    ),
    same("qk-norm", "qk_epsilon", "gamma_Q", "gamma_K", qk_norm="rms"),
    same("l2-qk-norm", "qk_epsilon", qk_norm="l2", biases=True),
    same("soft-capped", "cap", softcap=True),
    same("l2", score="l2"),
    same("cosine", "qk_epsilon", "nu", qk_norm="l2", value_norm=True),
    same("sigmoid", weights="sigmoid"),
    same("sigmoid-causal", "offset", weights="sigmoid", causal=True),
    same("linear", weights="linear"),
    same("linear-causal", weights="linear", causal=True, biases=True),
    same("sink", "sink", sink="head"),
    line("off-by-one", "mask", known={"sink": 0.0}, sink="zero", mask=True),
    same("consensus", consensus=True),
    # Small logits: the plain function has to come to its limit by sweeps alone.
    same("sinkhorn", size=0.2, weights="sinkhorn"),
    same("sinkhorn-unrolled", weights="sinkhorn", iterations=1),
    same(
        "everything",
        *("qk_epsilon", "gamma_Q", "gamma_K", "cap", "slopes", "sink"),
        heads=4,
        groups=2,
        width=4,
        causal=True,
        window=2,
        biases=True,
        rotary="half",
        qk_norm="rms",
        softcap=True,
        alibi=True,
        sink="head",
        consensus=True,
    ),
    (
        "energy",
        partial(energy_attention, heads=2, causal=True),
        lambda rng, n, d: {
            "W_Q": rng.standard_normal((2, d, 3)),
            "W_K": rng.standard_normal((2, d, 3)),
        },
        partial(plain.energy_attention, causal=True),
    ),
)
