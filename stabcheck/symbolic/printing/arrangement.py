r"""The order in which a reader expects factors and terms, and where fractions stand.

SymPy sorts by its own keys; on paper numbers come first, then deltas, then tensors in
the order of their indices with the weights last, then parentheses, then sums.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Add,
    Expr,
    Heaviside,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    pi,
)

LAST = ("b_", "beta", "mean_", "mu")
"""Biases and means: what is added to or taken from something else."""


DIGITS = 12
SHORTEST_DECIMAL = 1000


@dataclass(frozen=True)
class Quotient:
    """A product as a sign, factors above the line and factors below it."""

    negative: bool
    above: tuple[Expr, ...]
    below: tuple[Expr, ...]


def quotient(product: Expr) -> Quotient:
    """The parts of a product in reading order."""
    number, above, below = S.One, [], []
    for part in _flat(product):
        if part.is_number:
            number *= part
        elif isinstance(part, Pow) and part.exp.is_Rational and part.exp < 0:
            below.append(Pow(part.base, -part.exp))
        else:
            above.append(part)
    negative = bool(number.is_extended_negative)
    top, bottom = _numbers(-number if negative else number)
    above = [*top, *sorted(above, key=_place)]
    return Quotient(negative, tuple(above), (*bottom, *sorted(below, key=_place)))


def terms_in_order(expression: Add) -> list[Expr]:
    """The terms of a sum: numbers, deltas, tensors, biases; negative ones last."""
    return sorted(expression.args, key=_rank)


def is_negative(term: Expr) -> bool:
    """Whether a term is printed with a minus sign."""
    return (
        quotient(term).negative
        if isinstance(term, Mul)
        else term.is_number and (bool(term.is_extended_negative))
    )


def ends_of_step(step: Heaviside) -> tuple[Expr, Expr]:
    """The two sides of `low <= high` for the step of `high - low`."""
    terms = Add.make_args(step.args[0])
    low = Add(*(-term for term in terms if is_negative(term)))
    return low, step.args[0] + low


def reads_negative(expression: Add) -> bool:
    """Whether a sum reads better with all signs turned: `1 - s` for `s - 1`."""
    if expression.has(Sum):
        return all(map(is_negative, expression.args))
    return is_negative(min(expression.args, key=lambda term: _rank(term)[1:]))


def _flat(product: Expr) -> list[Expr]:
    if isinstance(product, Mul):
        return [factor for part in product.args for factor in _flat(part)]
    return [product]


def _numbers(number: Expr) -> tuple[list[Expr], list[Expr]]:
    r"""A positive number above and below the line; $1/\sqrt{2\pi}$ is one root."""
    if plain := _with_pi(number):
        above, below = plain
        return above, below
    if under := _with_pi(number**2):
        above, below = (Mul(*part) for part in under)
        if above == 1 or below == 1:
            return _root(above), _root(below)
        inside = Mul(above, Pow(below, -1, evaluate=False), evaluate=False)
        return [Pow(inside, Rational(1, 2), evaluate=False)], []
    return list(Mul.make_args(number)), []


def _with_pi(number: Expr) -> tuple[list[Expr], list[Expr]] | None:
    """Numerator and denominator of a rational times a power of pi, or None."""
    rational, rest = number.as_coeff_Mul(rational=True)
    if rest == 1 and decimal(rational):
        return [rational], []
    base, exponent = rest.as_base_exp()
    if rest != 1 and (base != pi or not exponent.is_Integer):
        return None
    above, below = _but_one(Integer(rational.p)), _but_one(Integer(rational.q))
    if rest != 1:
        (above if exponent > 0 else below).append(pi ** abs(exponent))
    return above, below


def _root(number: Expr) -> list[Expr]:
    return [] if number == 1 else [Pow(number, Rational(1, 2), evaluate=False)]


def _but_one(number: Expr) -> list[Expr]:
    return [] if number == 1 else [number]


def decimal(number: Expr) -> str | None:
    """A rational with a long but finite decimal as that decimal, else None."""
    if not number.is_Rational or number.q < SHORTEST_DECIMAL:
        return None
    scaled = number * 10**DIGITS
    if not scaled.is_Integer:
        return None
    digits = str(abs(int(scaled))).rjust(DIGITS + 1, "0")
    return f"{digits[:-DIGITS]}.{digits[-DIGITS:].rstrip('0')}"


def _place(factor: Expr) -> tuple:
    """Where a factor stands in a product."""
    base = factor.base if isinstance(factor, Pow) else factor
    if isinstance(base, Symbol):
        return 0, (), base.name
    if isinstance(base, KroneckerDelta):
        tokens = base.args[0].kind == "token"
        return 1, (not tokens, *map(str, base.args)), ""
    if isinstance(base, Indexed):
        name = base.base.label.name
        weight = name.startswith("W_")
        return 3 if weight else 2, tuple(index.name for index in base.indices), name
    if isinstance(base, Sum):
        return 7, (), str(base)
    return 6 if isinstance(base, Add) else 5, (), str(base)


def _rank(term: Expr) -> tuple:
    """Where a term stands in a sum."""
    parts = _flat(term)
    names = [p.base.label.name for p in parts if isinstance(p, Indexed)]
    deltas = [p for p in parts if isinstance(p, KroneckerDelta)]
    if term.is_number:
        kind = 0
    elif len(deltas) == len([p for p in parts if not p.is_number]):
        kind = 1
    elif deltas:
        kind = 4
    elif not term.atoms(Indexed):
        kind = 5
    else:
        kind = 3 if any(name.startswith(LAST) for name in names) else 2
    unsigned = [part for part in parts if not part.is_number]
    powers = [part.exp for part in unsigned if isinstance(part, Pow)]
    degree = len(unsigned) + sum(p - 1 for p in powers if p.is_Integer and p > 1)
    at = [tuple(i.name for i in p.indices) for p in parts if isinstance(p, Indexed)]
    return is_negative(term), kind, degree, min(at, default=()), str(unsigned)
