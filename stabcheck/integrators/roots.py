"""Positive roots of rational polynomials, isolated exactly."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq, fmpq_poly, fmpz_poly

from stabcheck.integrators.algebraic import INFINITY, Algebraic, Infinity


def polynomial(coefficients) -> fmpq_poly:
    """A rational polynomial from its coefficients, constant term first."""
    return fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients])


def fraction(value: fmpq) -> Fraction:
    """A rational of python-flint as a `Fraction`."""
    return Fraction(int(value.p), int(value.q))


def positive_roots(f: fmpq_poly) -> list[tuple[Algebraic, int]]:
    """The positive real roots of a nonzero polynomial, ascending, multiplicities too.

    Each irreducible factor is the minimal polynomial of its roots.
    """
    found = []
    for factor, multiplicity in f.numer().factor()[1]:
        found += [(root, multiplicity) for root in _positive_roots(factor)]
    return sorted(found, key=lambda pair: pair[0])


def first_failure(f: fmpq_poly) -> Algebraic | Infinity:
    r"""$\sup\{x \ge 0 : f \ge 0 \text{ on } [0, x]\}$, infinite if nothing fails.

    A root of even multiplicity is a tangency: it does not end the interval.
    """
    if f.degree() < 0:
        return INFINITY
    lowest = next(c for c in f.coeffs() if c != 0)
    if lowest < 0:
        return Algebraic.of(0)
    odd = (root for root, multiplicity in positive_roots(f) if multiplicity % 2)
    return next(odd, INFINITY)


def is_nonnegative(f: fmpq_poly) -> bool:
    r"""Whether $f \ge 0$ on $[0, \infty)$."""
    return first_failure(f) == INFINITY


def _positive_roots(irreducible: fmpz_poly) -> list[Algebraic]:
    coefficients = tuple(int(c) for c in irreducible.coeffs())
    if coefficients[-1] < 0:
        coefficients = tuple(-c for c in coefficients)
    if len(coefficients) == 2:
        root = Fraction(-coefficients[0], coefficients[1])
        return [Algebraic.of(root)] if root > 0 else []
    # Certified balls, each with one root; a root that is real has imaginary part 0.
    balls = [ball.real for ball, _ in irreducible.complex_roots() if ball.imag == 0]
    return [
        Algebraic(coefficients, _dyadic(ball.lower()), _dyadic(ball.upper()))
        for ball in balls
        if ball > 0
    ]


def _dyadic(point) -> Fraction:
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
