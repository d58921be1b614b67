"""Polynomials in several variables as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.exact_real import rounded
from stabcheck.integrators.algebra.field_element import FieldElement

LONGEST = 12
"""Digits of a numerator or denominator that is still written out."""

Terms = Mapping[tuple[int, ...], Coefficient]
"""Coefficients by the exponents of the variables."""


def quotient_text(variables: Sequence[str], P: Terms, Q: Terms) -> str:
    """A quotient, or the numerator alone where the denominator is 1."""
    numerator = polynomial_text(variables, P)
    if {(0,) * len(variables): 1} == Q:
        return numerator
    return f"({numerator}) / ({polynomial_text(variables, Q)})"


def polynomial_text(variables: Sequence[str], terms: Terms) -> str:
    """A polynomial, low degrees first; irrational and long numbers to ten digits."""
    parts = []
    for monomial in sorted(terms, key=lambda m: (sum(m), [-e for e in m])):
        powers = [
            name if e == 1 else f"{name}^{e}"
            for name, e in zip(variables, monomial, strict=True)
            if e
        ]
        c = terms[monomial]
        before, after = _size(abs(c), bare=not powers)
        parts.append(("- " if c < 0 else "+ ") + " ".join(before + powers) + after)
    return " ".join(parts).removeprefix("+ ") if parts else "0"


def _size(size: Coefficient, *, bare: bool) -> tuple[list[str], str]:
    """What stands before and after the powers of the variables."""
    if isinstance(size, FieldElement):
        if size.rational is None:
            return [size.decimal(10)], ""
        size = size.rational
    if max(len(str(size.numerator)), len(str(size.denominator))) > LONGEST:
        return [rounded(size, 10)], ""
    before = [str(size.numerator)] if size.numerator != 1 or bare else []
    return before, "" if size.denominator == 1 else f"/{size.denominator}"
