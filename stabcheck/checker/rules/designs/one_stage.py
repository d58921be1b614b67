r"""Rules for methods of one stage, from norms and logarithmic norms, in rationals.

The implicit midpoint rule is half a step of forward after half a step of backward
Euler; $f = -\lambda x + F$ and $x = h\lambda$.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.designs.parts import (
    LIPSCHITZ,
    ONE_SIDED,
    Constants,
    Part,
    constants_of,
    establish,
    only_parameters,
    part_of,
)
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import quantity_of
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

HALF = Fraction(1, 2)


@rule("row-wise-euler")
def row_wise_euler(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\sqrt{(1 - x)^2 + 2h(1 - x)p + \kappa^2}$, $p = \mu$ or $-K$."""
    quantity_of(claim, ["growth"])
    only_parameters(claim)
    part = part_of(ctx, claim)
    if not part.is_euler:
        raise ClaimRejected(f"this theorem is about forward Euler, not {part.name!r}")
    found = constants_of(part, premises, [[LIPSCHITZ, ONE_SIDED]])
    square = _euler_square(part.step, found)
    establish(claim["bound"] >= 0 and claim["bound"] ** 2 >= square, claim)


def _euler_square(step: Fraction, found: Constants) -> Fraction:
    """The square of the growth of forward Euler, row by row."""
    kept, kappa = 1 - step * found.leak, step * found.norm
    work = max(kept * found.slope, -kept * found.norm)
    return kept * kept + 2 * step * work + kappa * kappa


@rule("backward-euler-comparison")
def backward_euler_comparison(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $1/(1 + h\lambda - h\mu)$, or the shrink $1/(1 + h\lambda + hK)$."""
    quantity = quantity_of(claim, ["growth", "shrink", "invertible-step"])
    only_parameters(claim)
    part = part_of(ctx, claim)
    _check_method(part, Fraction(1), "backward Euler")
    found = constants_of(part, premises, [[LIPSCHITZ], [LIPSCHITZ, ONE_SIDED]])
    step = claim["bound"] if quantity == "invertible-step" else part.step
    room = _room(step, found)
    if quantity == "growth":
        establish(claim["bound"] * room >= 1, claim)
    elif quantity == "shrink":
        establish(claim["bound"] * (1 + step * (found.leak + found.norm)) <= 1, claim)


def _room(step: Fraction, found: Constants) -> Fraction:
    r"""$1 + h(\lambda - \mu)$, refused where a step may have no solution or several."""
    room = 1 + step * (found.leak - found.slope)
    if step <= 0 or room <= 0:
        raise ClaimRejected(
            "the step is too long: the stage is not known to have one solution"
        )
    return room


@rule("implicit-midpoint-comparison")
def implicit_midpoint_comparison(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check half a forward after half a backward Euler step."""
    quantity = quantity_of(
        claim, ["growth", "shrink", "contractive-step", "invertible-step"]
    )
    only_parameters(claim)
    part = part_of(ctx, claim)
    _check_method(part, HALF, "the implicit midpoint rule")
    found = constants_of(part, premises, [[LIPSCHITZ], [LIPSCHITZ, ONE_SIDED]])
    half = (claim["bound"] if quantity.endswith("step") else part.step) / 2
    room = _room(half, found)
    if quantity == "growth":
        value = claim["bound"] * room
        square = _euler_square(half, found)
        establish(value >= 0 and value * value >= square, claim)
    elif quantity == "shrink":
        kept = abs(1 - half * found.leak) - half * found.norm
        spread = 1 + half * (found.leak + found.norm)
        establish(claim["bound"] * spread <= max(Fraction(0), kept), claim)
    elif quantity == "contractive-step":
        establish(_midpoint_contracts(half, found), claim)
    else:
        establish(half * (found.leak + found.norm) < 1, claim)


def _midpoint_contracts(half: Fraction, found: Constants) -> bool:
    r"""Decide the growth 1 of every step up to 2t.

    $t(K^2 - \mu^2) \le 4(\lambda - \mu)$, and $t(K + \mu) \le 2$ from $t\lambda = 1$
    on.
    """
    leak, K, mu = found.leak, found.norm, found.slope
    return (
        mu <= leak
        and half * (K * K - mu * mu) <= 4 * (leak - mu)
        and (half * leak <= 1 or half * (K + mu) <= 2)
    )


def _check_method(part: Part, a: Fraction, name: str) -> None:
    if (part.A, part.b) != ([[a]], [Fraction(1)]):
        raise ClaimRejected(f"this theorem is about {name}, not about {part.name!r}")
