"""What a claim says, in words that the checker composes itself.

The statement of a certificate is the prover's prose.  These lines are made from the
records that the rules have decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stabcheck.checker.designs import summary as design_summary
from stabcheck.checker.hypotheses import float_text

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

STEPS = {
    "step": "step",
    "one-leg": "one-leg step, in the norm of G,",
    "frozen": "recursion with a frozen Jacobian",
}
"""Subjects that name a method and a size."""
LOWER = ("shrink", "log-norm-lower")
"""Quantities of which a claim gives a lower bound; `attained-*` is never passed."""


def results(ctx: Context) -> list[str]:
    """One line for every claim that no other claim uses: the widest ranges first."""
    claims = ctx.document["claims"]
    if "method" in ctx.document:
        return [fact_sentence(ctx.document["method"], claim) for claim in claims]
    if "layer" in ctx.document:
        return design_summary.results(ctx)
    used = {premise for claim in claims for premise in claim["premises"]}
    final = [index for index in range(len(claims)) if index not in used]
    return [
        f"claim {index}: {sentence(ctx, claims[index])}"
        for index in sorted(final, key=lambda index: -_width(claims[index]["subject"]))
    ]


def fact_sentence(method: dict, claim: dict) -> str:
    """A fact of a method: its value, or an interval of given width that holds it."""
    quantity = claim["quantity"]
    if quantity == "stability-function":
        value = f"({claim['P']}) / ({claim['Q']})".replace("x", "z")
    elif "order" in claim:
        value = str(claim["order"])
    elif "G" in claim:
        value = f"with G = [{', '.join(map(str, claim['G']))}]"
    elif "holds" in claim:
        value = "yes" if claim["holds"] else "no"
    elif claim["lower"] is None:
        value = "infinite"
    else:
        value = f"at least {float_text(claim['lower'], 15)}"
        if claim["upper"] is not None:
            value += f", by less than {float_text(claim['upper'] - claim['lower'], 2)}"
    return f"{quantity} of {method['name']}: {value} ({claim['theorem']})"


def _width(subject: dict) -> int:
    """How much a claim is about: maps before a step, a step before a field."""
    if "maps" in subject:
        first, last = subject["maps"]
        return 1 + last - first
    return int("branch" not in subject)


def sentence(ctx: Context, claim: dict) -> str:
    """The quantity, its subject, its domain, the bound and the theorem."""
    quantity = claim["quantity"]
    at_least = quantity.startswith("attained") or quantity in LOWER
    if quantity == "attained-log-norm-lower":
        at_least = False
    sign = ">=" if at_least else "<="
    return (
        f"{quantity} of {_subject(claim['subject'])} on "
        f"{_domain(ctx.domain(claim['domain']))} {sign} {float_text(claim['bound'])} "
        f"({claim['theorem']})"
    )


def _subject(subject: dict) -> str:
    if "maps" in subject:
        first, last = subject["maps"]
        return f"maps {first} to {last - 1}"
    (kind,) = subject
    step = subject if kind == "branch" else subject[kind]
    fields = ", ".join(str(index) for index in step["branch"])
    if kind == "branch":
        return f"field {fields}"
    return (
        f"a {STEPS[kind]} of size {step['size']} of integrator {step['integrator']} "
        f"for field {fields}"
    )


def _domain(domain: dict) -> str:
    if domain["kind"] == "point":
        return f"the state {domain['centre']}"
    if domain["kind"] == "tubes":
        return f"the tube of radii {domain['radii']} round {domain['centre']}"
    if domain["kind"] == "rectangle":
        return f"the rectangle of radii {domain['radii']} round {domain['centre']}"
    radius = float_text(domain["radius"])
    if "centre" in domain:
        kind = {"frobenius": "Frobenius ball"}.get(domain["kind"], domain["kind"])
        return f"the {kind} of radius {radius} round {domain['centre']}"
    return f"the ball of radius {radius}"
