r"""Diagonally implicit Runge-Kutta methods, most of them with one diagonal entry.

HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.number_field import NumberField, square_root
from stabcheck.integrators.catalogue.sections import diagonally_implicit, printed
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.nodal_families import laguerre_collocation
from stabcheck.integrators.runge_kutta.symbolic_tableau import (
    SymbolicTableau,
    is_symbolic,
)
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

ALEXANDER = "Alexander, SIAM J. Numer. Anal. 14 (1977) 1006-1021, doi:10.1137/0714068"
CROUZEIX = "Crouzeix, thesis, Paris 1975; Nørsett 1974; HW IV.6, Table 6.3"
SSP = "Ferracina, Spijker, Appl. Numer. Math. 58 (2008) 1675-1686"


def lower(
    name: str, rows: Sequence[Sequence[Any]], b: Sequence[Any] | None, source: str
) -> ButcherTableau | SymbolicTableau:
    """A method from its lower triangle; without weights they are its last row.

    Entries with symbols make a symbolic tableau.
    """
    size = len(rows)
    A = [[*row, *[0] * (size - len(row))] for row in rows]
    weights = A[-1] if b is None else b
    if any(is_symbolic(x) for row in (*A, weights) for x in row):
        return SymbolicTableau(name, A, weights, source)
    return ButcherTableau(name, A, weights, source=source)


def alexander2(name: str, sign: int) -> Any:
    r"""Two stages with $\gamma = 1 \pm \sqrt2/2$."""
    g = 1 + sign * square_root(2) / 2
    return lower(name, [[g], [1 - g, g]], None, ALEXANDER)


def alexander3() -> Any:
    r"""Three stages, $6\gamma^3 - 18\gamma^2 + 9\gamma - 1 = 0$."""
    g = NumberField((-1, 9, -18, 6), "0.43587").generator
    b2 = (6 * g**2 - 20 * g + 5) / 4
    b1 = 1 - b2 - g
    return lower("sdirk33", [[g], [(1 - g) / 2, g], [b1, b2, g]], None, ALEXANDER)


def crouzeix2(name: str, sign: int) -> Any:
    r"""Two stages of order 3, $\gamma = (3 \pm \sqrt3)/6$."""
    g = (3 + sign * square_root(3)) / 6
    return lower(name, [[g], [1 - 2 * g, g]], ["1/2", "1/2"], CROUZEIX)


def crouzeix3(name: str) -> Any:
    r"""Three stages of order 4, $24\gamma^3 - 36\gamma^2 + 12\gamma - 1 = 0$."""
    g = NumberField((-1, 12, -36, 24), "1.0685").generator
    delta = 1 / (6 * (2 * g - 1) ** 2)
    rows = [[g], [Fraction(1, 2) - g, g], [2 * g, 1 - 4 * g, g]]
    return lower(name, rows, [delta, 1 - 2 * delta, delta], CROUZEIX)


def pareschi_russo(x: Any) -> Any:
    """Two stages of order 2 with one parameter, rational or a symbol."""
    source = "Pareschi, Russo, J. Sci. Comput. 25 (2005) 129-155"
    return lower(f"pareschi-russo:{x}", [[x], [1 - 2 * x, x]], ["1/2", "1/2"], source)


def tr_bdf2(gamma: Any, name: str = "") -> Any:
    r"""The trapezoidal rule to $\gamma h$, then the second difference formula."""
    if gamma == 2:
        raise InvalidInput("asked for tr-bdf2-gamma:2; give a parameter other than 2")
    gamma = Fraction(gamma) if isinstance(gamma, int) else gamma
    w, d = 1 / (2 * (2 - gamma)), (1 - gamma) / (2 - gamma)
    source = (
        "Bank et al., IEEE Trans. Electron Devices 32 (1985) 1992-2007; Hosea, "
        "Shampine, Appl. Numer. Math. 20 (1996) 21-37"
    )
    rows = [[0], [gamma / 2, gamma / 2], [w, w, d]]
    return lower(name or f"tr-bdf2-gamma:{gamma}", rows, None, source)


def sspirk2(s: int) -> Any:
    """The optimal implicit method of order 2 for strong stability."""
    _stages("sspirk2", s, 1)
    rows = [[Fraction(1, s)] * i + [Fraction(1, 2 * s)] for i in range(s)]
    return lower(f"sspirk2:{s}", rows, [Fraction(1, s)] * s, SSP)


def sspirk3(s: int) -> Any:
    """The same of order 3."""
    _stages("sspirk3", s, 2)
    below = 1 / square_root(s * s - 1)
    diagonal = (1 - (s - 1) * below) / 2
    rows = [[below] * i + [diagonal] for i in range(s)]
    return lower(f"sspirk3:{s}", rows, [Fraction(1, s)] * s, SSP)


def sirk(s: int, gamma: Fraction) -> Any:
    r"""Collocation at $\gamma$ times the zeros of Laguerre's polynomial: $Q = (1 -
    \gamma z)^s$."""
    _stages("sirk", s, 1)
    source = "Burrage, BIT 18 (1978) 22-41; HW IV.8"
    return laguerre_collocation(f"sirk:{s},{gamma}", s, Fraction(gamma), source)


def _stages(family: str, s: int, least: int) -> None:
    if not isinstance(s, int) or s < least:
        raise InvalidInput(
            f"asked for {family} with {s} stages; give a whole number of at least "
            f"{least}"
        )


ROWS = (
    Row(
        98,
        "sdirk2-l",
        "SDIRK with two stages, L-stable",
        methods={
            "sdirk2": partial(alexander2, "sdirk2", -1),
            "sdirk2-plus": partial(alexander2, "sdirk2-plus", 1),
        },
        aliases={
            "SDIRK2 gamma=1-sqrt2/2": "sdirk2",
            "SDIRK2 gamma=1+sqrt2/2": "sdirk2-plus",
        },
    ),
    Row(
        99,
        "sdirk23-row",
        "SDIRK with two stages of order 3",
        methods={
            "sdirk23": partial(crouzeix2, "sdirk23", 1),
            "sdirk23-minus": partial(crouzeix2, "sdirk23-minus", -1),
        },
        aliases={"SDIRK23 gamma=(3+sqrt3)/6": "sdirk23"},
    ),
    Row(
        100,
        "sdirk34-row",
        "SDIRK with three stages of order 4",
        methods={"sdirk34": partial(crouzeix3, "sdirk34")},
        aliases={"SDIRK34 (Crouzeix, cubic g)": "sdirk34"},
    ),
    Row(
        101,
        "sdirk33-l",
        "SDIRK with three stages of order 3, L-stable",
        methods={"sdirk33": alexander3},
        aliases={"Alexander SDIRK33 L-stable": "sdirk33"},
    ),
    Row(
        102,
        "sdirk54-row",
        "SDIRK with five stages of order 4, L-stable, with order 3",
        methods=printed(diagonally_implicit, "sdirk54"),
        aliases={"hairer-wanner-sdirk4": "sdirk54"},
    ),
    Row(
        103,
        "cash-sdirk",
        "SDIRK of Cash of order 4",
        methods=printed(diagonally_implicit, "cash4"),
    ),
    Row(
        104,
        "qin-zhang-row",
        "Symplectic DIRK of Qin and Zhang",
        methods={
            "qin-zhang": lambda: lower(
                "qin-zhang",
                [["1/4"], ["1/2", "1/4"]],
                ["1/2", "1/2"],
                "Qin, Zhang, J. Comput. Math., Suppl. (1992) 205-215",
            )
        },
    ),
    Row(
        105,
        "pareschi-russo-row",
        "Two stages of order 2 with a parameter",
        families={"pareschi-russo": pareschi_russo},
        listed=("pareschi-russo:1/3", "pareschi-russo:1/2"),
    ),
    Row(
        106,
        "kraaijevanger-spijker",
        "DIRK of Kraaijevanger and Spijker of order 1",
        methods={
            "kraaijevanger-spijker-dirk": lambda: lower(
                "kraaijevanger-spijker-dirk",
                [["1/2"], ["-1/2", 2]],
                ["-1/2", "3/2"],
                "Kraaijevanger, Spijker, Appl. Numer. Math. 5 (1989) 71-87, "
                "doi:10.1016/0168-9274(89)90025-1",
            )
        },
    ),
    Row(
        107,
        "tr-bdf2-row",
        "TR-BDF2",
        methods={
            "tr-bdf2": lambda: tr_bdf2(Fraction(1, 2), "tr-bdf2"),
            "tr-bdf2-bank": lambda: tr_bdf2(2 - square_root(2), "tr-bdf2-bank"),
        },
        families={"tr-bdf2-gamma": tr_bdf2},
        listed=("tr-bdf2-gamma:2/3",),
        aliases={"TR-BDF2 gamma=2-sqrt2": "tr-bdf2-bank"},
    ),
    Row(
        110,
        "singly-irk",
        "Singly implicit methods of Burrage, at Laguerre's nodes",
        families={"sirk": sirk},
        listed=("sirk:2,1/2", "sirk:3,1/2", "sirk:4,1/2"),
    ),
    Row(
        111,
        "wso-dirk",
        "DIRK with high weak stage order",
        methods=printed(
            diagonally_implicit,
            "wso-dirk-432",
            "wso-dirk-433",
            "wso-dirk-643",
            "wso-dirk-744",
            "wso-dirk-1254",
            "wso-dirk-1255",
        ),
    ),
    Row(
        112,
        "sspirk2-s",
        "Implicit methods of order 2, optimal for strong stability",
        families={"sspirk2": sspirk2},
        listed=tuple(f"sspirk2:{s}" for s in (1, 2, 3, 4, 5, 8, 10)),
    ),
    Row(
        113,
        "sspirk3-s",
        "Implicit methods of order 3, optimal for strong stability",
        families={"sspirk3": sspirk3},
        listed=tuple(f"sspirk3:{s}" for s in (2, 3, 4, 5, 8, 10)),
    ),
    Row(
        115,
        "crouzeix-burrage-butcher",
        "Algebraically stable SDIRK of Crouzeix, Burrage and Butcher",
        methods={
            "b-stable-sdirk23": partial(crouzeix2, "b-stable-sdirk23", 1),
            "b-stable-sdirk34": partial(crouzeix3, "b-stable-sdirk34"),
        },
    ),
)
