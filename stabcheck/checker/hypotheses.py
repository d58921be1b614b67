r"""Hypotheses that rules share: subject, quantity, domain, parameters, decisions.

Each function returns what the rule needs or refuses the claim with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import Decision, at_least, at_most
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "branch_of",
    "centre_and_deviation",
    "centred_domain_of",
    "decide_at_least",
    "decide_at_most",
    "float64_only",
    "maps_of",
    "no_premises",
    "positive_parameters",
    "quantity_of",
    "round_domain_of",
    "single_field",
    "tube_of",
]


def no_premises(premises: Sequence[dict]) -> None:
    """Refuse a claim that names premises where its theorem uses none."""
    if premises:
        raise ClaimRejected(
            f"this theorem has no premises, the claim names {len(premises)}"
        )


def quantity_of(claim: dict, allowed: Sequence[str]) -> str:
    """Return the claim's quantity if the theorem speaks about it."""
    quantity = claim["quantity"]
    if quantity not in allowed:
        raise ClaimRejected(f"this theorem bounds {', '.join(allowed)}, not {quantity}")
    return quantity


def float64_only(claim: dict) -> None:
    """Refuse a claim of the exact tier where a theorem is decided in floating point."""
    if claim["tier"] != "float64":
        raise ClaimRejected("this theorem is decided in the float64 tier only")


def maps_of(claim: dict) -> tuple[int, int]:
    """Return the first map of a claim about a range of maps, and the one behind it."""
    if "maps" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a range of maps, not about "
            f"{' and '.join(claim['subject'])}"
        )
    first, last = claim["subject"]["maps"]
    return first, last


def branch_of(claim: dict) -> list[int]:
    """Return the branch of a claim whose subject is a branch."""
    if "branch" not in claim["subject"]:
        raise ClaimRejected(
            "this theorem speaks about a branch of fields, not about "
            f"{' and '.join(claim['subject'])}"
        )
    return claim["subject"]["branch"]


def single_field(ctx: Context, claim: dict, kinds: Sequence[str]) -> int:
    """Return the index of the one field, of one of the kinds, in the branch."""
    branch = branch_of(claim)
    found = [ctx.field(index)["kind"] for index in branch]
    if len(found) != 1 or found[0] not in kinds:
        raise ClaimRejected(
            f"this theorem holds for a single field of kind {' or '.join(kinds)}, "
            f"the branch is {found}"
        )
    return branch[0]


def tube_of(ctx: Context, claim: dict, field: dict) -> tuple[str, Fraction]:
    """Return centre and radius of a tube (or a point: radius 0) of the right shape."""
    _, centre, radius = round_domain_of(ctx, claim, field, ("tube",))
    return centre, radius


def round_domain_of(
    ctx: Context, claim: dict, field: dict, kinds: Sequence[str]
) -> tuple[str, str, Fraction]:
    """Return kind, centre and radius of a domain round a state of the right shape.

    A point is a domain of radius 0 of every kind; it is returned as the first one.
    """
    domain = centred_domain_of(ctx, claim, field, kinds)
    if domain["kind"] == "point":
        return kinds[0], domain["centre"], Fraction(0)
    return domain["kind"], domain["centre"], domain["radius"]


def centred_domain_of(
    ctx: Context, claim: dict, field: dict, kinds: Sequence[str]
) -> dict:
    """Return a domain of one of the kinds, or a point, round a state of the shape."""
    domain = ctx.domain(claim["domain"])
    if domain["kind"] not in ("point", *kinds):
        raise ClaimRejected(
            f"this theorem holds on a {' or '.join(kinds)} or at a point, not on a "
            f"{domain['kind']}"
        )
    shape = tuple(ctx.tensor(domain["centre"]).shape)
    if shape != (field["tokens"], field["features"]):
        raise ClaimRejected(
            f"the centre of the domain has shape {shape}, the field acts on "
            f"{(field['tokens'], field['features'])}"
        )
    return domain


def positive_parameters(claim: dict, name: str, length: int) -> list[Fraction]:
    """Return a list of positive rationals of the given length."""
    values = claim["parameters"].get(name)
    if not isinstance(values, list) or len(values) != length:
        raise ClaimRejected(f"parameter {name} has to be a list of {length} rationals")
    if not all(isinstance(value, Fraction) and value > 0 for value in values):
        raise ClaimRejected(f"every entry of parameter {name} has to be positive")
    return values


def _raise(decision: Decision, message: str) -> None:
    if decision == "rejected":
        raise ClaimRejected(message)
    if decision == "undecided":
        raise ClaimUndecided(f"{message} within the rounding")


def decide_at_most(value: arb, bound: Fraction, what: str) -> None:
    """Accept if the ball is at most the bound, else reject or leave undecided."""
    _raise(
        at_most(value, bound),
        f"{what} is {value.str(9)}, not at most the claimed {float_text(bound)}",
    )


def decide_at_least(value: arb, bound: Fraction, what: str) -> None:
    """Accept if the ball is at least the bound, else reject or leave undecided."""
    _raise(
        at_least(value, bound),
        f"{what} is {value.str(9)}, not at least the claimed {float_text(bound)}",
    )


def float_text(value: Fraction, digits: int = 9) -> str:
    """Print a rational with so many digits, of any size."""
    return (arb(value.numerator) / arb(value.denominator)).str(digits, radius=False)


def centre_and_deviation(claim: dict, centre: Fraction, deviation: arb) -> None:
    """Compare the bound with centre plus (for a lower bound minus) deviation."""
    lower = claim["quantity"] == "log-norm-lower"
    room = centre - claim["bound"] if lower else claim["bound"] - centre
    decide_at_most(deviation, room, "the deviation over the tube")
