r"""Rules for growth and shrink of one step, from bounds on the stages' tubes.

For two solutions with differences $\Delta$ on convex tubes: $|\Delta f| \le
L|\Delta y|$ and $m|\Delta y|^2 \le \langle\Delta f, \Delta y\rangle \le \mu|\Delta
y|^2$, the mean value theorem for the bounds of the premises.  All comparisons are in
rationals; roots are compared by their squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, quantity_of
from stabcheck.checker.premises import check_covers, check_quantities
from stabcheck.checker.rules import rule
from stabcheck.checker.steps.implicit_stages import check_stages
from stabcheck.checker.steps.stages import (
    Step,
    check_explicit_stages,
    stage_tubes,
    step_of,
)
from stabcheck.checker.steps.tableau import is_contractive

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

NORM, UPPER, LOWER = "spectral-norm", "log-norm", "log-norm-lower"
HALF = Fraction(1, 2)


def _establish(holds: bool, claim: dict) -> None:
    if not holds:
        raise ClaimRejected(
            f"the {claim['quantity']} {float_text(claim['bound'])} is stronger than "
            "the premises give"
        )


def _at_most(claim: dict, *values: Fraction) -> None:
    """Accept a shrink that is at most the largest of 0 and the values."""
    _establish(claim["bound"] <= max(Fraction(0), *values), claim)


def _method(step: Step, a: Fraction, name: str) -> None:
    if (step.A, step.b) != ([[a]], [Fraction(1)]):
        raise ClaimRejected(
            f"this theorem is about {name}, A = [[{a}]] and b = [1]; the claim's "
            f"method {step.name!r} is another one"
        )


def _bounds_on_tube(
    ctx: Context, step: Step, premises: Sequence[dict], other: str
) -> tuple[Fraction, Fraction | None]:
    """Return L and, where a second premise is named, mu or m, both on one tube."""
    check_quantities(premises, [[NORM], [NORM, other]])
    first, *rest = stage_tubes(ctx, step, premises)
    for tube in rest:
        check_covers(tube, first, "the tube of the norm")
    norm = premises[0]["bound"]
    return norm, premises[1]["bound"] if rest else None


@rule("euler-growth")
def euler_growth(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\min(1 + hL, \sqrt{1 + 2h\mu + h^2L^2})$."""
    quantity_of(claim, ["growth"])
    step = step_of(ctx, claim)
    _method(step, Fraction(0), "forward Euler")
    norm, upper = _bounds_on_tube(ctx, step, premises, UPPER)
    check_covers(stage_tubes(ctx, step, premises)[0], step.tube, "the claim's tube")
    bound, size = claim["bound"], step.size * norm
    holds = bound >= 1 + size
    if upper is not None and bound >= 0:
        square = 1 + 2 * step.size * upper + size * size
        holds = holds or bound * bound >= square
    _establish(holds, claim)


