"""Real roots of rational polynomials, isolated exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from heapq import merge
from typing import Any

from flint import fmpq, fmpq_poly, fmpz_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.isolation import positive_intervals


def polynomial(coefficients: Iterable[Fraction | int]) -> fmpq_poly:
    """A rational polynomial from its coefficients, constant term first."""
    return fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients])


def fraction(value: fmpq) -> Fraction:
    """A rational of python-flint as a `Fraction`."""
    return Fraction(int(value.p), int(value.q))


def positive_roots(f: fmpq_poly) -> list[tuple[Algebraic, int]]:
    """The positive roots of a nonzero polynomial, ascending, with multiplicities."""
    parts = [
        [(root, multiplicity) for root in _roots_of_squarefree(part)]
        for part, multiplicity in f.numer().factor_squarefree()[1]
    ]
    return list(merge(*parts, key=lambda pair: pair[0]))


def real_roots(f: fmpq_poly) -> list[Algebraic]:
    """The distinct real roots of a nonzero polynomial, ascending."""
    mirrored = [root for root, _ in positive_roots(f(fmpq_poly([0, -1])))]
    negative = [negated(root) for root in reversed(mirrored)]
    zero = [Algebraic.of(0)] if f[0] == 0 else []
    return negative + zero + [root for root, _ in positive_roots(f)]


def negated(root: Algebraic) -> Algebraic:
    """The number with the other sign."""
    coefficients = tuple((-1) ** k * c for k, c in enumerate(root.polynomial))
    return Algebraic(coefficients, -root.upper, -root.lower)


def root_inside(
    candidates: Sequence[Algebraic],
    enclosure: Callable[[Fraction], tuple[Fraction, Fraction]],
) -> Algebraic:
    """The candidate that is the number enclosed, for every width, by a function."""
    near = list(candidates)
    width = Fraction(1, 2**16)
    while len(near) > 1:
        lower, upper = enclosure(width)
        ends = [(root, root.enclosure(width)) for root in near]
        near = [root for root, (a, b) in ends if a <= upper and lower <= b]
        width /= 2**32
    return near[0]


def first_failure(f: Any) -> Algebraic | Infinity:
    r"""$\sup\{x \ge 0 : f \ge 0 \text{ on } [0, x]\}$, infinite if nothing fails.

    A root of even multiplicity is a tangency: it does not end the interval.

    **Arguments:** `f`, a polynomial over the rationals or over a number field.
    """
    lowest = next((c for c in f.coeffs() if c != 0), 0)
    if lowest == 0:
        return INFINITY
    if lowest < 0:
        return Algebraic.of(0)
    return next(sign_changes(f), INFINITY)


def first_root(f: Any) -> Algebraic | Infinity:
    """The least positive root of a nonzero polynomial, infinite if there is none.

    **Arguments:** `f`, a polynomial over the rationals or over a number field.
    """
    if isinstance(f, fmpq_poly):
        return next(distinct_positive_roots(f), INFINITY)
    return next(f.radical().sign_changes(), INFINITY)


def sign_changes(f: Any) -> Iterator[Algebraic]:
    """The positive roots of odd multiplicity, ascending."""
    if isinstance(f, fmpq_poly):
        return _roots_of_squarefree(odd_part(f.numer()))
    return f.sign_changes()


def is_nonnegative(f: Any) -> bool:
    r"""Whether $f \ge 0$ on $[0, \infty)$."""
    return first_failure(f) == INFINITY


def distinct_positive_roots(f: fmpq_poly) -> Iterator[Algebraic]:
    """The positive roots, ascending, found one by one."""
    numerator = f.numer()
    return _roots_of_squarefree(numerator // numerator.gcd(numerator.derivative()))


def odd_part(f: fmpz_poly) -> fmpz_poly:
    """The product of the squarefree factors of odd multiplicity."""
    product = fmpz_poly([1])
    for factor, multiplicity in f.factor_squarefree()[1]:
        if multiplicity % 2:
            product *= factor
    return product


def _roots_of_squarefree(f: fmpz_poly) -> Iterator[Algebraic]:
    coefficients = tuple(int(c) for c in f.coeffs())
    if len(coefficients) == 2:
        root = Fraction(-coefficients[0], coefficients[1])
        if root > 0:
            yield Algebraic.of(root)
        return
    for lower, upper in positive_intervals(f):
        yield (
            Algebraic.of(lower)
            if lower == upper
            else Algebraic(coefficients, lower, upper)
        )
