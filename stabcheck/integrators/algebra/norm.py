r"""The norm of a polynomial over a number field, a polynomial over the rationals.

The product of the conjugates: its roots hold those of the polynomial itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial, lcm

from flint import fmpq, fmpq_poly, fmpz


def norm(modulus: fmpq_poly, coefficients: Sequence[fmpq_poly]) -> fmpq_poly:
    r"""$\prod_\sigma \sigma f$.

    The resultant of the minimal polynomial and $f$ in the generator, interpolated from
    its values at integers.

    **Arguments:** `modulus`, the minimal polynomial of the field, with leading
    coefficient 1 so that the resultant is the product; `coefficients`, those of $f$ as
    polynomials in the generator, constant term first.
    """
    degree = modulus.degree() * (len(coefficients) - 1)
    return interpolated(
        [modulus.resultant(_value(coefficients, k)) for k in range(degree + 1)]
    )


def interpolated(values: Sequence[fmpq]) -> fmpq_poly:
    r"""The polynomial of least degree with these values at $0, 1, 2, \dots$.

    In Newton's form, from the forward differences of the values as integers.
    """
    scale = lcm(*(int(value.q) for value in values))
    differences = [fmpz(int(value.p) * (scale // int(value.q))) for value in values]
    for order in range(1, len(values)):
        for k in range(len(values) - 1, order - 1, -1):
            differences[k] -= differences[k - 1]
    found = fmpq_poly([])
    for k in reversed(range(len(values))):
        found = found * fmpq_poly([-k, 1]) + fmpq(differences[k], factorial(k))
    return found / fmpq(scale)


def _value(coefficients: Sequence[fmpq_poly], at: int) -> fmpq_poly:
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * at + c
    return value
