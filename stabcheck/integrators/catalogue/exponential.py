r"""Exponential integrators.

HO: Hochbruck, Ostermann, Acta Numerica 19 (2010) 209-286,
doi:10.1017/S0962492910000048; CM: Cox, Matthews, J. Comput. Phys. 176 (2002) 430-455.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import factorial
from typing import Any

from stabcheck.integrators.algebra.exponential_polynomial import (
    ExponentialPolynomial,
    phi,
)
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.exponential import ExponentialRungeKutta
from stabcheck.integrators.several_fields.exponential_variants import (
    ExponentialRosenbrock,
    lawson,
)
from stabcheck.integrators.several_fields.magnus import CONSTRUCTIONS, Magnus

HALF = Fraction(1, 2)
COX_MATTHEWS = "Cox, Matthews, J. Comput. Phys. 176 (2002) 430-455"
WHALEN = "Whalen, Brio, Moloney, J. Comput. Phys. 280 (2015) 579-601"
SIMPSON = (
    phi(1) - 3 * phi(2) + 4 * phi(3),
    2 * phi(2) - 4 * phi(3),
    2 * phi(2) - 4 * phi(3),
    4 * phi(3) - phi(2),
)
"""The weights that become those of Simpson's rule for L = 0."""


def method(
    name: str,
    rows: Sequence[Sequence[Any]],
    b: Sequence[Any],
    c: Sequence[Any],
    source: str,
) -> ExponentialRungeKutta:
    """A method from its strict triangle, filled up with zeros."""
    A = [[*row, *[0] * (len(b) - len(row))] for row in rows]
    return ExponentialRungeKutta(name, A, b, c, source)


def lawson_euler() -> ExponentialRungeKutta:
    """Forward Euler with the integrating factor."""
    euler = ButcherTableau("forward-euler", [[0]], [1])
    return lawson(euler, "lawson-euler", "Lawson, SIAM J. Numer. Anal. 4 (1967) 372")


