r"""Wedges and discs inside the stability region of a method with memory, exactly.

The boundary of a set of size $r$ is a curve in its place $T \ge 0$ on which the powers
of $z$ are $A_m + \iota B_m$, $\iota^2 = -q$, with polynomials in $T$ and $r$:

* the ray $z = -T(1 + \iota)$, $q = r = \tan^2\alpha$;
* the circle $z = -2r/(1 + \iota)$, $q = T$, of radius $r$ through 0, times a power of
  $1 + \iota$.

The resultant of the real and the imaginary part of $\Phi$ on the unit circle, in its
coordinate, vanishes where a root of $\Phi$ crosses.  A single root changes its sign, so
that it is a family whose first negative value ends the set; a test in every gap decides
for a rational size that no two roots cross at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from math import comb, lcm

from flint import Ordering, arb, fmpq, fmpq_poly, fmpz_mpoly, fmpz_mpoly_ctx

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.circle import basis
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.gaps import gaps
from stabcheck.integrators.algebra.root_condition import is_in_closed_disc
from stabcheck.integrators.algebra.roots import positive_roots, sign_changes
from stabcheck.integrators.algebra.threshold import largest_parameter
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial

RING = fmpz_mpoly_ctx.get(("t", "a", "s"), Ordering.lex)
"""The circle's coordinate; $T$ on a ray or $r$ of a disc; $s$ with $\\iota = is$."""


class Curve(Enum):
    """The boundary of a wedge or of a disc."""

    RAY = "ray"
    CIRCLE = "circle"

    def power(self, m: int, most: int) -> tuple[int, int]:
        r"""$c$ and $n$ with $z^m = c\,a^m(1 + \iota)^n$, a common power left out."""
        return ((-1) ** m, m) if self is Curve.RAY else ((-2) ** m, most - m)


def widest_angle(characteristic: CharacteristicPolynomial) -> ExactReal:
    r"""The largest $\alpha$ with $|\arg(-z)| < \alpha$ in $S$, in degrees.

    **Arguments:** `characteristic`, strictly stable on the negative axis.
    """
    size = _MemorySet(characteristic, Curve.RAY).largest()
    if size == INFINITY:
        return Algebraic.of(90)
    return Algebraic.of(0) if size == 0 else Angle(size)


def largest_disc_radius(
    characteristic: CharacteristicPolynomial,
) -> ExactReal | Infinity:
    r"""The largest $r$ with $\{|z + r| \le r\} \subset S$."""
    return _MemorySet(characteristic, Curve.CIRCLE).largest()


@dataclass(frozen=True)
class _MemorySet:
    """A growing set of one kind, and the method it is to be stable for."""

    characteristic: CharacteristicPolynomial
    curve: Curve

    def largest(self) -> ExactReal | Infinity:
        """The largest size that is stable."""
        coefficients = self._crossings
        for sign in (1, -1):
            family = PolynomialFamily.stripped(
                [p * sign for p in coefficients], self._is_stable_at
            )
            if family.degree < 0:
                return Algebraic.of(0)  # a root on the circle everywhere
            found = largest_parameter(family)
            if found != 0:
                return found
        return Algebraic.of(0)

    @cached_property
    def _terms(self) -> dict[tuple[int, int], int]:
        r"""The coefficients of $\Phi$ in integers, by powers of $\zeta$ and $z$."""
        rows = self.characteristic.coefficients
        scale = lcm(*(c.denominator for row in rows for c in row))
        return {
            (j, m): int(c * scale)
            for j, row in enumerate(rows)
            for m, c in enumerate(row)
            if c
        }

    @cached_property
    def _crossings(self) -> list[fmpq_poly]:
        """The resultant, by powers of the place, polynomials in the size."""
        steps = len(self.characteristic.coefficients) - 1
        most = max(m for _, m in self._terms)
        parts: list[dict[tuple[int, int, int], int]] = [{}, {}]
        for (j, m), c in self._terms.items():
            factor, n = self.curve.power(m, most)
            for odd, polynomial in enumerate(basis(steps)[j]):
                for i, b in enumerate(polynomial.coeffs()):
                    for k in range(n + 1):
                        # i^(odd + k) sends the term to the real or imaginary part.
                        turn = odd + k
                        key = 2 * i + odd, m, k
                        value = c * factor * int(b) * comb(n, k) * (-1) ** (turn // 2)
                        part = parts[turn % 2]
                        part[key] = part.get(key, 0) + value
        G, K = (RING.from_dict({k: v for k, v in part.items() if v}) for part in parts)
        return self._by_place(G.resultant(K, "t"))

    def _by_place(self, resultant: fmpz_mpoly) -> list[fmpq_poly]:
        rows: dict[int, dict[int, int]] = {}
        for (_, a, s), c in resultant.to_dict().items():
            # Even in s, by the symmetry of conjugation.
            place, size = (a, s // 2) if self.curve is Curve.RAY else (s // 2, a)
            rows.setdefault(place, {})[size] = int(c)
        return [
            _dense(rows.get(place, {})) for place in range(max(rows, default=-1) + 1)
        ]

    def _is_stable_at(self, size: Fraction | arb) -> bool:
        """Whether all places of a rational size are stable; a ball is not judged."""
        if not isinstance(size, Fraction):
            return True
        at = fmpq(size.numerator, size.denominator)
        resultant = fmpq_poly([p(at) for p in self._crossings])
        # A sign is wrong at one side of a simple root, whatever the sign chosen.
        if resultant == 0 or any(sign_changes(resultant)):
            return False
        double = resultant.gcd(resultant.derivative())
        roots = [root for root, _ in positive_roots(double)]
        return all(self._is_stable(sample, size) for _, sample, _ in gaps(roots))

    def _is_stable(self, place: Fraction, size: Fraction) -> bool:
        r"""Whether the roots of $|\Phi|^2 = P^2 + qQ^2$ lie in the closed disc."""
        ray = self.curve is Curve.RAY
        a, q = (place, size) if ray else (size, place)
        most = max(m for _, m in self._terms)
        steps = len(self.characteristic.coefficients) - 1
        P, Q = [Fraction(0)] * (steps + 1), [Fraction(0)] * (steps + 1)
        for (j, m), c in self._terms.items():
            factor, n = self.curve.power(m, most)
            for k in range(n + 1):
                part = Q if k % 2 else P
                part[j] += c * factor * comb(n, k) * (-q) ** (k // 2) * a**m
        if P[-1] == 0 == Q[-1]:
            return False  # a root at infinity
        return is_in_closed_disc(_square(P) + _flint(q) * _square(Q))


def _square(coefficients: Sequence[Fraction]) -> fmpq_poly:
    return fmpq_poly(list(map(_flint, coefficients))) ** 2


def _dense(terms: dict[int, int]) -> fmpq_poly:
    return fmpq_poly([terms.get(k, 0) for k in range(max(terms, default=-1) + 1)])


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
