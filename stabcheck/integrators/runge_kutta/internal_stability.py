r"""Internal stability: how an error made in one stage reaches the result.

For $y' = \lambda y$ and an error $\varepsilon_j$ in the stage value $Y_j$ the step
returns $R(z)y_0 + \sum_j Q_j(z)\,\varepsilon_j$ with
$$Q_j(z) = z\,b^T(I - zA)^{-1}e_j$$
(Ketcheson, Loczi, Parsani, SIAM J. Numer. Anal. 52 (2014) 2227-2249, in Butcher form).
"""

from __future__ import annotations

from collections.abc import Sequence

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.polynomials import exact_number, exact_polynomial
from stabcheck.integrators.algebra.resolvent import Matrix, resolvent
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    in_lowest_terms,
)

DIRECTIONS = 720
"""Points of the unit circle at which the boundary $R(z) = e^{i\\theta}$ is sampled."""


def internal_stability_functions(
    A: Matrix, b: Sequence[Coefficient]
) -> list[StabilityFunction]:
    r"""$Q_1, \dots, Q_s$, polynomials for an explicit method."""
    determinant, adjugate = resolvent([[-a for a in row] for row in A])
    found = []
    for j in range(len(b)):
        entries = [
            sum(
                (
                    weight * exact_number(row[j])
                    for weight, row in zip(b, m, strict=True)
                ),
                start=0 * b[0],
            )
            for m in adjugate
        ]
        found.append(in_lowest_terms(exact_polynomial([0, *entries]), determinant))
    return found


def estimate_maximal_amplification(
    R: StabilityFunction, functions: Sequence[StabilityFunction]
) -> float:
    r"""$\max_j \sup_{z \in S} |Q_j(z)|$ in float64, sampled.

    By the maximum principle the supremum over the stability region is that over its
    boundary where $Q_j$ has no pole in it; for an unbounded region it may be infinite,
    and the samples only bound it from below.
    """
    import numpy as np

    P, Q = (np.array([float(c) for c in p]) for p in (R.P, R.Q))
    size = max(len(P), len(Q))
    P, Q = (np.pad(p, (0, size - len(p)))[::-1] for p in (P, Q))
    angles = np.exp(2j * np.pi * np.arange(DIRECTIONS) / DIRECTIONS)
    boundary = np.concatenate([np.roots(P - w * Q) for w in angles])
    return max(float(np.max(np.abs(f(boundary)))) for f in functions)
