r"""Where the roots of a characteristic polynomial may cross the unit circle.

On the circle, $\zeta = (1 + it)/(1 - it)$, and on an axis, $z = -x$ or $z = ix$, the
polynomial $(1 - it)^k\Phi$ is $G(t, x) + iK(t, x)$ with integer coefficients.  A root
is on the circle where $G$ and $K$ vanish together for a real $t$, or where $\Phi$ does
at $\zeta = -1$, the missing point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from flint import Ordering, fmpq_poly, fmpz_mpoly, fmpz_mpoly_ctx

from stabcheck.integrators.algebra.circle import basis

RING = fmpz_mpoly_ctx.get(("t", "x"), Ordering.lex)
"""Polynomials in a coordinate of the unit circle and one of the axis."""

T = RING.gen(0)
EVEN, ODD = 0, 1
"""The parts $E$ and $O$ of the circle's basis."""


class Axis(Enum):
    """The negative real axis, $z = -x$, or the imaginary axis, $z = ix$."""

    REAL = "real"
    IMAGINARY = "imaginary"

    def parts(self, p: fmpq_poly) -> tuple[fmpq_poly, fmpq_poly]:
        """The real and the imaginary part of a real polynomial on the axis."""
        c = p.coeffs()
        if self is Axis.REAL:
            return fmpq_poly([(-1) ** m * c[m] for m in range(len(c))]), fmpq_poly([])
        signed = [(-1) ** (m // 2) * c[m] for m in range(len(c))]
        even = [0 if m % 2 else x for m, x in enumerate(signed)]
        odd = [x if m % 2 else 0 for m, x in enumerate(signed)]
        return fmpq_poly(even), fmpq_poly(odd)


@dataclass(frozen=True)
class Crossings:
    r"""The places on an axis where something may change.

    **Arguments:** `polynomial`, in $x$: between two of its positive roots the numbers
    of roots inside, on and outside the circle are constant; `is_everywhere`, whether
    some root is on the circle, or some pair $\zeta, 1/\bar\zeta$ exists, for every $x$.
    """

    polynomial: fmpq_poly
    is_everywhere: bool


def crossings(p: Sequence[fmpq_poly], axis: Axis) -> Crossings:
    r"""Where roots of $\sum_jp_j(z)\zeta^j$ may cross the circle along an axis.

    **Arguments:** `p`, polynomials in $z$ with integer coefficients.
    """
    pairs = [axis.parts(q) for q in p]
    real, imaginary = ([pair[k] for pair in pairs] for k in (0, 1))
    if axis is Axis.REAL:
        # By symmetry in t, G is even and K odd: T = t^2 is the coordinate, and the
        # real roots, at t = 0 and t = infinity, stand apart.
        G, K = _sum(real, EVEN), _sum(real, ODD)
        edges = [_lifted(_signed_sum(real, sign)) for sign in (1, -1)]
    else:
        G = _sum(real, EVEN, stride=2) - T * _sum(imaginary, ODD, stride=2)
        K = T * _sum(real, ODD, stride=2) + _sum(imaginary, EVEN, stride=2)
        ends = [_signed_sum(row, -1) for row in (real, imaginary)]
        edges = [_lifted(ends[0] * ends[0] + ends[1] * ends[1])]
    shared = G.gcd(K)
    G, K = G / shared, K / shared
    product = _changes_of_pairs(shared)
    if G != 0 and K != 0:
        product *= G.resultant(K, "t")
    for edge in edges:
        product *= 1 if edge == 0 else edge
    everywhere = shared.degrees()[0] > 0 or 0 in edges
    return Crossings(_in_x(product), everywhere)


def _changes_of_pairs(shared: fmpz_mpoly) -> fmpz_mpoly:
    """What vanishes where the real roots of the common factor change in number."""
    product = RING.constant(1)
    for factor, _ in shared.factor_squarefree()[1]:
        degree = factor.degrees()[0]
        lowest = _in_t(factor, 0)
        product *= _in_t(factor, degree)
        product *= 1 if lowest == 0 else lowest
        if degree > 1:
            product *= factor.discriminant("t")
    return product


def _sum(rows: Sequence[fmpq_poly], part: int, stride: int = 1) -> fmpz_mpoly:
    r"""$\sum_j r_j(x)B_j(T)$, the part of the circle's basis in $t^{\text{stride}}$."""
    terms: dict[tuple[int, int], int] = {}
    for row, pair in zip(rows, basis(len(rows) - 1), strict=True):
        for m, c in enumerate(row.coeffs()):
            if c == 0:
                continue
            for i, b in enumerate(pair[part].coeffs()):
                key = i * stride, m
                terms[key] = terms.get(key, 0) + int(c) * int(b)
    return RING.from_dict({key: c for key, c in terms.items() if c})


def _signed_sum(rows: Sequence[fmpq_poly], sign: int) -> fmpq_poly:
    r"""$\sum_j r_j(x)(\pm 1)^j$."""
    return sum((row * sign**j for j, row in enumerate(rows)), start=fmpq_poly([]))


def _lifted(p: fmpq_poly) -> fmpz_mpoly:
    return RING.from_dict({(0, m): int(c) for m, c in enumerate(p.coeffs()) if c != 0})


def _in_t(p: fmpz_mpoly, power: int) -> fmpz_mpoly:
    """The coefficient of a power of t."""
    terms = p.to_dict().items()
    return RING.from_dict({(0, m): c for (i, m), c in terms if i == power})


def _in_x(p: fmpz_mpoly) -> fmpq_poly:
    terms = {m: c for (_, m), c in p.to_dict().items()}
    return fmpq_poly([terms.get(m, 0) for m in range(max(terms) + 1)])
