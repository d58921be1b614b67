r"""Reversible methods that carry a second stream beside the state.

One step maps $(y, \hat y)$; for $y' = \lambda y$ by a $2 \times 2$ matrix of
polynomials in $z = h\lambda$, whose characteristic polynomial decides stability as for
a method with memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.integrators.algebra.coefficient import coefficient
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.memory.recurrence import Recurrence

Polynomial = tuple[Fraction, ...]


@dataclass(frozen=True)
class TwoStreamMethod(Recurrence):
    r"""A method on two streams.

    **Arguments:** `matrix`, the polynomials in $z$, constant term first, of the map of
    $(y, \hat y)$; `eliminated`, the multistep method that one stream obeys once the
    other is eliminated, also for nonlinear fields; `source`.
    """

    name: str
    matrix: tuple[tuple[Polynomial, Polynomial], tuple[Polynomial, Polynomial]]
    eliminated: LinearMultistep
    source: str = field(default="", compare=False)

    family = "two-stream"
    steps = 1
    stages = 1
    own_facts = ("closed_imaginary_stability_interval",)

    def __post_init__(self) -> None:
        rows = tuple(tuple(self._exact(p) for p in row) for row in self.matrix)
        object.__setattr__(self, "matrix", rows)

    def _exact(self, p: Sequence[Any]) -> Polynomial:
        return tuple(coefficient(f"the matrix of {self.name}", c) for c in p)

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\zeta^2 - \operatorname{tr}\zeta + \det$."""
        (a, b), (c, d) = self.matrix
        determinant = _sum(_product(a, d), [-x for x in _product(b, c)])
        trace = [-x for x in _sum(a, d)]
        rows = (determinant, trace, [Fraction(1)])
        return CharacteristicPolynomial(tuple(tuple(row) for row in rows))

    @property
    def order(self) -> int:
        """The order of the multistep method that one stream obeys."""
        return self.eliminated.order

    @property
    def obeys_its_multistep_method(self) -> bool:
        """Whether both have the same characteristic polynomial."""
        mine = tuple(p.coeffs() for p in self.characteristic.in_z)
        other = tuple(p.coeffs() for p in self.eliminated.characteristic.in_z)
        return mine == other


def _product(p: Sequence[Fraction], q: Sequence[Fraction]) -> list[Fraction]:
    found = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            found[i + j] += x * y
    return found


def _sum(p: Sequence[Fraction], q: Sequence[Fraction]) -> list[Fraction]:
    length = max(len(p), len(q))
    padded = ([*r, *[Fraction(0)] * (length - len(r))] for r in (p, q))
    found = [x + y for x, y in zip(*padded, strict=True)]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return found
