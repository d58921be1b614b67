"""What a file says about itself: the claim, and what stays trusted.

Numbers and names of the checker's own tables only: a certificate's prose could close
the comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stabcheck.formal.notation import comment

JACOBIAN = (
    "Theorem claim: the bound p/q holds for every real matrix J of which D J lies as",
    "near to m, entry by entry, as its statement says.",
    "Trusted: that the field's Jacobian at the state is such a J (Arb).",
)
ROUNDED = (
    "Theorem claim of every module: a symmetric matrix A of which scale A lies within",
    "rho of M, entry by entry, is positive semidefinite.  The bound enters M.",
    "Trusted: that the matrix of the theorem is such an A (Arb, in the checker), and",
    "the theorem itself, whose proof `stabcheck prove` runs.",
)
EXACT = (
    "Theorem claim of every module: the matrix A = M / scale is positive semidefinite",
    "(rho is 0).  The bound enters M.",
    "Trusted: that M / scale is the matrix of the theorem (rationals, in the checker),",
    "the premises, and the theorem itself, whose proof `stabcheck prove` runs.",
)
AXIS = (
    "Theorem claim: |P| <= |Q| on the axis, up to the lower number or everywhere;",
    "theorem not_beyond, where it stands: not at the upper number.",
    "Trusted: that P/Q is the stability function (rationals, in the checker).",
)
HALF_PLANE = (
    *AXIS,
    "",
    "Of A-stability this is the inequality on the imaginary axis alone.  Trusted too:",
    "that every pole has a positive real part (Routh's table), and the maximum",
    "principle.",
)


def heading(index: int, claim: dict, meaning: Sequence[str]) -> str:
    """The comment at the head of a claim's file."""
    said = f"Claim {index} of the certificate, by the theorem {claim['theorem']}:"
    lines = [said, f"{claim['quantity']} {value(claim)}.", "", *meaning]
    return comment(lines)


def value(claim: dict) -> str:
    """What the claim says of its quantity."""
    if "bound" in claim:
        lower = claim["quantity"] in ("shrink", "log-norm-lower")
        return f"{'at least' if lower else 'at most'} {claim['bound']}"
    if "holds" in claim:
        return "holds" if claim["holds"] else "does not hold"
    lower, upper = claim["lower"], claim["upper"]
    return f"reaches {_end(lower)} and does not reach {_end(upper)}"


def _end(end: Fraction | None) -> str:
    return "infinity" if end is None else str(end)
