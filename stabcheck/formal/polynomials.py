"""Integer witnesses of nonnegative polynomials: a square split off, and cuts.

Between two cuts the Bernstein coefficients of what remains are not negative.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from flint import fmpq_poly, fmpz_poly

from stabcheck.checker.arithmetic.polynomials import odd_part, primitive
from stabcheck.checker.kernel import bernstein_coefficients

MOST_PIECES = 400
MOST_HALVINGS = 60
FARTHEST = 256
"""Beyond 2^FARTHEST no cut is looked for."""


def pair(value: Fraction) -> tuple[int, int]:
    """Numerator and denominator."""
    return value.numerator, value.denominator


def without_squares(p: fmpz_poly) -> tuple[int, list[int], list[int]]:
    """k > 0, g and h with k p = g^2 h and no factor of h squared."""
    if p == 0:
        return 1, [0], [0]
    odd = primitive(odd_part(fmpq_poly(p)))
    square = primitive(fmpq_poly(p) / fmpq_poly(odd))
    root = primitive(_square_root(fmpq_poly(square)))
    ratio = fmpq_poly(p) / fmpq_poly(root * root * odd)
    share = ratio[0]
    factor = [int(c) * int(share.p) for c in odd.coeffs()]
    return int(share.q), [int(c) for c in root.coeffs()], factor


def _square_root(p: fmpq_poly) -> fmpq_poly:
    """The monic square root of a constant times a square."""
    found = fmpq_poly([1])
    rest = p / p.leading_coefficient()
    while rest.degree() > 0:
        distinct = rest // rest.gcd(rest.derivative())
        found *= distinct
        rest = rest // (distinct * distinct)
    return found


def cuts_between(
    polynomial: list[int], low: Fraction, high: Fraction
) -> list[Fraction] | None:
    """The ends of pieces that cover [low, high], the first left out; None: none found.

    A root of even multiplicity inside the interval has no such pieces.
    """
    found: list[Fraction] = []
    pending = [(low, high, 0)]
    while pending:
        start, end, halvings = pending.pop()
        if min(bernstein_coefficients(polynomial, pair(start), pair(end))) >= 0:
            found.append(end)
        elif halvings == MOST_HALVINGS or len(found) + len(pending) > MOST_PIECES:
            return None
        else:
            middle = (start + end) / 2
            pending += [(middle, end, halvings + 1), (start, middle, halvings + 1)]
    return found


def cuts_from_zero(polynomial: list[int]) -> list[Fraction] | None:
    """Cuts of [0, infinity); behind the last no coefficient of a shift is negative."""
    for exponent in range(FARTHEST):
        last = Fraction(0) if exponent == 0 else Fraction(2) ** (exponent - 1)
        shifted = fmpz_poly(polynomial)(fmpz_poly([int(last), 1]))
        if all(coefficient >= 0 for coefficient in shifted.coeffs()):
            return cuts_between(polynomial, Fraction(0), last) if last else []
    return None


def on_common_denominator(cuts: list[Fraction], denominator: int) -> tuple[int, list]:
    """A multiple D of the denominator and the integers D times the cuts."""
    common = lcm(denominator, *(cut.denominator for cut in cuts))
    return common, [int(cut * common) for cut in cuts]
