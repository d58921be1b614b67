r"""Stability functions of several arguments, one for each field of a sum.

A method for $y' = \lambda_1y + \lambda_2y + \dots$ that treats the terms apart gives
$y_1 = R(h\lambda_1, h\lambda_2, \dots)\,y_0$ with a rational function $R = P/Q$: the
amplification of fields that are linear and commute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from flint import fmpq, fmpq_mpoly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.algebra.polynomial_text import quotient_text
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction
from stabcheck.integrators.runge_kutta.stability_function import (
    in_lowest_terms as univariate,
)
from stabcheck.integrators.several_fields.plane_sets import (
    PlanePolynomial,
    first_failure_over,
    square_root_of,
    within_half_line,
    within_unit,
)

Tableau = tuple[Sequence[Sequence[Coefficient]], Sequence[Coefficient]]
GENERATOR = "_g"
"""The variable that stands for the generator of a number field."""


@dataclass(frozen=True)
class MultivariateStabilityFunction:
    r"""A rational function $R = P/Q$ of one argument for each field.

    **Arguments:** `fields`, the names of the arguments; `P`, `Q`, polynomials of
    python-flint in them, and last in the generator of `number_field`, if their
    coefficients lie in one.
    """

    fields: tuple[str, ...]
    P: fmpq_mpoly
    Q: fmpq_mpoly
    number_field: NumberField | None = None

    @property
    def is_polynomial(self) -> bool:
        """Whether the denominator is 1."""
        return self.Q == 1

    def __call__(self, **arguments: Any) -> Any:
        """The value at rationals, exactly, or at complex numbers in float64.

        **Raises:** `InvalidInput` for other arguments than the fields.
        """
        if set(arguments) != set(self.fields):
            raise InvalidInput(
                f"asked for the stability function at {sorted(arguments)}; give one "
                f"argument for each of {self.fields}"
            )
        values = [arguments[name] for name in self.fields]
        return self._value(self.P, values) / self._value(self.Q, values)

    def __str__(self) -> str:
        return quotient_text(self.fields, self.terms(self.P), self.terms(self.Q))

    def terms(self, p: fmpq_mpoly) -> dict[tuple[int, ...], Coefficient]:
        """The coefficients of a polynomial by the exponents of the fields."""
        rows: dict[tuple[int, ...], dict[int, fmpq]] = {}
        k = len(self.fields)
        for monomial, c in p.to_dict().items():
            key = tuple(int(e) for e in monomial[:k])
            rows.setdefault(key, {})[int(sum(monomial[k:]))] = c
        return {key: self._number(powers) for key, powers in rows.items()}

    def _number(self, powers: Mapping[int, fmpq]) -> Coefficient:
        dense = [powers.get(k, fmpq(0)) for k in range(max(powers) + 1)]
        exact = [Fraction(int(c.p), int(c.q)) for c in dense]
        return exact[0] if self.number_field is None else self.number_field(exact)

    def _value(self, p: fmpq_mpoly, values: Sequence[Any]) -> Any:
        exact = all(isinstance(v, int | Fraction | FieldElement) for v in values)
        total: Any = 0
        for monomial, c in self.terms(p).items():
            term: Any = c if exact else float(c)
            for value, exponent in zip(values, monomial, strict=True):
                term = term * value**exponent
            total = total + term
        return total

    def along(self, **directions: Fraction | int) -> StabilityFunction:
        r"""$R$ on the line of arguments proportional to the directions given."""
        scales = [Fraction(directions.get(name, 0)) for name in self.fields]

        def restricted(p: fmpq_mpoly) -> Any:
            powers: dict[int, Any] = {}
            for monomial, c in self.terms(p).items():
                pairs = zip(scales, monomial, strict=True)
                factor = prod(scale**exponent for scale, exponent in pairs)
                degree = sum(monomial)
                powers[degree] = powers.get(degree, Fraction(0)) + c * factor
            dense = [powers.get(k, Fraction(0)) for k in range(max(powers) + 1)]
            return exact_polynomial(dense)

        return univariate(restricted(self.P), restricted(self.Q))

    def real_box(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ on $[-r, 0]^2$, for two fields.

        Boxes grow by their outer sides $(-t, -tu)$ and $(-tu, -t)$, $u \in [0, 1]$.
        """
        Q, P = self._plane(self.Q, 0), self._plane(self.P, 0)
        found = []
        for inner in (0, 1):
            side = [(Q - P).outer_side(inner), (Q + P).outer_side(inner)]
            found.append(first_failure_over(side, within_unit))
        return None if None in found else min(found)

    def real_strip(self, name: str) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ for that field in $[-r, 0]$ and the other
        one anywhere in $(-\infty, 0]$."""
        k = self.fields.index(name)
        Q, P = self._plane(self.Q, k), self._plane(self.P, k)
        factors = [(Q - P).mirrored(), (Q + P).mirrored()]
        return first_failure_over(factors, within_half_line)

    def imaginary_strip(self, name: str) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ for that field in $i[-r, r]$ and the other
        one anywhere in $(-\infty, 0]$."""
        k = self.fields.index(name)
        Q = self._plane(self.Q, k).square_modulus()
        P = self._plane(self.P, k).square_modulus()
        squared = first_failure_over([Q - P], within_half_line)
        return None if squared is None else square_root_of(squared)

    def _plane(self, p: fmpq_mpoly, first: int) -> PlanePolynomial:
        """The polynomial in the plane, that field first."""
        if len(self.fields) != 2:
            raise InvalidInput(
                f"asked for a set in the plane of the fields {self.fields}; give a "
                "method of two"
            )
        terms = {
            (m[first], m[1 - first], sum(m[2:])): c for m, c in p.to_dict().items()
        }
        return PlanePolynomial(terms, self.number_field)
