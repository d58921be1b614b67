"""The elementwise functions of the language in balls, each by its name.

Monotone functions are evaluated at the ends of a ball, so that no branch widens them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from flint import arb
from sympy import Expr

from stabcheck.errors import InvalidInput


def ball_power(base: arb, exponent: Expr) -> arb:
    """A ball to a whole or half power; an even power is not negative.

    **Raises:** `InvalidInput` for other exponents.
    """
    if exponent.is_Rational and exponent.q == 2:
        return _whole_power(_root(base), int(exponent.p))
    if exponent.is_Integer:
        return _whole_power(base, int(exponent))
    raise InvalidInput(
        f"asked to evaluate a power with exponent {exponent}, found no rule for it; "
        "use whole and half exponents"
    )


def _root(base: arb) -> arb:
    if base.is_exact() or not base >= 0:
        return base.sqrt()
    return base.lower().sqrt().union(base.upper().sqrt())


def _whole_power(base: arb, exponent: int) -> arb:
    # Arb's own power answers nan for a ball that holds zero, and a product of a wide
    # ball with itself holds numbers of the other sign: each is taken at the ends.
    if exponent < 0:
        power = _whole_power(base, -exponent)
        if power.is_exact() or power.contains(0):
            return 1 / power
        return (1 / power.lower()).union(1 / power.upper())
    if base.is_exact() or exponent == 1 or not base.is_finite():
        return math.prod([base] * exponent, start=arb(1))
    even = exponent % 2 == 0
    ends = (
        base.abs_lower() if even else base.lower(),
        base.abs_upper() if even else base.upper(),
    )
    least, most = (math.prod([end] * exponent, start=arb(1)) for end in ends)
    return least.union(most)


def _sigmoid(x: arb) -> arb:
    if x.is_exact():
        return 1 / (1 + (-x).exp())
    return _sigmoid(x.lower()).union(_sigmoid(x.upper()))


def _softplus(x: arb) -> arb:
    if x.is_exact():
        return x.exp().log1p()
    return _softplus(x.lower()).union(_softplus(x.upper()))


def _relu(x: arb) -> arb:
    if x >= 0:
        return x
    return arb(0) if x <= 0 else arb(0).union(x.upper())


def _step(x: arb) -> arb:
    if x > 0:
        return arb(1)
    return arb(0) if x <= 0 else arb(0).union(arb(1))


def _impulse(x: arb) -> arb:
    return arb(0) if x != 0 else arb(0, math.inf)


def _elu1(x: arb) -> arb:
    if x >= 0:
        return x + 1
    return x.exp() if x <= 0 else x.lower().exp().union(x.upper() + 1)


def _heaviside(x: arb) -> arb:
    # Only of numbers of positions, whose balls are exact integers.
    return arb(int(x >= 0))


BALL_FUNCTIONS: Mapping[str, Callable[[arb], arb]] = {
    "exp": arb.exp,
    "log": arb.log,
    "erf": arb.erf,
    "tanh": arb.tanh,
    "sin": arb.sin,
    "cos": arb.cos,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": _relu,
    "step": _step,
    "impulse": _impulse,
    "elu1": _elu1,
    "Heaviside": _heaviside,
    "absolute": abs,
}
