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

from stabcheck.checker.arithmetic.balls import ball, root
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.heads.ball import (
    BallHead,
    ball_heads,
    extremal_norm,
    extremal_turn,
    keys_of_rows,
    tied_row,
)
from stabcheck.checker.heads.senders import (
    joint_norm,
    over_heads,
    own_senders,
    senders_norm,
    share_peaks,
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


def _weights(ctx: Context, claim: dict, index: int, name: str) -> list[Fraction]:
    """One positive weight a head; a family has none."""
    if ctx.field(index)["kind"] == "attention-family":
        return []
    return positive_parameters(claim, name, ctx.field(index)["heads"])


def _receivers(
    ctx: Context, claim: dict, index: int, radius: arb, heads: list[BallHead]
) -> tuple[arb, list[arb]]:
    r"""What bounds $R^2\sum_h\chi(U_h, A_h)$, and its heads."""
    value = over_heads(ctx, index, heads, [head.form for head in heads])
    parts = [head.through * head.form for head in heads]
    for h, t in enumerate(_weights(ctx, claim, index, "receiver")):
        parts[h] = parts[h].min(extremal_norm(ctx, index, h, t))
    square = radius * radius
    return square * value.min(sum(parts, arb(0))), [square * part for part in parts]


@rule("attention-mixed-norm-ball")
def attention_mixed_norm_ball(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the ball of the mixed norm, free of the number of tokens."""
    index, radius, heads = _prepared(ctx, claim, premises, ["mixed-norm"])
    factors = [root(1 + head.alpha * head.alpha) for head in heads]
    joined, parts = _receivers(ctx, claim, index, radius, heads)
    value = over_heads(ctx, index, heads, factors) + joined
    # A family has no matrices that could tie means to receivers.
    has_weights = ctx.field(index)["kind"] == "attention"
    if has_weights and "level" in claim["parameters"]:
        pairs = zip(
            _weights(ctx, claim, index, "level"),
            _weights(ctx, claim, index, "tie"),
            strict=True,
        )
        tied = [
            tied_row(ctx, index, h, radius, heads[h], pair)
            for h, pair in enumerate(pairs)
        ]
        rows = zip(heads, factors, parts, tied, strict=True)
        smaller = [
            row.min(head.through * factor + part) for head, factor, part, row in rows
        ]
        value = value.min(sum(smaller, arb(0)))
    decide_at_most(value, claim["bound"], "the mixed norm on the ball")


def _norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    index, radius, heads = _prepared(ctx, claim, premises, ["spectral-norm"])
    peaks = share_peaks(ctx, claim, index, radius, heads)
    rho, parts = _receivers(ctx, claim, index, radius, heads)
    senders = senders_norm(ctx, index, heads, peaks)
    own = own_senders(ctx, index, heads, peaks)
    value = root(senders * senders + 2 * rho * own + rho * rho)
    apart = zip(heads, peaks, parts, strict=True)
    value = value.min(sum((joint_norm(*part) for part in apart), arb(0)))
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
    peaks = share_peaks(ctx, claim, index, radius, heads)
    value = own_senders(ctx, index, heads, peaks)
    turns = [head.through * head.form for head in heads]
    for h, t in enumerate(_weights(ctx, claim, index, "turn")):
        turns[h] = turns[h].min(extremal_turn(ctx, index, h, t, sign))
    value = value + radius * radius * sum(turns, arb(0))
    if sign == 1:
        decide_at_most(value, claim["bound"], "the logarithmic norm on the ball")
    else:
        decide_at_least(-value, claim["bound"], "the lower logarithmic norm")
