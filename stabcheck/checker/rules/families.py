r"""Rules on a ball of tokens: for weights, and for families known by their norms.

The Jacobian of attention has two parts, each summed over the heads directly or through
the concatenated heads, whichever is smaller:

* means and senders, $\lVert U\rVert$ times a factor of $\alpha$ for each head;
* receivers, block diagonal, $U C_i A^{\mathsf T}$ with $\operatorname{tr} C_i \le R^2$.

In the largest-token norm a stack of forward Euler steps needs no factor of the number
of tokens but one square root for the change of norms.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest, root, vector_norm
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.heads.ball import (
    BallHead,
    ball_heads,
    extremal_norm,
    extremal_turn,
    keys_of_rows,
    output_norm,
)
from stabcheck.checker.hypotheses import (
    decide_at_least,
    decide_at_most,
    no_premises,
    positive_parameters,
    quantity_of,
    single_field,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

KINDS = ("attention", "attention-family")


def ball_of(ctx: Context, claim: dict, index: int) -> Fraction:
    """The radius of the claim's domain, a ball of the field's shape."""
    domain, field = ctx.domain(claim["domain"]), ctx.field(index)
    if domain["kind"] != "ball":
        raise ClaimRejected(f"this theorem holds on a ball, not on a {domain['kind']}")
    shape = (domain["tokens"], domain["features"])
    if shape != (field["tokens"], field["features"]):
        raise ClaimRejected(
            f"the ball has the shape {shape}, the field acts on "
            f"{(field['tokens'], field['features'])}"
        )
    return domain["radius"]


def _prepared(
    ctx: Context, claim: dict, premises: list[dict], quantities: list[str]
) -> tuple[int, arb, list[BallHead]]:
    no_premises(premises)
    quantity_of(claim, quantities)
    index = single_field(ctx, claim, KINDS)
    radius = ball(ball_of(ctx, claim, index))
    return index, radius, ball_heads(ctx, index, radius)


def _over_heads(
    ctx: Context, index: int, heads: list[BallHead], factors: list[arb]
) -> arb:
    """The smaller of the sum and of the concatenated form."""
    pairs = list(zip(heads, factors, strict=True))
    value = sum((head.through * f for head, f in pairs), arb(0))
    output = output_norm(ctx, index)
    if output is None:
        return value
    return value.min(output * vector_norm([head.value * f for head, f in pairs]))


def _weights(ctx: Context, claim: dict, index: int, name: str) -> list[Fraction]:
    """One positive weight a head; a family has none."""
    if ctx.field(index)["kind"] == "attention-family":
        return []
    return positive_parameters(claim, name, ctx.field(index)["heads"])


def _receivers(
    ctx: Context, claim: dict, index: int, radius: arb, heads: list[BallHead]
) -> arb:
    value = _over_heads(ctx, index, heads, [head.form for head in heads])
    weights = _weights(ctx, claim, index, "receiver")
    if weights:
        by_form = sum(
            (
                (head.through * head.form).min(extremal_norm(ctx, index, h, t))
                for h, (head, t) in enumerate(zip(heads, weights, strict=True))
            ),
            arb(0),
        )
        value = value.min(by_form)
    return radius * radius * value


def _column_masses(ctx: Context, index: int, heads: list[BallHead]) -> list[arb]:
    """Per head, the largest sum of peaks over the rows that see one key."""
    rows = keys_of_rows(ctx, index)
    seen_by = [
        [i for i, keys in enumerate(rows) if j in keys] for j in range(len(rows))
    ]
    return [
        largest(sum((head.peaks[i] for i in seen), arb(0)) for seen in seen_by)
        for head in heads
    ]


@rule("attention-mixed-norm-ball")
def attention_mixed_norm_ball(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the ball of the mixed norm, free of the number of tokens."""
    index, radius, heads = _prepared(ctx, claim, premises, ["mixed-norm"])
    factors = [root(1 + head.alpha * head.alpha) for head in heads]
    value = _over_heads(ctx, index, heads, factors)
    value = value + _receivers(ctx, claim, index, radius, heads)
    decide_at_most(value, claim["bound"], "the mixed norm on the ball")


def _norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    index, radius, heads = _prepared(ctx, claim, premises, ["spectral-norm"])
    factors = [root(mass) for mass in _column_masses(ctx, index, heads)]
    value = _over_heads(ctx, index, heads, factors)
    value = value + _receivers(ctx, claim, index, radius, heads)
    decide_at_most(value, claim["bound"], "the norm on the ball")


@rule("attention-norm-ball")
def attention_norm_ball(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the ball of the 2-norm where every token sees all tokens."""
    index = single_field(ctx, claim, KINDS)
    tokens = ctx.field(index)["tokens"]
    if any(len(keys) < tokens for keys in keys_of_rows(ctx, index)):
        raise ClaimRejected(
            "a mask hides keys: a row with few keys has larger weights than this "
            "theorem allows; use attention-norm-ball-masked"
        )
    _norm(ctx, claim, premises)


@rule("attention-norm-ball-masked")
def attention_norm_ball_masked(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the ball of the 2-norm, every row with its own keys."""
    _norm(ctx, claim, premises)


@rule("attention-log-norm-ball")
def attention_log_norm_ball(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the logarithmic norm on the ball: senders are not the receivers."""
    quantities = ["log-norm", "log-norm-lower"]
    index, radius, heads = _prepared(ctx, claim, premises, quantities)
    sign = 1 if claim["quantity"] == "log-norm" else -1
    tokens = ctx.field(index)["tokens"]
    masses = _column_masses(ctx, index, heads)
    own = [root(1 + head.alpha * head.alpha) for head in heads]
    spread = [root(tokens * largest(head.peaks)) for head in heads]
    value, output = arb(0), output_norm(ctx, index)
    for head, mine, sent, mass in zip(heads, own, spread, masses, strict=True):
        value = value + head.through * ((mine + sent) / 2).min(root(mass))
    if output is not None:
        joint = [
            vector_norm([head.value * f for head, f in zip(heads, part, strict=True)])
            for part in (own, spread)
        ]
        value = value.min(output * (joint[0] + joint[1]) / 2)
    turns = [head.through * head.form for head in heads]
    for h, t in enumerate(_weights(ctx, claim, index, "turn")):
        turns[h] = turns[h].min(extremal_turn(ctx, index, h, t, sign))
    value = value + radius * radius * sum(turns, arb(0))
    if sign == 1:
        decide_at_most(value, claim["bound"], "the logarithmic norm on the ball")
    else:
        decide_at_least(-value, claim["bound"], "the lower logarithmic norm")
