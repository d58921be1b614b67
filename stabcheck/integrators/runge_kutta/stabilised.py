r"""Stabilised methods: given by a program, written out as a tableau on demand.

They have up to hundreds of stages.  The stability polynomial follows at once from the
recurrence of the program; the tableau, dense below the diagonal, is made when a fact
needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.runge_kutta import decimals
from stabcheck.integrators.runge_kutta.intervals import linear_order
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction
from stabcheck.integrators.runge_kutta.stage_program import (
    Program,
    stability_polynomial,
    written_out,
)
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


@dataclass(frozen=True)
class StabilisedMethod(OneStepMethod):
    r"""An explicit method given by a program on its stage values.

    **Arguments:** `program`, from the initial value to the new one; `source`;
    `stages`, the number of slopes it takes; `published_order`, of recurrences published
    in decimals, the order that they have up to rounding.
    """

    name: str
    program: Program = field(compare=False)
    source: str = field(default="", compare=False)
    stages: int = field(default=0, kw_only=True)
    published_order: int | None = field(default=None, kw_only=True)

    @property
    def family(self) -> str:
        """`stabilised Runge-Kutta`."""
        return "stabilised Runge-Kutta"

    @cached_property
    def tableau(self) -> ButcherTableau:
        """The same method, all coefficients written out."""
        return written_out(
            self.name, self.program, self.source, published_order=self.published_order
        )

    @cached_property
    def order(self) -> int:
        """The order.

        One or two are the orders of the stability polynomial: its conditions are those
        of all trees with at most two nodes, and the next one fails.
        """
        if self.published_order is not None:
            return self.published_order
        linear = linear_order(self.stability_function)
        return linear if linear <= 2 else self.tableau.order

    @cached_property
    def order_residual(self) -> Algebraic | None:
        r"""$\max |\Phi(t) - 1/\gamma(t)|$ over the trees up to the order."""
        return self.tableau.order_residual

    @cached_property
    def stability_function(self) -> StabilityFunction:
        """The polynomial, projected onto the order if it was published in decimals."""
        R = StabilityFunction(stability_polynomial(self.program), (Fraction(1),))
        if self.published_order is None:
            return R
        return decimals.projected(R, self.published_order)

    @cached_property
    def principal_error_norm(self) -> Algebraic:
        """The Euclidean norm of the leading error coefficients."""
        return self.tableau.principal_error_norm

    @cached_property
    def circle_contractivity_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $b \ge 0$, $BA + A^TB - bb^T + B/r \succeq 0$."""
        return self.tableau.circle_contractivity_radius

    @cached_property
    def absolute_monotonicity_radius(self) -> Algebraic | Infinity:
        """The radius of absolute monotonicity of the tableau, its SSP coefficient."""
        return self.tableau.absolute_monotonicity_radius

    @cached_property
    def is_algebraically_stable(self) -> bool:
        r"""Whether $b \ge 0$ and $BA + A^TB - bb^T \succeq 0$."""
        return self.tableau.is_algebraically_stable
