"""Rationals in decimal, rounded to the side on which they stay true."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction


def rounded(value: Fraction, digits: int, *, up: bool) -> Decimal:
    """A rational of any size in so many digits: one division, rounded up or down."""
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    context = Context(prec=digits, rounding=rounding, Emax=10**6, Emin=-(10**6))
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def nearest(value: Fraction, digits: int = 6) -> str:
    """A rational as a short decimal string, to the nearest."""
    return f"{float(value):.{digits}g}"


def at_most(value: Fraction, digits: int = 6) -> str:
    """A certified upper bound as a short decimal string, rounded up."""
    return f"{float(rounded(value, digits, up=True)):.{digits}g}"


def at_least(value: Fraction, digits: int = 6) -> str:
    """A certified lower bound as a short decimal string, rounded down."""
    return f"{float(rounded(value, digits, up=False)):.{digits}g}"


def certified(quantity: str, value: Fraction, digits: int = 6) -> str:
    """A bound of a quantity of a Jacobian, rounded outward."""
    return (at_least if quantity == "log-norm-lower" else at_most)(value, digits)


def attained(quantity: str, value: Fraction, digits: int = 6) -> str:
    """A value of it that some state attains, rounded inward."""
    return (at_most if quantity == "log-norm-lower" else at_least)(value, digits)


def exact(value: Fraction, digits: int = 6, *, up: bool = True) -> str:
    """A rational beyond all floats too, every digit shown: rounded up, or down."""
    if value == 0:
        return "0"
    quotient = rounded(value, digits, up=up)
    return f"{quotient:g}" if abs(quotient) >= 10**digits else f"{quotient}"
