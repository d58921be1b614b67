"""Numbers rounded to their safe side, and formulas as text and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context
from fractions import Fraction
from typing import TYPE_CHECKING

from stabcheck.certify.decimals import rounded
from stabcheck.certify.designs.chain import Line

if TYPE_CHECKING:
    from sympy import Expr

DIGITS = 6
LONGEST = 80
"""A longer formula is not printed as text."""
LOWER = ("shrink", "spectrum-lower", "start-radius-squared")


def digits(value: Fraction, *, up: bool, count: int = DIGITS) -> str:
    """A rational in so many digits, rounded up or down, of any size."""
    if value == 0:
        return "0"
    return f"{rounded(value, count, up=up).normalize(Context(prec=count)):g}"


def shown(line: Line | None) -> str | None:
    """A line's number, rounded to its safe side."""
    if line is None:
        return None
    return digits(line.value, up=line.quantity not in LOWER)


def formula_text(formula: Callable[[], Expr] | None) -> str:
    """A formula as text; empty where there is none or it is too long to read."""
    if formula is None:
        return ""
    text = str(formula()).replace("**", "^")
    return text if len(text) <= LONGEST else ""


def formula_latex(formula: Callable[[], Expr] | None) -> str | None:
    """A formula in LaTeX."""
    if formula is None:
        return None
    from sympy import latex

    return latex(formula())
