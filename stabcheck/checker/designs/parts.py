r"""What a rule about one step of a design knows: its method, sizes and constants.

A part is one step of length h on $\dot x = -\lambda x + cF(x)$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import float_text
from stabcheck.checker.premises import check_premise, check_quantities

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

LIPSCHITZ, ONE_SIDED = "lipschitz", "log-norm"
SPECTRUM = ["spectrum-lower", "spectrum-upper"]
CONVEX_DOMAINS = ("all", "ball")
TOKEN_WISE = (
    "hopfield",
    "feed-forward",
    "gradient-feed-forward",
    "antisymmetric-feed-forward",
)
"""Fields that act on every token alone: each token has a Euclidean norm of its own."""


@dataclass(frozen=True)
class Part:
    """A step: the tableau, its name, h, the leak, and what the field is scaled by."""

    name: str
    A: list[list[Fraction]]
    b: list[Fraction]
    step: Fraction
    leak: Fraction
    scale: Fraction
    field: int

    @property
    def is_euler(self) -> bool:
        """Whether the method is forward Euler."""
        return self.A == [[0]] and self.b == [1]


@dataclass(frozen=True)
class Constants:
    r"""$f = -\lambda x + F$ with $|\Delta F| \le K|\Delta|$ and, if known, $\mu(F)$.

    From the ends of a symmetric Jacobian's spectrum the centre goes to the leak and
    half the width to K; then $\mu = K$.
    """

    leak: Fraction
    norm: Fraction
    slope: Fraction

    def non_expansive(self, step: Fraction, radius: Fraction) -> bool:
        r"""Decide $2r\langle\Delta f, \Delta\rangle \le -h|\Delta f|^2$ for all F.

        It is linear in $\langle\Delta F, \Delta\rangle \in [-K, \mu]$: two ends.  For
        r = 1 it says that forward Euler is non-expansive.
        """
        leak, K, mu = self.leak, self.norm, self.slope
        square = leak * leak + K * K
        return step * (leak + K) <= 2 * radius and (
            step * (square - 2 * leak * mu) <= 2 * radius * (leak - mu)
        )


def part_of(ctx: Context, claim: dict) -> Part:
    """The part that a claim is about, on a convex domain."""
    if "part" not in claim["subject"]:
        found = " and ".join(claim["subject"])
        raise ClaimRejected(f"this theorem speaks about a part, not about {found}")
    domain = ctx.document["domain"]["kind"]
    if domain not in CONVEX_DOMAINS:
        raise ClaimRejected(
            f"this theorem holds on all states or on a ball, not on the domain {domain}"
        )
    return read_part(ctx, claim["subject"]["part"])


def read_part(ctx: Context, place: int) -> Part:
    """A part by its place in the layer."""
    record = ctx.document["layer"]["parts"][place]
    method = ctx.document["methods"][record["method"]]
    return Part(
        method["name"],
        method["A"],
        method["b"],
        record["step"],
        record["leak"],
        record["scale"],
        record["field"],
    )


def constants_of(
    part: Part, premises: Sequence[dict], allowed: Sequence[Sequence[str]]
) -> Constants:
    """The constants of the part's scaled field, from premises in one allowed order."""
    found = check_quantities(premises, allowed)
    for premise in premises:
        check_premise(premise, {"field": part.field})
    bounds = [part.scale * premise["bound"] for premise in premises]
    if found == SPECTRUM:
        low, high = bounds
        if low > high:
            raise ClaimRejected("the ends of the spectrum are in the wrong order")
        width = (high - low) / 2
        return Constants(part.leak - (low + high) / 2, width, width)
    if bounds[0] < 0:
        raise ClaimRejected("a Lipschitz constant is not negative")
    return Constants(part.leak, bounds[0], min(bounds))


def check_euclidean(ctx: Context, part: Part) -> None:
    """Refuse the largest-token metric unless the field acts on each token alone."""
    kind = ctx.field(part.field)["kind"]
    if ctx.document["metric"] == "token-max" and kind not in TOKEN_WISE:
        raise ClaimRejected(
            "this theorem needs a Euclidean norm: the metric frobenius, or a field "
            f"that acts on each token alone, which {kind} does not"
        )


def establish(holds: bool, claim: dict) -> None:
    """Refuse a claim that is stronger than what was found."""
    if not holds:
        raise ClaimRejected(
            f"the {claim['quantity']} {float_text(claim['bound'])} is stronger than "
            "the premises give"
        )


def only_parameters(claim: dict, *allowed: str) -> None:
    """Refuse a parameter that the theorem does not take."""
    unknown = sorted(set(claim["parameters"]) - set(allowed))
    if unknown:
        raise ClaimRejected(f"this theorem has no parameter {unknown[0]!r}")
