r"""The parameters at which a family of polynomials may change its signs.

Between two consecutive roots $r$ of the discriminant, the leading coefficient and the
value at $T = 0$ of the squarefree part of $E(T, r)$ nothing changes sign on $T > 0$.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

from flint import Ordering, fmpq, fmpq_poly, fmpz_mpoly, fmpz_mpoly_ctx, fmpz_poly

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.field_polynomial import FieldPolynomial
from stabcheck.integrators.algebra.norm import interpolated

RING = fmpz_mpoly_ctx.get(("T", "r", "g"), Ordering.lex)
"""Polynomials in $T$, the parameter $r$ and the generator $g$ of a number field."""


def critical_polynomial(family: PolynomialFamily) -> fmpq_poly:
    """A polynomial in r that vanishes wherever the signs of the family may change."""
    if not any(isinstance(e, FieldPolynomial) for e in family.coefficients):
        found = _by_evaluation(family)
        if found is not None:
            return found
    return _by_elimination(family)


def critical_degree(family: PolynomialFamily) -> int:
    """A bound on the degree of a parameter where the family has a double root."""
    fields = {e.field for e in family.coefficients if isinstance(e, FieldPolynomial)}
    conjugates = max((field.degree for field in fields), default=1)
    widest = max(e.degree() for e in family.coefficients)
    return conjugates * max(1, 2 * family.degree - 1) * widest


def _by_evaluation(family: PolynomialFamily) -> fmpq_poly | None:
    """From the resultants of $E$ and $E_T$ at integers, if $E$ is squarefree."""
    values = []
    for r in range(critical_degree(family) + 1):
        E = family.at(Fraction(r))
        # Where the leading coefficient vanishes so does the resultant.
        full = E.degree() == family.degree
        values.append(E.resultant(E.derivative()) if full else fmpq(0))
    if not any(values):
        return None
    return family.coefficients[0] * family.coefficients[-1] * interpolated(values)


def _by_elimination(family: PolynomialFamily) -> fmpq_poly:
    """From the discriminant of the squarefree part of $E$, or of its norm."""
    moving, product = RING.constant(1), RING.constant(1)
    for factor, _ in _rational_form(family).factor_squarefree()[1]:
        if factor == RING.gen(0):
            continue  # T >= 0 changes no sign
        if factor.degrees()[0]:
            moving *= factor
        else:
            product *= factor
    degree = moving.degrees()[0]
    if degree:
        product *= _coefficient_of_T(moving, degree) * _coefficient_of_T(moving, 0)
    if degree > 1:
        product *= moving.discriminant("T")
    terms = {exponents[1]: c for exponents, c in product.to_dict().items()}
    return fmpq_poly(fmpz_poly([terms.get(j, 0) for j in range(max(terms) + 1)]))


def samples_between(radii: list[Algebraic]) -> list[Fraction]:
    """Rationals before, between and after ascending positive numbers."""
    if not radii:
        return [Fraction(1)]
    ends = [(Fraction(0), Fraction(0))]
    for radius in radii:
        width = Fraction(1)
        while (enclosure := radius.enclosure(width))[0] <= ends[-1][1]:
            # The earlier number may have been enclosed too widely: tighten both.
            width /= 4
            if len(ends) > 1:
                ends[-1] = radii[len(ends) - 2].enclosure(width)
        ends.append(enclosure)
    gaps = [(a[1] + b[0]) / 2 for a, b in pairwise(ends)]
    return [*gaps, ends[-1][1] + 1]


def _rational_form(family: PolynomialFamily) -> fmpz_mpoly:
    """The family, or its norm, times a rational number."""
    fields = {e.field for e in family.coefficients if isinstance(e, FieldPolynomial)}
    terms: dict[tuple[int, int, int], Any] = {}
    for i, e in enumerate(family.coefficients):
        for j, c in enumerate(_in_generator(e)):
            for k, value in enumerate(c.coeffs()):
                terms[i, j, k] = value
    scale = lcm(*(int(value.q) for value in terms.values()))
    form = RING.from_dict({at: int(value * scale) for at, value in terms.items()})
    if not fields:
        return form
    modulus = {(0, 0, k): c for k, c in enumerate(fields.pop().minimal_polynomial)}
    return RING.from_dict(modulus).resultant(form, "g")


def _in_generator(e: Any) -> list[fmpq_poly]:
    if isinstance(e, FieldPolynomial):
        return e.coefficients
    return [fmpq_poly([c]) for c in e.coeffs()]


def _coefficient_of_T(E: fmpz_mpoly, power: int) -> fmpz_mpoly:
    return RING.from_dict(
        {(0, *rest): c for (i, *rest), c in E.to_dict().items() if i == power}
    )
