"""The zeros and poles of a stability function, enclosed in balls."""

from __future__ import annotations

from collections.abc import Sequence

from flint import acb, arb, arb_poly, ctx

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.family import ball_polynomial
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction

BITS = 256
"""The working precision of the enclosures."""


def poles(R: StabilityFunction) -> list[acb]:
    """One ball for each distinct pole."""
    return zero_balls(R.Q)


def zero_balls(coefficients: Sequence[Coefficient], bits: int = BITS) -> list[acb]:
    """One ball for each distinct zero of a polynomial, constant term first."""
    f = exact_polynomial(coefficients)
    if f.degree() < 1:
        return []
    distinct = f // f.gcd(f.derivative())
    # Each step doubles the number of correct digits, from 9 on.
    steps = max(1, (bits // 9).bit_length())
    with ctx.workprec(bits):
        balls = ball_polynomial(distinct)
        return [_narrowed(balls, ball, steps) for ball in balls.complex_roots()]


def _narrowed(f: arb_poly, ball: acb, steps: int) -> acb:
    r"""An isolating ball after a few of Newton's steps from its middle.

    The disc of radius $n|f/f'|$ about any point holds a zero, inside the isolating ball
    the only one.
    """
    slope = f.derivative()
    middle = acb(ball.real.mid(), ball.imag.mid())
    for _ in range(steps):
        middle -= f(middle) / slope(middle)
        middle = acb(middle.real.mid(), middle.imag.mid())
    radius = f.degree() * abs(f(middle) / slope(middle))
    if not radius.is_finite():
        return ball
    around = arb(0, radius.abs_upper())
    found = middle + acb(around, 0 if ball.imag == 0 else around)
    return found if ball.contains(found) else ball
