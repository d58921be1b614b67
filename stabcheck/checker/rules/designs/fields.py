r"""Rules for the constants of attention known by caps on its weights.

$v$ caps the values, $\alpha$ the logits over the states.  A Lipschitz constant also
bounds the logarithmic norm of its norm.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.designs.constants import (
    EVERY_QUANTITY,
    NORM,
    alpha_of,
    decide,
    decide_root,
    decide_spectrum,
    field_of,
    normalised_as,
    tied_as,
)
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import decide_at_least
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

LARGE = Fraction(64)
"""Of numbers c with c e^(c + 1) beyond every number of tokens."""


def _by_values_and_logits(claim: dict, v: Fraction, alpha: Fraction) -> None:
    r"""Decide $v(\sqrt{1 + \alpha^2} + \alpha)$."""
    decide_root(claim, v * alpha, v * v * (1 + alpha * alpha))


@rule("attention-mixed-norm-family")
def attention_mixed_norm_family(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    r"""Check $v(\sqrt{1 + \alpha^2} + \alpha)$ for attention on a ball."""
    field = field_of(ctx, claim, premises, ["attention"], ["token-max"], NORM)
    normalised_as(field, ["none"])
    _by_values_and_logits(claim, field["value_norm"], alpha_of(ctx, field))


@rule("rms-pre-norm-mixed-norm")
def rms_pre_norm_mixed_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the constant times the least root mean square of the tokens."""
    field = field_of(ctx, claim, premises, ["attention"], ["token-max"], NORM)
    normalised_as(field, ["rms"])
    if ctx.document["domain"]["kind"] != "token-rms":
        raise ClaimRejected(
            "this theorem holds where the root mean square of the tokens has a floor, "
            f"not on the domain {ctx.document['domain']['kind']}"
        )
    _by_values_and_logits(claim, field["value_norm"], alpha_of(ctx, field))


@rule("soft-pre-norm-mixed-norm")
def soft_pre_norm_mixed_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $v$ for $\alpha \le 1/2$, else $v(\alpha + 1/(4\alpha))$."""
    field = field_of(ctx, claim, premises, ["attention"], ["token-max"], NORM)
    normalised_as(field, ["soft"])
    alpha = alpha_of(ctx, field)
    factor = 1 if 2 * alpha <= 1 else alpha + 1 / (4 * alpha)
    decide(claim, field["value_norm"] * factor)


def _tied_factor(alpha: Fraction) -> Fraction:
    return Fraction(1) if alpha <= 2 else alpha / 4 + 1 / alpha


@rule("tied-negative-mixed-log-norm")
def tied_negative_mixed_log_norm(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    r"""Check $v$ for $\alpha \le 2$, else $v(\alpha/4 + 1/\alpha)$."""
    field = field_of(ctx, claim, premises, ["attention"], ["token-max"], ["log-norm"])
    normalised_as(field, ["none"])
    tied_as(field, "negative")
    decide(claim, field["value_norm"] * _tied_factor(alpha_of(ctx, field)))


@rule("sinkhorn-attention-norm")
def sinkhorn_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $v(\sqrt{1 + \alpha^2} + \alpha)$ in the 2-norm, free of the tokens."""
    field = field_of(ctx, claim, premises, ["sinkhorn-attention"], ["frobenius"], NORM)
    normalised_as(field, ["none", "soft"])
    _by_values_and_logits(claim, field["value_norm"], alpha_of(ctx, field))


@rule("sinkhorn-tied-log-norm")
def sinkhorn_tied_log_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the logarithmic 2-norm of tied negative values."""
    kinds, metrics = ["sinkhorn-attention"], ["frobenius"]
    field = field_of(ctx, claim, premises, kinds, metrics, ["log-norm"])
    normalised_as(field, ["none"])
    tied_as(field, "negative")
    decide(claim, field["value_norm"] * _tied_factor(alpha_of(ctx, field)))


@rule("convex-sinkhorn-energy")
def convex_sinkhorn_energy(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $-v\ell(\alpha) \preceq J \preceq 0$ for $V = -\kappa A$, A = W W^T."""
    kinds, metrics = ["sinkhorn-attention"], ["frobenius"]
    field = field_of(ctx, claim, premises, kinds, metrics, EVERY_QUANTITY)
    normalised_as(field, ["none"])
    tied_as(field, "convex")
    alpha = alpha_of(ctx, field)
    depth = 1 if 4 * alpha <= 1 else 2 * alpha + 1 / (8 * alpha)
    decide_spectrum(claim, -field["value_norm"] * depth, Fraction(0))


@rule("cosine-attention-norm")
def cosine_attention_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $(\nu/\sqrt\epsilon)\sqrt{W_V^2 + \tau^2\max(W_Q, W_K)^2}$."""
    field = field_of(ctx, claim, premises, ["cosine-attention"], ["token-max"], NORM)
    slope = field["temperature"] * max(field["query_norm"], field["key_norm"])
    square = field["value_norm"] ** 2 + slope**2
    decide_root(claim, Fraction(0), field["output"] ** 2 * square / field["epsilon"])


@rule("kim-l2-mixed-norm")
def kim_l2_mixed_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $bw(1 + 4c)$, $ce^{c + 1} = n - 1$: the claim's own c is large enough."""
    field = field_of(ctx, claim, premises, ["l2-attention"], ["token-max"], NORM)
    if field["mask"] == "any":
        raise ClaimRejected(
            "this theorem needs a mask under which every token sees itself, not any"
        )
    through = field["feature_norm"] * field["value_norm"]
    decide(claim, through)
    if through == 0:
        return
    c = ball(min((claim["bound"] / through - 1) / 4, LARGE))
    others = Fraction(field["most_tokens"] - 1)
    decide_at_least(c * (c + 1).exp(), others, "c e^(c + 1) of the claim's c")
