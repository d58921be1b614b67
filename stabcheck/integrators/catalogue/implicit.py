"""Simple implicit methods, and Pade approximations.

HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.rational import RationalMethod
from stabcheck.integrators.runge_kutta.symbolic_tableau import (
    SymbolicTableau,
    is_symbolic,
)
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

LARGEST_DEGREE = 40


def backward_euler() -> ButcherTableau:
    """The simplest method that damps everything."""
    return ButcherTableau(
        "backward-euler",
        A=[[1]],
        b=[1],
        source="HW IV.5, Table 5.5: Radau IIA with one stage",
    )


def implicit_midpoint() -> ButcherTableau:
    """The simplest Gauss method."""
    return ButcherTableau(
        "implicit-midpoint",
        A=[["1/2"]],
        b=[1],
        source="HW IV.5, Table 5.1: Gauss with one stage",
    )


def trapezoid() -> ButcherTableau:
    """The trapezoidal rule."""
    return ButcherTableau(
        "trapezoid",
        A=[[0, 0], ["1/2", "1/2"]],
        b=["1/2", "1/2"],
        source="HW IV.5, Table 5.7: Lobatto IIIA with two stages; Crank, Nicolson, "
        "Proc. Camb. Phil. Soc. 43 (1947) 50-67",
    )


def theta(t: Any) -> ButcherTableau | SymbolicTableau:
    r"""$y_1 = y_0 + h(1 - \theta)f(y_0) + h\theta f(y_1)$.

    `t` is a rational, or a symbol of SymPy.
    """
    A, b = [[0, 0], [1 - t, t]], [1 - t, t]
    source = "HW IV.3, Example 3.3: the theta method"
    if is_symbolic(t):
        return SymbolicTableau("theta", A, b, source)
    return ButcherTableau(f"theta:{t}", A, b, source=source)


def pade(k: int, j: int) -> RationalMethod:
    r"""The Pade approximation to $e^z$ with numerator of degree $k$, denominator $j$.

    $P = \sum_i\binom{k}{i}\frac{(k + j - i)!}{(k + j)!}z^i$, and $Q$ the same with $j$
    for $k$ at $-z$ (HW IV.3, Theorem 3.11).
    """
    whole = isinstance(k, int) and isinstance(j, int)
    if not whole or min(k, j) < 0 or not 1 <= k + j <= LARGEST_DEGREE:
        raise InvalidInput(
            f"asked for the Pade approximation of degrees {k} and {j}; give whole "
            f"numbers with a sum from 1 to {LARGEST_DEGREE}"
        )

    def half(degree: int, sign: int) -> list[Fraction]:
        rest = factorial(k + j)
        return [
            Fraction(sign**i * comb(degree, i) * factorial(k + j - i), rest)
            for i in range(degree + 1)
        ]

    source = "Pade 1892; Ehle 1969; HW IV.3, Theorem 3.11"
    return RationalMethod(f"pade:{k},{j}", half(k, 1), half(j, -1), source)


ROWS = (
    Row(
        88,
        "backward-euler",
        "Backward Euler",
        methods={"backward-euler": backward_euler},
        aliases={
            "BE": "backward-euler",
            "implicit-euler": "backward-euler",
            "RadauIIA1": "backward-euler",
        },
    ),
    Row(
        89,
        "implicit-midpoint",
        "Implicit midpoint, Gauss with one stage",
        methods={"implicit-midpoint": implicit_midpoint},
        aliases={"Gauss1": "implicit-midpoint"},
    ),
    Row(
        90,
        "trapezoid",
        "Trapezoidal rule, Lobatto IIIA with two stages",
        methods={"trapezoid": trapezoid},
        aliases={
            "LobattoIIIA2": "trapezoid",
            "trapezoidal": "trapezoid",
            "crank-nicolson": "trapezoid",
        },
    ),
    Row(
        91,
        "theta-method",
        "Theta method",
        families={"theta": theta},
        listed=("theta:1/2", "theta:2/3"),
    ),
    Row(
        114,
        "pade-kj",
        "Pade approximations to the exponential",
        families={"pade": pade},
        listed=tuple(f"pade:{k},{j}" for k in range(9) for j in range(9) if k + j),
    ),
)
