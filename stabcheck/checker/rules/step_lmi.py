r"""Growth and shrink of any Runge-Kutta step, by one semidefinite matrix.

With $v = (\Delta_0, k_1, \dots, k_s)$, $k_i = h\Delta f_i$, the rows $y_i = (1,
a_{i1}, \dots, a_{is})$ and $d = (1, b)$: $\Delta Y_i = y_iv$, $\Delta_1 = dv$.  The
premises give at every stage

$$h^2L_i^2|\Delta Y_i|^2 - |k_i|^2 \ge 0,\quad
h\mu_i|\Delta Y_i|^2 - \langle k_i, \Delta Y_i\rangle \ge 0,\quad
\langle k_i, \Delta Y_i\rangle - hm_i|\Delta Y_i|^2 \ge 0.$$

The claim names a nonnegative multiplier of each; and, where the stages of an implicit
method exist because their equations are monotone, the weights that show it.  If
$\phi^2|\Delta_0|^2 - |\Delta_1|^2$ minus the multiples is a positive semidefinite
form, the growth is at most $\phi$; the shrink likewise.  The form is built and decided
exactly: in rationals, or in the field of the method's coefficients.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.number_field import Coefficient
from stabcheck.checker.arithmetic.ordered import is_semidefinite
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, quantity_of
from stabcheck.checker.premises import check_covers, check_quantities
from stabcheck.checker.rules import rule
from stabcheck.checker.steps.multipliers import (
    OPTIONS,
    check_existing_stages,
    multipliers_of,
)
from stabcheck.checker.steps.stages import Step, stage_tubes, step_of

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Form = list[list[Coefficient]]


@rule("runge-kutta-growth-lmi")
def runge_kutta_growth_lmi(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check that $\phi^2|\Delta_0|^2 - |\Delta_1|^2$ is at least the multiples."""
    quantity_of(claim, ["growth"])
    if claim["bound"] < 0:
        raise ClaimRejected(f"a growth is not negative: {float_text(claim['bound'])}")
    _check_multipliers(ctx, claim, premises, 1)


@rule("runge-kutta-shrink-lmi")
def runge_kutta_shrink_lmi(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check that $|\Delta_1|^2 - \psi^2|\Delta_0|^2$ is at least the multiples."""
    quantity_of(claim, ["shrink"])
    _check_multipliers(ctx, claim, premises, -1)


def _check_multipliers(
    ctx: Context, claim: dict, premises: list[dict], sign: int
) -> None:
    step = step_of(ctx, claim)
    stages = len(step.b)
    found = check_quantities(
        premises, [[q for q in option for _ in range(stages)] for option in OPTIONS]
    )
    quantities = found[::stages]
    multipliers = multipliers_of(claim, quantities, stages)
    tubes = check_existing_stages(ctx, claim, step, premises)
    for start in range(stages, len(premises), stages):
        others = stage_tubes(ctx, step, premises[start : start + stages])
        for tube, wider in zip(tubes, others, strict=True):
            check_covers(wider, tube, "the tube of the stage's norm")
    d = [Fraction(1), *step.b]
    form = [[-sign * x * y for y in d] for x in d]
    form[0][0] += sign * max(claim["bound"], Fraction(0)) ** 2
    for place, (premise, multiplier) in enumerate(
        zip(premises, multipliers, strict=True)
    ):
        if multiplier:
            _subtract(form, step, place % stages, premise, multiplier)
    if not is_semidefinite(form):
        raise ClaimRejected(
            f"the {claim['quantity']} {float_text(claim['bound'])} is stronger than "
            "the premises give with these multipliers"
        )


def _subtract(
    form: Form, step: Step, stage: int, premise: dict, multiplier: Fraction
) -> None:
    """Subtract a multiple of the condition that a premise gives at a stage."""
    y = [Fraction(1), *step.A[stage]]
    value = step.size * premise["bound"]
    k = stage + 1
    lower = premise["quantity"] == "log-norm-lower"
    if premise["quantity"] == "spectral-norm":
        weight = multiplier * value * value
        form[k][k] += multiplier
    else:
        half = -multiplier / 2 if lower else multiplier / 2
        weight = -multiplier * value if lower else multiplier * value
        for j, entry in enumerate(y):
            form[k][j] += half * entry
            form[j][k] += half * entry
    for i, left in enumerate(y):
        if left:
            for j, right in enumerate(y):
                form[i][j] -= weight * left * right
