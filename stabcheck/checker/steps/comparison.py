r"""The leak comparison of one Runge-Kutta step, in rationals.

Of $\dot x = -\lambda x + F(x)$ with $F$ Lipschitz of constant $K$, or $|F(x)| \le
K|x|$, let $x = h\lambda$, $\kappa = hK$ and $Z = (I + xA)^{-1}$.  Distances of stages,
or stages, are at most $S = (I - \kappa|AZ|)^{-1}|Z\mathbb 1|$ times those at the start,
and distances of ends at most $G = |1 - x\,b^TZ\mathbb 1| + \kappa|b^TZ|S$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Comparison:
    r"""The bounds $S$ of the stages and $G$ of the end; `residual` is $R_-$.

    `residual` is $|1 - x\,b^TZ\mathbb 1|$, the step of $F = 0$.
    """

    residual: Fraction
    stages: list[Fraction]
    growth: Fraction

    @property
    def shrink(self) -> Fraction:
        """$2R_- - G$: a lower bound of the distances of ends where it is positive."""
        return 2 * self.residual - self.growth


def comparison(
    A: Matrix, b: list[Fraction], x: Fraction, kappa: Fraction
) -> Comparison | None:
    r"""The comparison of one step, or None where $\rho(\kappa|AZ|) < 1$ fails."""
    size = len(b)
    Z = _inverse(_shifted(A, x))
    if Z is None:
        return None
    matrix = _product(A, Z)
    system = _inverse(_shifted([[abs(v) for v in row] for row in matrix], -kappa))
    # (I - N)^{-1} >= 0 is equivalent to rho(N) < 1 for every N >= 0.
    if system is None or any(v < 0 for row in system for v in row):
        return None
    start = [abs(sum(row)) for row in Z]
    stages = [sum(v * s for v, s in zip(row, start, strict=True)) for row in system]
    ends = [sum(b[i] * Z[i][j] for i in range(size)) for j in range(size)]
    residual = abs(1 - x * sum(ends))
    reached = sum(abs(e) * s for e, s in zip(ends, stages, strict=True))
    return Comparison(residual, stages, residual + kappa * reached)


def _shifted(A: Matrix, factor: Fraction) -> Matrix:
    """I + factor A."""
    return [[factor * v + (i == j) for j, v in enumerate(r)] for i, r in enumerate(A)]


def _product(A: Matrix, B: Matrix) -> Matrix:
    return _entries(_flint(A) * _flint(B))


def _inverse(A: Matrix) -> Matrix | None:
    try:
        return _entries(_flint(A).inv())
    except ZeroDivisionError:
        return None


def _flint(A: Matrix) -> fmpq_mat:
    return fmpq_mat([[fmpq(v.numerator, v.denominator) for v in row] for row in A])


def _entries(A: fmpq_mat) -> Matrix:
    return [[Fraction(int(v.p), int(v.q)) for v in row] for row in A.tolist()]
