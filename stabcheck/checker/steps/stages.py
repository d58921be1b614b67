r"""The stages of a step stay inside the tubes on which the premises hold.

Stage $i$ of a step from $X$ is $Y_i = X + h\sum_j a_{ij}F(Y_j)$; its tube has the
stored centre $\hat Y_i$ and the radius $r_i$ of premise $i$, which bounds the Jacobian
there by $L_i$.  With the defect $\delta_i = X_0 + h\sum_j a_{ij}F(\hat Y_j) - \hat Y_i$
and $X$ within $\epsilon$ of $X_0$ per token,

$$|Y_i - \hat Y_i| \le |X - X_0| + h\sum_j|a_{ij}|L_j|Y_j - \hat Y_j| + |\delta_i|$$

in the Frobenius norm (starting at $\sqrt n\,\epsilon$), and per token: there the terms
of the sum are at most their Frobenius norms, or, for a token-wise branch, at most
$L_j$ times the distance of that token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, frobenius, largest, vector_norm
from stabcheck.checker.arithmetic.number_field import Coefficient
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.branches import is_token_wise
from stabcheck.checker.fields.trajectory import branch_value, combined, is_explicit
from stabcheck.checker.hypotheses import decide_at_most
from stabcheck.checker.premises import Tube, check_premise, tube_at

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "Step",
    "check_explicit_stages",
    "defect",
    "is_the_state",
    "stage_tubes",
    "step_of",
]


@dataclass(frozen=True)
class Step:
    """One step of size h for a branch, from the states of a tube."""

    branch: list[int]
    name: str
    A: list[list[Coefficient]]
    b: list[Coefficient]
    size: Fraction
    tube: Tube
    shape: tuple[int, int]


def step_of(ctx: Context, claim: dict) -> Step:
    """Return the step that a claim speaks about."""
    if "step" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a step, not about "
            f"{' and '.join(claim['subject'])}"
        )
    record = claim["subject"]["step"]
    tableau = ctx.integrator(record["integrator"])
    field = ctx.field(record["branch"][0])
    return Step(
        branch=record["branch"],
        name=tableau["name"],
        A=tableau["A"],
        b=tableau["b"],
        size=record["size"],
        tube=tube_at(ctx, claim, record["branch"][0]),
        shape=(field["tokens"], field["features"]),
    )


def stage_tubes(ctx: Context, step: Step, premises: Sequence[dict]) -> list[Tube]:
    """Return the tubes of the stages: premises on the step's branch."""
    for premise in premises:
        check_premise(premise, {"branch": step.branch})
    return [tube_at(ctx, premise, step.branch[0]) for premise in premises]


def defect(
    ctx: Context, step: Step, stage: int, tubes: Sequence[Tube]
) -> tuple[arb, arb]:
    """Enclose the defect of a stage: worst token, Frobenius norm."""
    row = step.A[stage]
    values = {
        tube.centre: branch_value(ctx, step.branch, tube.centre)
        for a, tube in zip(row, tubes, strict=True)
        if a
    }
    zero = arb_mat(*step.shape)
    slopes = [values.get(tube.centre, zero) for tube in tubes]
    start = ctx.arb_matrix(step.tube.centre, *step.shape)
    reached = combined(start, step.size, row, slopes)
    gap = reached - ctx.arb_matrix(tubes[stage].centre, *step.shape)
    return largest(vector_norm(line) for line in gap.tolist()), frobenius(gap)


def is_the_state(step: Step, row: Sequence[Coefficient], tube: Tube) -> bool:
    """Say whether a stage is the step's own state, in a tube that covers the step's.

    Decided in rationals: the radii may be equal.
    """
    return (
        not any(row)
        and tube.centre == step.tube.centre
        and tube.radius >= step.tube.radius
    )


def check_explicit_stages(
    ctx: Context, step: Step, premises: Sequence[dict]
) -> list[Tube]:
    """Decide that every stage of an explicit step stays inside its premise's tube.

    **Returns:** the tubes.
    """
    if not is_explicit(step.A):
        raise ClaimRejected(f"the method {step.name!r} is not explicit")
    if len(premises) != len(step.b):
        raise ClaimRejected(
            f"the method {step.name!r} has {len(step.b)} stages, the claim names "
            f"{len(premises)} norms on their tubes"
        )
    tubes = stage_tubes(ctx, step, premises)
    radius, root = ball(step.tube.radius), arb(step.shape[0]).sqrt()
    token_wise = is_token_wise(ctx, step.branch)
    distances: list[arb] = []
    for stage, (row, tube) in enumerate(zip(step.A, tubes, strict=True)):
        token, whole = defect(ctx, step, stage, tubes)
        token, whole = token + radius, whole + root * radius
        for a, premise, earlier, reach in zip(
            row, premises, tubes, distances, strict=False
        ):
            slope = ball(step.size * abs(a) * premise["bound"])
            whole = whole + slope * reach
            near = ball(earlier.radius).min(reach) if token_wise else reach
            token = token + slope * near
        if not is_the_state(step, row, tube):
            what = f"the distance of stage {stage + 1} from its tube's centre"
            decide_at_most(token.min(whole), tube.radius, what)
        distances.append(whole.min(root * ball(tube.radius)))
    return tubes
