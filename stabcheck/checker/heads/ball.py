r"""What an attention head can do on a ball $|x_i| \le R$, in balls of Arb.

With $A = s W_Q W_K^{\mathsf T}$ and $U = (W_V W_O)^{\mathsf T}$, the slope of row $i$'s
logits is $a_i = A^{\mathsf T} x_i + s W_K b_Q$, at most $\lVert A\rVert R + |s W_K
b_Q|$ (the key bias moves a row's logits by a constant), $\alpha$ is that times $R$.
The logits of row $i$ spread by at most $2\alpha + \beta_i$ over its $k_i$ keys,
$\beta_i$ the spread of the score bias, so each weight is at most $1/(1 + (k_i -
1)e^{-2\alpha - \beta_i})$.  The covariance of the tokens under the weights has a trace
of at most $R^2$, and a largest eigenvalue of at most $R^2\,\mathrm{vf}(p)$ when some
weight is $p$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import (
    DIRECT_SIZE,
    ball,
    gram_norm,
    largest,
    spectral_norm,
    trace_power,
    vector_norm,
)
from stabcheck.checker.fields.attention import Head, attention_weights
from stabcheck.checker.heads.local import head_norms, trace_power_of_product

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "BallHead",
    "ball_heads",
    "extremal_norm",
    "extremal_turn",
    "full_row_spread",
    "keys_of_rows",
    "largest_share",
    "output_norm",
    "through_norm",
    "tied_row",
    "value_reach",
]


@dataclass(frozen=True)
class BallHead:
    """Norms of U (`through`), W_V (`value`), A (`form`); alpha; a peak per row."""

    through: arb
    value: arb
    form: arb
    alpha: arb
    peaks: list[arb]


def keys_of_rows(ctx: Context, index: int) -> list[list[int]]:
    """The keys that every row of a field sees."""
    field = ctx.field(index)
    if field["kind"] == "attention":
        return attention_weights(ctx, index).admissible
    tokens = field["tokens"]
    return [list(range(i + 1 if field["causal"] else tokens)) for i in range(tokens)]


def largest_share(alpha: arb, spread: arb, keys: int) -> arb:
    r"""Bound $\max_{p\le\bar p}p(1 + \alpha^2\mathrm{vf}(p))$ for a row of `keys` keys.

    Up to one half the function is linear; beyond, $p + 4\alpha^2p^2(1 - p)$ is concave
    with its peak at $(1 + \sqrt{1 + 3/(4\alpha^2)})/3$.  One key has the weight 1 and
    no variance.
    """
    if keys == 1:
        return arb(1)
    square = alpha * alpha
    p_bar = 1 / (1 + (keys - 1) * (-spread).exp())
    half = arb(1) / 2
    low = p_bar.min(half) * (1 + square)
    if p_bar <= half:
        return low
    top = p_bar.max(half)
    if 1 + 4 * square * (2 * top - 3 * top * top) >= 0:
        peak = top  # still rising at the end
    else:
        peak = top.min((1 + (1 + 3 / (4 * square)).sqrt()) / 3)
    return low.max(peak * (1 + 4 * square * peak * (1 - peak)))


def ball_heads(ctx: Context, index: int, radius: arb) -> list[BallHead]:
    """The heads of an attention field; a family counts as one head."""
    field = ctx.field(index)
    rows = keys_of_rows(ctx, index)
    if field["kind"] == "attention-family":
        through, form = ball(field["value_norm"]), ball(field["query_key_norm"])
        alpha = form * radius * radius
        peaks = [largest_share(alpha, 2 * alpha, len(keys)) for keys in rows]
        return [BallHead(through, through, form, alpha, peaks)]
    weights = attention_weights(ctx, index)
    found = []
    for h, head in enumerate(weights.heads):
        norms = head_norms(ctx, index, h)
        offset = arb_mat([head.query_bias]) * head.key.transpose()
        slope = norms.form * radius + abs(weights.scale) * vector_norm(offset.entries())
        alpha = slope * radius
        peaks = [
            largest_share(alpha, 2 * alpha + _score_spread(head, i, keys), len(keys))
            for i, keys in enumerate(rows)
        ]
        through = through_norm(ctx, index, h)
        found.append(BallHead(through, norms.value, norms.form, alpha, peaks))
    return found


def _score_spread(head: Head, row: int, keys: list[int]) -> arb:
    if head.logit_bias is None:
        return arb(0)
    scores = [head.logit_bias[row][j] for j in keys]
    return largest(scores) + largest(-score for score in scores)


def full_row_spread(ctx: Context, index: int, number: int) -> arb:
    """The largest spread of a head's score bias over a row that sees every key."""
    weights = attention_weights(ctx, index)
    head, rows = weights.heads[number], weights.admissible
    full = [i for i, keys in enumerate(rows) if len(keys) == len(rows)]
    return largest(_score_spread(head, i, rows[i]) for i in full)


