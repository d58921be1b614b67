r"""Rules for one step of a design, from the constants of its field, in rationals.

$f = -\lambda x + F$ with $|\Delta F| \le K|\Delta|$ in the metric of the design, and
perhaps a logarithmic norm $\mu$ of F; $x = h\lambda$ and $\kappa = hK$.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpq_mat

from stabcheck.checker.arithmetic.polynomials import flint
from stabcheck.checker.designs.parts import (
    LIPSCHITZ,
    ONE_SIDED,
    SPECTRUM,
    Constants,
    Part,
    check_euclidean,
    constants_of,
    establish,
    only_parameters,
    part_of,
)
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import quantity_of
from stabcheck.checker.rules import rule
from stabcheck.checker.steps.comparison import comparison
from stabcheck.checker.steps.comparison_ray import ray
from stabcheck.checker.steps.tableau import is_contractive

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

KNOWN = ([LIPSCHITZ], [LIPSCHITZ, ONE_SIDED], SPECTRUM)
"""What a rule that uses both constants may be given."""


@rule("leak-comparison")
def leak_comparison(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $G(x, \kappa)$, $2R_- - G$, or the steps up to which they are of use."""
    quantities = ["growth", "shrink", "contractive-step", "invertible-step"]
    quantity = quantity_of(claim, quantities)
    part = part_of(ctx, claim)
    found = constants_of(part, premises, [[LIPSCHITZ], SPECTRUM])
    if quantity.endswith("step"):
        _compare_every_step(claim, part, found)
        return
    only_parameters(claim)
    compared = comparison(
        part.A, part.b, part.step * found.leak, part.step * found.norm
    )
    if compared is None:
        raise ClaimRejected(
            "the step is too long: the stages are not known to have one solution"
        )
    if quantity == "growth":
        establish(claim["bound"] >= compared.growth, claim)
    else:
        shrink = 2 * compared.residual - compared.growth
        establish(claim["bound"] <= max(Fraction(0), shrink), claim)


def _compare_every_step(claim: dict, part: Part, found: Constants) -> None:
    """Decide all steps up to the bound, cell by cell."""
    only_parameters(claim, "cells")
    cells = claim["parameters"].get("cells", [claim["bound"]])
    if not isinstance(cells, list) or cells != sorted(set(cells)) or cells[0] <= 0:
        raise ClaimRejected("parameter cells has to be a list of ascending steps")
    if cells[-1] != claim["bound"]:
        raise ClaimRejected("the last of the cells has to end at the claimed step")
    all_steps = ray(part.A, part.b, found.leak, found.norm)
    invertible = claim["quantity"] == "invertible-step"
    holds = all_steps.holds(cells, invertible=invertible)
    if holds is None:
        raise ClaimRejected(
            "entries change their signs at several places of a cell: give finer cells"
        )
    establish(holds, claim)


@rule("monotone-step-contractivity")
def monotone_step_contractivity(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    r"""Check growth 1 of a method of absolute monotonicity r, at h/r of Euler."""
    part, found = _contractive(ctx, claim, premises)
    radius = _radius(claim)
    if radius is None:
        raise ClaimRejected("parameter radius, of absolute monotonicity, is missing")
    if not _is_monotone(part, radius):
        raise ClaimRejected(
            f"the method {part.name!r} is not absolutely monotonic at the radius "
            f"{radius}"
        )
    _decide_contractive(claim, part, found, radius)


@rule("leak-circle-contractivity")
def leak_circle_contractivity(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check growth 1 of a method contractive on circles of radius r."""
    part, found = _contractive(ctx, claim, premises)
    check_euclidean(ctx, part)
    radius = _radius(claim)
    if not is_contractive(part.A, part.b, 1 / radius if radius else Fraction(0)):
        size = "every radius" if radius is None else f"radius {radius}"
        raise ClaimRejected(
            f"the method {part.name!r} is not contractive on circles of {size}"
        )
    _decide_contractive(claim, part, found, radius)


def _contractive(
    ctx: Context, claim: dict, premises: list[dict]
) -> tuple[Part, Constants]:
    quantity_of(claim, ["growth", "contractive-step"])
    only_parameters(claim, "radius")
    part = part_of(ctx, claim)
    return part, constants_of(part, premises, KNOWN)


def _radius(claim: dict) -> Fraction | None:
    """The radius, None if no parameter gives one."""
    radius = claim["parameters"].get("radius")
    if radius is not None and (not isinstance(radius, Fraction) or radius <= 0):
        raise ClaimRejected("parameter radius has to be positive")
    return radius


def _decide_contractive(
    claim: dict, part: Part, found: Constants, radius: Fraction | None
) -> None:
    """Decide growth 1 at the part's step, or at every step up to the bound.

    Where the condition holds at a step it holds at all shorter ones; the radius None
    is infinite.
    """
    growth = claim["quantity"] == "growth"
    step = part.step if growth else claim["bound"]
    _check_stages_exist(part, found, growth)
    holds = found.slope <= found.leak
    if radius is not None:
        holds = holds and found.non_expansive(step, radius)
    establish(holds and (claim["bound"] >= 1 if growth else step > 0), claim)


def _check_stages_exist(part: Part, found: Constants, growth: bool) -> None:
    r"""Refuse a method whose stages may have no, or more than one, solution.

    A stage that depends on itself by $a_{ii} \ge 0$ and on no later one has one where
    $\mu \le \lambda$: $|Y - ha_{ii}f(Y)|$ grows at least as fast as $|Y|$.
    """
    rows = list(enumerate(part.A))
    if all(row[i] >= 0 and not any(row[i + 1 :]) for i, row in rows):
        return
    sizes = part.step * found.leak, part.step * found.norm
    if not growth or comparison(part.A, part.b, *sizes) is None:
        raise ClaimRejected(
            f"the stages of {part.name!r} are not known to have one solution"
        )


def _is_monotone(part: Part, radius: Fraction) -> bool:
    r"""Decide $K, rK(I + rK)^{-1}, (I + rK)^{-1}\mathbb 1 \ge 0$, K = A over b."""
    size = len(part.b) + 1
    rows = [[*map(flint, row), flint(0)] for row in (*part.A, part.b)]
    matrix = fmpq_mat(rows) * flint(radius)
    identity = fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])
    try:
        inverse = (identity + matrix).inv()
    except ZeroDivisionError:
        return False
    entries = [*matrix.entries(), *(identity - inverse).entries()]
    sums = [sum(row, start=flint(0)) for row in inverse.tolist()]
    return all(entry >= 0 for entry in (*entries, *sums))
