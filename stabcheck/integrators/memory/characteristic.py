r"""The characteristic polynomial of a method with memory, and where it is stable.

A multistep or general linear method advances $y' = \lambda y$ by a linear recurrence
whose characteristic polynomial is $\Phi(\zeta, z) = \sum_jp_j(z)\zeta^j$, $z =
h\lambda$ (HW V.1).  It is stable at $z$ where all its roots lie in the unit
disc; two notions are used:

* strictly: $|\zeta| < 1$ for all roots on an open interval, as in tables of multistep
  methods;
* closed: $|\zeta| \le 1$, of which the boundary of the region is part, so that the
  leapfrog method has $i[-1, 1]$.

Along an axis, roots cross the circle only where the real and the imaginary part of
$\Phi$ have a common root in the coordinate of the circle, at a zero of their resultant.
One exact test in a gap between zeros decides for the whole gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial, lcm

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.gaps import gaps
from stabcheck.integrators.algebra.root_condition import (
    is_in_closed_disc,
    is_in_open_disc,
    satisfies_root_condition,
)
from stabcheck.integrators.algebra.roots import fraction, polynomial, positive_roots
from stabcheck.integrators.memory.axis_crossings import Axis, crossings
from stabcheck.integrators.runge_kutta.intervals import is_hurwitz
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction

ONE = (Fraction(1),)
"""The denominator of a polynomial."""


@dataclass(frozen=True)
class CharacteristicPolynomial:
    r"""$\Phi(\zeta, z) = \sum_j p_j(z)\,\zeta^j$ in exact rationals.

    **Arguments:** `coefficients`, by power of $\zeta$, those of $p_j$ by power of $z$;
    the last $p_j$ is not zero.
    """

    coefficients: tuple[tuple[Fraction, ...], ...]

    @cached_property
    def in_z(self) -> tuple[fmpq_poly, ...]:
        r"""The polynomials $p_j(z)$, by power of $\zeta$."""
        return tuple(polynomial(row) for row in self.coefficients)

    def at(self, z: Fraction) -> fmpq_poly:
        r"""$\Phi(\cdot, z)$ at a rational."""
        point = fmpq(z.numerator, z.denominator)
        return fmpq_poly([p(point) for p in self.in_z])

    @cached_property
    def linear_order(self) -> int:
        r"""The largest $p$ with $\Phi(e^z, z) = O(z^{p+1})$, -1 if it does not vanish.

        The order of a method that is zero-stable on linear fields, so that no order
        exceeds it.
        """
        order = -1
        while self._taylor(order + 1) == 0:
            order += 1
        return order

    def _taylor(self, power: int) -> Fraction:
        r"""The coefficient of $z^m$ in $\sum_jp_j(z)e^{jz}$."""
        total = Fraction(0)
        for j, row in enumerate(self.coefficients):
            for m, c in enumerate(row[: power + 1]):
                total += c * Fraction(j ** (power - m), factorial(power - m))
        return total

    @cached_property
    def is_zero_stable(self) -> bool:
        r"""Whether $\Phi(\cdot, 0)$ satisfies the root condition."""
        return satisfies_root_condition(self.at(Fraction(0)))

    @cached_property
    def is_strongly_stable(self) -> bool:
        r"""Whether 1 is the only root of $\Phi(\cdot, 0)$ on the circle, and simple."""
        others, remainder = divmod(self.at(Fraction(0)), fmpq_poly([-1, 1]))
        return remainder == 0 and is_in_open_disc(others)

    @cached_property
    def real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$, all $|\zeta| < 1$ on $(-\alpha, 0)$."""
        return self._strict(Axis.REAL)

    @cached_property
    def imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$, all $|\zeta| < 1$ on $i(0, \beta)$ and its mirror."""
        return self._strict(Axis.IMAGINARY)

    @cached_property
    def closed_real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$, all $|\zeta| \le 1$ on $[-\alpha, 0]$."""
        return self._closed(Axis.REAL)

    @cached_property
    def closed_imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$, all $|\zeta| \le 1$ on $i[-\beta, \beta]$."""
        return self._closed(Axis.IMAGINARY)

    @cached_property
    def is_A_stable(self) -> bool:
        r"""Whether all $|\zeta| \le 1$ for all $\Re z \le 0$.

        On the imaginary axis, and no root comes from infinity: $p_k$ has no zero with
        $\Re z \le 0$.  Inside, the largest modulus obeys the maximum principle.
        """
        leading = [fraction(c) for c in self.in_z[-1].coeffs()]
        mirrored = [(-1) ** k * c for k, c in enumerate(leading)]
        return is_hurwitz(mirrored) and self.closed_imaginary_stability_interval == (
            INFINITY
        )

    @cached_property
    def is_L_stable(self) -> bool:
        r"""A-stable, and all $\zeta \to 0$ as $z \to \infty$."""
        degree = self.in_z[-1].degree()
        return self.is_A_stable and all(p.degree() < degree for p in self.in_z[:-1])

    def is_stable_at(self, axis: Axis, x: Fraction, *, closed: bool = False) -> bool:
        r"""Whether the roots at $z = -x$, or $z = ix$, lie in the open or closed disc.

        At $ix$ the roots of $\Phi$ and of its conjugate are those of $|\Phi|^2$.
        """
        point = fmpq(x.numerator, x.denominator)
        parts = [[part(point) for part in axis.parts(p)] for p in self.in_z]
        real, imaginary = (fmpq_poly(list(row)) for row in zip(*parts, strict=True))
        if max(real.degree(), imaginary.degree()) < len(parts) - 1:
            return False  # a root at infinity
        product = real if imaginary == 0 else real * real + imaginary * imaginary
        return (is_in_closed_disc if closed else is_in_open_disc)(product)

    @cached_property
    def _scaled(self) -> tuple[fmpq_poly, ...]:
        """The polynomials with integer coefficients, by a common factor."""
        scale = lcm(*(c.denominator for row in self.coefficients for c in row))
        return tuple(p * scale for p in self.in_z)

    def _strict(self, axis: Axis) -> Algebraic | Infinity:
        # Inside the first stable gap no root is on the circle, and none can leave
        # without meeting it: the first zero ends the interval.
        crossed = crossings(self._scaled, axis)
        if crossed.is_everywhere:
            return Algebraic.of(0)
        roots = [root for root, _ in positive_roots(crossed.polynomial)][:1]
        _, sample, end = next(gaps(roots))
        if not self.is_stable_at(axis, sample):
            return Algebraic.of(0)
        return INFINITY if end is None else end

    def _closed(self, axis: Axis) -> Algebraic | Infinity:
        crossed = crossings(self._scaled, axis)
        roots = [root for root, _ in positive_roots(crossed.polynomial)]
        for start, sample, _ in gaps(roots):
            if not self.is_stable_at(axis, sample, closed=True):
                return start
        return INFINITY

    def __str__(self) -> str:
        terms = []
        for power in reversed(range(len(self.coefficients))):
            row = self.coefficients[power]
            if any(row):
                variable = ("", "zeta")[power] if power < 2 else f"zeta^{power}"
                terms.append(f"({StabilityFunction(row, ONE)}) {variable}".strip())
        return " + ".join(terms)
