r"""The harmonic oscillator $q' = p$, $p' = -\omega^2q$ under a one-step method.

A method that treats $q$ and $p$ apart maps $(q, p/\omega)$ by a $2 \times 2$ matrix of
polynomials in $z = h\omega$.  With determinant one its powers are bounded where
$|\operatorname{tr}| < 2$, and grow where $|\operatorname{tr}| > 2$ (Hairer, Lubich,
Wanner, *Geometric Numerical Integration*, I.5, II.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import fmpq

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.polynomial_text import quotient_text
from stabcheck.integrators.algebra.polynomials import (
    exact_number,
    exact_polynomial,
    in_one_ring,
)
from stabcheck.integrators.algebra.resolvent import resolvent
from stabcheck.integrators.algebra.roots import first_failure
from stabcheck.integrators.runge_kutta.stability_function import in_lowest_terms

Entry = Any
"""A polynomial in $z$ over the rationals or a number field."""

Tableau = tuple[Sequence[Sequence[Coefficient]], Sequence[Coefficient]]


@dataclass(frozen=True)
class Oscillator:
    r"""The map of one step, entries polynomials in $z = h\omega$ over `denominator`.

    **Arguments:** `matrix`, the four numerators; `denominator`, one for an explicit
    method.
    """

    matrix: tuple[tuple[Entry, Entry], tuple[Entry, Entry]]
    denominator: Entry

    @classmethod
    def of_shears(cls, shears: Iterable[tuple[str, Any]]) -> Oscillator:
        r"""A product of drifts $q \mathrel{+}= chp$ and kicks $p \mathrel{-}=
        ch\omega^2q$."""
        one, zero = exact_polynomial([1]), exact_polynomial([])
        q, p = (one, zero), (zero, one)
        for kind, share in shears:
            step = exact_polynomial([0, share])
            if kind == "drift":
                q = (q[0] + step * p[0], q[1] + step * p[1])
            else:
                p = (p[0] - step * q[0], p[1] - step * q[1])
        return cls((q, p), one)

    @classmethod
    def of_tableaux(cls, q: Tableau, p: Tableau) -> Oscillator:
        r"""The map of a partitioned method with a tableau for $q$ and one for $p$.

        $I + zB(I - zK)^{-1}E$ with $K = \begin{pmatrix}0 & A\\ -\hat A & 0
        \end{pmatrix}$ on the stages of both.
        """
        (A, b), (A_hat, b_hat) = q, p
        s = len(b)
        # det(I - zK) and its adjugate by powers of z, from those of I + z(-K).
        K = [[0] * s + [-a for a in row] for row in A]
        K += [[*row, *[0] * s] for row in A_hat]
        K = [[Fraction(x) if isinstance(x, int) else x for x in row] for row in K]
        determinant, adjugate = resolvent(K)
        updates = ([(s + j, x) for j, x in enumerate(b)],
                   [(j, -x) for j, x in enumerate(b_hat)])  # fmt: skip
        starts = (range(s), range(s, 2 * s))
        entries = []
        for i, update in enumerate(updates):
            row = []
            for j, start in enumerate(starts):
                powers = [
                    sum((x * _exact(N[k][m]) for k, x in update for m in start),
                        start=Fraction(0))
                    for N in adjugate
                ]  # fmt: skip
                own = determinant if i == j else determinant * 0
                row.append(_sum(own, exact_polynomial([Fraction(0), *powers])))
            entries.append(tuple(row))
        return cls((entries[0], entries[1]), determinant)

    @classmethod
    def of_nystrom(
        cls,
        A: Sequence[Sequence[Coefficient]],
        position: Sequence[Coefficient],
        velocity: Sequence[Coefficient],
        c: Sequence[Coefficient],
    ) -> Oscillator:
        r"""The map of a Runge-Kutta-Nystrom method: $(I + z^2\bar A)Q = \mathbb 1q +
        zcP$."""
        determinant, adjugate = resolvent(A)
        ones = [Fraction(1)] * len(c)

        def weighed(weights: Sequence[Coefficient], vector: Sequence[Any]) -> Entry:
            r"""$w^T\operatorname{adj}(I + rA)v$ at $r = z^2$."""
            powers: list[Coefficient] = []
            for N in adjugate:
                image = [
                    sum((_exact(x) * v for x, v in zip(row, vector, strict=True)),
                        start=Fraction(0))
                    for row in N
                ]  # fmt: skip
                pairs = zip(weights, image, strict=True)
                powers += [sum((w * x for w, x in pairs), Fraction(0)), Fraction(0)]
            return exact_polynomial(powers[:-1])

        def entry(start: int, shift: int, weights: Any, vector: Any, own: int) -> Entry:
            update = exact_polynomial([0] * shift + [1]) * weighed(weights, vector)
            kept = exact_polynomial([0] * start + [1]) * D * own
            return _sum(kept, -update)

        D = determinant(exact_polynomial([0, 0, 1]))
        q = entry(0, 2, position, ones, 1), entry(1, 3, position, c, 1)
        p = entry(0, 1, velocity, ones, 0), entry(0, 2, velocity, c, 1)
        return cls((q, p), D)

    @cached_property
    def trace(self) -> Entry:
        """The numerator of the trace."""
        return self.matrix[0][0] + self.matrix[1][1]

    @cached_property
    def determinant(self) -> Entry:
        """The numerator of the determinant, over the square of the denominator."""
        (a, b), (c, d) = self.matrix
        return a * d - b * c

    @property
    def text(self) -> str:
        """The trace as text."""
        R = in_lowest_terms(self.trace, self.denominator)
        return quotient_text(
            ("z",), *({(k,): c for k, c in enumerate(p) if c} for p in (R.P, R.Q))
        )

    @property
    def is_area_preserving(self) -> bool:
        """Whether the determinant is one."""
        return _vanishes(self.determinant - self.denominator * self.denominator)

    @cached_property
    def stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with both eigenvalues in the closed unit disc on $[0,
        \beta]$.

        Jury's conditions $1 + \det \ge |\operatorname{tr}|$ and $\det \le 1$; where the
        determinant is one that is $|\operatorname{tr}| \le 2$.  A tangency does not end
        the interval, although the powers may grow linearly at it.
        """
        D, T, N = self.denominator, self.trace, self.determinant
        conditions = [D * D - N, D * D + N - D * T, D * D + N + D * T]
        return min((first_failure(f) for f in conditions), default=INFINITY)


def _exact(value: Any) -> Coefficient:
    return exact_number(value) if isinstance(value, fmpq) else value


def _sum(f: Entry, g: Entry) -> Entry:
    f, g = in_one_ring(f, g)
    return f + g


def _vanishes(p: Entry) -> bool:
    return not any(p.coeffs())
