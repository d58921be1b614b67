r"""Explicit methods as programs on stage values, read in two ways.

A program combines $y_0$ and slopes $hf(Y_j)$ of earlier values to the new value: three
term recurrences, low-storage updates, extrapolation.  With $f(y) = \lambda y$ a value
is a polynomial in $z$, and the last one is the stability polynomial.  With values as
combinations $y_0 + \sum_j a_jF_j$ every slope adds a row to the tableau.  Both are
polynomials with rational coefficients, so that one program serves for both.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from flint import fmpq_poly

from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

Z = fmpq_poly([0, 1])
"""The variable."""


class Reading(Protocol):
    """What a value means, and what the slope of one is."""

    initial: fmpq_poly
    """$y_0$."""

    def slope(self, value: fmpq_poly) -> fmpq_poly:
        """$hf$ of a value."""


Program = Callable[[Reading], fmpq_poly]
"""The new value from the initial one; combinations have the sum 1."""


class LinearReading:
    r"""$f(y) = \lambda y$: a value is a polynomial in $z = h\lambda$."""

    initial = fmpq_poly([1])

    def slope(self, value: fmpq_poly) -> fmpq_poly:
        """The value times $z$."""
        return Z * value


class StageReading:
    r"""A value is $y_0 + \sum_j a_jF_j$, as the coefficients of $1, x, x^2, \dots$."""

    initial = fmpq_poly([1])

    def __init__(self) -> None:
        self.rows: list[tuple[Fraction, ...]] = []

    def slope(self, value: fmpq_poly) -> fmpq_poly:
        """A new stage; a value met before is evaluated once only."""
        row = stage_coefficients(value)
        if row not in self.rows:
            self.rows.append(row)
        return fmpq_poly([0] * (self.rows.index(row) + 1) + [1])


def stage_coefficients(value: fmpq_poly) -> tuple[Fraction, ...]:
    """The coefficients of the slopes in a value."""
    return tuple(fraction(c) for c in value.coeffs()[1:])


def stability_polynomial(program: Program) -> tuple[Fraction, ...]:
    """$R$ of a program, coefficients with the constant term first."""
    return tuple(fraction(c) for c in program(LinearReading()).coeffs())


def written_out(
    name: str,
    program: Program,
    source: str,
    *,
    published_order: int | None = None,
) -> ButcherTableau:
    """The tableau of a program.

    **Arguments:** `published_order`, of a program published in decimals.
    """
    reading = StageReading()
    weights = stage_coefficients(program(reading))
    size = len(reading.rows)
    rows = [(*row, *[Fraction(0)] * (size - len(row))) for row in reading.rows]
    return ButcherTableau(
        name,
        tuple(rows),
        (*weights, *[Fraction(0)] * (size - len(weights))),
        source=source,
        published_order=published_order,
    )
