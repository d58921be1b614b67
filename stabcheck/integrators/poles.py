"""The zeros and poles of a stability function, enclosed in balls."""

from __future__ import annotations

from collections.abc import Sequence

from flint import acb, arb_poly, ctx

from stabcheck.integrators.coefficient import Coefficient
from stabcheck.integrators.family import ball_polynomial
from stabcheck.integrators.polynomials import exact_polynomial
from stabcheck.integrators.stability_function import StabilityFunction

BITS = 256
"""The working precision of the enclosures."""

STEPS = 5
"""Each doubles the number of correct digits: from 9 to more than `BITS` hold."""


def poles(R: StabilityFunction) -> list[acb]:
    """One ball for each distinct pole."""
    return zero_balls(R.Q)


def zero_balls(coefficients: Sequence[Coefficient]) -> list[acb]:
    """One ball for each distinct zero of a polynomial, constant term first."""
    f = exact_polynomial(coefficients)
    if f.degree() < 1:
        return []
    distinct = f // f.gcd(f.derivative())
    with ctx.workprec(BITS):
        balls = ball_polynomial(distinct)
        return [_narrowed(balls, ball) for ball in balls.complex_roots()]


def _narrowed(f: arb_poly, ball: acb) -> acb:
    """An isolating ball after a few steps of Newton's interval method."""
    for _ in range(STEPS):
        middle = acb(ball.real.mid(), ball.imag.mid())
        step = f(middle) / f.derivative()(ball)
        if not step.is_finite():
            return ball
        ball = middle - step
    return ball
