r"""Strong-stability-preserving explicit methods.

The families are convex combinations of Euler steps of size $h/C$; GKS: Gottlieb,
Ketcheson, Shu, *Strong Stability Preserving Runge-Kutta and Multistep Time
Discretizations*, 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import factorial, isqrt

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.printed import printed, read
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.convex_form import ConvexForm
from stabcheck.integrators.runge_kutta.stage_program import Reading, written_out
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

KETCHESON = "Ketcheson, SIAM J. Sci. Comput. 30 (2008) 2113-2136, doi:10.1137/07070485X"


def ssprk2(s: int) -> ButcherTableau:
    """The optimal method of $s$ stages and order 2: $C = s - 1$ (GKS, section 4.1)."""
    _check("ssprk2", s, 2)

    def program(reading: Reading) -> fmpq_poly:
        value = reading.initial
        for _ in range(s - 1):
            value = value + reading.slope(value) / (s - 1)
        last = value + reading.slope(value) / (s - 1)
        return reading.initial / s + fmpq(s - 1, s) * last

    return written_out(f"ssprk2:{s}", program, KETCHESON + ", section 4.1")


def ssprk3(s: int) -> ButcherTableau:
    """The optimal method of $s = n^2$ stages and order 3: $C = n^2 - n$.

    **Raises:** `InvalidInput` unless `s` is a square, at least 4.
    """
    _check("ssprk3", s, 4)
    n = isqrt(s)
    if n * n != s:
        raise InvalidInput(
            f"asked for ssprk3:{s}; give a square number of stages, such as {n * n}"
        )
    kept, joined = (n - 1) * (n - 2) // 2, n * (n + 1) // 2

    def program(reading: Reading) -> fmpq_poly:
        values = [reading.initial]
        for stage in range(1, s + 1):
            step = values[-1] + reading.slope(values[-1]) / (s - n)
            if stage == joined:
                step = (n * values[kept] + (n - 1) * step) / (2 * n - 1)
            values.append(step)
        return values[-1]

    return written_out(f"ssprk3:{s}", program, KETCHESON + ", section 4.2")


def ssprkm(s: int) -> ButcherTableau:
    """The optimal method of $s$ stages and linear order $s$: $C = 1$.

    GKS, section 4.3; Gottlieb, Shu, Tadmor, SIAM Rev. 43 (2001) 89-112.
    """
    _check("ssprkm", s, 2)
    weights = _linear_weights(s)

    def program(reading: Reading) -> fmpq_poly:
        values = [reading.initial]
        for _ in range(s - 1):
            values.append(values[-1] + reading.slope(values[-1]))
        end = weights[s - 1] * (values[-1] + reading.slope(values[-1]))
        for weight, value in zip(weights[: s - 1], values[:-1], strict=True):
            end = end + weight * value
        return end

    source = "Gottlieb, Shu, Tadmor, SIAM Rev. 43 (2001) 89-112, Proposition 3.2"
    return written_out(f"ssprkm:{s}", program, source)


def ssprk54() -> ButcherTableau:
    """Spiteri, Ruuth, SIAM J. Numer. Anal. 40 (2002) 469-491: $C = 1.508$."""
    return replace(read("ssprk54"), convex_form=ConvexForm(*map(_numbers, SSPRK54)))


SSPRK54 = (
    (
        ("1",),
        ("0.444370493651235", "0.555629506348765"),
        ("0.620101851488403", "0", "0.379898148511597"),
        ("0.178079954393132", "0", "0", "0.821920045606868"),
        ("0", "0", "0.517231671970585", "0.096059710526147", "0.386708617503269"),
    ),
    (
        ("0.39175222657189",),
        ("0", "0.368410593050371"),
        ("0", "0", "0.251891774271694"),
        ("0", "0", "0", "0.544974750228521"),
        ("0", "0", "0", "0.06369246866629", "0.226007483236906"),
    ),
)
"""The arrays alpha and beta as published; the tableau has more digits."""


def _numbers(rows: Sequence[Sequence[str]]) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(tuple(map(Fraction, row)) for row in rows)


def _linear_weights(s: int) -> list[fmpq]:
    r"""$\alpha_{s,k}$ of $\sum_k\alpha_{s,k}(1 + z)^k$ with the last power one higher.

    $\sum_{k \le s}z^k/k!$ in powers of $1 + z$ has the coefficient $0$ of $(1 +
    z)^{s-1}$.
    """
    exponential = fmpq_poly([fmpq(1, factorial(k)) for k in range(s + 1)])
    shifted = exponential(fmpq_poly([-1, 1])).coeffs()
    return [*shifted[: s - 1], shifted[s]]


def _check(family: str, s: int, fewest: int) -> None:
    if not isinstance(s, int) or s < fewest:
        raise InvalidInput(
            f"asked for {family}:{s}; give a whole number of at least {fewest} stages"
        )


ROWS = (
    Row(
        65,
        "ssprk2",
        "SSPRK(s,2); SSPRK(s,s) of linear order s; SSPRK(2,2) star",
        printed("ssprk22-star"),
        families={"ssprk2": ssprk2, "ssprkm": ssprkm},
        listed=("ssprk2:3", "ssprk2:4", "ssprk2:10", "ssprkm:5"),
        aliases={"SSP22star": "ssprk22-star", "ssprk32": "ssprk2:3"},
    ),
    Row(
        66,
        "ssprk3",
        "SSPRK(3,3) of Shu and Osher; three methods without that property",
        printed("ssprk3", "nssp32", "nssp33", "nssp53"),
        aliases={"SSP33": "ssprk3", "ssprk33": "ssprk3"},
    ),
    Row(
        67,
        "ssprk43",
        "SSPRK(4,3) with embedded weights",
        printed("ssprk43"),
        aliases={"SSP43": "ssprk43"},
    ),
    Row(
        68,
        "ssprk-n2-3",
        "SSPRK(n^2,3)",
        families={"ssprk3": ssprk3},
        listed=("ssprk3:4", "ssprk3:9", "ssprk3:16"),
    ),
    Row(
        69,
        "ssprk53",
        "SSPRK(5,3)",
        printed("ssprk53"),
        aliases={"SSP53": "ssprk53"},
    ),
    Row(
        70,
        "ssprk54",
        "SSPRK(5,4); order 5 for downwinded operators, 7, 8 and 9 stages",
        {
            "ssprk54": ssprk54,
            **printed("ssprk75-downwind", "ssprk85-downwind", "ssprk95-downwind"),
        },
        aliases={
            "SSP54": "ssprk54",
            "SSP75": "ssprk75-downwind",
            "SSP85": "ssprk85-downwind",
            "SSP95": "ssprk95-downwind",
        },
    ),
    Row(
        71,
        "ssprk63",
        "SSPRK(6,3)",
        printed("ssprk63"),
        aliases={"SSP63": "ssprk63"},
    ),
    Row(
        72,
        "ssprk104",
        "SSPRK(10,4) with embedded weights",
        printed("ssprk104"),
        aliases={"SSP104": "ssprk104"},
    ),
)
