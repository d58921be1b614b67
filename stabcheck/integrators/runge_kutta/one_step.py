r"""What follows from the stability function of a one-step method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.runge_kutta import (
    disc,
    growth_function,
    intervals,
    monotonicity,
    order_star,
    wedge,
)
from stabcheck.integrators.runge_kutta.order_star import OrderStar
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


class OneStepMethod(ABC):
    """A method with one stability function in one argument.

    Subclasses give `name`, `source` and `stability_function`; facts that need a
    tableau are `None` here.
    """

    name: str
    source: str
    published_order: int | None = None
    circle_contractivity_radius: Algebraic | Infinity | None = None
    absolute_monotonicity_radius: Algebraic | Infinity | None = None
    principal_error_norm: Algebraic | None = None
    is_algebraically_stable: bool | None = None
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png

    def __getstate__(self) -> dict[str, Any]:
        # What was computed is left behind: exact matrices cannot be sent to a process.
        own = {f.name for f in fields(self)} if is_dataclass(self) else vars(self)
        return {name: value for name, value in vars(self).items() if name in own}

    @property
    @abstractmethod
    def stability_function(self) -> StabilityFunction:
        r"""$R = P/Q$ in lowest terms."""

    @property
    @abstractmethod
    def order(self) -> int:
        """The order of consistency."""

    @property
    @abstractmethod
    def stages(self) -> int:
        """The number of stages, $s$."""

    @property
    def conditional_on_order(self) -> int | None:
        """The order on which all facts rest, `None` for exact coefficients."""
        return self.published_order

    @cached_property
    def error_constant(self) -> Algebraic:
        r"""$C$ in $e^z - R(z) = Cz^{p+1} + \dots$, $p$ the order of $R$."""
        return intervals.error_constant(self.stability_function)

    @cached_property
    def real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$ with $[-\alpha, 0] \subset S$."""
        return intervals.real_stability_interval(self.stability_function)

    @cached_property
    def imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with $i[-\beta, \beta] \subset S$."""
        return intervals.imaginary_stability_interval(self.stability_function)

    @cached_property
    def largest_disc_radius(self) -> ExactReal | Infinity:
        r"""The largest $r$ with $\{|z + r| \le r\} \subset S$: frozen fields only."""
        return disc.largest_disc_radius(self.stability_function)

    @cached_property
    def linear_absolute_monotonicity_radius(self) -> Algebraic | Infinity | None:
        """The largest $r$ with all derivatives of $R$ nonnegative on $[-r, 0]$."""
        return monotonicity.linear_absolute_monotonicity_radius(self.stability_function)

    @property
    def ssp_coefficient(self) -> Algebraic | Infinity | None:
        """The radius of absolute monotonicity under its other name."""
        return self.absolute_monotonicity_radius

    @cached_property
    def A_alpha_degrees(self) -> ExactReal:
        r"""The largest $\alpha$ with $|\arg(-z)| \le \alpha$ in $S$: 90 if A-stable."""
        return wedge.A_alpha_degrees(self.stability_function)

    @cached_property
    def is_A_stable(self) -> bool:
        r"""Whether the left half-plane lies in $S$."""
        return intervals.is_A_stable(self.stability_function)

    @cached_property
    def is_L_stable(self) -> bool:
        r"""Whether it is A-stable with $R(\infty) = 0$."""
        return intervals.is_L_stable(self.stability_function)

    @cached_property
    def is_I_stable(self) -> bool:
        r"""Whether the imaginary axis lies in $S$."""
        return intervals.is_I_stable(self.stability_function)

    def error_growth(self, x: Fraction | int) -> Algebraic | Infinity:
        r"""$\varphi_R(x) = \sup_{\Re z \le x} |R(z)|$ at a rational."""
        return growth_function.error_growth(self.stability_function, Fraction(x))

    @cached_property
    def order_star(self) -> OrderStar:
        r"""Where $|R(z)| > |e^z|$: its sectors at 0, the zeros and the poles of $R$."""
        return order_star.order_star(self.stability_function)
