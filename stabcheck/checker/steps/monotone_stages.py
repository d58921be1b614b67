r"""The stages of an implicit step exist where its equations are strongly monotone.

With $D = \operatorname{diag}(d) > 0$ and $\beta > 0$ such that $\operatorname{sym}(D
A^{-1}) - h\operatorname{diag}(d_i\mu_i) - \beta I \succeq 0$, the map $G_i(Y) =
\sum_j(A^{-1})_{ij}Y_j - hF(Y_i)$ has $\langle D(G(Y) - G(Y')), Y - Y'\rangle \ge
\beta|Y - Y'|^2$ on the tubes: one solution of $G(Y) = A^{-1}\mathbb 1X$ there at most.
At the centres $A^{-1}\mathbb 1X - G(\hat Y) = A^{-1}(\mathbb 1(X - X_0) + \delta)$ with
the defects $\delta$.  Followed along the segment from $G(\hat Y)$ to $A^{-1}\mathbb 1X$
the solution moves by at most $\rho = |DA^{-1}(\mathbb 1(X - X_0) + \delta)|/\beta$, and
it can be followed to the end because balls of that radius lie inside the tubes, where
the derivative of G is invertible.  No bound on $h\lVert J\rVert$ is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.arithmetic.number_field import Coefficient
from stabcheck.checker.arithmetic.ordered import inverse, is_semidefinite
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.hypotheses import float_text
from stabcheck.checker.premises import Tube
from stabcheck.checker.steps.stages import Step, defect

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["check_monotone_stages"]


def check_monotone_stages(
    ctx: Context,
    step: Step,
    tubes: Sequence[Tube],
    uppers: Sequence[dict],
    weights: Sequence[Fraction],
    margin: Fraction,
) -> None:
    r"""Decide that the stages lie in the tubes, by $\mu_i$ on them.

    **Arguments:** `uppers`, the claims on the logarithmic norms; `weights` $d$ and
    `margin` $\beta$.
    """
    if margin <= 0 or min(weights) <= 0:
        raise ClaimRejected("the margin and the weights of the stages must be positive")
    resolved = _inverse(step)
    _check_monotone(step, resolved, uppers, weights, margin)
    defects = [defect(ctx, step, stage, tubes)[1] for stage in range(len(step.b))]
    reach = arb(step.shape[0]).sqrt() * ball(step.tube.radius)
    square = arb(0)
    for weight, row in zip(weights, resolved, strict=True):
        moved = ball(abs(sum(row, start=Fraction(0)))) * reach
        for entry, off in zip(row, defects, strict=True):
            moved = moved + ball(abs(entry)) * off
        square = square + (ball(weight) * moved) ** 2
    distance = square.sqrt() / ball(margin)
    for stage, tube in enumerate(tubes):
        if not distance < ball(tube.radius):
            failure = ClaimRejected if distance > ball(tube.radius) else ClaimUndecided
            raise failure(
                f"the distance of stage {stage + 1} from its tube's centre is "
                f"{distance.str(9)}, not below the radius {float_text(tube.radius)}"
            )


def _inverse(step: Step) -> list[list[Coefficient]]:
    try:
        return inverse(step.A)
    except ZeroDivisionError:
        raise ClaimRejected(
            f"the stage matrix of {step.name!r} is singular: its stages need a "
            "contraction"
        ) from None


def _check_monotone(
    step: Step,
    resolved: Sequence[Sequence[Coefficient]],
    uppers: Sequence[dict],
    weights: Sequence[Fraction],
    margin: Fraction,
) -> None:
    size = range(len(weights))
    form = [
        [(weights[i] * resolved[i][j] + weights[j] * resolved[j][i]) / 2 for j in size]
        for i in size
    ]
    for i in size:
        form[i][i] -= step.size * weights[i] * uppers[i]["bound"] + margin
    if not is_semidefinite(form):
        raise ClaimRejected(
            "the stage equations are not shown monotone by these weights: they are not "
            "known to have one solution in the tubes"
        )
