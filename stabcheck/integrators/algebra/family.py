r"""Families of polynomials in $T \ge 0$ that depend on a parameter $r$.

The boundary of a disc or a wedge, as it grows, gives such a family:
$E(T, r) = \sum_i e_i(r)\,T^i$, nonnegative exactly while the set lies in the stability
region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import comb
from typing import Any

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.field_polynomial import FieldPolynomial
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.algebra.polynomials import exact_polynomial, in_one_ring
from stabcheck.integrators.algebra.roots import is_nonnegative, polynomial

DEEPEST = 100
"""Halvings of the unit interval after which positivity counts as undecided."""

BITS = 256
"""The accuracy of the ball in which a root is compared with the poles."""

NARROW = Fraction(1, 2**128)
"""An enclosure in which no other root of its minimal polynomial is nearer."""

LARGE = 1000
"""Rational coefficients of more bits than this are evaluated in balls first."""


@dataclass(frozen=True)
class PolynomialFamily:
    r"""$E(T, r) = \sum_i e_i(r)\,T^i$ and the poles that must stay outside.

    **Arguments:** `coefficients`, the exact polynomials $e_i$; `is_free_of_poles`,
    whether the set of parameter $r$, a rational or a ball, holds no pole for certain.
    """

    coefficients: Sequence[Any]
    is_free_of_poles: Callable[[Fraction | arb], bool]

    @classmethod
    def stripped(
        cls, coefficients: Sequence[Any], is_free_of_poles: Callable
    ) -> PolynomialFamily:
        """The family without the powers of $T$ and $r$ that divide all of it."""
        kept = list(coefficients)
        while kept and kept[-1].degree() < 0:
            kept.pop()
        while kept and kept[0].degree() < 0:
            kept.pop(0)
        power = min(_lowest_power(e) for e in kept if e.degree() >= 0) if kept else 0
        return cls([_shifted(e, power) for e in kept], is_free_of_poles)

    @property
    def degree(self) -> int:
        """The degree in $T$, -1 for the family of zeros."""
        return len(self.coefficients) - 1

    def at(self, r: Fraction) -> Any:
        """The polynomial in $T$ of a rational parameter."""
        at = fmpq(r.numerator, r.denominator)
        return exact_polynomial([e(at) for e in self.coefficients])

    def holds_at(self, r: Fraction) -> bool:
        """Whether the polynomial is nonnegative and no pole is inside, exactly.

        Large coefficients are tried in balls first.
        """
        if not self.is_free_of_poles(r):
            return False
        if self._is_large:
            bits = 128 + 2 * r.denominator.bit_length()
            with ctx.workprec(bits):
                ball = arb(fmpq(r.numerator, r.denominator))
                sign = sign_on_half_line([p(ball) for p in self.balls[0]])
            if sign:
                return sign > 0
        return is_nonnegative(self.at(r))

    @cached_property
    def content(self) -> Any:
        r"""The greatest common divisor of the $e_i$: where it vanishes so does $E$."""
        common = self.coefficients[0]
        for coefficient in self.coefficients[1:]:
            f, g = in_one_ring(common, coefficient)
            common = f.gcd(g)
        return common

    def divided(self) -> tuple[Any, PolynomialFamily]:
        """The content, positive just above 0, and the family without it."""
        divisor = self.content
        if next(c for c in divisor.coeffs() if c != 0) < 0:
            divisor = -divisor
        pairs = [in_one_ring(e, divisor) for e in self.coefficients]
        rest = PolynomialFamily([e // d for e, d in pairs], self.is_free_of_poles)
        return divisor, rest

    @cached_property
    def _is_large(self) -> bool:
        """Whether exact evaluation costs more than that in balls."""
        return any(
            isinstance(e, FieldPolynomial) or e.numer().height_bits() > LARGE
            for e in self.coefficients
        )

    def sign_at_end(self, r: Algebraic, end: int, bits: int) -> int:
        r"""The sign at a root $r$ of $e_0$ (end 0) or of $e_n$ (end -1), in balls.

        1 if the polynomial is positive beside that end and no pole is inside, -1 if it
        is negative somewhere, 0 if the balls are too wide to tell.
        """
        with ctx.workprec(bits + 64):
            ball = r.ball(bits)
            values = [p(ball) for p in self.balls[0]]
            if end == -1:
                values.reverse()  # T -> 1/T
            # The value at the end itself is 0.
            sign = sign_on_half_line(values[1:])
            return sign if sign < 1 else int(self.is_free_of_poles(ball))

    def holds_at_root(self, r: Algebraic, end: int) -> bool:
        r"""Whether it holds at a root of $e_0$ or $e_n$, in the field of that root.

        Decides tangencies that balls cannot; `False` also for a root that is in no
        number field at hand.
        """
        root = self._as_element(self.coefficients[end], r)
        if root is None:
            return False
        zero = FieldPolynomial(root.field, [])
        values = exact_polynomial([(zero + e)(root) for e in self.coefficients])
        with ctx.workprec(BITS):
            free = self.is_free_of_poles(r.ball(BITS))
        return free and is_nonnegative(values)

    def _as_element(self, e: Any, root: Algebraic) -> FieldElement | None:
        """A root of $e$ in the field of the coefficients, a new one if rational."""
        minimal = root.minimal_polynomial
        kinds = [f.field for f in self.coefficients if isinstance(f, FieldPolynomial)]
        if not kinds:
            middle = sum(root.enclosure(NARROW), start=Fraction(0)) / 2
            return NumberField(minimal, middle).generator
        common = (FieldPolynomial(kinds[0], []) + e).gcd(polynomial(minimal))
        if common.degree() != 1:
            return None
        constant, leading = common.coeffs()
        return -constant / leading

    @cached_property
    def balls(self) -> tuple[list[arb_poly], list[arb_poly]]:
        r"""The $e_i$ and their derivatives with ball coefficients, 1024 bits."""
        with ctx.workprec(1024):
            values = [ball_polynomial(e) for e in self.coefficients]
            return values, [p.derivative() for p in values]


def sign_on_half_line(coefficients: Sequence[arb]) -> int:
    r"""The sign of a polynomial with ball coefficients on $[0, \infty)$.

    1 if it is positive everywhere, -1 if it is negative somewhere, 0 if the balls are
    too wide to tell.  $T = x/(1 - x)$ makes the coefficients, over binomials, those of
    Bernstein on $[0, 1]$; if they are positive so is the polynomial, else the interval
    is halved.
    """
    if not coefficients:
        return 0
    degree = len(coefficients) - 1
    pending = [([c / comb(degree, i) for i, c in enumerate(coefficients)], 0)]
    while pending:
        bernstein, depth = pending.pop()
        ends = bernstein[0], bernstein[-1]
        if ends[0] < 0 or ends[1] < 0:
            return -1
        if all(c > 0 for c in bernstein):
            continue
        if depth == DEEPEST or not (ends[0] > 0 and ends[1] > 0):
            return 0
        pending += [(half, depth + 1) for half in _halves(bernstein)]
    return 1


def ball_polynomial(f: Any) -> arb_poly:
    """A polynomial over the rationals or a number field with ball coefficients."""
    if isinstance(f, FieldPolynomial):
        return arb_poly([c.ball(ctx.prec) for c in f.coeffs()])
    return arb_poly(f)


def _halves(bernstein: list[arb]) -> tuple[list[arb], list[arb]]:
    """The coefficients on the two halves of the interval, by de Casteljau."""
    left, right, row = [bernstein[0]], [bernstein[-1]], bernstein
    while len(row) > 1:
        row = [(a + b) / 2 for a, b in pairwise(row)]
        left.append(row[0])
        right.append(row[-1])
    return left, right[::-1]


def _lowest_power(f: Any) -> int:
    return next(k for k, c in enumerate(f.coeffs()) if c != 0)


def _shifted(f: Any, power: int) -> Any:
    if isinstance(f, fmpq_poly):
        return f.right_shift(power)
    return FieldPolynomial(f.field, f.coefficients[power:])
