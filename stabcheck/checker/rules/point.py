r"""Rules at a single state: a dense Jacobian in balls, decided by the kernel.

With $H(J) = \tfrac12(J + J^{\mathsf T})$: $\lVert J\rVert \le c \iff c^2 I -
J^{\mathsf T}J \succeq 0$ (for $c \ge 0$), $\mu_2(J) \le c \iff cI - H(J) \succeq 0$,
and $\lambda_{\min}(H(J)) \ge c \iff H(J) - cI \succeq 0$.  With a deviation over a
tube, Weyl's inequality adds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb_mat

from stabcheck.checker.arithmetic.balls import ball, round_to_grid
from stabcheck.checker.arithmetic.psd import check_psd
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.branches import jacobian
from stabcheck.checker.hypotheses import branch_of, no_premises, quantity_of
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

LOG_NORMS = ("log-norm", "log-norm-lower")
MOST_ROWS = 1024


def _jacobian_at(ctx: Context, claim: dict) -> arb_mat:
    """The Jacobian of the claim's branch at the claim's point, once per point."""
    branch = branch_of(claim)
    domain = ctx.domain(claim["domain"])
    if domain["kind"] != "point":
        raise ClaimRejected(
            f"this theorem holds at a point, the domain is a {domain['kind']}"
        )
    field = ctx.field(branch[0])
    shape = (field["tokens"], field["features"])
    if tuple(ctx.tensor(domain["centre"]).shape) != shape:
        raise ClaimRejected(f"the state has not the shape {shape} of the field")
    if shape[0] * shape[1] > MOST_ROWS:
        raise ClaimRejected(
            f"the exact tier forms Jacobians of at most {MOST_ROWS} rows"
        )
    key = ("point-jacobian", tuple(branch), domain["centre"])
    if key not in ctx.cache:
        state = ctx.arb_matrix(domain["centre"], *shape)
        ctx.cache[key] = jacobian(ctx, branch, state)
    return ctx.cache[key]


def _decide(ctx: Context, claim: dict, matrix: arb_mat) -> None:
    witness = claim["witness"]
    if "factor" not in witness:
        raise ClaimRejected("this theorem needs a witness with one factor")
    # A ball matrix of a symmetric expression is symmetrised entry by entry: both
    # entries enclose the same number, so the lower one may stand for both.
    middle, radii = round_to_grid(matrix, witness["grid"])
    for i, row in enumerate(middle):
        for j in range(i):
            middle[j][i] = row[j]
            radii[j][i] = radii[i][j]
    check_psd(
        ctx, middle, radii, witness["factor"], witness["shift"], claim["quantity"]
    )


def _identity(size: int, value: Fraction) -> arb_mat:
    entry = ball(value)
    return arb_mat([[entry if i == j else 0 for j in range(size)] for i in range(size)])


@rule("spectral-norm-psd")
def spectral_norm_psd(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the 2-norm of the Jacobian at a point."""
    no_premises(premises)
    quantity_of(claim, ["spectral-norm"])
    bound = claim["bound"]
    if bound < 0:
        raise ClaimRejected(f"a norm cannot be at most {bound}")
    matrix = _jacobian_at(ctx, claim)
    constant = _identity(matrix.ncols(), bound * bound)
    _decide(ctx, claim, constant - matrix.transpose() * matrix)


@rule("log-norm-psd")
def log_norm_psd(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the logarithmic norm, or its lower companion, at a point."""
    no_premises(premises)
    sign = 1 if quantity_of(claim, LOG_NORMS) == "log-norm" else -1
    matrix = _jacobian_at(ctx, claim)
    constant = _identity(matrix.ncols(), claim["bound"])
    difference = constant - (matrix + matrix.transpose()) / 2
    _decide(ctx, claim, difference if sign == 1 else -difference)


@rule("tube-from-centre")
def tube_from_centre(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check centre plus deviation: Weyl's inequality on a tube."""
    quantity = quantity_of(claim, ["spectral-norm", *LOG_NORMS])
    branch = branch_of(claim)
    domain = ctx.domain(claim["domain"])
    if domain["kind"] not in ("tube", "point"):
        raise ClaimRejected(f"this theorem holds on a tube, not a {domain['kind']}")
    if len(premises) != 2:
        raise ClaimRejected("this theorem has two premises: the centre, the deviation")
    centre, deviation = premises
    for premise, expected in ((centre, quantity), (deviation, "jacobian-deviation")):
        if premise["quantity"] != expected or premise["subject"] != {"branch": branch}:
            raise ClaimRejected(
                f"a premise has to bound {expected} of the same branch, it bounds "
                f"{premise['quantity']}"
            )
    _same_centre(ctx, domain, ctx.domain(centre["domain"]))
    _covers(ctx, domain, ctx.domain(deviation["domain"]))
    if quantity == "log-norm-lower":
        holds = claim["bound"] <= centre["bound"] - deviation["bound"]
    else:
        holds = claim["bound"] >= centre["bound"] + deviation["bound"]
    if not holds:
        raise ClaimRejected("the bound is stronger than centre and deviation give")


def _same_centre(ctx: Context, domain: dict, other: dict) -> None:
    if other["kind"] not in ("tube", "point") or other["centre"] != domain["centre"]:
        raise ClaimRejected("a premise is about another centre than the claim's tube")


def _covers(ctx: Context, domain: dict, other: dict) -> None:
    _same_centre(ctx, domain, other)
    radius = domain.get("radius", Fraction(0))
    if other.get("radius", Fraction(0)) < radius:
        raise ClaimRejected("the deviation was bounded on a smaller tube")
