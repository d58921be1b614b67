r"""The stability function $R = P/Q$ of a one-step method, exactly.

$y' = \lambda y$ is advanced by $y_1 = R(h\lambda)\,y_0$ (Hairer, Wanner, *Solving ODEs
II*, IV.3, eq. (3.2)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq_mat, fmpz

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.coefficient import Coefficient, number_field_of
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.polynomials import (
    exact_coefficients,
    exact_number,
    in_one_ring,
    on_imaginary_axis,
)
from stabcheck.integrators.algebra.resolvent import (
    Matrix,
    characteristic,
    matrix_product,
    rational_matrix,
)

LONGEST = 24
"""Digits of a fraction that a reader still takes in."""


@dataclass(frozen=True)
class StabilityFunction:
    r"""A rational function $R = P/Q$ with $Q(0) = 1$ and no common factor.

    **Arguments:** `P`, `Q`, coefficients with the constant term first.
    """

    P: tuple[Coefficient, ...]
    Q: tuple[Coefficient, ...]

    @property
    def is_polynomial(self) -> bool:
        """Whether the denominator is 1, as for every explicit method."""
        return len(self.Q) == 1

    def __call__(self, z: Any) -> Any:
        """The value at an exact number, exactly, or at complex ones in float64."""
        if isinstance(z, int | Fraction | FieldElement):
            return _horner(self.P, z) / _horner(self.Q, z)
        return _horner(self._floats(self.P), z) / _horner(self._floats(self.Q), z)

    def __str__(self) -> str:
        return self.text()

    def text(self, digits: int | None = None) -> str:
        """The quotient as text; `digits` rounds the coefficients too long to read."""
        numerator = _text(self.P, digits)
        if self.is_polynomial:
            return numerator
        numerator = numerator if len(self.P) == 1 else f"({numerator})"
        return f"{numerator} / ({_text(self.Q, digits)})"

    @staticmethod
    def _floats(coefficients: tuple[Coefficient, ...]) -> list[float]:
        return [float(c) for c in coefficients]

    @property
    def E_polynomial(self) -> tuple[Coefficient, ...]:
        r"""$E = |Q(iy)|^2 - |P(iy)|^2$, coefficients in $x = y^2$ (HW IV.3)."""
        E = on_imaginary_axis(self.Q) - on_imaginary_axis(self.P)
        return exact_coefficients(E)


def of_tableau(A: Matrix, b: Sequence[Coefficient]) -> StabilityFunction:
    r"""$R(z) = \det(I - zA + z\mathbb 1b^T)/\det(I - zA)$ (HW IV.3, Prop. 3.2)."""
    stages = range(len(b))
    if not any(any(row[i:]) for i, row in enumerate(A)):
        return _of_explicit(A, b)
    numerator = characteristic([[A[i][j] - b[j] for j in stages] for i in stages])
    return in_lowest_terms(numerator, characteristic(A))


def _of_explicit(A: Matrix, b: Sequence[Coefficient]) -> StabilityFunction:
    r"""$R(z) = 1 + \sum_k z^{k+1}\,b^TA^k\mathbb 1$, a finite sum."""
    P: list[Any] = [Fraction(1)]
    if number_field_of("a tableau", (x for row in (*A, b) for x in row)) is None:
        matrix, weights = rational_matrix(A), rational_matrix([b])
        powers = fmpq_mat([[1] for _ in b])
        for _ in b:
            P.append((weights * powers)[0, 0])
            powers = matrix * powers
    else:
        column: Matrix = [[Fraction(1)] for _ in b]
        for _ in b:
            P.append(matrix_product([b], column)[0][0])
            column = matrix_product(A, column)
    while P[-1] == 0:
        P.pop()
    return StabilityFunction(tuple(map(exact_number, P)), (Fraction(1),))


def in_lowest_terms(numerator: Any, denominator: Any) -> StabilityFunction:
    """The quotient of two polynomials, the second nonzero at 0."""
    numerator, denominator = in_one_ring(numerator, denominator)
    common = numerator.gcd(denominator)
    numerator, denominator = numerator // common, denominator // common
    scale = denominator.coeffs()[0]
    return StabilityFunction(
        tuple(exact_number(c / scale) for c in numerator.coeffs()) or (Fraction(0),),
        tuple(exact_number(c / scale) for c in denominator.coeffs()),
    )


def _horner(coefficients: Sequence[Any], z: Any) -> Any:
    value = coefficients[-1] + 0 * z
    for c in reversed(coefficients[:-1]):
        value = value * z + c
    return value


def _text(coefficients: Sequence[Coefficient], digits: int | None) -> str:
    terms = []
    for power, c in enumerate(coefficients):
        if c == 0:
            continue
        variable = ("", "z")[power] if power < 2 else f"z^{power}"
        size = abs(c)
        if isinstance(size, FieldElement):
            term = f"{size.decimal(10)} {variable}".rstrip()
        elif digits is not None and is_long(size):
            term = f"{Algebraic.of(size).decimal(digits)} {variable}".rstrip()
        else:
            numerator, denominator = map(digits_of, (size.numerator, size.denominator))
            factor = "" if numerator == "1" and variable else f"{numerator} "
            over = "" if denominator == "1" else f"/{denominator}"
            term = (factor + variable).rstrip() + over
        terms.append(("- " if c < 0 else "+ ") + term)
    return " ".join(terms).removeprefix("+ ") if terms else "0"


def is_long(number: Fraction) -> bool:
    """Whether a fraction has more digits than a reader takes in."""
    return len(digits_of(number.numerator) + digits_of(number.denominator)) > LONGEST


def digits_of(integer: int) -> str:
    """The decimal digits; Python itself refuses to write more than 4300 of them."""
    return str(fmpz(integer))
