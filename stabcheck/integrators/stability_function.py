r"""The stability function $R = P/Q$ of a one-step method, in exact rationals.

$y' = \lambda y$ is advanced by $y_1 = R(h\lambda)\,y_0$ (Hairer, Wanner, *Solving ODEs
II*, IV.3, eq. (3.2)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.integrators.roots import fraction, polynomial


@dataclass(frozen=True)
class StabilityFunction:
    r"""A rational function $R = P/Q$ with $Q(0) = 1$ and no common factor.

    **Arguments:** `P`, `Q`, coefficients with the constant term first.
    """

    P: tuple[Fraction, ...]
    Q: tuple[Fraction, ...]

    @property
    def is_polynomial(self) -> bool:
        """Whether the denominator is 1, as for every explicit method."""
        return len(self.Q) == 1

    def __call__(self, z: Any) -> Any:
        """The value at a rational, exactly, or at complex numbers in float64."""
        if isinstance(z, int | Fraction):
            return _horner(self.P, z) / _horner(self.Q, z)
        return _horner(self._floats(self.P), z) / _horner(self._floats(self.Q), z)

    def __str__(self) -> str:
        numerator = _text(self.P)
        if self.is_polynomial:
            return numerator
        numerator = numerator if len(self.P) == 1 else f"({numerator})"
        return f"{numerator} / ({_text(self.Q)})"

    @staticmethod
    def _floats(coefficients: tuple[Fraction, ...]) -> list[float]:
        return [float(c) for c in coefficients]

    @property
    def E_polynomial(self) -> tuple[Fraction, ...]:
        r"""$E = |Q(iy)|^2 - |P(iy)|^2$, coefficients in $x = y^2$ (HW IV.3)."""
        E = on_imaginary_axis(self.Q) - on_imaginary_axis(self.P)
        return tuple(fraction(c) for c in E.coeffs())


def of_tableau(
    A: Sequence[Sequence[Fraction]], b: Sequence[Fraction]
) -> StabilityFunction:
    r"""$R(z) = \det(I - zA + z\mathbb 1b^T)/\det(I - zA)$ (HW IV.3, Prop. 3.2)."""
    stages = range(len(b))
    numerator = _reversed_characteristic(
        [[A[i][j] - b[j] for j in stages] for i in stages]
    )
    denominator = _reversed_characteristic(A)
    common = numerator.gcd(denominator)
    numerator, denominator = numerator // common, denominator // common
    scale = denominator.coeffs()[0]
    return StabilityFunction(
        tuple(fraction(c / scale) for c in numerator.coeffs()),
        tuple(fraction(c / scale) for c in denominator.coeffs()),
    )


def on_imaginary_axis(coefficients: Sequence[Fraction]) -> fmpq_poly:
    r"""$|p(iy)|^2$ as a polynomial in $y^2$."""
    even = [(-1) ** k * c for k, c in enumerate(coefficients[::2])]
    odd = [(-1) ** k * c for k, c in enumerate(coefficients[1::2])]
    real, imaginary = polynomial(even), polynomial(odd)
    return real * real + fmpq_poly([0, 1]) * imaginary * imaginary


def _reversed_characteristic(matrix: Sequence[Sequence[Fraction]]) -> fmpq_poly:
    r"""$\det(I - zM)$."""
    entries = [[fmpq(x.numerator, x.denominator) for x in row] for row in matrix]
    return fmpq_poly(fmpq_mat(entries).charpoly().coeffs()[::-1])


def _horner(coefficients: Sequence[Any], z: Any) -> Any:
    value = coefficients[-1] + 0 * z
    for c in reversed(coefficients[:-1]):
        value = value * z + c
    return value


def _text(coefficients: Sequence[Fraction]) -> str:
    terms = []
    for power, c in enumerate(coefficients):
        if c == 0:
            continue
        variable = ("", "z")[power] if power < 2 else f"z^{power}"
        size = abs(c)
        if not variable:
            term = str(size)
        else:
            factor = "" if size.numerator == 1 else f"{size.numerator} "
            over = "" if size.denominator == 1 else f"/{size.denominator}"
            term = factor + variable + over
        terms.append(("- " if c < 0 else "+ ") + term)
    return " ".join(terms).removeprefix("+ ") if terms else "0"
