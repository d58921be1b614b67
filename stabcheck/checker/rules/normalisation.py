r"""Rules for one LayerNorm or RMSNorm on a tube: exact centre plus deviation.

The value at the centre is decided by inertia, without a witness: the Jacobian of a
token is a diagonal plus a matrix of low rank (`fields/normalisation_centre.py`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.normalisation_centre import (
    check_centre_value,
    normalisation_deviation,
)
from stabcheck.checker.fields.token_wise import NORMS
from stabcheck.checker.hypotheses import (
    centre_and_deviation,
    decide_at_most,
    no_premises,
    quantity_of,
    single_field,
    tube_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")


def _tube(ctx: Context, claim: dict, premises: list[dict], kind: str) -> None:
    no_premises(premises)
    quantity = quantity_of(claim, QUANTITIES)
    index = single_field(ctx, claim, [kind])
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    value = claim["parameters"].get("centre")
    if not isinstance(value, Fraction):
        raise ClaimRejected("parameter centre, the value at the centre, is missing")
    if quantity == "spectral-norm" and value < 0:
        raise ClaimRejected(f"a norm at the centre cannot be {value}")
    deviation = normalisation_deviation(ctx, index, centre, radius)
    centre_and_deviation(claim, value, deviation)
    check_centre_value(ctx, index, centre, quantity, value)


@rule("layer-norm-tube")
def layer_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check norm or logarithmic norm of a LayerNorm over a tube."""
    _tube(ctx, claim, premises, "layer-norm")


@rule("rms-norm-tube")
def rms_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check norm or logarithmic norm of an RMSNorm over a tube."""
    _tube(ctx, claim, premises, "rms-norm")


@rule("layer-norm-deviation-tube")
def layer_norm_deviation_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check how far the Jacobian of a norm moves from the centre's over the tube."""
    no_premises(premises)
    quantity_of(claim, ["jacobian-deviation"])
    index = single_field(ctx, claim, NORMS)
    centre, radius = tube_of(ctx, claim, ctx.field(index))
    decide_at_most(
        normalisation_deviation(ctx, index, centre, radius),
        claim["bound"],
        "the deviation over the tube",
    )
