r"""Exponential polynomials $\sum_q r_q(z)e^{qz}$ with rational $q$, in exact rationals.

The $r_q$ are Laurent polynomials.  The functions $\varphi_0 = e^z$,
$\varphi_{k+1}(z) = (\varphi_k(z) - 1/k!)/z$ of exponential integrators and everything
that sums and products make of $\varphi_k(qz)$ are such.  Two of them are equal exactly
if all $r_q$ are, since the $e^{qz}$ are independent over the rational functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

from stabcheck.errors import InvalidInput


@dataclass(frozen=True)
class ExponentialPolynomial:
    r"""$\sum r_{q,m}z^me^{qz}$.

    **Arguments:** `terms`, the rational coefficients $r_{q,m} \ne 0$ by $(q, m)$.
    """

    terms: Mapping[tuple[Fraction, int], Fraction]

    @classmethod
    def of(cls, value: Any) -> ExponentialPolynomial:
        """A rational as a constant; exponential polynomials as they are."""
        if isinstance(value, ExponentialPolynomial):
            return value
        return _kept({(Fraction(0), 0): Fraction(value)})

    def __add__(self, other: Any) -> ExponentialPolynomial:
        terms = dict(self.terms)
        for key, c in ExponentialPolynomial.of(other).terms.items():
            terms[key] = terms.get(key, Fraction(0)) + c
        return _kept(terms)

    __radd__ = __add__

    def __neg__(self) -> ExponentialPolynomial:
        return _kept({key: -c for key, c in self.terms.items()})

    def __sub__(self, other: Any) -> ExponentialPolynomial:
        return self + -ExponentialPolynomial.of(other)

    def __rsub__(self, other: Any) -> ExponentialPolynomial:
        return ExponentialPolynomial.of(other) - self

    def __mul__(self, other: Any) -> ExponentialPolynomial:
        terms: dict[tuple[Fraction, int], Fraction] = {}
        for (q, m), c in self.terms.items():
            for (r, n), d in ExponentialPolynomial.of(other).terms.items():
                key = (q + r, m + n)
                terms[key] = terms.get(key, Fraction(0)) + c * d
        return _kept(terms)

    __rmul__ = __mul__

    def __truediv__(self, other: int | Fraction) -> ExponentialPolynomial:
        return self * (1 / Fraction(other))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | Fraction):
            other = ExponentialPolynomial.of(other)
        if not isinstance(other, ExponentialPolynomial):
            return NotImplemented
        return self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def taylor(self, power: int) -> Fraction:
        r"""The coefficient of $z^k$ at 0; negative powers too."""
        return sum(
            (
                c * q ** (power - m) / factorial(power - m)
                for (q, m), c in self.terms.items()
                if power >= m
            ),
            start=Fraction(0),
        )

    @property
    def is_entire(self) -> bool:
        """Whether it has no pole at 0."""
        lowest = min((m for _, m in self.terms), default=0)
        return not any(self.taylor(k) for k in range(lowest, 0))

    @property
    def limit(self) -> Fraction | None:
        r"""The limit for $z \to -\infty$; `None` if it is unbounded there."""
        if any(q < 0 or (q == 0 and m > 0) for q, m in self.terms):
            return None
        return self.terms.get((Fraction(0), 0), Fraction(0))

    def __call__(self, z: complex) -> complex:
        """The value in float64, by the Taylor series near 0.

        **Raises:** `InvalidInput` for an exponential polynomial with a pole at 0.
        """
        from cmath import exp

        if abs(z) < 2:
            if not self.is_entire:
                raise InvalidInput(
                    f"asked for {self} near 0, where it has a pole; evaluate it "
                    "elsewhere"
                )
            return sum(float(self.taylor(k)) * z**k for k in range(40))
        terms = self.terms.items()
        return sum(float(c) * z**m * exp(float(q) * z) for (q, m), c in terms)

    def __str__(self) -> str:
        parts = []
        for (q, m), c in sorted(self.terms.items(), key=lambda t: (-t[0][0], -t[0][1])):
            power = "" if m == 0 else ("z" if m == 1 else f"z^{m}")
            rate = "" if q == 0 else ("exp(z)" if q == 1 else f"exp({q} z)")
            factor = " ".join(x for x in (power, rate) if x)
            size = abs(c)
            shown = "" if size == 1 and factor else str(size)
            sign = "- " if c < 0 else "+ "
            parts.append(sign + " ".join(x for x in (shown, factor) if x))
        return " ".join(parts).removeprefix("+ ") if parts else "0"


def exponential(rate: Fraction | int = 1) -> ExponentialPolynomial:
    r"""$e^{qz}$."""
    return ExponentialPolynomial({(Fraction(rate), 0): Fraction(1)})


def phi(k: int, at: Fraction | int | str = 1) -> ExponentialPolynomial:
    r"""$\varphi_k(qz) = (e^{qz} - \sum_{j<k}(qz)^j/j!)/(qz)^k$; $1/k!$ for $q = 0$."""
    q = Fraction(at)
    if q == 0:
        return ExponentialPolynomial.of(Fraction(1, factorial(k)))
    terms = {(q, -k): 1 / q**k}
    for j in range(k):
        key = (Fraction(0), j - k)
        terms[key] = -(q ** (j - k)) / factorial(j)
    return _kept(terms)


def _kept(terms: Mapping[tuple[Fraction, int], Fraction]) -> ExponentialPolynomial:
    return ExponentialPolynomial({key: c for key, c in terms.items() if c})
