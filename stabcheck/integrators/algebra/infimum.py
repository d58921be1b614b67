r"""The infimum of a rational function over part of the positive half-line, exactly.

Angles and discs of a multistep method are least values along its boundary locus, of a
rational function in $T = \tan^2(\theta/2)$.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from flint import (
    Ordering,
    arb,
    arb_poly,
    ctx,
    fmpq,
    fmpq_poly,
    fmpz_mpoly,
    fmpz_mpoly_ctx,
)

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.gaps import gaps
from stabcheck.integrators.algebra.roots import fraction, positive_roots

RING = fmpz_mpoly_ctx.get(("T", "x"), Ordering.lex)
BITS = 64
"""The accuracy at which values at different places are compared first."""


def infimum(
    numerator: fmpq_poly, denominator: fmpq_poly, *, below_zero: Sequence[fmpq_poly]
) -> Algebraic | Infinity:
    r"""$\inf N/D$ over all $T > 0$ with every $q(T) < 0$, infinite if there are none.

    **Arguments:** `numerator`, `denominator`, $N/D \ge 0$ wherever every $q < 0$;
    `below_zero`, the $q$, none of them zero.
    """
    common = numerator.gcd(denominator)
    N, D = numerator // common, denominator // common
    slope = N.derivative() * D - N * D.derivative()
    special = D * prod(below_zero) * (slope if slope != 0 else 1)
    places: list[Algebraic | None] = []
    for lower, sample, upper in gaps([root for root, _ in positive_roots(special)]):
        if all(q(_flint(sample)) < 0 for q in below_zero):
            places += [upper] if places and places[-1] is lower else [lower, upper]
    return _least([_value_at(place, N, D) for place in places])


def image(T: Algebraic, N: fmpq_poly, D: fmpq_poly) -> Algebraic:
    """The value of $N/D \\ge 0$ at an algebraic number that is no root of $D$."""
    if T.rational is not None:
        point = _flint(T.rational)
        return Algebraic.of(fraction(N(point) / D(point)))
    scale = N.denom() * D.denom()
    x = RING.gen(1)
    relation = x * _lifted(D * scale) - _lifted(N * scale)
    minimal = _lifted(fmpq_poly(list(T.minimal_polynomial)))
    in_x = minimal.resultant(relation, "T").to_dict()
    powers = {m: c for (_, m), c in in_x.items()}
    candidates = fmpq_poly([powers.get(m, 0) for m in range(max(powers) + 1)])
    roots = [root for root, _ in positive_roots(candidates)]
    roots += [Algebraic.of(0)] if candidates[0] == 0 else []
    bits = BITS
    while len(roots) > 1:
        value = _ball(T, N, D, bits)
        with ctx.workprec(bits):
            roots = [root for root in roots if root.ball(bits).overlaps(value)]
        bits *= 2
    return roots[0]


def sign_at(p: fmpq_poly, T: Algebraic) -> int:
    """-1, 0 or 1: the sign of a polynomial at an algebraic number."""
    if T.rational is not None:
        value = p(_flint(T.rational))
        return (value > 0) - (value < 0)
    if p % fmpq_poly(list(T.minimal_polynomial)) == 0:
        return 0
    bits = BITS
    while True:
        with ctx.workprec(2 * bits):
            ball = arb_poly(p)(T.ball(bits))
        if not ball.contains(0):
            return 1 if ball > 0 else -1
        bits *= 2


def _least(values: list[_Value]) -> Algebraic | Infinity:
    """The least value; only those that balls cannot tell apart are made exact."""
    ceiling = min((value.ball.upper() for value in values), default=arb("inf"))
    near = [value.exact() for value in values if not value.ball > ceiling]
    return min(near, default=INFINITY)


@dataclass(frozen=True)
class _Value:
    """A value of $N/D$: a ball around it, and how to find the exact number."""

    ball: arb
    exact: Callable[[], Algebraic | Infinity]


def _value_at(place: Algebraic | None, N: fmpq_poly, D: fmpq_poly) -> _Value:
    """The limit of $N/D$ at a place, `None` for infinity."""
    if place is None:
        return _at_infinity(N, D)
    if sign_at(D, place) == 0:
        return _constant(INFINITY)
    if place.rational is not None:
        return _constant(image(place, N, D))
    return _Value(_ball(place, N, D, BITS), lambda: image(place, N, D))


def _at_infinity(N: fmpq_poly, D: fmpq_poly) -> _Value:
    if N.degree() > D.degree():
        return _constant(INFINITY)
    ratio = N[D.degree()] / D[D.degree()]
    return _constant(Algebraic.of(fraction(ratio)))


def _constant(value: Algebraic | Infinity) -> _Value:
    ball = arb("inf") if value == INFINITY else value.ball(BITS)
    return _Value(ball, lambda: value)


def _ball(T: Algebraic, N: fmpq_poly, D: fmpq_poly, bits: int) -> arb:
    """A ball around the value at a place that is no root of the denominator."""
    while True:
        with ctx.workprec(2 * bits):
            point = T.ball(bits)
            ball = arb_poly(N)(point) / arb_poly(D)(point)
        if ball.is_finite():
            return ball
        bits *= 2


def _lifted(p: fmpq_poly) -> fmpz_mpoly:
    return RING.from_dict(
        {(m, 0): int(c.p) for m, c in enumerate(p.coeffs()) if c != 0}
    )


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
