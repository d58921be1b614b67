r"""Implicit-explicit Runge-Kutta methods: the field `a` explicit, `b` implicit.

ARS: Ascher, Ruuth, Spiteri, Appl. Numer. Math. 25 (1997) 151-167,
doi:10.1016/S0168-9274(97)00056-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stabcheck.integrators.algebra.number_field import NumberField, square_root
from stabcheck.integrators.catalogue.sections import implicit_explicit, printed
from stabcheck.integrators.registry import Row
from stabcheck.integrators.several_fields.additive import AdditiveRungeKutta

ARS = "Ascher, Ruuth, Spiteri, Appl. Numer. Math. 25 (1997) 151-167"
SSP = "Pareschi, Russo, J. Sci. Comput. 25 (2005) 129-155"

Rows = Sequence[Sequence[Any]]


def pair(
    name: str, explicit: Rows, implicit: Rows, weights: tuple[Any, Any], source: str
) -> AdditiveRungeKutta:
    """A method from two triangles, filled up with zeros."""

    def square(rows: Rows) -> list[list[Any]]:
        return [[*row, *[0] * (len(rows) - len(row))] for row in rows]

    tableaux = {
        "a": (square(explicit), weights[0]),
        "b": (square(implicit), weights[1]),
    }
    return AdditiveRungeKutta(name, tableaux, source)


def imex_euler() -> AdditiveRungeKutta:
    """Forward Euler for one field, backward Euler for the other."""
    weights = ([1, 0], [0, 1])
    return pair("imex-euler", [[], [1]], [[0], [0, 1]], weights, ARS + ", section 2.1")


def ars222() -> AdditiveRungeKutta:
    """Two implicit, two explicit stages of order 2."""
    g = 1 - square_root(2) / 2
    d = 1 - 1 / (2 * g)
    b = [0, 1 - g, g]
    explicit = [[], [g], [d, 1 - d]]
    weights = ([d, 1 - d, 0], b)
    return pair("ars222", explicit, [[0], [0, g], b], weights, ARS + ", section 2.6")


def ars232() -> AdditiveRungeKutta:
    """Two implicit, three explicit stages of order 2."""
    g, d = 1 - square_root(2) / 2, -2 * square_root(2) / 3
    b = [0, 1 - g, g]
    explicit = [[], [g], [d, 1 - d]]
    return pair("ars232", explicit, [[0], [0, g], b], (b, b), ARS + ", section 2.5")


def ars233() -> AdditiveRungeKutta:
    """Two implicit, three explicit stages of order 3."""
    g = (3 + square_root(3)) / 6
    b = [0, "1/2", "1/2"]
    explicit = [[], [g], [g - 1, 2 * (1 - g)]]
    implicit = [[0], [0, g], [0, 1 - 2 * g, g]]
    return pair("ars233", explicit, implicit, (b, b), ARS + ", section 2.4")


def ars343() -> AdditiveRungeKutta:
    r"""Three implicit, four explicit stages of order 3, L-stable.

    The free parameter $\hat a_{42} = \hat a_{43} = 0.5529291479$ is a decimal by
    definition; $\gamma$ and the rest are algebraic.
    """
    g = NumberField((-1, 9, -18, 6), "0.43587").generator
    b2 = (6 * g**2 - 20 * g + 5) / 4
    b = [0, 1 - b2 - g, b2, g]
    implicit = [[0], [0, g], [0, (1 - g) / 2, g], b]
    free = "0.5529291479"
    a3, a4 = _ars343_explicit(g, free)
    return pair("ars343", [[], [g], a3, a4], implicit, (b, b), ARS + ", section 2.7")


def _ars343_explicit(g: Any, free: str) -> tuple[list[Any], list[Any]]:
    from fractions import Fraction as F

    x = F(free)
    quadratic = 3 * g**2 / 2
    a31 = (
        (1 - 9 * g / 2 + quadratic) * x
        + (F(11, 4) - 21 * g / 2 + 15 * g**2 / 4) * x
        - F(7, 2)
        + 13 * g
        - 9 * g**2 / 2
    )
    a32 = (1 + g) / 2 - a31
    return [a31, a32], [1 - 2 * x, x, x]


def ars443() -> AdditiveRungeKutta:
    """Four implicit and explicit stages of order 3, L-stable, rational."""
    explicit = [
        [],
        ["1/2"],
        ["11/18", "1/18"],
        ["5/6", "-5/6", "1/2"],
        ["1/4", "7/4", "3/4", "-7/4"],
    ]
    implicit = [
        [0],
        [0, "1/2"],
        [0, "1/6", "1/2"],
        [0, "-1/2", "1/2", "1/2"],
        [0, "3/2", "-3/2", "1/2", "1/2"],
    ]
    weights = ([*explicit[4], 0], implicit[4])
    return pair("ars443", explicit, implicit, weights, ARS + ", section 2.8")


def sil3() -> AdditiveRungeKutta:
    """Order 3 for the explicit, 2 for the implicit field."""
    explicit = [[], ["1/3"], ["1/6", "1/2"], ["1/2", "-1/2", 1]]
    implicit = [[0], ["1/6", "1/6"], ["1/3", 0, "1/3"], ["3/8", 0, "3/8", "1/4"]]
    weights = ([*explicit[3], 0], implicit[3])
    source = (
        "Whitaker, Kar, Mon. Weather Rev. 141 (2013) 3426-3434, "
        "doi:10.1175/MWR-D-13-00132.1"
    )
    return pair("sil3", explicit, implicit, weights, source)


def ssp2_222() -> AdditiveRungeKutta:
    """Two stages of order 2, SSP in the explicit field."""
    g = 1 - 1 / square_root(2)
    b = ["1/2", "1/2"]
    return pair("imex-ssp2-222", [[], [1]], [[g], [1 - 2 * g, g]], (b, b), SSP)


def ssp2_322() -> AdditiveRungeKutta:
    """Three stages of order 2."""
    b = [0, "1/2", "1/2"]
    implicit = [["1/2"], ["-1/2", "1/2"], [0, "1/2", "1/2"]]
    return pair("imex-ssp2-322", [[], [0], [0, 1]], implicit, (b, b), SSP)


def ssp2_332() -> AdditiveRungeKutta:
    """Three stages of order 2, larger explicit region."""
    b = ["1/3", "1/3", "1/3"]
    explicit = [[], ["1/2"], ["1/2", "1/2"]]
    implicit = [["1/4"], [0, "1/4"], ["1/3", "1/3", "1/3"]]
    return pair("imex-ssp2-332", explicit, implicit, (b, b), SSP)


def ssp3_332() -> AdditiveRungeKutta:
    """Three stages of order 2, of order 3 in the explicit field alone."""
    g = 1 - 1 / square_root(2)
    b = ["1/6", "1/6", "2/3"]
    explicit = [[], [1], ["1/4", "1/4"]]
    implicit = [[g], [1 - 2 * g, g], [(1 - 2 * g) / 2, 0, g]]
    return pair("imex-ssp3-332", explicit, implicit, (b, b), SSP)


ROWS = (
    Row(
        118,
        "imex-euler-row",
        "IMEX Euler, ARS(1,1,1)",
        methods={"imex-euler": imex_euler},
        aliases={"ars111": "imex-euler"},
    ),
    Row(
        119,
        "ars",
        "IMEX methods of Ascher, Ruuth and Spiteri",
        methods={
            "ars222": ars222,
            "ars232": ars232,
            "ars233": ars233,
            "ars343": ars343,
            "ars443": ars443,
        },
    ),
    Row(
        120,
        "ark-kc",
        "Additive methods of Kennedy and Carpenter",
        methods=printed(
            implicit_explicit,
            "kencarp3",
            "kencarp4",
            "kencarp5",
            "kencarp47",
            "kencarp58",
        ),
        aliases={
            "ark324l2sa": "kencarp3",
            "ark436l2sa": "kencarp4",
            "ark548l2sa": "kencarp5",
            "ark437l2sa1": "kencarp47",
            "ark548l2sa-beta": "kencarp58",
        },
    ),
    Row(121, "sil3-row", "Fast-slow method of Whitaker and Kar", {"sil3": sil3}),
    Row(
        122,
        "imex-ssp",
        "IMEX-SSP2 and SSP3 of Pareschi and Russo",
        methods={
            "imex-ssp2-222": ssp2_222,
            "imex-ssp2-322": ssp2_322,
            "imex-ssp2-332": ssp2_332,
            "imex-ssp3-332": ssp3_332,
        },
    ),
)
