r"""Activations in balls: value, slope, and how far the slope moves on an interval.

The slope of GELU turns where $g' = \varphi(z)(2 - z^2)$ vanishes, at $\pm\sqrt2$; that
of SiLU, $\sigma(1 - \sigma)(2 - z\tanh(z/2))$, at $\pm z_*$ with $z_*\tanh(z_*/2) = 2$
(theorem `silu-derivative-range`).  Between two turns a slope is monotone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest

__all__ = ["ACTIVATIONS", "Activation", "gelu", "gelu_derivative", "slope_deviation"]

SILU_TURN = Fraction(2399357, 10**6), Fraction(2399358, 10**6)
"""Between these two the derivative of SiLU is largest."""
NEWTON_STEPS = 4
"""Of 6 digits they make more than the working precision holds."""


@dataclass(frozen=True)
class Activation:
    """A function of one number, its slope, and where the slope turns (for z > 0).

    The slope turns at the negative of that point as well, and nowhere else.
    """

    value: Callable[[arb], arb]
    slope: Callable[[arb], arb]
    turn: Callable[[], arb]


def _density(z: arb) -> arb:
    return (-z * z / 2).exp() / (2 * arb.pi()).sqrt()


def _distribution(z: arb) -> arb:
    return (-z / arb(2).sqrt()).erfc() / 2


def gelu(z: arb) -> arb:
    r"""Enclose $z\,\Phi(z)$."""
    return z * _distribution(z)


def gelu_derivative(z: arb) -> arb:
    r"""Enclose $\Phi(z) + z\,\varphi(z)$."""
    return _distribution(z) + z * _density(z)


def _logistic(z: arb) -> arb:
    # Of the two forms, the one whose exponential does not overflow.
    if z.mid() >= 0:
        return 1 / (1 + (-z).exp())
    return z.exp() / (1 + z.exp())


def silu(z: arb) -> arb:
    r"""Enclose $z\,\sigma(z)$."""
    return z * _logistic(z)


def silu_derivative(z: arb) -> arb:
    r"""Enclose $\sigma(z)(1 + z\,\sigma(-z))$."""
    return _logistic(z) * (1 + z * _logistic(-z))


def _silu_turn() -> arb:
    r"""Enclose $z_*$ by interval Newton steps on $z\tanh(z/2) - 2$."""
    found = ball(SILU_TURN[0]).union(ball(SILU_TURN[1]))
    for _ in range(NEWTON_STEPS):
        middle, tanh = arb(found.mid()), (found / 2).tanh()
        slope = tanh + found / 2 * (1 - tanh * tanh)
        found = middle - (middle * (middle / 2).tanh() - 2) / slope
    return found


ACTIVATIONS = {
    "gelu": Activation(gelu, gelu_derivative, lambda: arb(2).sqrt()),
    "silu": Activation(silu, silu_derivative, _silu_turn),
}


def slope_deviation(
    activation: Activation, z: arb, radius: arb, middle: arb | None = None
) -> arb:
    r"""Enclose, or exceed a little, $\sup_{|t|\le r} |g(z + t) - g(z)|$ for the slope.

    The extremes on an interval lie at the ends or at those of the two turns that the
    interval contains.  A turn that may lie outside is taken in: it only makes the
    result larger.  `middle` is the slope at z, where it is known.
    """
    if middle is None:
        middle = activation.slope(z)
    points = [z - radius, z + radius]
    turn = activation.turn()
    for extreme in (-turn, turn):
        outside = points[0] > extreme or extreme > points[1]
        if not outside:
            points.append(extreme)
    return largest(abs(activation.slope(point) - middle) for point in points)
