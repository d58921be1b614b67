r"""Methods known by their stability function only.

Taylor and Chebyshev polynomials, Pade approximations and optimal polynomials belong to
many tableaux, and to iterations that have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import Coefficient, coefficient_row
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.runge_kutta.intervals import linear_order
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    in_lowest_terms,
)


@dataclass(frozen=True)
class RationalMethod(OneStepMethod):
    r"""$y_1 = R(h\lambda)\,y_0$ with $R = P/Q$.

    **Arguments:** `P`, `Q`, coefficients with the constant term first; `stages`, the
    number of evaluations per step (the degree is the default); `source`.

    **Raises:** `InvalidInput` if $Q(0) = 0$, or if $R$ is not consistent: $R(0) = R'(0)
    = 1$.
    """

    name: str
    P: tuple[Coefficient, ...]
    Q: tuple[Coefficient, ...] = (1,)
    source: str = field(default="", compare=False)
    stages: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        for key in ("P", "Q"):
            object.__setattr__(self, key, self._row(key, getattr(self, key)))
        if not any(self.P) or not self.Q or self.Q[0] == 0:
            raise InvalidInput(
                f"asked for the method {self.name} with R = P/Q, found P = "
                f"{[str(c) for c in self.P]}, Q = {[str(c) for c in self.Q]}; P may "
                "not be zero, nor Q(0)"
            )
        if self.stages == 0:
            degree = max(len(self.P), len(self.Q)) - 1
            object.__setattr__(self, "stages", degree)
        if self.order < 1:
            raise InvalidInput(
                f"asked for the method {self.name} with R = {self.stability_function}, "
                "found R(0) or R'(0) other than 1; give a consistent method"
            )

    def _row(self, what: str, values: Sequence) -> tuple[Coefficient, ...]:
        found = list(coefficient_row(f"{what} of {self.name}", values))
        while found and found[-1] == 0:
            found.pop()
        return tuple(found)

    @property
    def family(self) -> str:
        """`stability polynomial` or `rational stability function`."""
        if self.stability_function.is_polynomial:
            return "stability polynomial"
        return "rational stability function"

    @cached_property
    def order(self) -> int:
        r"""The order of $R$ as an approximation to $e^z$, for linear fields."""
        return linear_order(self.stability_function)

    @cached_property
    def stability_function(self) -> StabilityFunction:
        r"""$R = P/Q$ in lowest terms."""
        return in_lowest_terms(exact_polynomial(self.P), exact_polynomial(self.Q))
