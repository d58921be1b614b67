r"""Evaluation of an indexed expression at one concrete point, in balls.

Plain loops over concrete sizes: slow, independent of the lowering, and rigorous.  An
expression that is nonzero at a rational point is not identically zero.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import flint
from flint import arb, fmpq
from sympy import (
    Add,
    E,
    Expr,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    Sum,
    Symbol,
    pi,
)

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.enclosing.average import Central
from stabcheck.symbolic.index import Index, free_indices
from stabcheck.symbolic.proving.ball_functions import BALL_FUNCTIONS, ball_power
from stabcheck.symbolic.softmax import Softmax

PRECISION = 160
"""Bits; a value below 2^-100 of its terms is left undecided, never refuted."""

Entry = Callable[[str, tuple[int, ...], tuple[int, ...]], Fraction]
"""The value of a tensor: name, position, shape."""


@dataclass
class Point:
    """Sizes, the entries of the tensors, and the values of plain symbols."""

    sizes: Mapping[Symbol, int]
    entry: Entry
    scalars: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Counterexample:
    """Sizes, entries and a position at which an expression is not zero."""

    sizes: dict[str, int]
    entries: dict[tuple[str, tuple[int, ...]], Fraction]
    scalars: dict[str, Fraction]
    position: dict[str, int]
    value: str


def evaluate(expression: Expr, point: Point, at: Mapping[Index, int]) -> arb:
    """The value of an expression at positions of its free indices, as a ball."""
    if isinstance(expression, Index):
        return arb(at[expression])
    if isinstance(expression, Indexed):
        position = tuple(at[index] for index in expression.indices)
        shape = tuple(size_of(index, point.sizes) for index in expression.indices)
        value = point.entry(expression.base.label.name, position, shape)
        return arb(fmpq(value.numerator, value.denominator))
    if isinstance(expression, KroneckerDelta):
        left, right = (at[index] for index in expression.args)
        return arb(int(left == right))
    if isinstance(expression, Sum):
        spans = [range(size_of(k, point.sizes)) for k in expression.bound_symbols]
        return sum(
            (
                evaluate(
                    expression.function,
                    point,
                    {**at, **dict(zip(expression.bound_symbols, values, strict=True))},
                )
                for values in itertools.product(*spans)
            ),
            start=arb(0),
        )
    if isinstance(expression, Softmax | Central):
        return evaluate(expression.as_quotient(), point, at)
    if isinstance(expression, Symbol):
        return _symbol(expression, point)
    parts = [evaluate(part, point, at) for part in expression.args]
    return _combined(expression, parts)


def size_of(index: Index, sizes: Mapping[Symbol, int]) -> int:
    """The concrete size of an index."""
    return int(index.size.xreplace(dict(sizes)))


def find_counterexample(
    expression: Expr, row_stochastic: frozenset[str], attempts: int = 3
) -> Counterexample | None:
    """A rational point at which a ball evaluation excludes zero, or None."""
    sizes = _small_sizes(expression)
    free = sorted(free_indices(expression), key=lambda index: index.sort_key())
    spans = [range(size_of(index, sizes)) for index in free]
    known = {size.name for size in sizes}
    plain = [s.name for s in _plain_symbols(expression) if s.name not in known]
    for attempt in range(attempts):
        entries = Entries(random.Random(attempt), row_stochastic)
        scalars = {name: entries.positive() for name in sorted(plain)}
        point = Point(sizes, entries, scalars)
        for values in itertools.product(*spans):
            at = dict(zip(free, values, strict=True))
            with flint.ctx.workprec(PRECISION):
                value = evaluate(expression, point, at)
            if value.is_finite() and not value.contains(0):
                return Counterexample(
                    {size.name: number for size, number in sizes.items()},
                    dict(entries.drawn),
                    scalars,
                    {index.name: position for index, position in at.items()},
                    value.str(8),
                )
    return None


class Entries:
    """Small random rationals, drawn once per position; rows of some sum to one."""

    def __init__(self, source: random.Random, row_stochastic: frozenset[str]) -> None:
        self.source, self.row_stochastic = source, row_stochastic
        self.drawn: dict[tuple[str, tuple[int, ...]], Fraction] = {}

    def __call__(
        self, name: str, position: tuple[int, ...], shape: tuple[int, ...]
    ) -> Fraction:
        if (name, position) not in self.drawn:
            if name in self.row_stochastic:
                weights = [self.positive() for _ in range(shape[-1])]
                for last, weight in enumerate(weights):
                    key = name, (*position[:-1], last)
                    self.drawn[key] = weight / sum(weights)
            else:
                numerator = self.source.choice([-3, -2, -1, 1, 2, 3])
                self.drawn[name, position] = Fraction(numerator, 2)
        return self.drawn[name, position]

    def positive(self) -> Fraction:
        return Fraction(self.source.randint(1, 7), 2)


def _combined(expression: Expr, parts: list[arb]) -> arb:
    if isinstance(expression, Add):
        return sum(parts, start=arb(0))
    if isinstance(expression, Mul):
        product = arb(1)
        for part in parts:
            product *= part
        return product
    if isinstance(expression, Pow):
        return ball_power(parts[0], expression.exp)
    if expression.is_Rational:
        return arb(fmpq(int(expression.p), int(expression.q)))
    if expression in _CONSTANTS:
        return _CONSTANTS[expression]()
    name = expression.func.__name__
    if name in BALL_FUNCTIONS:
        return BALL_FUNCTIONS[name](parts[0])
    raise InvalidInput(
        f"asked to evaluate a {name}, found no rule for it; use one of "
        f"{', '.join(BALL_FUNCTIONS)}"
    )


def _symbol(symbol: Symbol, point: Point) -> arb:
    if symbol in point.sizes:
        return arb(point.sizes[symbol])
    value = point.scalars[symbol.name]
    return arb(fmpq(value.numerator, value.denominator))


def _small_sizes(expression: Expr) -> dict[Symbol, int]:
    every = expression.atoms(Index)
    sizes = {symbol for index in every for symbol in index.size.free_symbols}
    # Two different small numbers: a transposed or misplaced index shows.
    ordered: Iterator[int] = itertools.cycle((2, 3))
    return {symbol: next(ordered) for symbol in sorted(sizes, key=str)}


def _plain_symbols(expression: Expr) -> set[Symbol]:
    labels = {entry.base.label for entry in expression.atoms(Indexed)}
    return expression.atoms(Symbol) - expression.atoms(Index) - labels


_CONSTANTS: dict[Expr, Callable[[], arb]] = {
    pi: arb.pi,
    E: lambda: arb(1).exp(),
}
