r"""Absolute monotonicity of a rational stability function, exactly where a tail is.

All derivatives of $R = P/Q$ have to be nonnegative at $-r$ (van de Griend,
Kraaijevanger, Numer. Math. 49 (1986) 413-424).  With $L$ the product of the distinct
factors of $Q$, $R^{(k)} = N_k/(QL^k)$ and
$$N_{k+1} = N_k'L - N_k\,(Q'L/Q + kL').$$
Finitely many of them are searched for their first change of sign; that all others are
positive a little beyond it follows from the pole nearest to $-r$, which has to be
positive (Pringsheim).  Where others tie with it the radius ends, at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import comb
from typing import Any

from flint import arb, ctx, fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.algebra.family import ball_polynomial
from stabcheck.integrators.algebra.polynomials import (
    MIRRORED,
    exact_coefficients,
    exact_polynomial,
    in_one_ring,
)
from stabcheck.integrators.algebra.roots import (
    first_failure,
    first_root,
    is_nonnegative,
)
from stabcheck.integrators.runge_kutta.nearest_pole import first_tie, least_positive
from stabcheck.integrators.runge_kutta.poles import BITS, zero_balls
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction

MOST_DERIVATIVES = 40
"""Derivatives searched before the radius counts as not decided."""

BEYOND = Fraction(1, 2**30)
"""How far beyond the first failure, relatively, all later derivatives are tested."""


def radius(R: StabilityFunction) -> ExactReal | Infinity | None:
    """The largest r, `None` where the tail of derivatives is not decided."""
    Q = exact_polynomial(R.Q)
    reached: Algebraic | Infinity = first_root(Q(MIRRORED))
    powers = _in_powers_of_the_pole(R)
    if powers is not None:
        if powers[0] < 0:
            return Algebraic.of(0)  # all late derivatives are negative
        if len(powers) <= len(R.Q) and min(powers) >= 0:
            return reached  # nonnegative powers of 1/(1 - gamma z)
    tie = first_tie(Q) if isinstance(Q, fmpq_poly) and powers is None else None
    if tie == 0:
        return tie
    for k, numerator in enumerate(_numerators(R)):
        reached = min(reached, first_failure(numerator(MIRRORED)))
        if reached == 0:
            return reached
        if k + 1 < len(R.P):
            continue
        if isinstance(tie, ExactReal) and tie < reached:
            if _all_are_outweighed(R, tie.ball(BITS), k + 1, tied=True):
                return tie
            continue
        if reached == INFINITY:
            continue
        beyond = reached.enclosure(reached.upper * BEYOND)[1] * (1 + BEYOND)
        if _later_ones_are_positive(R, beyond, k + 1, powers):
            return reached
    return None


def _numerators(R: StabilityFunction) -> Iterator[Any]:
    """$N_0, N_1, \\dots$"""
    P, Q = in_one_ring(exact_polynomial(R.P), exact_polynomial(R.Q))
    common = Q.gcd(Q.derivative())
    L = Q // common
    L = L / L[0]
    ratio = Q.derivative() // common / (Q // common)[0]
    numerator = P
    for k in range(MOST_DERIVATIVES):
        yield numerator
        numerator = numerator.derivative() * L - numerator * (
            ratio + k * L.derivative()
        )


def _in_powers_of_the_pole(R: StabilityFunction) -> list[Coefficient] | None:
    r"""The $c_j$ in $P = \sum_j c_j(1 - \gamma z)^j$ if $Q = (1 - \gamma z)^m$."""
    m = len(R.Q) - 1
    gamma = -R.Q[1] / m
    powers = [comb(m, k) * (-gamma) ** k for k in range(m + 1)]
    if gamma <= 0 or list(R.Q) != powers:
        return None
    moved = exact_polynomial(R.P)(exact_polynomial([1 / gamma, -1 / gamma]))
    return list(exact_coefficients(moved))


def _later_ones_are_positive(
    R: StabilityFunction, r: Fraction, first: int, powers: list[Coefficient] | None
) -> bool:
    """Whether all derivatives from the first on are nonnegative at -r."""
    if powers is not None:
        return _by_the_only_pole(R, r, first, powers)
    Q = exact_polynomial(R.Q)
    if Q.gcd(Q.derivative()).degree() > 0:
        return False
    with ctx.workprec(BITS):
        return _all_are_outweighed(R, arb(fmpq(r.numerator, r.denominator)), first)


def _by_the_only_pole(
    R: StabilityFunction, r: Fraction, first: int, powers: list[Coefficient]
) -> bool:
    r"""Whether a polynomial in $k$ is nonnegative for all real $k$ from the first on.

    $\sum_q c_{m-q}W^{-q}\binom{k+q-1}{q-1}$, $W = 1 + \gamma r$, is $R^{(k)}(-r)$ times
    a positive number.
    """
    m = len(R.Q) - 1
    W = 1 - R.Q[1] / m * r
    total: Any = fmpq_poly([])
    for q in range(1, m + 1):
        if m - q < len(powers):
            binomial = fmpq_poly([1])
            for i in range(1, q):  # (k + i)/i at k = first + x
                binomial *= fmpq_poly([first + i, 1]) / i
            total = exact_polynomial([powers[m - q] / W**q]) * binomial + total
    return is_nonnegative(total)


def _all_are_outweighed(
    R: StabilityFunction, r: arb, first: int, *, tied: bool = False
) -> bool:
    r"""$R^{(k)}(-r)/k! = -\sum_i A_i(a_i + r)^{-k-1}$ with simple poles $a_i$.

    The least positive pole outweighs all others, of which none is nearer if it is
    `tied` with some.
    """
    P = ball_polynomial(exact_polynomial(R.P))
    slope = ball_polynomial(exact_polynomial(R.Q)).derivative()
    poles = zero_balls(R.Q)
    nearest = least_positive(poles)
    if nearest is None:
        return False
    others = arb(0)
    for a in poles:
        if a.imag.contains(0) and a.real.overlaps(nearest):
            continue
        ratio = (nearest + r) / abs(a + r)
        if not ratio < 1:
            if not tied:
                return False
            ratio = arb(1)
        others += abs(P(a) / slope(a)) * ratio ** (first + 1)
    return others < -P(nearest) / slope(nearest)
