r"""Signs of polynomials over the rationals, decided by remainders alone.

Three judgements: a polynomial is nonnegative on an interval (Sturm's theorem), all
its roots lie in the right half-plane (Routh's table), and a rational function is at
most 1 in modulus on the left half-plane (both, by the maximum principle).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from flint import fmpq, fmpq_poly, fmpz_poly

Number = int | Fraction | fmpq


def flint(value: Number) -> fmpq:
    """A rational as FLINT writes it."""
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    return fmpq(value)


def polynomial(ascending: Iterable[Number]) -> fmpq_poly:
    """The polynomial with these coefficients, constant term first."""
    return fmpq_poly([flint(c) for c in ascending])


def sign(value: fmpq) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def primitive(p: fmpq_poly) -> fmpz_poly:
    """A positive multiple with coprime integer coefficients; 0 stays 0."""
    integers = p.numer()
    return integers // integers.content() if integers != 0 else integers


def odd_part(p: fmpq_poly) -> fmpq_poly:
    """The product of the distinct factors of odd multiplicity, monic (Yun).

    p is its leading coefficient times this product times a square.
    """
    found = fmpq_poly([1])
    common = p.gcd(p.derivative())
    distinct = p // common
    multiplicity = 1
    while distinct.degree() > 0:
        repeated = distinct.gcd(common)
        if multiplicity % 2:
            found *= distinct // repeated
        distinct, common = repeated, common // repeated
        multiplicity += 1
    return found / found.leading_coefficient()


def variations(signs: Iterable[int]) -> int:
    """Changes of sign in a list; zeros do not count."""
    kept = [s for s in signs if s]
    return sum(a != b for a, b in pairwise(kept))


def count_roots(p: fmpq_poly, low: fmpq, high: fmpq | None) -> int:
    """The roots of a squarefree polynomial in (low, high], high None: no end.

    Sturm: with p, p' and the negated remainders of Euclid's algorithm, the number of
    changes of sign drops by one at every root and nowhere else.
    """
    chain = [fmpq_poly(primitive(p)), fmpq_poly(primitive(p.derivative()))]
    while chain[-1].degree() > 0:
        chain.append(fmpq_poly(primitive(-(chain[-2] % chain[-1]))))
    if high is None:
        last = [sign(q.leading_coefficient()) for q in chain if q != 0]
    else:
        last = [sign(q(high)) for q in chain]
    return variations(sign(q(low)) for q in chain) - variations(last)


def is_nonnegative(p: fmpq_poly, low: Number, high: Number | None) -> bool:
    r"""Decide $p \ge 0$ on [low, high], or on all numbers from low on."""
    start, end = flint(low), None if high is None else flint(high)
    if p == 0:
        return True
    if end is not None and end <= start:
        return end == start and p(start) >= 0
    odd = odd_part(p)
    inside = count_roots(odd, start, end) - (end is not None and odd(end) == 0)
    sample = start + 1 if end is None else (start + end) / 2
    return inside == 0 and sign(p.leading_coefficient()) * odd(sample) > 0


def is_positive(p: fmpq_poly, low: Number, high: Number | None) -> bool:
    """Decide p > 0 on [low, high], or on all numbers from low on."""
    if p(flint(low)) <= 0:
        return False
    end = None if high is None else flint(high)
    return count_roots(p // p.gcd(p.derivative()), flint(low), end) == 0


def places_between_roots(p: fmpq_poly) -> list[fmpq]:
    """Positive numbers, one at least before, between and behind the positive roots."""
    distinct = p // p.gcd(p.derivative())
    low, high = fmpq(1), fmpq(1)
    while p(low) == 0 or count_roots(distinct, fmpq(0), low) > 0:
        low /= 2
    while p(high) == 0 or count_roots(distinct, high, None) > 0:
        high *= 2
    found, open_intervals = [low, high], [(low, high)]
    while open_intervals:
        start, end = open_intervals.pop()
        if count_roots(distinct, start, end) < 2:
            continue
        share = fmpq(1, 2)
        while p(start + share * (end - start)) == 0:
            share /= 2
        middle = start + share * (end - start)
        found.append(middle)
        open_intervals += [(start, middle), (middle, end)]
    return found


def has_roots_to_the_right_only(p: fmpq_poly) -> bool:
    r"""Decide $\Re z > 0$ for all roots, by Routh's reduction of p(-z).

    With leading coefficients a, b of the same sign the roots of f stay off the axis
    while $f - t\,(a/b)\,z\,(bz^{n-1} + \dots)$ loses its leading term, and the one that
    escapes to infinity does so to the left.
    """
    rest = [(-1) ** k * c for k, c in enumerate(p.coeffs())]
    while len(rest) > 1:
        top = len(rest) - 1
        if rest[top] * rest[top - 1] <= 0:
            return False
        ratio = rest[top] / rest[top - 1]
        rest = [
            c - ratio * rest[k - 1] if k > 0 and (top - k) % 2 == 0 else c
            for k, c in enumerate(rest[:top])
        ]
    return bool(rest)


def parts_on_axis(p: fmpq_poly) -> tuple[fmpq_poly, fmpq_poly]:
    r"""a and b in $p(iy) = a(x) + iy\,b(x)$, $x = y^2$."""
    coefficients = p.coeffs()
    real = fmpq_poly([(-1) ** k * c for k, c in enumerate(coefficients[::2])])
    imaginary = fmpq_poly([(-1) ** k * c for k, c in enumerate(coefficients[1::2])])
    return real, imaginary


def squared_modulus(p: fmpq_poly) -> fmpq_poly:
    r"""$|p(iy)|^2$ as a polynomial in $x = y^2$."""
    real, imaginary = parts_on_axis(p)
    return real**2 + fmpq_poly([0, 1]) * imaginary**2


def excess_on_axis(P: fmpq_poly, Q: fmpq_poly) -> fmpq_poly:
    r"""$E = |Q(iy)|^2 - |P(iy)|^2$ in $x = y^2$."""
    return squared_modulus(Q) - squared_modulus(P)


def is_bounded_on_the_left(P: fmpq_poly, Q: fmpq_poly) -> bool:
    r"""Decide $|P/Q| \le 1$ for all $\Re z \le 0$; P and Q without a common factor."""
    return has_roots_to_the_right_only(Q) and is_nonnegative(
        excess_on_axis(P, Q), 0, None
    )
