r"""Growth of a one-leg multistep step in a norm of its last values.

$\sum_j\alpha_jy_{n+j} = hf(\sum_j\beta_jy_{n+j})$, $\rho = (\alpha_j)$, $\sigma =
(\beta_j)$, scaled to $\sigma(1) = 1$.  The claim: if the first k values of two
solutions lie in the tube, the distance of the last k is at most $\phi$ times theirs in
the norm $|Y|_G$.  With $\gamma = \beta_k/\alpha_k$ the argument of f is

$$v = w + h\gamma f(v),\quad w = \sum_{j<k}(\beta_j - \gamma\alpha_j)y_{n+j},$$

a backward Euler stage of size $h\gamma$ from w, whose weights add up to $\sigma(1) -
\gamma\rho(1) = 1$: w lies within $\sum|\beta_j - \gamma\alpha_j|$ radii of the centre.
The stage has to exist inside the tube of the premises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.arithmetic.ordered import inverse, is_semidefinite
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, quantity_of
from stabcheck.checker.premises import check_covers, check_quantities, tube_at
from stabcheck.checker.rules import rule
from stabcheck.checker.rules.stability_facts import method_of
from stabcheck.checker.steps.multipliers import (
    OPTIONS,
    check_existing_stages,
    multipliers_of,
)
from stabcheck.checker.steps.stages import Step, stage_tubes

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Form = list[list[Fraction]]
GROWTH, FACT = "g-growth", "G-stable"
ZERO = Fraction(0)


@dataclass(frozen=True)
class _OneLeg:
    """The rows of the method, scaled, and the form of the norm."""

    rho: list[Fraction]
    sigma: list[Fraction]
    G: Form

    def left(self, square: Fraction) -> Form:
        r"""$\phi^2(G \oplus 0) - (0 \oplus G)$."""
        size = range(len(self.rho))

        def entry(i: int, j: int) -> Fraction:
            return self.G[i][j] if min(i, j) >= 0 and max(i, j) < len(self.G) else ZERO

        return [
            [square * entry(i, j) - entry(i - 1, j - 1) for j in size] for i in size
        ]

    def condition(self, quantity: str, bound: Fraction) -> Form:
        """What the premise says of slope and argument, nonnegative; h in the bound."""
        size = range(len(self.rho))
        pairs = [[(self.rho[i], self.sigma[i], self.rho[j], self.sigma[j])
                  for j in size] for i in size]  # fmt: skip
        if quantity == "spectral-norm":
            return [[bound * bound * s * t - r * q for r, s, q, t in row]
                    for row in pairs]  # fmt: skip
        sign = -1 if quantity == "log-norm-lower" else 1
        return [[sign * (bound * s * t - (r * t + q * s) / 2) for r, s, q, t in row]
                for row in pairs]  # fmt: skip

    def is_at_most(
        self, square: Fraction, terms: Sequence[tuple[Fraction, Form]]
    ) -> bool:
        """Decide that the form minus the multiples of the conditions is nonnegative."""
        form = self.left(square)
        for multiplier, condition in terms:
            for row, other in zip(form, condition, strict=True):
                for j, entry in enumerate(other):
                    row[j] -= multiplier * entry
        return is_semidefinite(form)


def _method(alpha: Sequence[Fraction], beta: Sequence[Fraction], G: object) -> _OneLeg:
    """The method with its matrix, a list of k^2 rationals, checked to be definite."""
    scale, steps = sum(beta, start=ZERO), len(alpha) - 1
    if sum(alpha) != 0 or scale == 0:
        raise ClaimRejected("the method is not consistent: rho(1) = 0, sigma(1) not 0")
    if not isinstance(G, list) or len(G) != steps * steps:
        raise ClaimRejected(f"G has to be a list of {steps * steps} rationals")
    rows = [G[i * steps : (i + 1) * steps] for i in range(steps)]
    if any(rows[i][j] != rows[j][i] for i in range(steps) for j in range(i)):
        raise ClaimRejected("G is no symmetric matrix")
    if not _is_definite(rows):
        raise ClaimRejected("G is not positive definite")
    return _OneLeg([a / scale for a in alpha], [b / scale for b in beta], rows)


def _is_definite(rows: Form) -> bool:
    try:
        inverse(rows)
    except ZeroDivisionError:
        return False
    return is_semidefinite(rows)


def _stage(ctx: Context, claim: dict, method: _OneLeg, name: str) -> Step:
    """The argument of the field as a stage, from the states that w may be."""
    record = claim["subject"]["one-leg"]
    gamma = method.sigma[-1] / method.rho[-1]
    pairs = zip(method.rho[:-1], method.sigma[:-1], strict=True)
    spread = sum((abs(s - gamma * r) for r, s in pairs), start=ZERO)
    first = record["branch"][0]
    tube, field = tube_at(ctx, claim, first), ctx.field(first)
    return Step(
        branch=record["branch"],
        name=name,
        A=[[gamma]],
        b=[Fraction(1)],
        size=record["size"],
        tube=replace(tube, radius=spread * tube.radius),
        shape=(field["tokens"], field["features"]),
    )


@rule("one-leg-g-norm")
def one_leg_g_norm(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check the form; of a method alone, that it is G-stable."""
    if "method" in ctx.document:
        _check_fact(ctx, claim)
        return
    quantity_of(claim, [GROWTH])
    if "one-leg" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a one-leg step, not about "
            f"{' and '.join(claim['subject'])}"
        )
    if claim["bound"] < 0:
        raise ClaimRejected(f"a growth is not negative: {float_text(claim['bound'])}")
    subject = claim["subject"]["one-leg"]
    record = ctx.integrator(subject["integrator"])
    method = _method(record["alpha"], record["beta"], subject["G"])
    quantities = check_quantities(premises, OPTIONS)
    multipliers = multipliers_of(claim, quantities, 1)
    step = _stage(ctx, claim, method, record["name"])
    (tube,) = check_existing_stages(ctx, claim, step, premises)
    for wider in stage_tubes(ctx, step, premises):
        check_covers(wider, tube, "the tube of the norm")
    terms = [
        (multiplier, method.condition(quantity, step.size * premise["bound"]))
        for multiplier, quantity, premise in zip(
            multipliers, quantities, premises, strict=True
        )
    ]
    if not method.is_at_most(claim["bound"] ** 2, terms):
        raise ClaimRejected(
            f"the {GROWTH} {float_text(claim['bound'])} is stronger than the premises "
            "give with these multipliers"
        )


def _check_fact(ctx: Context, claim: dict) -> None:
    r"""Growth 1 for every field with $\mu_2 \le 0$ everywhere.

    The multiplier $\sigma(1)^2$ is 1 for the rows as they stand in the record: what
    has to be semidefinite is M in Dahlquist's identity.
    """
    quantity_of(claim, [FACT])
    record = method_of(ctx)
    if "alpha" not in record:
        raise ClaimRejected("this theorem is about multistep methods")
    method = _method(record["alpha"], record["beta"], claim["G"])
    scale = sum(record["beta"], start=ZERO)
    terms = [(scale**2, method.condition("log-norm", ZERO))]
    if not method.is_at_most(Fraction(1), terms):
        raise ClaimRejected("the method is not contractive in the norm of this G")
