r"""Rule for attention with rotary positions or a soft cap on a ball of tokens.

Where every token has norm at most $R$, a head's turned queries and keys are at most
$\hat q = \lVert W_Q\rVert R + |b_Q|$ and $\hat k$ long, so that its slopes are at most
$\hat a = s\hat q\lVert W_K\rVert$ and $\hat b = s\hat k\lVert W_Q\rVert$, and the
logits of a row spread by at most $\min(2s\hat q\hat k, 2c)$ and the spread of its bias.
The heads add: $\lVert U\rVert(\sqrt m + R\hat a\sqrt g + R\hat b)$ with the masses of
columns $m$ and $g$, both 1 in the largest token norm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest, root, vector_norm
from stabcheck.checker.fields.attention import Head, attention_weights
from stabcheck.checker.fields.scored_attention import KIND, cap_of
from stabcheck.checker.heads.ball import through_norm
from stabcheck.checker.heads.local import head_norms
from stabcheck.checker.hypotheses import (
    decide_at_least,
    decide_at_most,
    no_premises,
    quantity_of,
    single_field,
)
from stabcheck.checker.rules import rule
from stabcheck.checker.rules.families import ball_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")


def _spread(head: Head, row: int, keys: list[int]) -> arb:
    """Bound how far the score biases of a row lie apart."""
    if head.logit_bias is None:
        return arb(0)
    scores = [head.logit_bias[row][j] for j in keys]
    return largest(scores) + largest(-score for score in scores)


def _largest_mass(weight: arb) -> arb:
    r"""Bound $\max_{p \le \bar p}p\operatorname{vf}(p)$, vf 1 up to 1/2, else 4p(1-p).

    $4p^2(1 - p)$ rises up to $p = 2/3$.
    """
    half, peak = arb(1) / 2, arb(2) / 3
    p = weight.max(half).min(peak)
    return weight.min(half).max(4 * p * p * (1 - p)) if weight > half else weight


def _column_masses(head: Head, rows: list[list[int]], spread: arb) -> tuple[arb, arb]:
    """Bound the largest column sums of weights and of weights times variances."""
    mixing, moving = ([arb(0)] * len(rows) for _ in range(2))
    for i, keys in enumerate(rows):
        if len(keys) == 1:
            mixing[keys[0]] += 1  # one key has the weight 1 and no variance
            continue
        total = spread + _spread(head, i, keys)
        top = 1 / (1 + (len(keys) - 1) * (-total).exp())
        share = _largest_mass(top)
        for j in keys:
            mixing[j] += top
            moving[j] += share
    return largest(mixing), largest(moving)


def _head_bound(ctx: Context, index: int, number: int, radius: arb, mixed: bool) -> arb:
    weights = attention_weights(ctx, index)
    head, norms = weights.heads[number], head_norms(ctx, index, number)
    scale, cap = abs(weights.scale), cap_of(ctx.field(index))
    query = norms.query * radius + vector_norm(head.query_bias)
    key = norms.key * radius + vector_norm(head.key_bias)
    spread = 2 * scale * query * key
    if cap is not None:
        spread = spread.min(2 * cap)
    one = (arb(1), arb(1))
    rows = weights.admissible
    mixing, moving = one if mixed else _column_masses(head, rows, spread)
    sent = radius * scale * query * norms.key * root(moving)
    received = radius * scale * key * norms.query
    return through_norm(ctx, index, number) * (root(mixing) + sent + received)


@rule("scored-attention-ball")
def scored_attention_ball(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check a norm, or a logarithmic norm by the norm, over the ball."""
    no_premises(premises)
    quantity = quantity_of(claim, QUANTITIES)
    index = single_field(ctx, claim, [KIND])
    radius = ball(ball_of(ctx, claim, index))
    mixed = quantity == "mixed-norm"
    heads = range(ctx.field(index)["heads"])
    value = sum((_head_bound(ctx, index, h, radius, mixed) for h in heads), arb(0))
    if quantity == "log-norm-lower":
        decide_at_least(-value, claim["bound"], "minus the norm on the ball")
    else:
        decide_at_most(value, claim["bound"], "the norm on the ball")
