r"""The spectral radius of a momentum block on a Jacobian frozen at one state.

$x_{n+2} - (1 + \gamma)x_{n+1} + \gamma x_n = (1 - \gamma)hJx_{n+1}$: an eigenvalue $z =
x + iy$ of $hJ$ gives $\zeta^2 - a\zeta + \gamma$, $a = 1 + \gamma + (1 - \gamma)z$.  By
Schur and Cohn, applied to $\zeta/r$, both roots have a modulus below r exactly if
$|\gamma| < r^2$ and $r^2\bigl((r^2 - \gamma)^2(\Re a)^2 + (r^2 + \gamma)^2(\Im
a)^2\bigr) < (r^4 - \gamma^2)^2$.  The premises give $x \in [hm, h\mu]$ and $y^2 \le
(hL)^2 - x^2$ for every eigenvalue: a quadratic has to be positive on an interval.

It is about one matrix, repeated: no statement about the nonlinear recursion, nor about
layers with Jacobians of their own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.polynomials import is_positive, polynomial
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, quantity_of
from stabcheck.checker.premises import (
    check_covers,
    check_premise,
    check_quantities,
    tube_at,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

PREMISES = ["spectral-norm", "log-norm", "log-norm-lower"]


@rule("momentum-schur-cohn")
def momentum_schur_cohn(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that no eigenvalue within the premises has a root of that modulus."""
    quantity_of(claim, ["frozen-radius"])
    if "frozen" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a frozen recursion, not about "
            f"{' and '.join(claim['subject'])}"
        )
    subject = claim["subject"]["frozen"]
    gamma = _momentum(ctx.integrator(subject["integrator"]))
    point = tube_at(ctx, claim, subject["branch"][0])
    if point.radius != 0:
        raise ClaimRejected("a Jacobian is frozen at a point, the claim is on a tube")
    check_quantities(premises, [PREMISES])
    for premise in premises:
        check_premise(premise, {"branch": subject["branch"]})
        where = tube_at(ctx, premise, subject["branch"][0])
        check_covers(where, point, "the state at which the Jacobian is frozen")
    norm, upper, lower = (subject["size"] * premise["bound"] for premise in premises)
    if not _stays_below(claim["bound"], gamma, norm, upper, lower):
        raise ClaimRejected(
            f"the frozen-radius {float_text(claim['bound'])} is stronger than the "
            "premises give"
        )


def _momentum(record: dict) -> Fraction:
    r"""$\gamma$ of a method that is a momentum block."""
    alpha, beta = record["alpha"], record["beta"]
    gamma = alpha[0]
    if (alpha, beta) != ([gamma, -1 - gamma, 1], [0, 1 - gamma, 0]):
        raise ClaimRejected(
            f"this theorem is about momentum, alpha = [g, -1 - g, 1] and beta = [0, 1 "
            f"- g, 0]; the claim's method {record['name']!r} is another one"
        )
    return gamma


def _stays_below(
    radius: Fraction, gamma: Fraction, norm: Fraction, upper: Fraction, lower: Fraction
) -> bool:
    square, free = radius * radius, 1 - gamma
    low, high = max(lower, -norm), min(upper, norm)
    if radius <= 0 or abs(gamma) >= square or low > high:
        return False
    real = polynomial([1 + gamma, free])
    turned = polynomial([(free * norm) ** 2, 0, -(free**2)])
    inside = polynomial([square * (square - gamma) ** 2]) * real**2
    inside += polynomial([square * (square + gamma) ** 2]) * turned
    return is_positive(polynomial([(square**2 - gamma**2) ** 2]) - inside, low, high)
