r"""Extended backward differentiation formulas of Cash.

A step predicts $\bar y_{n+k}$ and then $\bar y_{n+k+1}$ by BDF and corrects with the
slope there (HW V.3): $$\sum_{j\le k}\hat\alpha_jy_{n+j} =
h\hat\beta_kf_{n+k} + h\hat\beta_{k+1}\bar f_{n+k+1}.$$  The modified form writes the
right side as $h\beta_kf_{n+k} + h(\hat\beta_k - \beta_k)\bar f_{n+k} +
h\hat\beta_{k+1}\bar f_{n+k+1}$, so that all three systems have one matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial

from flint import fmpq, fmpq_mat, fmpq_mpoly

from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.difference_formulas import backward_difference
from stabcheck.integrators.memory.predictor_corrector import RING, ZETA, Z, of_ring
from stabcheck.integrators.memory.recurrence import Recurrence


@dataclass(frozen=True)
class ExtendedDifferences(Recurrence):
    r"""EBDF or MEBDF of $k$ steps, of order $k + 1$.

    **Arguments:** `differences`, $k$; `modified`, whether in the form of one matrix.
    """

    name: str
    differences: int
    modified: bool
    source: str = field(default="", compare=False)

    @property
    def steps(self) -> int:
        """The number of steps, $k$."""
        return self.differences

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "extended backward differences"

    @property
    def stages(self) -> int:
        """The implicit systems of a step."""
        return 3

    @cached_property
    def corrector(self) -> tuple[tuple[Fraction, ...], Fraction, Fraction]:
        r"""$\hat\alpha$ with $\hat\alpha_k = 1$, $\hat\beta_k$ and $\hat\beta_{k+1}$.

        Its $k + 2$ coefficients are those that the conditions of order $k + 1$ leave.
        """
        k = self.steps
        rows, right = [], []
        for q in range(k + 2):
            values = [fmpq(j**q, factorial(q)) for j in range(k)]
            slopes = [
                fmpq(-(j ** (q - 1)), factorial(q - 1)) if q else fmpq(0)
                for j in (k, k + 1)
            ]
            rows.append([*values, *slopes])
            right.append([fmpq(-(k**q), factorial(q))])
        found = [fraction(x) for x in fmpq_mat(rows).solve(fmpq_mat(right)).entries()]
        return (*found[:k], Fraction(1)), found[k], found[k + 1]

    @cached_property
    def order(self) -> int:
        r"""$\min(p, k + 1)$, $p$ that of the corrector: $\bar f$ is exact to $k$."""
        alpha, *slopes = self.corrector
        q = 0
        while self._defect(alpha, slopes, q) == 0:
            q += 1
        return min(q - 1, self.steps + 1)

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""The corrector with the two predictions put in, times $(1 - z\beta_k)^2$."""
        k = self.steps
        alpha, beta = backward_difference(k)
        alpha, slope = [a / alpha[k] for a in alpha], _flint(beta[k] / alpha[k])
        pivot = 1 - slope * Z
        first = -_sum(alpha[:k])  # times 1 / pivot
        second = -_sum(alpha[: k - 1], 1) * pivot - _flint(alpha[k - 1]) * first
        weights, newest, beyond = self.corrector
        known = _sum(weights) * pivot**2 - _flint(beyond) * Z * second
        if not self.modified:
            return of_ring(known - _flint(newest) * Z * ZETA**k * pivot**2)
        at_prediction = (_flint(newest) - slope) * Z * first * pivot
        return of_ring(known - slope * Z * ZETA**k * pivot**2 - at_prediction)

    def _defect(
        self, alpha: tuple[Fraction, ...], slopes: list[Fraction], q: int
    ) -> Fraction:
        total = sum((a * j**q for j, a in enumerate(alpha)), start=Fraction(0))
        if q:
            times = (self.steps, self.steps + 1)
            pairs = zip(slopes, times, strict=True)
            total -= q * sum(b * t ** (q - 1) for b, t in pairs)
        return total


def _sum(coefficients: list[Fraction], shift: int = 0) -> fmpq_mpoly:
    return RING.from_dict(
        {(j + shift, 0): _flint(c) for j, c in enumerate(coefficients) if c}
    )


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
