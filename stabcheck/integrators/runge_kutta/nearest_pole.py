r"""How far left the positive pole of a rational function stays the nearest one.

From $-r$ the least positive pole $a$ and a conjugate pair $b, \bar b$ are equally far
away at
$$r = \frac{b\bar b - a^2}{2a - b - \bar b}.$$
The product of the linear polynomials of all such triples of zeros of $Q$ has integer
coefficients after a factor: it is symmetric in the zeros, and of degree $e$ in each of
them, so that the $e$-th power of the leading coefficient clears all denominators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import comb

from flint import acb, acb_poly, arb, ctx, fmpq_poly, fmpz_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic
from stabcheck.integrators.algebra.polynomials import exact_coefficients
from stabcheck.integrators.algebra.roots import polynomial, positive_roots, root_inside
from stabcheck.integrators.runge_kutta.poles import BITS, zero_balls

LARGEST_DENOMINATOR = 2**30
"""A rational is looked for up to this denominator."""


@dataclass(frozen=True, eq=False)
class Tie(ExactReal):
    """The first tie of the positive pole and a pair of others.

    **Arguments:** `denominator`, $Q$ with integer coefficients, of simple zeros.
    """

    denominator: tuple[int, ...]

    @staticmethod
    def of(value: Fraction | int) -> Algebraic:
        """A rational as an algebraic number."""
        return Algebraic.of(value)

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number."""
        bits = BITS + width.denominator.bit_length()
        while True:
            ball = min(ties(self.denominator, bits), key=lambda tie: tie.mid())
            with ctx.workprec(bits):
                lower, upper = dyadic(ball.lower()), dyadic(ball.upper())
            if upper - lower <= width:
                return lower, upper
            bits *= 2

    @cached_property
    def rational(self) -> Fraction | None:
        """The number itself if it is a rational of moderate size, else `None`."""
        lower, upper = self.enclosure(Fraction(1, LARGEST_DENOMINATOR**3))
        candidate = ((lower + upper) / 2).limit_denominator(LARGEST_DENOMINATOR)
        zero = polynomial([-candidate.numerator, candidate.denominator])
        if not lower <= candidate <= upper or fmpq_poly(self.polynomial) % zero != 0:
            return None
        return self.algebraic.rational

    @cached_property
    def polynomial(self) -> fmpz_poly:
        """The product over all triples, integers."""
        Q = self.denominator
        n = len(Q) - 1
        scale = Q[-1] ** ((n - 1) * (n - 2) * 2)
        bits = BITS
        while True:
            with ctx.workprec(bits):
                product = acb_poly([scale])
                for a, b, c in _triples(zero_balls(Q, bits)):
                    product *= acb_poly([a * a - b * c, 2 * a - b - c])
                found = [x.real.unique_fmpz() for x in product.coeffs()]
            if all(x is not None for x in found):
                return fmpz_poly(found)
            bits *= 2

    @cached_property
    def algebraic(self) -> Algebraic:
        """The number by its minimal polynomial."""
        roots = [root for root, _ in positive_roots(fmpq_poly(self.polynomial))]
        return root_inside(roots, self.enclosure)

    @property
    def degree_bound(self) -> int:
        """At least the degree of the number."""
        return 3 * comb(len(self.denominator) - 1, 3)

    @property
    def minimal_polynomial(self) -> tuple[int, ...]:
        """Irreducible, coprime integers, the last one positive; constant term first."""
        return self.algebraic.minimal_polynomial

    def is_equal(self, other: ExactReal) -> bool:
        """By minimal polynomials."""
        if isinstance(other, Tie) and other.denominator == self.denominator:
            return True
        return self.algebraic.is_equal(other)

    def __hash__(self) -> int:
        return hash(self.algebraic)


def first_tie(Q: fmpq_poly) -> ExactReal | Infinity | None:
    """The largest r up to which a positive pole is nearest to -r.

    0 if another one is nearest to 0, infinite if no other ever ties; `None` if a
    negative or a multiple pole would have to be judged as well.
    """
    with ctx.workprec(BITS):
        balls = zero_balls(exact_coefficients(Q))
        nearest = least_positive(balls)
        if nearest is None or any(abs(b) < nearest for b in balls):
            return Algebraic.of(0)
        others = [b for b in balls if not b.imag.contains(0)]
        negative = any(b.real < 0 for b in balls if b.imag.contains(0))
        simple = len(balls) == Q.degree()
        if negative or any(not abs(b) > nearest for b in others) or not simple:
            return None
        if all(b.real > nearest for b in others):
            return INFINITY
        denominator = tuple(int(c) for c in Q.numer().coeffs())
        found = sorted(ties(denominator, BITS), key=lambda tie: tie.mid())
    if any(b.real.overlaps(nearest) for b in others):
        return None
    if len(found) > 1 and found[0].overlaps(found[1]):
        return None
    return Tie(denominator)


def least_positive(balls: Sequence[acb]) -> arb | None:
    """The least positive pole, `None` if none is real and positive."""
    real = [b.real for b in balls if b.imag.contains(0) and b.real > 0]
    return min(real, key=lambda x: x.mid(), default=None)


def ties(denominator: tuple[int, ...], bits: int) -> list[arb]:
    """Where each pair to the left of the least positive pole ties with it."""
    with ctx.workprec(bits):
        balls = zero_balls(denominator, bits)
        a = least_positive(balls)
        return [
            (abs(b) ** 2 - a * a) / (2 * (a - b.real))
            for b in balls
            if b.imag > 0 and b.real < a
        ]


def _triples(balls: Sequence[acb]) -> Iterator[tuple[acb, acb, acb]]:
    for k, a in enumerate(balls):
        for b, c in combinations([*balls[:k], *balls[k + 1 :]], 2):
            yield a, b, c
