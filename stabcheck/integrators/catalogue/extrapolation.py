r"""Methods of any order from Euler steps: extrapolation and deferred correction.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import prod

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.stage_program import Reading, Z, written_out
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def extrapolated_euler(k: int) -> ButcherTableau:
    """Order $k$ from $1, 2, \\dots, k$ steps of Euler (HNW II.9)."""
    _check("extrapolated-euler", k)
    weights = _richardson([fmpq(n) for n in range(1, k + 1)])

    def program(reading: Reading) -> fmpq_poly:
        end = 0 * reading.initial
        for n, weight in enumerate(weights, start=1):
            value = reading.initial
            for _ in range(n):
                value = value + reading.slope(value) / n
            end = end + weight * value
        return end

    return written_out(
        f"extrapolated-euler:{k}", program, "Hairer, Norsett, Wanner I, II.9"
    )


def extrapolated_midpoint(k: int) -> ButcherTableau:
    """Order $2k$ from $2, 4, \\dots, 2k$ steps of the explicit midpoint rule.

    Gragg, SIAM J. Numer. Anal. 2 (1965) 384-403, without the smoothing step (HNW II.9).
    """
    _check("extrapolated-midpoint", k)
    weights = _richardson([fmpq(4 * n * n) for n in range(1, k + 1)])

    def program(reading: Reading) -> fmpq_poly:
        end = 0 * reading.initial
        for j, weight in enumerate(weights, start=1):
            n = 2 * j
            older = reading.initial
            value = older + reading.slope(older) / n
            for _ in range(n - 1):
                older, value = value, older + 2 * reading.slope(value) / n
            end = end + weight * value
        return end

    source = "Gragg, SIAM J. Numer. Anal. 2 (1965) 384-403; Hairer, Norsett, Wanner I, "
    return written_out(f"extrapolated-midpoint:{k}", program, source + "II.9")


def deferred_correction(
    intervals: int, sweeps: int | None = None, theta: Fraction | int = 1
) -> ButcherTableau:
    r"""Euler on equal intervals, then sweeps of corrected Euler.

    $y^{k+1}_{m+1} = y^{k+1}_m + \theta h_m(f(y^{k+1}_m) - f(y^k_m)) + \int_mf(y^k)$,
    the integral of the interpolation polynomial: order one more with each sweep, up to
    that of the quadrature (Dutt, Greengard, Rokhlin, BIT 40 (2000) 241-266).

    **Arguments:** `intervals` of the step; `sweeps`, as many as intervals by default;
    `theta`, 0 for Picard iteration.
    """
    _check("deferred-correction", intervals)
    sweeps = intervals if sweeps is None else sweeps
    integrals = _integrals(intervals)
    kept = fmpq(Fraction(theta).numerator, Fraction(theta).denominator) / intervals

    def program(reading: Reading) -> fmpq_poly:
        values = [reading.initial]
        for _ in range(intervals):
            values.append(values[-1] + reading.slope(values[-1]) / intervals)
        for _ in range(sweeps):
            slopes = [reading.slope(value) for value in values]
            corrected = [reading.initial]
            for m, row in enumerate(integrals):
                step = corrected[-1] + kept * (reading.slope(corrected[-1]) - slopes[m])
                for weight, slope in zip(row, slopes, strict=True):
                    step = step + weight * slope
                corrected.append(step)
            values = corrected
        return values[-1]

    parameters: list[Fraction | int] = [intervals]
    if sweeps != intervals or theta != 1:
        parameters.append(sweeps)
    if theta != 1:
        parameters.append(theta)
    return written_out(
        f"deferred-correction:{','.join(map(str, parameters))}",
        program,
        "Dutt, Greengard, Rokhlin, BIT 40 (2000) 241-266",
    )


def _richardson(denominators: list[fmpq]) -> list[fmpq]:
    r"""The weights of $T_{j1}$ in $T_{kk}$ (HNW II.9): $\prod_{i \ne
    j}d_j/(d_j - d_i)$."""
    return [
        prod((d / (d - other) for other in denominators if other != d), start=fmpq(1))
        for d in denominators
    ]


def _integrals(intervals: int) -> list[list[fmpq]]:
    """The integrals of the Lagrange polynomials over each of the equal intervals."""
    nodes = [fmpq(i, intervals) for i in range(intervals + 1)]
    antiderivatives = []
    for node in nodes:
        lagrange = fmpq_poly([1])
        for other in nodes:
            if other != node:
                lagrange *= (Z - other) / (node - other)
        antiderivatives.append(lagrange.integral())
    return [
        [
            antiderivative(end) - antiderivative(start)
            for antiderivative in antiderivatives
        ]
        for start, end in pairwise(nodes)
    ]


def _check(family: str, size: int) -> None:
    if not isinstance(size, int) or size < 1:
        raise InvalidInput(
            f"asked for {family}:{size}; give a whole number of at least 1"
        )


ROWS = (
    Row(
        63,
        "extrapolated-euler",
        "Extrapolated Euler and midpoint steps (Gragg-Bulirsch-Stoer)",
        families={
            "extrapolated-euler": extrapolated_euler,
            "extrapolated-midpoint": extrapolated_midpoint,
        },
        listed=(
            "extrapolated-euler:3",
            "extrapolated-euler:5",
            "extrapolated-midpoint:2",
            "extrapolated-midpoint:4",
        ),
    ),
    Row(
        64,
        "deferred-correction",
        "Deferred correction, sweeps of Euler or Picard iteration",
        families={"deferred-correction": deferred_correction},
        listed=(
            "deferred-correction:2",
            "deferred-correction:3",
            "deferred-correction:2,3",
            "deferred-correction:3,3,0",
        ),
    ),
)
