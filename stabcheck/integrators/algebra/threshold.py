r"""The largest parameter up to which a family of polynomials stays nonnegative.

The sets are nested, so that the family holds on $[0, r^*]$ and nowhere beyond.  Often
$r^*$ is a root of the value at $T = 0$ or of the leading coefficient, and is known by
that polynomial.  Otherwise $E$ has a double root there, and its polynomial would be a
discriminant, too large to be of use for many stages; the number is then enclosed
between a rational where $E$ holds and one where it does not, both decided exactly, as
close together as one asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import arb, arb_poly, ctx, fmpq

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.critical import (
    critical_degree,
    critical_polynomial,
    samples_between,
)
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic, narrowest
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.roots import (
    first_failure,
    positive_roots,
    root_inside,
    sign_changes,
)

BITS = 160
"""The accuracy of the balls that confirm a root of an end coefficient."""

FIRST_WIDTH = Fraction(1, 2**24)
"""Bisection to this relative width, where Newton's method takes over."""

LARGEST_DENOMINATOR = 2**30
"""A double root at a rational is looked for up to this denominator."""

FARTHEST = Fraction(2**40)
"""Beyond this parameter the search for a failure asks the critical polynomial."""


@dataclass(frozen=True, eq=False)
class Threshold(ExactReal):
    """The end of the parameters for which a family holds, at a double root.

    **Arguments:** `family`; `lower`, `upper`, rationals where it holds and where not.
    """

    family: PolynomialFamily
    lower: Fraction
    upper: Fraction

    @staticmethod
    def of(value: Fraction | int) -> Algebraic:
        """A rational as an algebraic number."""
        return Algebraic.of(value)

    def enclosure(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rationals at most `width` apart, around the number."""
        return narrowest(self, width)

    @cached_property
    def rational(self) -> Fraction | None:
        """The number itself if it is a rational of moderate size, else `None`."""
        lower, upper = self.enclosure(Fraction(1, LARGEST_DENOMINATOR**3))
        middle = (lower + upper) / 2
        candidate = middle.limit_denominator(LARGEST_DENOMINATOR)
        inside = lower <= candidate <= upper
        return candidate if inside and self._ends_at(candidate) else None

    @cached_property
    def algebraic(self) -> Algebraic:
        """The number by its minimal polynomial, a factor of the discriminant."""
        roots = [root for root, _ in positive_roots(critical_polynomial(self.family))]
        return root_inside(roots, self.enclosure)

    @property
    def degree_bound(self) -> int:
        """At least the degree of the number."""
        return critical_degree(self.family)

    @property
    def minimal_polynomial(self) -> tuple[int, ...]:
        """Irreducible, coprime integers, the last one positive; constant term first."""
        return self.algebraic.minimal_polynomial

    def is_equal(self, other: ExactReal) -> bool:
        """By evaluation at a rational, by minimal polynomials else."""
        if isinstance(other, Threshold):
            return self.algebraic.is_equal(other.algebraic)
        if other.rational is not None:
            return self._ends_at(other.rational)
        return self.algebraic.is_equal(other)

    def __hash__(self) -> int:
        return hash(self.algebraic)

    def _ends_at(self, r: Fraction) -> bool:
        """Whether the family holds at a rational, with a double root at T > 0."""
        if not self.family.holds_at(r):
            return False
        E = self.family.at(r)
        common = E.gcd(E.derivative())
        return common.degree() > 0 and any(sign_changes(common))

    def _narrowed(
        self, lower: Fraction, upper: Fraction, width: Fraction
    ) -> tuple[Fraction, Fraction]:
        while upper - lower > width:
            if upper - lower <= FIRST_WIDTH * upper:
                found = self._proposed(lower, upper, width)
                if found is not None:
                    return found
            middle = (lower + upper) / 2
            if self.family.holds_at(middle):
                lower = middle
            else:
                upper = middle
        return lower, upper

    def _proposed(
        self, lower: Fraction, upper: Fraction, width: Fraction
    ) -> tuple[Fraction, Fraction] | None:
        """The enclosure around the limit of Newton's method, confirmed exactly."""
        start = list(sign_changes(self.family.at(upper)))
        if len(start) < 2:
            return None  # not a double root: it left at an end
        T = (start[0].lower + start[1].upper) / 2
        bits = width.denominator.bit_length() - width.numerator.bit_length() + 32
        point = newton(self.family, T, (lower + upper) / 2, bits)
        if point is None or not lower < point < upper:
            return None
        ends = max(lower, point - width / 2), min(upper, point + width / 2)
        holds = [self.family.holds_at(end) for end in ends]
        return ends if holds == [True, False] else None


def newton(
    family: PolynomialFamily, T: Fraction, r: Fraction, bits: int
) -> Fraction | None:
    r"""An approximation to the parameter of a double root: $E = E_T = 0$."""
    with ctx.workprec(bits + 64):
        t, s = (arb(fmpq(x.numerator, x.denominator)) for x in (T, r))
        for _ in range(bits.bit_length() + 6):
            E = arb_poly([p(s) for p in family.balls[0]])
            in_r = arb_poly([p(s) for p in family.balls[1]])
            slope = E.derivative()
            value, first, second = E(t), slope(t), slope.derivative()(t)
            by_r, mixed = in_r(t), in_r.derivative()(t)
            determinant = first * mixed - by_r * second
            if determinant.contains(0):
                return None
            ds = (first * first - value * second) / determinant
            dt = (value * mixed - by_r * first) / determinant
            s, t = (s - ds).mid(), (t - dt).mid()
            if abs(ds) < abs(s) * arb(2) ** -bits:
                break
        return dyadic(s)


def largest_parameter(family: PolynomialFamily) -> ExactReal | Infinity:
    """The end of the parameters for which the family holds, infinite if none fails."""
    if family.degree < 0:
        return INFINITY
    ends = [(first_failure(family.coefficients[end]), end) for end in (0, -1)]
    first, end = min(ends, key=lambda pair: pair[0])
    if first == 0:
        return Algebraic.of(0)
    if ends[0][0] == ends[1][0] and family.content.degree() > 0:
        return _with_content(family)
    if isinstance(first, Algebraic) and _holds_at_end(family, first, end):
        return first
    found = _at_double_root(family, first)
    if found is None:
        return _among_critical(family)
    return found if found.rational is None else Algebraic.of(found.rational)


def _holds_at_end(family: PolynomialFamily, first: Algebraic, end: int) -> bool:
    """Whether the family holds up to the first failure of an end coefficient."""
    if first.rational is not None:
        return family.holds_at(first.rational)
    sign = family.sign_at_end(first, end, BITS)
    return sign > 0 or (sign == 0 and family.holds_at_root(first, end))


def _with_content(family: PolynomialFamily) -> ExactReal | Infinity:
    """The end of a family that vanishes at the roots of its content for all T."""
    divisor, primitive = family.divided()
    vanishing = first_failure(divisor)
    if isinstance(vanishing, Algebraic):
        beyond = vanishing.enclosure(vanishing.upper / 2**20)[1]
        if primitive.holds_at(beyond):
            return vanishing
    return min(vanishing, largest_parameter(primitive))


def _at_double_root(
    family: PolynomialFamily, first: Algebraic | Infinity
) -> Threshold | None:
    """The number before the first failure of an end, if bisection brackets it."""
    upper = Fraction(1)
    if isinstance(first, Algebraic):
        upper = first.enclosure(first.upper / 2**20)[0]
    lower = Fraction(0)
    while family.holds_at(upper):
        lower, upper = upper, 2 * upper
        if isinstance(first, Algebraic) or upper > FARTHEST:
            return None
    while upper - lower > upper / 2**8:
        middle = (lower + upper) / 2
        if family.holds_at(middle):
            lower = middle
        else:
            upper = middle
        if upper * FARTHEST < 1:
            return None
    return Threshold(family, lower, upper)


def _among_critical(family: PolynomialFamily) -> Algebraic | Infinity:
    """The number among the roots of the critical polynomial, one test in each gap."""
    critical = [root for root, _ in positive_roots(critical_polynomial(family))]
    reached: Algebraic | Infinity = Algebraic.of(0)
    for root, sample in zip(
        [*critical, INFINITY], samples_between(critical), strict=True
    ):
        if not family.holds_at(sample):
            return reached
        reached = root
    return reached
