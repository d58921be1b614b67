r"""Rules for fields that act on each token by itself, known by caps on their weights.

They hold in both metrics and on every domain.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.designs.constants import (
    BOTH,
    EVERY_QUANTITY,
    NORM,
    decide,
    decide_spectrum,
    field_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

SLOPES = {
    "relu": (Fraction(0), Fraction(1)),
    "tanh": (Fraction(0), Fraction(1)),
    "softplus": (Fraction(0), Fraction(1)),
    "sigmoid": (Fraction(0), Fraction(1, 4)),
    "gelu": (Fraction(-12891, 100000), Fraction(112891, 100000)),
    "silu": (Fraction(-9984, 100000), Fraction(109984, 100000)),
}
"""The range of each activation's derivative, outward."""


@rule("hopfield-monotone")
def hopfield_monotone(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check eigenvalues between 0 and $\pm\beta D^2/4$."""
    field = field_of(ctx, claim, premises, ["hopfield"], BOTH, EVERY_QUANTITY)
    reach = field["sign"] * field["beta"] * field["diameter_squared"] / 4
    decide_spectrum(claim, min(reach, Fraction(0)), max(reach, Fraction(0)))


@rule("feed-forward-family")
def feed_forward_family(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the largest slope times the norms of both matrices."""
    field = field_of(ctx, claim, premises, ["feed-forward"], BOTH, NORM)
    least, most = SLOPES[field["activation"]]
    slope = max(most, -least)
    decide(claim, slope * field["in_norm"] * field["out_norm"])


@rule("gradient-feed-forward-spectrum")
def gradient_feed_forward_spectrum(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    r"""Check that $-W^TDW$ has its eigenvalues in $[-s|W|^2, -m|W|^2]$."""
    kinds = ["gradient-feed-forward"]
    field = field_of(ctx, claim, premises, kinds, BOTH, EVERY_QUANTITY)
    (least, most), square = SLOPES[field["activation"]], field["matrix_norm"] ** 2
    decide_spectrum(claim, -most * square, -least * square)


@rule("antisymmetric-feed-forward-log-norm")
def antisymmetric_feed_forward_log_norm(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check half of the range of the slopes times the norm, or the norm itself."""
    kinds = ["antisymmetric-feed-forward"]
    field = field_of(ctx, claim, premises, kinds, BOTH, NORM)
    least, most = SLOPES[field["activation"]]
    slope = (most - least) / 2 if claim["quantity"] == "log-norm" else most
    decide(claim, slope * field["matrix_norm"])
