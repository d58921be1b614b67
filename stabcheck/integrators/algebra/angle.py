r"""Angles whose squared tangent is algebraic, in degrees.

$A(\alpha)$-stability is decided in $w = \tan^2\alpha$, a root of an integer polynomial;
$\alpha$ itself is transcendental unless it is a rational number of degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import arb, ctx, fmpz_poly

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic
from stabcheck.integrators.algebra.threshold import Threshold


@dataclass(frozen=True, eq=False)
class Angle(ExactReal):
    r"""$\alpha = \arctan\sqrt w$ in degrees, $0 \le \alpha < 90$.

    **Arguments:** `squared_tangent`, the algebraic number $w \ge 0$.
    """

    squared_tangent: Algebraic | Threshold

    @property
    def minimal_polynomial(self) -> tuple[int, ...]:
        r"""That of $\tan^2\alpha$, constant term first."""
        return self.squared_tangent.minimal_polynomial

    @property
    def degree_bound(self) -> int:
        r"""At least the degree of $\tan^2\alpha$."""
        return self.squared_tangent.degree_bound

    @cached_property
    def rational(self) -> Fraction | None:
        r"""The degrees if they are rational, else `None`.

        $2\cos2\alpha = 2(1 - w)/(1 + w)$ has the minimal polynomial of $2\cos(2\pi/n)$
        exactly if $\alpha/180$ is a fraction with denominator $n$; its degree, half of
        Euler's totient of $n$, is at most that of $w$, and the totient at least
        $\sqrt{n/2}$.
        """
        largest = 8 * self.squared_tangent.degree_bound**2 + 2
        lower, upper = (x / 180 for x in self._enclosed(Fraction(1, largest**3)))
        turn = ((lower + upper) / 2).limit_denominator(largest)
        if not lower <= turn <= upper:
            return None
        w = fmpz_poly(list(self.minimal_polynomial))
        cosine = fmpz_poly.cos_minpoly(turn.denominator)
        if cosine.degree() != w.degree() or _at_cosine(cosine) % w != 0:
            return None
        return 180 * turn

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the degrees."""
        if self.rational is not None:
            return self.rational, self.rational
        return self._enclosed(width)

    def is_equal(self, other: ExactReal) -> bool:
        """Whether the tangents are, or both are the same rational of degrees."""
        if isinstance(other, Angle):
            return self.squared_tangent == other.squared_tangent
        # An irrational angle of algebraic tangent is transcendental (Gelfond).
        return self.rational is not None and other == self.rational

    @staticmethod
    def of(value: Fraction | int) -> Algebraic:
        """A rational number of degrees."""
        return Algebraic.of(value)

    def __hash__(self) -> int:
        if self.rational is not None:
            return hash(self.rational)
        return hash(("angle", self.squared_tangent))

    def _enclosed(self, width: Fraction) -> tuple[Fraction, Fraction]:
        bits = 32 + width.denominator.bit_length()
        while True:
            with ctx.workprec(bits + 32):
                tangent = self.squared_tangent.ball(bits).sqrt()
                ball = tangent.atan() * 180 / arb.pi()
                lower, upper = dyadic(ball.lower()), dyadic(ball.upper())
            if upper - lower <= width:
                return lower, upper
            bits *= 2


def _at_cosine(cosine: fmpz_poly) -> fmpz_poly:
    r"""$(1 + w)^m\,p(2(1 - w)/(1 + w))$, integers."""
    degree = cosine.degree()
    total = fmpz_poly([])
    for k, c in enumerate(cosine.coeffs()):
        total += c * fmpz_poly([2, -2]) ** k * fmpz_poly([1, 1]) ** (degree - k)
    return total
