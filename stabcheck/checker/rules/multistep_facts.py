r"""Rules about the facts of one linear multistep method."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import quantity_of
from stabcheck.checker.rules import rule
from stabcheck.checker.rules.stability_facts import (
    check_answer,
    check_between,
    method_of,
)
from stabcheck.checker.steps.multistep import (
    has_order,
    is_stable_in_wedge,
    satisfies_root_condition,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _pair(ctx: Context) -> tuple[Sequence[Fraction], Sequence[Fraction]]:
    """Alpha and beta of the method."""
    method = method_of(ctx)
    if "alpha" not in method:
        raise ClaimRejected("this theorem is about multistep methods")
    return method["alpha"], method["beta"]


@rule("multistep-order-conditions")
def multistep_order_conditions(ctx: Context, claim: dict, premises: list) -> None:
    """All conditions up to the order hold and the next one fails."""
    quantity_of(claim, ["multistep-order"])
    alpha, beta = _pair(ctx)
    if not has_order(alpha, beta, claim["order"]):
        raise ClaimRejected(f"a condition of order {claim['order']} or less fails")
    if has_order(alpha, beta, claim["order"] + 1):
        raise ClaimRejected(f"the condition of order {claim['order'] + 1} holds too")


@rule("root-condition-in-half-plane")
def root_condition_in_half_plane(ctx: Context, claim: dict, premises: list) -> None:
    r"""The roots of $\rho$ lie in the unit disc, those of modulus 1 are simple."""
    quantity_of(claim, ["zero-stable"])
    alpha, _ = _pair(ctx)
    check_answer(claim, satisfies_root_condition(alpha))


@rule("multistep-wedge")
def multistep_wedge(ctx: Context, claim: dict, premises: list) -> None:
    r"""$A(\alpha)$-stability at $w = \tan^2\alpha$; of infinite w, A-stability."""
    quantity_of(claim, ["squared-wedge-tangent"])
    alpha, beta = _pair(ctx)
    check_between(claim, lambda end: is_stable_in_wedge(alpha, beta, end))
