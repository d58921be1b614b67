r"""The order star of a stability function: where $|R(z)| > |e^z|$.

Near 0 it has $p + 1$ sectors of width $\pi/(p + 1)$, black where $|R| > |e^z|$, white
elsewhere; black about the positive real axis if the error constant is negative
(Hairer, Wanner, *Solving ODEs II*, IV.4, Lemma 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import acb, ctx

from stabcheck.integrators.runge_kutta.intervals import error_constant, linear_order
from stabcheck.integrators.runge_kutta.poles import BITS, zero_balls
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


@dataclass(frozen=True)
class OrderStar:
    r"""What a picture of $\{z : |R(z)| > |e^z|\}$ needs.

    **Arguments:** `sectors`, the number of black sectors at 0, $p + 1$;
    `is_black_to_the_right`, whether one of them lies about the positive real axis;
    `zeros`, `poles`, of $R$, in balls.
    """

    stability_function: StabilityFunction
    sectors: int
    is_black_to_the_right: bool
    zeros: list[acb]
    poles: list[acb]

    def relative(self, z: Any) -> Any:
        r"""$|R(z)\,e^{-z}|$ at complex numbers of numpy: above 1 in the star."""
        import numpy as np

        return np.abs(self.stability_function(z) * np.exp(-z))


def order_star(R: StabilityFunction) -> OrderStar:
    """The order star of a consistent stability function."""
    with ctx.workprec(BITS):
        zeros, poles = zero_balls(R.P), zero_balls(R.Q)
    return OrderStar(R, linear_order(R) + 1, error_constant(R) < 0, zeros, poles)
