r"""Up to which step a leak comparison is of use: an exact algebraic number.

Along $x = h\lambda$, $\kappa = hK$ the comparison G is a quotient of polynomials in h
between the roots of the entries of $AZ$, $b^{\mathsf T}Z$, $Z\mathbb 1$ and $R_-$.
Theorem `leak-comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.critical import samples_between
from stabcheck.integrators.algebra.resolvent import resolvent
from stabcheck.integrators.algebra.roots import distinct_positive_roots

ZERO = fmpq_poly([])

Polynomials = list[fmpq_poly]


@dataclass(frozen=True)
class ComparisonRay:
    r"""The comparison at every step, times $D = \det(I + h\lambda A)$.

    **Arguments:** `determinant`, D; `residual`, D times $1 - xb^{\mathsf T}Z\mathbb 1$;
    `coupling`, `(s, s)`, `output` and `spread`, `(s,)`, D times $AZ$, $b^{\mathsf T}Z$
    and $Z\mathbb 1$; `norm`, K.
    """

    determinant: fmpq_poly
    residual: fmpq_poly
    coupling: list[Polynomials]
    output: Polynomials
    spread: Polynomials
    norm: Fraction

    @cached_property
    def breaks(self) -> list[Algebraic]:
        """The steps at which an entry, or D, changes its sign or vanishes."""
        rows = [entry for row in self.coupling for entry in row]
        entries = [*rows, *self.output, *self.spread, self.residual, self.determinant]
        found: dict[Algebraic, None] = {}
        for entry in entries:
            if entry.degree() > 0:
                found |= dict.fromkeys(distinct_positive_roots(entry))
        return sorted(found)

    def largest_contractive(self) -> Algebraic | Infinity:
        r"""$\sup\{h : G \le 1 \text{ for all steps up to } h\}$."""
        return self._first_failure(invertible=False)

    def largest_invertible(self) -> Algebraic | Infinity:
        r"""$\sup\{h : 2R_- - G > 0 \text{ for all steps up to } h\}$."""
        return self._first_failure(invertible=True)

    def cells(self, last: Fraction) -> list[Fraction]:
        """Ascending ends up to `last`, one about between any two breaks."""
        inner = [_simplest_near(end) for end in samples_between(self.breaks)[1:-1]]
        return [*(end for end in inner if end < last), last]

    def _first_failure(self, *, invertible: bool) -> Algebraic | Infinity:
        ends = [Algebraic.of(0), *self.breaks]
        for place, sample in enumerate(samples_between(self.breaks)):
            start = ends[place]
            end = ends[place + 1] if place + 1 < len(ends) else INFINITY
            found = self._failure_between(start, end, sample, invertible)
            if found is not None:
                return found
        return INFINITY

    def _failure_between(
        self,
        start: Algebraic,
        end: Algebraic | Infinity,
        sample: Fraction,
        invertible: bool,
    ) -> Algebraic | None:
        """The first failure between two breaks, where no entry changes its sign."""
        common, room = self._decisive(sample, invertible)
        at = fmpq(sample.numerator, sample.denominator)
        if self.determinant(at) <= 0:
            return start
        inside = sorted(
            {
                root
                for p in (common, room)
                if p.degree() > 0
                for root in distinct_positive_roots(p)
                if start < root < end
            }
        )
        before = [] if start == 0 else [start]
        after = [] if isinstance(end, Infinity) else [end]
        samples = samples_between([*before, *inside, *after])[len(before) :]
        for point, limit in zip(samples, [start, *inside], strict=False):
            q = fmpq(point.numerator, point.denominator)
            if common(q) <= 0 or room(q) < 0:
                return limit
        if invertible:
            # At a root of the room the bound is 0 even where it does not fall below.
            return inside[0] if inside else None
        return None

    def _decisive(
        self, sample: Fraction, invertible: bool
    ) -> tuple[fmpq_poly, fmpq_poly]:
        """What has to be positive, and what not negative, around a step."""
        at = fmpq(sample.numerator, sample.denominator)

        def absolute(entry: fmpq_poly) -> fmpq_poly:
            return -entry if entry(at) < 0 else entry

        size = range(len(self.output))
        kappa = fmpq_poly([0, fmpq(self.norm.numerator, self.norm.denominator)])
        system = [
            [
                (self.determinant if i == j else ZERO)
                - kappa * absolute(self.coupling[i][j])
                for j in size
            ]
            for i in size
        ]
        output = [-absolute(entry) for entry in self.output]
        bordered = [[*system[i], absolute(self.spread[i])] for i in size]
        common = _determinant(system)
        moved = kappa * _determinant([*bordered, [*output, ZERO]])
        if invertible:
            return common, self.residual * common - moved
        return common, (self.determinant - absolute(self.residual)) * common - moved


def comparison_ray(method: Any, leak: Fraction, norm: Fraction) -> ComparisonRay:
    r"""The comparison of every step of a tableau in rationals.

    **Arguments:** `leak`, $\lambda$, and `norm`, K, rationals.
    """
    size = range(len(method.b))
    found, adjugate = resolvent(method.A)
    rate = fmpq(leak.numerator, leak.denominator)

    def scaled(coefficients: Sequence[fmpq]) -> fmpq_poly:
        return fmpq_poly([c * rate**k for k, c in enumerate(coefficients)])

    def combined(row: Sequence[Fraction], j: int) -> fmpq_poly:
        return sum(
            (fmpq(a.numerator, a.denominator) * Z[k][j] for k, a in enumerate(row)),
            start=ZERO,
        )

    Z = [[scaled([matrix[i][j] for matrix in adjugate]) for j in size] for i in size]
    output = [combined(method.b, j) for j in size]
    D = scaled(found.coeffs())
    return ComparisonRay(
        determinant=D,
        residual=D - fmpq_poly([0, rate]) * sum(output, start=ZERO),
        coupling=[[combined(row, j) for j in size] for row in method.A],
        output=output,
        spread=[sum(row, start=ZERO) for row in Z],
        norm=norm,
    )


def _simplest_near(value: Fraction) -> Fraction:
    """A short rational nearby: a cell's end may lie anywhere."""
    return value.limit_denominator(10**6)


def _determinant(matrix: list[Polynomials]) -> fmpq_poly:
    """By Bareiss' elimination; leading minors that are not 0 identically."""
    rows = [list(row) for row in matrix]
    divisor = fmpq_poly([1])
    for k in range(len(rows) - 1):
        for i in range(k + 1, len(rows)):
            for j in range(k + 1, len(rows)):
                entry = rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]
                rows[i][j] = entry // divisor
        divisor = rows[k][k]
    return rows[-1][-1]
