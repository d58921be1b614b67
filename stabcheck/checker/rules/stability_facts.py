r"""Rules about the facts of one method, all recomputed from its coefficients.

A radius or an interval is claimed by two rationals: the property holds at `lower` and
fails at `upper`.  The sets are nested, so that the number lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpq_poly

from stabcheck.checker.arithmetic.number_field import Coefficient
from stabcheck.checker.arithmetic.polynomials import (
    excess_on_axis,
    flint,
    is_bounded_on_the_left,
    is_nonnegative,
    is_positive,
    polynomial,
)
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text, quantity_of
from stabcheck.checker.rules import rule
from stabcheck.checker.steps.tableau import (
    ElementaryWeights,
    in_lowest_terms,
    is_contractive,
    is_rational,
    monotonicity_polynomials,
    stability_function,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Stages = list[list[Coefficient]]
MIRRORED = fmpq_poly([0, -1])


def method_of(ctx: Context) -> dict:
    """The record of the method that the certificate is about."""
    if "method" not in ctx.document:
        raise ClaimRejected("this theorem is about a method, the certificate is not")
    return ctx.document["method"]


def _tableau(ctx: Context) -> tuple[Stages, list[Coefficient]]:
    """A and b of the method, which need not be known by a tableau."""
    method = method_of(ctx)
    if "A" not in method:
        raise ClaimRejected("this theorem is about a tableau, the method has none")
    return method["A"], method["b"]


def _quotient(ctx: Context) -> tuple[fmpq_poly, fmpq_poly]:
    """P and Q without a common factor, Q(0) = 1."""
    if "stability-function" not in ctx.cache:
        method = method_of(ctx)
        if "A" in method:
            found = stability_function(method["A"], method["b"])
            if found is None:
                raise ClaimRejected(
                    "this theorem needs a rational stability function, the method's is "
                    "irrational"
                )
        elif "P" in method:
            found = in_lowest_terms(polynomial(method["P"]), polynomial(method["Q"]))
        else:
            raise ClaimRejected("this theorem is about methods of one step")
        ctx.cache["stability-function"] = found
    return ctx.cache["stability-function"]


def check_between(claim: dict, holds: Callable[[Fraction | None], bool]) -> None:
    """The property holds at `lower` and fails at `upper`; None is infinity."""
    lower, upper = claim["lower"], claim["upper"]
    if not holds(lower):
        end = "infinity" if lower is None else float_text(lower)
        raise ClaimRejected(f"{claim['quantity']} does not reach {end}")
    if upper is not None and holds(upper):
        raise ClaimRejected(f"{claim['quantity']} reaches {float_text(upper)}")


def check_answer(claim: dict, found: bool) -> None:
    """The claimed yes or no is what was found."""
    if claim["holds"] is not found:
        raise ClaimRejected(
            f"the method is{'' if found else ' not'} {claim['quantity']}"
        )


@rule("stability-function-rational")
def stability_function_rational(ctx: Context, claim: dict, premises: list) -> None:
    r"""Compare P/Q with $\det(I - zA + z\mathbb 1b^T)/\det(I - zA)$."""
    quantity_of(claim, ["stability-function"])
    P, Q = _quotient(ctx)
    if claim["Q"] == 0 or claim["P"] * Q != claim["Q"] * P:
        raise ClaimRejected(f"the stability function is ({P}) / ({Q})")


@rule("order-by-rooted-trees")
def order_by_rooted_trees(ctx: Context, claim: dict, premises: list) -> None:
    """All conditions up to the order hold and some condition of the next fails."""
    quantity_of(claim, ["order"])
    weights, order = ElementaryWeights(*_tableau(ctx)), claim["order"]
    for nodes in range(1, order + 1):
        if not weights.satisfy(nodes):
            raise ClaimRejected(f"a condition of order {nodes} fails")
    if weights.satisfy(order + 1):
        raise ClaimRejected(f"all conditions of order {order + 1} hold too")


@rule("axis-interval-by-sturm")
def axis_interval_by_sturm(ctx: Context, claim: dict, premises: list) -> None:
    r"""$Q(-x)^2 - P(-x)^2$ on $[0, \alpha]$, or $E$ on $[0, \beta^2]$."""
    quantity = quantity_of(claim, ["real-interval", "imaginary-interval"])
    P, Q = _quotient(ctx)
    if quantity == "real-interval":
        excess = (Q**2 - P**2)(MIRRORED)
        check_between(claim, lambda end: is_nonnegative(excess, 0, end))
        return
    excess = excess_on_axis(P, Q)
    check_between(
        claim,
        lambda end: is_nonnegative(excess, 0, None if end is None else end * end),
    )


@rule("disc-in-stability-region")
def disc_in_stability_region(ctx: Context, claim: dict, premises: list) -> None:
    r"""$|R(2r/(v - 1))| \le 1$ for $\Re v \le 0$; of infinite radius, A-stability."""
    quantity_of(claim, ["largest-disc"])
    P, Q = _quotient(ctx)

    def holds(radius: Fraction | None) -> bool:
        if radius is None:
            return is_bounded_on_the_left(P, Q)
        return radius == 0 or is_bounded_on_the_left(*_on_disc(P, Q, radius))

    check_between(claim, holds)


def _on_disc(
    P: fmpq_poly, Q: fmpq_poly, radius: Fraction
) -> tuple[fmpq_poly, fmpq_poly]:
    r"""P and Q at $z = 2r/w$, times $w^s$, in $v = w + 1$."""
    degree = max(P.degree(), Q.degree())
    diameter, w = flint(2 * radius), fmpq_poly([-1, 1])

    def image(p: fmpq_poly) -> fmpq_poly:
        terms = (c * diameter**k * w ** (degree - k) for k, c in enumerate(p.coeffs()))
        return sum(terms, start=fmpq_poly([]))

    return image(P), image(Q)


@rule("a-stability-by-e-polynomial")
def a_stability_by_e_polynomial(ctx: Context, claim: dict, premises: list) -> None:
    r"""$E \ge 0$ and every pole has $\Re z > 0$; L-stable if $R(\infty) = 0$ too."""
    quantity = quantity_of(claim, ["A-stable", "L-stable"])
    P, Q = _quotient(ctx)
    found = is_bounded_on_the_left(P, Q)
    if quantity == "L-stable":
        found = found and P.degree() < Q.degree()
    check_answer(claim, found)


@rule("circle-contractivity-radius")
def circle_contractivity_radius(ctx: Context, claim: dict, premises: list) -> None:
    r"""$b \ge 0$ and $BA + A^TB - bb^T + B/r \succeq 0$ by exact pivots."""
    quantity_of(claim, ["circle-contractivity"])
    A, b = _tableau(ctx)

    def holds(radius: Fraction | None) -> bool:
        if radius is None:
            return is_contractive(A, b, Fraction(0))
        return radius == 0 or is_contractive(A, b, 1 / radius)

    check_between(claim, holds)


@rule("algebraic-stability")
def algebraic_stability(ctx: Context, claim: dict, premises: list) -> None:
    r"""$b \ge 0$ and $BA + A^TB - bb^T \succeq 0$ by exact pivots."""
    quantity_of(claim, ["algebraically-stable"])
    A, b = _tableau(ctx)
    check_answer(claim, is_contractive(A, b, Fraction(0)))


@rule("absolute-monotonicity-by-resolvent")
def absolute_monotonicity_by_resolvent(
    ctx: Context, claim: dict, premises: list
) -> None:
    r"""The determinant positive, the other polynomials nonnegative, on $[0, r]$."""
    quantity_of(claim, ["absolute-monotonicity"])
    A, b = _tableau(ctx)
    if not is_rational(A, b):
        raise ClaimRejected("this theorem needs rational coefficients")
    determinant, entries = monotonicity_polynomials(A, b)
    others = list(entries)

    def holds(radius: Fraction | None) -> bool:
        return radius == 0 or (
            is_positive(determinant, 0, radius)
            and all(is_nonnegative(entry, 0, radius) for entry in others)
        )

    check_between(claim, holds)
