r"""Rules about the depth of a design: products, every depth at once, invariant balls.

A step is at most $G(x, \kappa)$ long by comparison, where $x = h\lambda$ and $\kappa =
hK$; the same comparison with $|F(X)| \le v|X|$ in place of the Lipschitz constant says
how far stages and steps reach.  Domains other than a ball are left by no step, but for
a floor of the token norms, of which no rule here speaks.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial, prod
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import (
    decide_at_least,
    decide_at_most,
    no_premises,
    quantity_of,
)
from stabcheck.checker.rules import rule
from stabcheck.checker.steps.comparison import comparison

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

AVERAGES = (
    "attention",
    "sinkhorn-attention",
    "rotary-attention",
    "soft-cap-attention",
    "qk-norm-attention",
)
"""Fields whose rows are averages of tokens, times values of a bounded norm."""


@rule("design-depth-product")
def design_depth_product(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\phi^L$, or $\psi^L$, from the claim about one layer."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    depth = _depth(claim, "depth")
    domain = ctx.document["domain"]["kind"]
    if domain == "token-rms":
        raise ClaimRejected(
            "the floor of the token norms sinks from layer to layer: no power of one "
            "layer's bound holds"
        )
    needed: list[tuple[str, dict[str, object]]] = [(quantity, {"layer": True})]
    if domain == "ball":
        needed.append(("start-radius-squared", claim["subject"]))
    _check_premises(premises, needed)
    bound = premises[0]["bound"]
    if quantity == "growth":
        decide_at_most(ball(bound) ** depth, claim["bound"], "the power of the growth")
    elif claim["bound"] > 0:
        if bound < 0:
            raise ClaimRejected("the layer's shrink is negative: it bounds nothing")
        decide_at_least(ball(bound) ** depth, claim["bound"], "the power of the shrink")


def _depth(claim: dict, about: str) -> int:
    if about not in claim["subject"]:
        raise ClaimRejected(f"this theorem speaks about {about} layers")
    return claim["subject"][about]


def _check_premises(
    premises: list[dict], needed: list[tuple[str, dict[str, object]]]
) -> None:
    """Refuse premises that are not those needed, in order."""
    found = [(premise["quantity"], premise["subject"]) for premise in premises]
    if found != needed:
        names = ", ".join(f"{quantity} of {subject}" for quantity, subject in needed)
        raise ClaimRejected(f"this theorem has the premises {names}, in this order")


@rule("design-every-depth")
def design_every_depth(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $e^{\sum T(cK - \lambda)}$, or the shrink, for every depth from $L$ on."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    depth = _depth(claim, "every-depth")
    layer = ctx.document["layer"]
    if layer["kind"] != "composition" or ctx.document["domain"]["kind"] != "all":
        raise ClaimRejected(
            "this theorem holds for compositions of steps on all states"
        )
    rest, exponent, kept = list(premises), Fraction(0), []
    for part in layer["parts"]:
        low, high = _speeds(ctx, part, rest)
        exponent += part["step"] * high
        kept.append(_kept(ctx, part, low))
    if rest:
        raise ClaimRejected(f"the claim names {len(rest)} premises too many")
    if quantity == "growth":
        value = ball(depth * exponent).exp()
        decide_at_most(value, claim["bound"], "the exponential of the horizon")
    elif claim["bound"] > 0:
        if not all(factor >= 0 for factor in kept):
            raise ClaimRejected("a step is too long for a shrink at this depth")
        product = prod(kept, start=arb(1))
        decide_at_least(product**depth, claim["bound"], "the shrink over the depth")


def _speeds(ctx: Context, part: dict, rest: list[dict]) -> tuple[Fraction, Fraction]:
    r"""Ends of the rates of the part: $\mp cK - \lambda$, or $c\nu_\pm - \lambda$.

    Takes the premises of this part from the front of the list.
    """
    about = {"field": part["field"]}
    found = [(p["quantity"], p["subject"]) for p in rest[:2]]
    scale, leak = part["scale"], part["leak"]
    if found[:1] == [("lipschitz", about)]:
        K = rest.pop(0)["bound"]
        low, high = -scale * K - leak, scale * K - leak
        _check_explicit(ctx, part)
    elif found == [("spectrum-lower", about), ("spectrum-upper", about)]:
        low, high = (scale * rest.pop(0)["bound"] - leak for _ in range(2))
        if not (_is_euler(ctx.document["methods"][part["method"]]) and low <= high):
            raise ClaimRejected("with a spectrum this theorem needs forward Euler")
        if part["step"] * low < -1:
            raise ClaimRejected("with a spectrum this theorem needs 1 + h nu >= 0")
    else:
        raise ClaimRejected(
            f"this theorem has the premises lipschitz, or spectrum-lower and "
            f"spectrum-upper, of field {part['field']} for each part, in order"
        )
    return low, high


def _check_explicit(ctx: Context, part: dict) -> None:
    """Refuse a method whose comparison polynomial may exceed the exponential."""
    method = ctx.document["methods"][part["method"]]
    A, b = method["A"], method["b"]
    if any(x != 0 for i, row in enumerate(A) for x in row[i:]):
        raise ClaimRejected(f"the method {method['name']} is not explicit")
    if part["leak"] != 0 and not (
        _is_euler(method) and part["step"] * part["leak"] <= 1
    ):
        raise ClaimRejected(
            "with a leak this theorem needs forward Euler and h leak <= 1"
        )
    reached = [Fraction(1)] * len(b)
    for power in range(1, len(b) + 1):
        coefficient = sum(
            (abs(w) * r for w, r in zip(b, reached, strict=True)), Fraction(0)
        )
        if coefficient * factorial(power) > 1:
            raise ClaimRejected(
                f"the comparison polynomial of {method['name']} exceeds the "
                f"exponential in the power {power}"
            )
        reached = [
            sum((abs(a) * r for a, r in zip(row, reached, strict=True)), Fraction(0))
            for row in A
        ]


def _is_euler(method: dict) -> bool:
    return method["A"] == [[0]] and method["b"] == [1]


def _kept(ctx: Context, part: dict, low: Fraction) -> arb:
    r"""$1 + h\nu$ for forward Euler, else $2 - e^{-h\nu}$."""
    if _is_euler(ctx.document["methods"][part["method"]]):
        return ball(1 + part["step"] * low)
    return 2 - ball(-part["step"] * low).exp()


@rule("design-ball-reach")
def design_ball_reach(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check that states and stages of every layer stay in the ball of the domain."""
    no_premises(premises)
    quantity_of(claim, ["start-radius-squared"])
    depth = _depth(claim, "depth")
    domain, layer = ctx.document["domain"], ctx.document["layer"]
    if domain["kind"] != "ball" or layer["kind"] != "composition":
        raise ClaimRejected("this theorem holds for compositions of steps on a ball")
    growth, largest = Fraction(1), Fraction(1)
    for part in layer["parts"]:
        reach = _reach(ctx, part)
        largest = max(largest, growth, growth * max(reach.stages))
        growth *= reach.growth
    # The start times this factor is the largest token norm that a field is given.
    factor = ball(largest) * (ball(growth) ** (depth - 1) if growth > 1 else 1)
    decide_at_most(
        ball(claim["bound"]) * factor * factor,
        domain["radius_squared"],
        "the squared reach of the stages",
    )


def _reach(ctx: Context, part: dict):
    """The comparison of one step with the norm of its values."""
    field = ctx.field(part["field"])
    if field["kind"] not in AVERAGES or field.get("normalisation", "none") != "none":
        raise ClaimRejected(
            "this theorem holds for attention without a normalisation, not for "
            f"{field['kind']} with {field.get('normalisation', 'none')}"
        )
    method = ctx.document["methods"][part["method"]]
    step = part["step"]
    found = comparison(
        method["A"],
        method["b"],
        step * part["leak"],
        step * part["scale"] * field["value_norm"],
    )
    if found is None:
        raise ClaimRejected("a step is too long: its stages are not bounded")
    return found