def through_norm(ctx: Context, index: int, number: int) -> arb:
    """Bound the norm of U = (W_V W_O)^T of one head."""
    key = ("through-norm", index, number)
    if key not in ctx.cache:
        head = attention_weights(ctx, index).heads[number]
        product = trace_power_of_product(head.value, head.output.transpose())
        ctx.cache[key] = product
    return ctx.cache[key]


def output_norm(ctx: Context, index: int) -> arb | None:
    """The norm of W_O; None for a family, whose heads are known by their sum only."""
    if ctx.field(index)["kind"] == "attention-family":
        return None
    key = ("output-norm", index)
    if key not in ctx.cache:
        rows = [
            row
            for head in attention_weights(ctx, index).heads
            for row in head.output.tolist()
        ]
        ctx.cache[key] = spectral_norm(arb_mat(rows))
    return ctx.cache[key]


def extremal_norm(ctx: Context, index: int, number: int, weight: Fraction) -> arb:
    r"""Bound $\chi(U, A) \le \tfrac12\lambda_{\max}(tU^{\sf T}U + A^{\sf T}A/t)$."""
    t = ball(weight)
    return _weighted_gram(ctx, index, number, t, 1 / t) / 2


def _weighted_gram(
    ctx: Context, index: int, number: int, values: arb, slopes: arb
) -> arb:
    r"""Bound $\lambda_{\max}(vU^{\sf T}U + aA^{\sf T}A)$ by the trace of a power.

    The matrix is $W M W^{\sf T}$, $W$ of the columns of $W_V$ and $W_K$: where they are
    few, the power is that of $W^{\sf T}WM$, which has the same trace.
    """
    weights = attention_weights(ctx, index)
    head = weights.heads[number]
    joined = _beside(head.value, head.key)
    middle = _block_diagonal(
        head.output * head.output.transpose() * values,
        head.query.transpose() * head.query * (weights.scale * weights.scale * slopes),
    )
    if joined.ncols() > min(joined.nrows() - 1, 2 * DIRECT_SIZE):
        return gram_norm(joined * middle * joined.transpose())
    return trace_power(joined.transpose() * joined * middle)


def _block_diagonal(first: arb_mat, second: arb_mat) -> arb_mat:
    m, n = first.nrows(), second.nrows()
    rows = [row + [arb(0)] * n for row in first.tolist()]
    return arb_mat(rows + [[arb(0)] * m + row for row in second.tolist()])


def tied_row(
    ctx: Context,
    index: int,
    number: int,
    radius: arb,
    head: BallHead,
    weights: tuple[Fraction, Fraction],
) -> arb:
    r"""Bound $|w|e + \hat a\xi\sqrt{1 - e^2} + \xi\eta$, one covariance in both parts.

    $\tfrac12(\theta + \lVert U\rVert^2/\theta + \lambda_{\max}((\alpha^2/\theta + R^2t)
    U^{\sf T}U + R^2A^{\sf T}A/t))$ for the weights $\theta, t > 0$.
    """
    theta, t = (ball(weight) for weight in weights)
    square = radius * radius
    values = head.alpha * head.alpha / theta + square * t
    top = _weighted_gram(ctx, index, number, values, square / t)
    return (theta + head.through * head.through / theta + top) / 2


def extremal_turn(
    ctx: Context, index: int, number: int, weight: Fraction, sign: int
) -> arb:
    r"""Bound $\omega(\pm U, A) \le \tfrac14\lVert \pm tU + A/t\rVert^2$."""
    weights = attention_weights(ctx, index)
    head = weights.heads[number]
    t, scale = ball(weight), weights.scale
    left = _beside(head.output.transpose() * (sign * t), head.query * (scale / t))
    norm = trace_power_of_product(left, _beside(head.value, head.key))
    return norm * norm / 4


def _beside(left: arb_mat, right: arb_mat) -> arb_mat:
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    return arb_mat([a + b for a, b in pairs])


def value_reach(ctx: Context, index: int) -> tuple[arb, arb]:
    """Bounds v, c with |F(X)_i| <= v R + c on every ball: values are averaged."""
    field = ctx.field(index)
    if field["kind"] == "attention-family":
        return ball(field["value_norm"]), arb(0)
    weights = attention_weights(ctx, index)
    norms, total = [], arb_mat([weights.output_bias])
    through = arb(0)
    for h, head in enumerate(weights.heads):
        norms.append(head_norms(ctx, index, h).value)
        through = through + through_norm(ctx, index, h)
        total = total + arb_mat([head.value_bias]) * head.output
    joined = output_norm(ctx, index) * vector_norm(norms)
    return through.min(joined), vector_norm(total.entries())
