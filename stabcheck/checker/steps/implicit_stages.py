r"""The stages of any implicit step exist, once each, inside their premises' tubes.

Between stages $Y, Y'$ in the tubes, $T(Y)_i = X + h\sum_ja_{ij}F(Y_j)$ moves by
$|T(Y)_i - T(Y')_i| \le \sum_jK_{ij}|Y_j - Y'_j|$ with $K_{ij} = h|a_{ij}|L_j$, of an
irrational $a_{ij}$ a rational number slightly above it.  If $w = (I - K)^{-1}\mathbb
1$ is positive, then $Kw = w - \mathbb 1 < w$: T contracts in the
norm $\max_i|\cdot_i|/w_i$.  With the defects $\delta_i$ and the start within
$\epsilon$ of $X_0$ per token, $D = (I - K)^{-1}(\sqrt n\,\epsilon + |\delta|_F)$
satisfies $D = \sqrt n\,\epsilon + |\delta|_F + KD$: the states within $D_i$ of $\hat
Y_i$ in the Frobenius norm and within $r_i$ per token are mapped into themselves if
$\epsilon + |\delta_i| + \sum_jK_{ij}\min(\sqrt n\,r_j, D_j) \le r_i$ (token-wise
branches without $\sqrt n$), or where $D_i \le r_i$.  Banach: one solution there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, fmpq, fmpq_mat

from stabcheck.checker.arithmetic.balls import ball, upper_end
from stabcheck.checker.arithmetic.number_field import Coefficient, Number
from stabcheck.checker.arithmetic.polynomials import flint
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.branches import is_token_wise
from stabcheck.checker.fields.trajectory import is_explicit
from stabcheck.checker.hypotheses import decide_at_most
from stabcheck.checker.premises import Tube
from stabcheck.checker.steps.stages import (
    Step,
    check_explicit_stages,
    defect,
    is_the_state,
    stage_tubes,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["check_stages"]


def check_stages(ctx: Context, step: Step, premises: Sequence[dict]) -> list[Tube]:
    """Decide that the stages of a step lie in the tubes of the norms at the stages.

    **Returns:** the tubes.
    """
    if is_explicit(step.A):
        return check_explicit_stages(ctx, step, premises)
    resolvent = _resolvent(step, premises)
    tubes = stage_tubes(ctx, step, premises)
    defects = [defect(ctx, step, stage, tubes) for stage in range(len(step.b))]
    radius, root = ball(step.tube.radius), arb(step.shape[0]).sqrt()
    starts = [root * radius + whole for _, whole in defects]
    distances = [
        sum((ball(w) * start for w, start in zip(row, starts, strict=True)), arb(0))
        for row in resolvent
    ]
    spread = arb(1) if is_token_wise(ctx, step.branch) else root
    near = [
        distance.min(spread * ball(tube.radius))
        for distance, tube in zip(distances, tubes, strict=True)
    ]
    for stage, (row, tube) in enumerate(zip(step.A, tubes, strict=True)):
        if is_the_state(step, row, tube):
            continue
        token = radius + defects[stage][0]
        for a, premise, reach in zip(row, premises, near, strict=True):
            token = token + ball(step.size * abs(a) * premise["bound"]) * reach
        what = f"the distance of stage {stage + 1} from its tube's centre"
        decide_at_most(token.min(distances[stage]), tube.radius, what)
    return tubes


def _size(value: Coefficient) -> fmpq:
    """The absolute value; a rational slightly above it of an irrational number."""
    size = abs(value)
    above = upper_end(size.ball()) if isinstance(size, Number) else size
    if above is None:
        raise ClaimUndecided("a coefficient of the method is not enclosed")
    return flint(above)


def _resolvent(step: Step, premises: Sequence[dict]) -> list[list[Fraction]]:
    r"""Return $(I - K)^{-1}$ if it times the vector of ones is positive."""
    size = range(len(step.b))
    slopes = [flint(step.size * premise["bound"]) for premise in premises]
    rows = [[int(i == j) - _size(step.A[i][j]) * slopes[j] for j in size] for i in size]
    matrix = fmpq_mat(rows)
    try:
        inverse = matrix.inv()
    except ZeroDivisionError:
        inverse = None
    if inverse is None or any(sum(row, start=fmpq(0)) <= 0 for row in inverse.tolist()):
        raise ClaimRejected(
            "h |A| L has a spectral radius of 1 or more: the stage equations are not "
            "known to have one solution in the tubes"
        )
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in inverse.tolist()]
