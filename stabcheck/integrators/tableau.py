r"""Runge-Kutta methods in exact rationals, and the facts that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import contractivity, disc, intervals, monotonicity
from stabcheck.integrators.algebraic import Algebraic, Infinity
from stabcheck.integrators.order import order_of, principal_error_norm
from stabcheck.integrators.stability_function import StabilityFunction, of_tableau

Coefficient = Fraction | int | str


@dataclass(frozen=True)
class ButcherTableau:
    r"""A Runge-Kutta method $Y_i = y_0 + h\sum_j a_{ij}f(Y_j)$, $y_1 = y_0 +
    h\sum_i b_if(Y_i)$.

    **Arguments:** `A`, `(s, s)`, and `b`, `(s,)`, rationals or strings such as `1/2`;
    `c`, the row sums of `A` (the default); `source`, where the coefficients stand.

    **Raises:** `InvalidInput` for a tableau that is empty, not square, of unequal
    lengths, holds a float, or whose `c` are not the row sums.
    """

    name: str
    A: tuple[tuple[Fraction, ...], ...]
    b: tuple[Fraction, ...]
    c: tuple[Fraction, ...] | None = None
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        A = tuple(self._row(f"A[{i}]", row) for i, row in enumerate(self.A))
        b = self._row("b", self.b)
        if not b or len(A) != len(b) or any(len(row) != len(b) for row in A):
            raise InvalidInput(
                f"asked for the method {self.name} with {len(b)} weights and rows of "
                f"{[len(row) for row in A]} coefficients; A has to be square, of the "
                "length of b"
            )
        sums = tuple(sum(row, start=Fraction(0)) for row in A)
        c = sums if self.c is None else self._row("c", self.c)
        if c != sums:
            raise InvalidInput(
                f"asked for the method {self.name} with c = {[str(x) for x in c]}, "
                f"found the row sums {[str(x) for x in sums]} of A; they have to agree"
            )
        for key, value in (("A", A), ("b", b), ("c", c)):
            object.__setattr__(self, key, value)

    def _row(self, what: str, values: Sequence[Any]) -> tuple[Fraction, ...]:
        return tuple(coefficient(f"{what} of {self.name}", value) for value in values)

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.b)

    @property
    def is_explicit(self) -> bool:
        """Whether every stage uses earlier stages only."""
        return not any(any(row[i:]) for i, row in enumerate(self.A))

    @property
    def family(self) -> str:
        """`explicit Runge-Kutta`, `diagonally implicit Runge-Kutta` or `implicit`."""
        if self.is_explicit:
            return "explicit Runge-Kutta"
        diagonal = not any(any(row[i + 1 :]) for i, row in enumerate(self.A))
        return f"{'diagonally ' if diagonal else ''}implicit Runge-Kutta"

    @cached_property
    def order(self) -> int:
        """The order, by the rooted-tree conditions up to the first that fails."""
        return order_of({"f": (self.A, self.b)})

    @cached_property
    def principal_error_norm(self) -> Algebraic:
        """The Euclidean norm of the leading error coefficients."""
        return principal_error_norm({"f": (self.A, self.b)}, self.order)

    @cached_property
    def stability_function(self) -> StabilityFunction:
        r"""$R = P/Q$ in lowest terms."""
        return of_tableau(self.A, self.b)

    @cached_property
    def real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$ with $[-\alpha, 0] \subset S$."""
        return intervals.real_stability_interval(self.stability_function)

    @cached_property
    def imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with $i[-\beta, \beta] \subset S$."""
        return intervals.imaginary_stability_interval(self.stability_function)

    @cached_property
    def largest_disc_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $\{|z + r| \le r\} \subset S$: frozen fields only."""
        return disc.largest_disc_radius(self.stability_function)

    @cached_property
    def circle_contractivity_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $b \ge 0$, $BA + A^TB - bb^T + B/r \succeq 0$."""
        return contractivity.circle_contractivity_radius(self.A, self.b)

    @cached_property
    def absolute_monotonicity_radius(self) -> Algebraic | Infinity:
        """The radius of absolute monotonicity of the tableau, its SSP coefficient."""
        return monotonicity.absolute_monotonicity_radius(self.A, self.b)

    @property
    def ssp_coefficient(self) -> Algebraic | Infinity:
        """The radius of absolute monotonicity under its other name."""
        return self.absolute_monotonicity_radius

    @property
    def A_alpha_degrees(self) -> Algebraic | None:
        r"""90 for an A-stable method; the wedge of others is not computed here."""
        return Algebraic.of(90) if self.is_A_stable else None

    @cached_property
    def linear_absolute_monotonicity_radius(self) -> Algebraic | Infinity | None:
        """The same of a polynomial stability function; `None` for a rational one."""
        return monotonicity.linear_absolute_monotonicity_radius(self.stability_function)

    @cached_property
    def is_A_stable(self) -> bool:
        r"""Whether the left half-plane lies in $S$."""
        return intervals.is_A_stable(self.stability_function)

    @cached_property
    def is_L_stable(self) -> bool:
        r"""Whether it is A-stable with $R(\infty) = 0$."""
        return intervals.is_L_stable(self.stability_function)

    @cached_property
    def is_algebraically_stable(self) -> bool:
        r"""Whether $b \ge 0$ and $BA + A^TB - bb^T \succeq 0$."""
        return contractivity.is_algebraically_stable(self.A, self.b)


def coefficient(what: str, value: Any) -> Fraction:
    """An exact coefficient.

    **Raises:** `InvalidInput` for a float, whose decimals would be rounded silently.
    """
    if isinstance(value, Rational | str) and not isinstance(value, bool):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise InvalidInput(
        f"asked for the coefficient {value!r} in {what}; write a fraction such as '1/2'"
    )
