r"""Isolation of the positive roots of a polynomial, by Descartes' rule and bisection.

The signs of $(1 + x)^n f(1/(1 + x))$ vary at least as often as $f$ has roots in
$(0, 1)$; no variation means no root and one variation exactly one (Collins, Akritas,
*Polynomial real root isolation using Descartes' rule of signs*, SYMSAC 1976).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from flint import fmpq, fmpz_poly

SHIFT = fmpz_poly([1, 1])

Interval = tuple[Fraction, Fraction]


def positive_intervals(f: fmpz_poly) -> Iterator[Interval]:
    """Intervals with one positive root each, ascending, found one by one.

    A root that bisection hits is an interval of width 0; the ends of the others are no
    roots.

    **Arguments:** `f`, squarefree.
    """
    coefficients = f.coeffs()
    while coefficients and coefficients[0] == 0:
        coefficients = coefficients[1:]
    if variations(coefficients) == 0:
        return
    exponent = _bound_exponent(coefficients)
    pending = [(_scaled(coefficients, exponent), Fraction(0), exponent)]
    while pending:
        g, lower, exponent = pending.pop()
        if g[0] == 0:
            if lower > 0:
                yield lower, lower
            g //= fmpz_poly([0, 1])
        count = variations(_reversed(g)(SHIFT).coeffs())
        if count == 0:
            continue
        width = Fraction(2) ** exponent
        if count == 1:
            yield _trimmed(f, lower, lower + width)
            continue
        degree = g.degree()
        left = fmpz_poly([c << (degree - k) for k, c in enumerate(g.coeffs())])
        pending.append((left(SHIFT), lower + width / 2, exponent - 1))
        pending.append((left, lower, exponent - 1))


def variations(coefficients: Sequence) -> int:
    """The changes of sign in a sequence, zeros left out."""
    count, last = 0, 0
    for c in coefficients:
        if c != 0:
            sign = 1 if c > 0 else -1
            count += sign == -last
            last = sign
    return count


def sign_at(f: fmpz_poly, at: Fraction) -> int:
    """-1, 0 or 1: the sign of a polynomial at a rational."""
    value = f(fmpq(at.numerator, at.denominator))
    return (value > 0) - (value < 0)


def _bound_exponent(coefficients: Sequence) -> int:
    r"""$k$ with all positive roots below $2^k$, by Lagrange's bound.

    $2\max_k |c_{n-k}/c_n|^{1/k}$ over the coefficients of the other sign.
    """
    degree = len(coefficients) - 1
    leading = coefficients[-1]
    size = abs(leading).bit_length() - 1
    exponents = [
        -(-(abs(c).bit_length() - size) // (degree - k))
        for k, c in enumerate(coefficients[:-1])
        if c != 0 and (c > 0) != (leading > 0)
    ]
    return 1 + max(exponents)


def _scaled(coefficients: Sequence, exponent: int) -> fmpz_poly:
    """An integer multiple of $f(2^k x)$."""
    degree = len(coefficients) - 1
    if exponent >= 0:
        return fmpz_poly([c << exponent * k for k, c in enumerate(coefficients)])
    return fmpz_poly(
        [c << -exponent * (degree - k) for k, c in enumerate(coefficients)]
    )


def _reversed(f: fmpz_poly) -> fmpz_poly:
    return fmpz_poly(f.coeffs()[::-1])


def _trimmed(f: fmpz_poly, lower: Fraction, upper: Fraction) -> Interval:
    """The interval narrowed until its ends are no roots of the polynomial."""
    inner = f
    for end in (lower, upper):
        if sign_at(f, end) == 0:
            inner //= fmpz_poly([-end.numerator, end.denominator])
    while sign_at(f, lower) == 0 or sign_at(f, upper) == 0:
        middle = (lower + upper) / 2
        sign = sign_at(inner, middle)
        if sign == 0:
            return middle, middle
        if sign == sign_at(inner, lower):
            lower = middle
        else:
            upper = middle
    return lower, upper