@rule("euler-shrink")
def euler_shrink(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\max(0, 1 - hL, 1 + hm)$."""
    quantity_of(claim, ["shrink"])
    step = step_of(ctx, claim)
    _method(step, Fraction(0), "forward Euler")
    norm, lower = _bounds_on_tube(ctx, step, premises, LOWER)
    check_covers(stage_tubes(ctx, step, premises)[0], step.tube, "the claim's tube")
    values = [1 - step.size * norm]
    if lower is not None:
        values.append(1 + step.size * lower)
    _at_most(claim, *values)


@rule("explicit-runge-kutta-crude")
def explicit_runge_kutta_crude(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $1 + h\sum_i|b_i|L_id_i$, or the shrink 2 minus it."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    step = step_of(ctx, claim)
    check_quantities(premises, [[NORM] * len(step.b)])
    check_explicit_stages(ctx, step, premises)
    moves = _moves(step, premises, _spreads(step, premises))
    growth = 1 + sum(abs(b) * m for b, m in zip(step.b, moves, strict=True))
    if quantity == "growth":
        _establish(claim["bound"] >= growth, claim)
    else:
        _at_most(claim, 2 - growth)


def _spreads(step: Step, norms: Sequence[dict]) -> list[Fraction]:
    """Return d_i = 1 + h sum_j |a_ij| L_j d_j, how far the stages spread."""
    spreads: list[Fraction] = []
    for row in step.A:
        terms = zip(row, norms, spreads, strict=False)
        moved = sum(abs(a) * n["bound"] * d for a, n, d in terms)
        spreads.append(1 + step.size * moved)
    return spreads


def _moves(
    step: Step, norms: Sequence[dict], spreads: Sequence[Fraction]
) -> list[Fraction]:
    """Return h L_i d_i, how far h f moves between the stages of two solutions."""
    return [
        step.size * norm["bound"] * spread
        for norm, spread in zip(norms, spreads, strict=True)
    ]


def _energy(step: Step, norms: Sequence[dict], slopes: Sequence[dict]) -> Fraction:
    r"""Return an upper (slopes: log norms) or lower bound of the squared ratio.

    $|\Delta_1|^2 = |\Delta_0|^2 + 2\sum_ib_i\langle h\Delta f_i, \Delta Y_i\rangle -
    \sum_{ij}m_{ij}\langle h\Delta f_i, h\Delta f_j\rangle$ with $2 - d_i \le
    |\Delta Y_i|/|\Delta_0| \le d_i$ and $|h\Delta f_i| \le hL_id_i|\Delta_0|$.
    """
    upward = slopes[0]["quantity"] == UPPER
    spreads = _spreads(step, norms)
    square = Fraction(1)
    for weight, slope, spread in zip(step.b, slopes, spreads, strict=True):
        value = slope["bound"] if upward else -slope["bound"]
        distance = spread if value >= 0 else max(Fraction(0), 2 - spread)
        term = 2 * step.size * weight * value * distance * distance
        square += term if upward else -term
    moves = _moves(step, norms, spreads)
    for i, move in enumerate(moves):
        for j, other in enumerate(moves):
            entry = step.b[i] * step.A[i][j] + step.b[j] * step.A[j][i]
            entry -= step.b[i] * step.b[j]
            size = abs(entry) if i != j else max(0, -entry if upward else entry)
            square += move * other * (size if upward else -size)
    return square


@rule("explicit-runge-kutta-energy")
def explicit_runge_kutta_energy(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check growth or shrink from norms and logarithmic norms at the stages; b >= 0."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    step = step_of(ctx, claim)
    stages = len(step.b)
    other = UPPER if quantity == "growth" else LOWER
    check_quantities(premises, [[NORM] * stages + [other] * stages])
    if any(weight < 0 for weight in step.b):
        raise ClaimRejected(f"the method {step.name!r} has a negative weight b")
    norms, slopes = premises[:stages], premises[stages:]
    tubes = check_explicit_stages(ctx, step, norms)
    for tube, wider in zip(tubes, stage_tubes(ctx, step, slopes), strict=True):
        check_covers(wider, tube, "the tube of the stage's norm")
    square, bound = _energy(step, norms, slopes), claim["bound"]
    if quantity == "growth":
        _establish(bound >= 0 and bound * bound >= square, claim)
    else:
        _establish(bound <= 0 or bound * bound <= square, claim)


@rule("backward-euler-growth")
def backward_euler_growth(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check growth $1/(1 - h\mu)$ or shrink $1/(1 + hL)$, with $hL < 1$."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    step = step_of(ctx, claim)
    _method(step, Fraction(1), "backward Euler")
    if quantity == "shrink":
        check_quantities(premises, [[NORM]])
    norm, upper = _bounds_on_tube(ctx, step, premises, UPPER)
    check_stages(ctx, step, premises[:1])
    if quantity == "shrink":
        _at_most(claim, 1 / (1 + step.size * norm))
        return
    slope = norm if upper is None else min(norm, upper)
    _establish(claim["bound"] >= 1 / (1 - step.size * slope), claim)


@rule("implicit-midpoint-growth")
def implicit_midpoint_growth(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check growth $(1 + x)/(1 - x)$, $x = \tfrac h2\max(0, \mu)$, or the shrink.

    The shrink has the same form with $x = \tfrac h2\min(0, m)$; $hL/2 < 1$.
    """
    quantity = quantity_of(claim, ["growth", "shrink"])
    step = step_of(ctx, claim)
    _method(step, HALF, "the implicit midpoint rule")
    other = UPPER if quantity == "growth" else LOWER
    norm, second = _bounds_on_tube(ctx, step, premises, other)
    check_stages(ctx, step, premises[:1])
    if quantity == "growth":
        slope = norm if second is None else min(norm, second)
        x = step.size * max(Fraction(0), slope) / 2
        _establish(claim["bound"] >= (1 + x) / (1 - x), claim)
    else:
        slope = -norm if second is None else max(-norm, second)
        x = step.size * min(Fraction(0), slope) / 2
        _at_most(claim, (1 + x) / (1 - x))


def _check_contractive(step: Step, radius: Fraction) -> None:
    r"""Decide $b \ge 0$ and $BA + A^{\mathsf T}B - bb^{\mathsf T} + B/r \succeq 0$."""
    if any(weight < 0 for weight in step.b):
        raise ClaimRejected(f"the method {step.name!r} has a negative weight b")
    if not is_contractive(step.A, step.b, 1 / radius):
        raise ClaimRejected(
            f"the method {step.name!r} is not contractive on circles of radius {radius}"
        )


@rule("circle-contractivity")
def circle_contractivity(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check growth 1: $h\mu_i + h^2L_i^2/(2r) \le 0$ at every stage."""
    quantity_of(claim, ["growth"])
    step = step_of(ctx, claim)
    stages = len(step.b)
    check_quantities(premises, [[NORM] * stages + [UPPER] * stages])
    radius = claim["parameters"].get("radius")
    if not isinstance(radius, Fraction) or radius <= 0:
        raise ClaimRejected("parameter radius, of the circle, has to be positive")
    _check_contractive(step, radius)
    norms, uppers = premises[:stages], premises[stages:]
    tubes = check_explicit_stages(ctx, step, norms)
    for tube, wider in zip(tubes, stage_tubes(ctx, step, uppers), strict=True):
        check_covers(wider, tube, "the tube of the stage's norm")
    for stage, (norm, upper) in enumerate(zip(norms, uppers, strict=True)):
        move = step.size * norm["bound"]
        if step.size * upper["bound"] + move * move / (2 * radius) > 0:
            raise ClaimRejected(
                f"h mu + (h L)^2/(2 r) is positive at stage {stage + 1}"
            )
    _establish(claim["bound"] >= 1, claim)
