"""What claims by multipliers share: one for each premise, and stages that exist."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.premises import Tube
from stabcheck.checker.steps.implicit_stages import check_stages
from stabcheck.checker.steps.monotone_stages import check_monotone_stages
from stabcheck.checker.steps.stages import Step, stage_tubes

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["OPTIONS", "check_existing_stages", "multipliers_of"]

CONDITIONS = {
    "spectral-norm": "norm_multipliers",
    "log-norm": "upper_multipliers",
    "log-norm-lower": "lower_multipliers",
}
"""The parameter with the multipliers, by the quantity of the premises."""
WEIGHTS, MARGIN = "stage_weights", "stage_margin"
OPTIONS = (
    ("spectral-norm",),
    ("spectral-norm", "log-norm"),
    ("spectral-norm", "log-norm-lower"),
    ("spectral-norm", "log-norm", "log-norm-lower"),
)


def check_existing_stages(
    ctx: Context, claim: dict, step: Step, premises: Sequence[dict]
) -> list[Tube]:
    """Decide that the stages exist and lie in the tubes of the norms."""
    stages, parameters = len(step.b), claim["parameters"]
    norms, others = premises[:stages], premises[stages : 2 * stages]
    if MARGIN not in parameters:
        return check_stages(ctx, step, norms)
    if not others or others[0]["quantity"] != "log-norm":
        raise ClaimRejected("monotone stages need logarithmic norms on their tubes")
    tubes = stage_tubes(ctx, step, norms)
    weights, margin = parameters[WEIGHTS], parameters[MARGIN]
    if not isinstance(weights, list) or len(weights) != stages:
        raise ClaimRejected(
            f"parameter {WEIGHTS} has to be a list of {stages} rationals"
        )
    if not isinstance(margin, Fraction):
        raise ClaimRejected(f"parameter {MARGIN} has to be a rational")
    check_monotone_stages(ctx, step, tubes, others, weights, margin)
    return tubes


def multipliers_of(
    claim: dict, quantities: Sequence[str], stages: int
) -> list[Fraction]:
    """Return the multipliers in the order of the premises."""
    names = [CONDITIONS[quantity] for quantity in quantities]
    given = set(claim["parameters"])
    existence = given & {WEIGHTS, MARGIN}
    if given - existence != set(names) or len(existence) == 1:
        raise ClaimRejected(
            f"with these premises the parameters are {', '.join(names)}; the claim "
            f"names {', '.join(sorted(claim['parameters'])) or 'none'}"
        )
    found: list[Fraction] = []
    for name in names:
        values = claim["parameters"][name]
        if not isinstance(values, list) or len(values) != stages:
            raise ClaimRejected(
                f"parameter {name} has to be a list of {stages} rationals"
            )
        if min(values) < 0:
            raise ClaimRejected(f"parameter {name} has a negative entry")
        found += values
    return found
