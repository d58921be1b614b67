r"""Rule for attained values: a state of the domain and a direction, in balls.

$|Jv| \ge a|v|$ (for the mixed norm, $|\cdot|$ is that of the largest token),
$v^{\mathsf T}Jv \ge a|v|^2$ or, for the lower logarithmic norm, $v^{\mathsf T}Jv \le
a|v|^2$; for a growth $J$ is the derivative of the step or of the composed maps.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import frobenius, largest, vector_norm
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.branches import jvp
from stabcheck.checker.fields.trajectory import (
    along_maps,
    map_shape,
    same_state,
    step_forward,
)
from stabcheck.checker.hypotheses import (
    branch_of,
    decide_at_least,
    decide_at_most,
    no_premises,
    quantity_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

QUANTITIES = (
    "attained-spectral-norm",
    "attained-mixed-norm",
    "attained-log-norm",
    "attained-log-norm-lower",
    "attained-growth",
)


def _shape(ctx: Context, claim: dict) -> tuple[int, int]:
    subject = claim["subject"]
    if "maps" in subject:
        return map_shape(ctx, ctx.maps[subject["maps"][0]])
    if "branch" not in subject and "step" not in subject:
        raise ClaimRejected(
            "a value is attained by a branch, a step or maps, not by "
            f"{' and '.join(subject)}"
        )
    branch = subject["branch"] if "branch" in subject else subject["step"]["branch"]
    field = ctx.field(branch[0])
    return field["tokens"], field["features"]


def _array(ctx: Context, claim: dict, key: str, shape: tuple[int, int]) -> str:
    name = claim["parameters"].get(key)
    if not isinstance(name, str):
        raise ClaimRejected(f"parameter {key} has to name an array")
    tensor = ctx.tensor(name)
    if tensor.shape != shape or tensor.dtype != "<f8":
        raise ClaimRejected(
            f"the {key} has to be a float64 array of shape {shape}, it is "
            f"{tensor.dtype} of shape {tensor.shape}"
        )
    return name


def _moves(ctx: Context, state: str, centre: str | None) -> tuple[list[int], Fraction]:
    """Return how far each entry is from a centre's, as integers, and their unit."""
    entries, exponent = ctx.tensor(state).integers()
    others, other_exponent = (
        ctx.tensor(centre).integers() if centre else ([0] * len(entries), exponent)
    )
    finest = min(exponent, other_exponent)
    moves = [
        (a << (exponent - finest)) - (b << (other_exponent - finest))
        for a, b in zip(entries, others, strict=True)
    ]
    return moves, Fraction(1, 1 << -finest)


PARTS = {
    "box": "entry",
    "rectangle": "entry",
    "frobenius": "state",
    "tube": "token",
    "tubes": "token",
    "ball": "token",
}
"""What has a norm of at most the radius, or a radius, in a domain of each kind."""


def _check_in_domain(
    ctx: Context, claim: dict, state: str, shape: tuple[int, int]
) -> None:
    domain = ctx.domain(claim["domain"])
    if domain["kind"] == "ball":
        if (domain["tokens"], domain["features"]) != shape:
            raise ClaimRejected(f"the ball is not one of states of shape {shape}")
    elif ctx.tensor(domain["centre"]).shape != shape:
        raise ClaimRejected(f"the centre of the domain has not the shape {shape}")
    if domain["kind"] == "point":
        if not same_state(ctx.tensor(state), ctx.tensor(domain["centre"])):
            raise ClaimRejected("the state is not the point of the domain")
        return
    part = PARTS[domain["kind"]]
    moves, unit = _moves(ctx, state, domain.get("centre"))
    width = {"entry": 1, "token": shape[1], "state": len(moves)}[part]
    starts = range(0, len(moves), width)
    radii = _radii(ctx, domain, len(starts))
    for start, radius in zip(starts, radii, strict=True):
        square = sum(move * move for move in moves[start : start + width])
        if square > (radius / unit) ** 2:
            raise ClaimRejected(
                f"{part} {start // width} of the state lies outside the domain"
                if part != "state"
                else "the state lies outside the domain"
            )


def _radii(ctx: Context, domain: dict, parts: int) -> list[Fraction]:
    """The radius of each part, exactly."""
    if "radius" in domain:
        return [domain["radius"]] * parts
    entries, exponent = ctx.tensor(domain["radii"]).integers()
    return [entry * Fraction(1, 1 << -exponent) for entry in entries]


def _derivative(ctx: Context, claim: dict, state: str, direction: arb_mat) -> arb_mat:
    """Enclose the derivative of the claim's subject in the direction."""
    subject = claim["subject"]
    if claim["quantity"] == "attained-growth" and "maps" in subject:
        return along_maps(ctx, subject["maps"], state, direction)[1]
    at = ctx.arb_matrix(state, direction.nrows(), direction.ncols())
    if claim["quantity"] != "attained-growth":
        return jvp(ctx, branch_of(claim), at, direction)
    if "step" not in subject:
        raise ClaimRejected("a growth is attained by a step or by maps, not a branch")
    return step_forward(ctx, subject["step"], at, direction)[1]


def _largest_token(matrix: arb_mat) -> arb:
    return largest(vector_norm(row) for row in matrix.tolist())


@rule("attained")
def attained(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that a quantity is at least (the lower log-norm: at most) the bound."""
    no_premises(premises)
    quantity = quantity_of(claim, QUANTITIES)
    shape = _shape(ctx, claim)
    state = _array(ctx, claim, "state", shape)
    _check_in_domain(ctx, claim, state, shape)
    direction = ctx.arb_matrix(_array(ctx, claim, "direction", shape), *shape)
    length = frobenius(direction)
    if length == 0:
        raise ClaimRejected("the direction is zero")
    if not length > 0:
        raise ClaimUndecided("the direction is not known to be nonzero")
    turned = _derivative(ctx, claim, state, direction)
    if quantity in ("attained-spectral-norm", "attained-growth"):
        value = frobenius(turned) / length
    elif quantity == "attained-mixed-norm":
        value = _largest_token(turned) / _largest_token(direction)
    else:
        pairs = zip(direction.entries(), turned.entries(), strict=True)
        value = sum((v * w for v, w in pairs), arb(0)) / (length * length)
    if quantity == "attained-log-norm-lower":
        decide_at_most(value, claim["bound"], "the value attained")
    else:
        decide_at_least(value, claim["bound"], "the value attained")