def lawson4() -> ExponentialRungeKutta:
    """The classical method with the integrating factor, IF-RK4."""
    A = [[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]
    classical = ButcherTableau("rk4", A, ["1/6", "1/3", "1/3", "1/6"])
    return lawson(classical, "lawson4", "Lawson, SIAM J. Numer. Anal. 4 (1967) 372")


def etd1(name: str = "etd1") -> ExponentialRungeKutta:
    """Nørsett's exponential Euler method."""
    return method(name, [[]], [phi(1)], [0], "Nørsett 1969; HO section 2.1")


def etd2rk() -> ExponentialRungeKutta:
    """Two stages of order 2."""
    b = [phi(1) - phi(2), phi(2)]
    return method("etd2rk", [[], [phi(1)]], b, [0, 1], COX_MATTHEWS + ", eq. (22)")


def etd3rk() -> ExponentialRungeKutta:
    """Three stages of order 3."""
    rows = [[], [phi(1, HALF) / 2], [-phi(1), 2 * phi(1)]]
    b = [SIMPSON[0], 4 * phi(2) - 8 * phi(3), SIMPSON[3]]
    return method("etd3rk", rows, b, [0, HALF, 1], COX_MATTHEWS + ", eqs. (23)-(25)")


def etd2cf3() -> ExponentialRungeKutta:
    """Three stages of order 3."""
    third, two = Fraction(1, 3), Fraction(2, 3)
    rows = [
        [],
        [phi(1, third) / 3],
        [phi(1, two) * two - phi(2, two) * 4 / 3, phi(2, two) * 4 / 3],
    ]
    b = [
        phi(1) - phi(2) * 9 / 2 + 9 * phi(3),
        6 * phi(2) - 18 * phi(3),
        9 * phi(3) - phi(2) * 3 / 2,
    ]
    source = "Celledoni, Marthinsen, Owren, FGCS 19 (2003) 341-352"
    return method("etd2cf3", rows, b, [0, third, two], source)


def etdrk4() -> ExponentialRungeKutta:
    """Four stages of order 4."""
    a = phi(1, HALF) / 2
    rows = [[], [a], [0, a], [a * (phi(0, HALF) - 1), 0, phi(1, HALF)]]
    source = COX_MATTHEWS + ", eqs. (26)-(29); Kassam, Trefethen, SISC 26 (2005) 1214"
    return method("etdrk4", rows, SIMPSON, [0, HALF, HALF, 1], source)


def krogstad4() -> ExponentialRungeKutta:
    """Four stages of order 4, of stiff order 3."""
    rows = [
        [],
        [phi(1, HALF) / 2],
        [phi(1, HALF) / 2 - phi(2, HALF), phi(2, HALF)],
        [phi(1) - 2 * phi(2), 0, 2 * phi(2)],
    ]
    source = (
        "Krogstad, J. Comput. Phys. 203 (2005) 72-88, doi:10.1016/j.jcp.2004.08.006"
    )
    return method("krogstad4", rows, SIMPSON, [0, HALF, HALF, 1], source)


def strehmel_weiner4() -> ExponentialRungeKutta:
    """Four stages of order 4, of stiff order 3."""
    rows = [
        [],
        [phi(1, HALF) / 2],
        [phi(1, HALF) / 2 - phi(2, HALF) / 2, phi(2, HALF) / 2],
        [phi(1) - 2 * phi(2), -2 * phi(2), 4 * phi(2)],
    ]
    b = [SIMPSON[0], 0, 4 * phi(2) - 8 * phi(3), SIMPSON[3]]
    source = "Strehmel, Weiner 1992; HO Example 2.17"
    return method("strehmel-weiner4", rows, b, [0, HALF, HALF, 1], source)


def hochbruck_ostermann4() -> ExponentialRungeKutta:
    """Five stages of order 4, stiffly too in the weak sense."""
    a52 = phi(2, HALF) / 2 - phi(3) + phi(2) / 4 - phi(3, HALF) / 2
    a54 = phi(2, HALF) / 4 - a52
    rows = [
        [],
        [phi(1, HALF) / 2],
        [phi(1, HALF) / 2 - phi(2, HALF), phi(2, HALF)],
        [phi(1) - 2 * phi(2), phi(2), phi(2)],
        [phi(1, HALF) / 2 - 2 * a52 - a54, a52, a52, a54],
    ]
    b = [SIMPSON[0], 0, 0, SIMPSON[3], 4 * phi(2) - 8 * phi(3)]
    source = (
        "Hochbruck, Ostermann, SIAM J. Numer. Anal. 43 (2005) 1069-1090, eq. (5.19)"
    )
    return method("hochbruck-ostermann4", rows, b, [0, HALF, HALF, 1, HALF], source)


def psi(k: int, at: Any = 1) -> ExponentialPolynomial:
    r"""$k!\,\varphi_k$, as Whalen and others write them."""
    return factorial(k) * phi(k, at)


def etd34() -> ExponentialRungeKutta:
    """Four stages of order 4; a fifth estimates the error."""
    a = psi(2, HALF) / 2
    rows = [
        [],
        [psi(1, HALF) / 2],
        [psi(1, HALF) / 2 - a, a],
        [psi(1) - psi(2), 0, psi(2)],
    ]
    rest = psi(2) - psi(3) * 2 / 3
    last = psi(3) * 2 / 3 - psi(2) / 2
    first = psi(1) - psi(2) * 3 / 2 + psi(3) * 2 / 3
    return method("etd34", rows, [first, rest, rest, last], [0, HALF, HALF, 1], WHALEN)


def etd35() -> ExponentialRungeKutta:
    """Six stages of order 5; the weight of $\\psi_2$ in $b_3$ is 467, not 497."""
    q, t = Fraction(1, 4), Fraction(3, 4)
    a52, a62 = -psi(1, t) * 3 / 8, psi(1) * 8 / 7
    rows = [
        [],
        [psi(1, q) / 4],
        [psi(1, q) / 4 - psi(2, q) / 8, psi(2, q) / 8],
        [(psi(1, HALF) - psi(2, HALF)) / 2, 0, psi(2, HALF) / 2],
        [psi(1, t) * t - psi(2, t) * 9 / 16, a52, -a52, psi(2, t) * 9 / 16],
        [
            (59 * psi(2) - 77 * psi(1)) / 42,
            a62,
            (111 * psi(1) - 87 * psi(2)) / 28,
            -a62 * 3 / 2,
            (143 * psi(2) - 47 * psi(1)) / 84,
        ],
    ]
    b = [
        (257 * psi(1) - 497 * psi(2) + 270 * psi(3)) * 7 / 2700,
        0,
        (1097 * psi(1) - 467 * psi(2) - 150 * psi(3)) / 1350,
        (199 * psi(2) - 49 * psi(1) - 135 * psi(3)) * 2 / 225,
        (883 * psi(2) - 313 * psi(1) - 90 * psi(3)) / 1350,
        (509 * psi(1) - 2129 * psi(2) + 1830 * psi(3)) / 2700,
    ]
    return method("etd35", rows, b, [0, q, q, HALF, t, 1], WHALEN)


def rosenbrock_euler() -> ExponentialRosenbrock:
    """Exponential Rosenbrock-Euler, of order 2."""
    return ExponentialRosenbrock(
        "exprb2", [[0]], [phi(1)], [0], "Pope, Comm. ACM 6 (1963) 491; HO section 2.4"
    )


def exprb32() -> ExponentialRosenbrock:
    """Two stages of order 3, with order 2."""
    b = [phi(1) - 2 * phi(3), 2 * phi(3)]
    source = "Hochbruck, Ostermann, Schweitzer, SIAM J. Numer. Anal. 47 (2009) 786-803"
    return ExponentialRosenbrock("exprb32", [[0, 0], [phi(1), 0]], b, [0, 1], source)


def exprb43() -> ExponentialRosenbrock:
    """Three stages of order 4, with order 3."""
    A = [[0, 0, 0], [phi(1, HALF) / 2, 0, 0], [0, phi(1), 0]]
    b = [
        phi(1) - 14 * phi(3) + 36 * phi(4),
        16 * phi(3) - 48 * phi(4),
        12 * phi(4) - 2 * phi(3),
    ]
    source = "Hochbruck, Ostermann, Schweitzer, SIAM J. Numer. Anal. 47 (2009) 786-803"
    return ExponentialRosenbrock("exprb43", A, b, [0, HALF, 1], source)


ROWS = (
    Row(
        138,
        "lawson",
        "Integrating-factor methods of Lawson",
        methods={"lawson-euler": lawson_euler, "lawson4": lawson4},
        aliases={"if-rk4": "lawson4"},
    ),
    Row(
        139,
        "exponential-euler-row",
        "Exponential Euler of Nørsett",
        methods={"etd1": etd1},
        aliases={"exponential-euler": "etd1"},
    ),
    Row(140, "etd2", "ETD2RK of Cox and Matthews", {"etd2rk": etd2rk}),
    Row(
        141,
        "etd3",
        "ETD methods with three stages",
        {"etd3rk": etd3rk, "etd2cf3": etd2cf3},
    ),
    Row(
        142,
        "etd4",
        "ETDRK4 of Cox and Matthews, Kassam and Trefethen",
        {"etdrk4": etdrk4},
        aliases={"cox-matthews": "etdrk4"},
    ),
    Row(
        143,
        "krogstad",
        "ETDRK4-B of Krogstad, and of Strehmel and Weiner",
        {"krogstad4": krogstad4, "strehmel-weiner4": strehmel_weiner4},
    ),
    Row(
        144,
        "hochbruck-ostermann",
        "Hochbruck and Ostermann of order 4",
        {"hochbruck-ostermann4": hochbruck_ostermann4},
    ),
    Row(
        145,
        "etd35-row",
        "ETD with an error estimate, of Whalen and others",
        {"etd34": etd34, "etd35": etd35},
    ),
    Row(
        146,
        "exprb",
        "Exponential Rosenbrock methods",
        {"exprb2": rosenbrock_euler, "exprb32": exprb32, "exprb43": exprb43},
    ),
    Row(
        147,
        "magnus",
        "Magnus methods and commutator-free ones",
        methods={name: partial(Magnus, name) for name in CONSTRUCTIONS},
    ),
)
