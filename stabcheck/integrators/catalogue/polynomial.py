"""Polynomials: Taylor's, and those with the largest disc or imaginary interval."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from flint import fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.polynomials import exact_coefficients
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.rational import RationalMethod
from stabcheck.integrators.runge_kutta.stage_program import Reading, written_out
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def taylor(p: int) -> RationalMethod:
    r"""$R = \sum_{k \le p}z^k/k!$: Taylor series, and every method with $s = p$."""
    _check("taylor", p, 1)
    return RationalMethod(
        f"taylor:{p}",
        tuple(Fraction(1, factorial(k)) for k in range(p + 1)),
        source="Hairer, Wanner II, IV.2, eq. (2.12)",
    )


def optimal_disc(s: int) -> ButcherTableau:
    r"""$s$ steps of Euler: $R = (1 + z/s)^s$, whose disc of radius $s$ is the largest.

    It is SSPRK(s,1) as well.
    """
    _check("optimal-disc", s, 1)

    def program(reading: Reading) -> fmpq_poly:
        value = reading.initial
        for _ in range(s):
            value = value + reading.slope(value) / s
        return value

    source = "Jeltsch, Nevanlinna, Numer. Math. 30 (1978) 277-296"
    return written_out(f"optimal-disc:{s}", program, source)


def kinnmark_gray(s: int) -> RationalMethod:
    r"""The imaginary interval $s - 1$, longest of all polynomials of degree $s \ge 2$.

    $R = i^{s-1}T_{s-1}(\zeta) + \tfrac12i^s(T_s(\zeta) - T_{s-2}(\zeta))$ with $\zeta =
    z/(i(s - 1))$; on the interval $|R|^2 = \cos^2 + \sin^2\sin^2 \le 1$.  Order 2 for
    odd $s$, else 1.
    """
    _check("kinnmark-gray", s, 2)
    powers = _turned_chebyshev(s)
    combined = powers[s - 1] + (powers[s] + powers[s - 2]) / 2
    coefficients = exact_coefficients(combined(fmpq_poly([0, 1]) / (s - 1)))
    return RationalMethod(
        f"kinnmark-gray:{s}",
        coefficients,
        source="Kinnmark, Gray, Math. Comput. Simulation 26 (1984) 87-92",
    )


def _turned_chebyshev(s: int) -> list[fmpq_poly]:
    r"""$i^kT_k(z/i)$ for $k \le s$, with real coefficients: $U_k = 2zU_{k-1} +
    U_{k-2}$."""
    found = [fmpq_poly([1]), fmpq_poly([0, 1])]
    for _ in range(2, s + 1):
        found.append(fmpq_poly([0, 2]) * found[-1] + found[-2])
    return found


def _check(family: str, size: int, least: int) -> None:
    if not isinstance(size, int) or size < least:
        raise InvalidInput(
            f"asked for {family}:{size}; give a whole number of at least {least}"
        )


ROWS = (
    Row(
        62,
        "taylor",
        "Taylor polynomials",
        families={"taylor": taylor},
        listed=tuple(f"taylor:{p}" for p in range(1, 21)),
    ),
    Row(
        86,
        "optimal-disc",
        "The largest disc of s stages, (1 + z/s)^s; SSPRK(s,1)",
        families={"optimal-disc": optimal_disc},
        listed=("optimal-disc:2", "optimal-disc:4"),
    ),
    Row(
        87,
        "kinnmark-gray",
        "The longest imaginary intervals",
        families={"kinnmark-gray": kinnmark_gray},
        listed=tuple(f"kinnmark-gray:{s}" for s in range(2, 7)),
    ),
)
