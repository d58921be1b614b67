"""General linear methods: DIMSIM, IRKS, and methods that estimate their error."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stabcheck.integrators.memory.general_linear import GeneralLinearMethod
from stabcheck.integrators.registry import Row

ESTIMATING = (
    "Constantinescu, SIAM J. Sci. Comput. 40 (2018), arXiv:1503.05166, in the form of "
    "two solutions"
)
IDENTITY = ((1, 0), (0, 1))

Rows = Sequence[Sequence[int | str]]


def error_estimating(
    name: str, gamma: str | int, A: Rows, U: Rows, B: Rows
) -> GeneralLinearMethod:
    r"""A pair $y, \varepsilon$ as the solutions $y$ and $y + (1 - \gamma)\varepsilon$.

    Both are of the order of the method; $\gamma$ is the ratio of their errors.
    """
    rest = 1 - Fraction(gamma)
    second = [Fraction(e) / rest for _, e in U]
    return GeneralLinearMethod(
        name,
        A,
        [[Fraction(u[0]) - e, e] for u, e in zip(U, second, strict=True)],
        [B[0], [Fraction(x) + rest * Fraction(y) for x, y in zip(*B, strict=True)]],
        IDENTITY,
        shifts=(0, 0),
        source=ESTIMATING,
    )


def dimsim(name: str, A: Rows, B: Rows, V: Rows) -> GeneralLinearMethod:
    """A DIMSIM of two stages with abscissae 0 and 1: order and stage order 2."""
    return GeneralLinearMethod(
        name,
        A,
        IDENTITY,
        B,
        V,
        c=(0, 1),
        source="Butcher, Appl. Numer. Math. 11 (1993) 347-363, "
        "doi:10.1016/0168-9274(93)90059-Z",
    )


def irks1() -> GeneralLinearMethod:
    """Inherent Runge-Kutta stability, order and stage order 1, L-stable."""
    return GeneralLinearMethod(
        "irks1",
        [["3/10", 0], ["7/10", "3/10"]],
        [[1, 0], [1, 0]],
        [["7/10", "3/10"], [0, 1]],
        [[1, 0], [0, 0]],
        shifts=(0, None),
        source="Butcher, Podhaisky, Appl. Numer. Math. 56 (2006) 345-357, "
        "doi:10.1016/j.apnum.2005.04.026",
    )


def glee_rk32g1() -> GeneralLinearMethod:
    """Two copies of Kutta's third-order method, the second on the corrected value."""
    kutta = ["1/6", "2/3", "1/6"]
    return error_estimating(
        "glee-rk32g1",
        0,
        [
            [0] * 8,
            ["1/2", *[0] * 7],
            [-1, 2, *[0] * 6],
            [*kutta, *[0] * 5],
            [0] * 8,
            ["-7/24", "1/3", "1/12", "-1/8", "1/2", 0, 0, 0],
            ["7/6", "-4/3", "-1/3", "1/2", -1, 2, 0, 0],
            [0, 0, 0, 0, *kutta, 0],
        ],
        [[1, 0]] * 4 + [[1, 1]] * 4,
        [[*kutta, *[0] * 5], ["-1/6", "-2/3", "-1/6", 0, *kutta, 0]],
    )


def glee_exrk2a() -> GeneralLinearMethod:
    """Heun's method beside two half steps of it."""
    third = ["1/3"] * 4
    return error_estimating(
        "glee-exrk2a",
        "1/4",
        [
            [0] * 6,
            [1, *[0] * 5],
            [0] * 6,
            [0, 0, "1/2", 0, 0, 0],
            [0, 0, "1/4", "1/4", 0, 0],
            [0, 0, "1/4", "1/4", "1/2", 0],
        ],
        [[1, 0]] * 2 + [[1, "3/4"]] * 4,
        [["1/2", "1/2", 0, 0, 0, 0], ["-2/3", "-2/3", *third]],
    )


def glee24() -> GeneralLinearMethod:
    """Four stages, order 2, printed in the form of two solutions."""
    return GeneralLinearMethod(
        "glee24",
        [
            [0, 0, 0, 0],
            ["3/4", 0, 0, 0],
            ["1/4", "29/60", 0, 0],
            ["-21/44", "145/44", "-20/11", 0],
        ],
        [[0, 1], ["75/58", "-17/58"], [0, 1], [0, 1]],
        [["109/275", "58/75", "-37/110", "1/6"], ["3/11", 0, "75/88", "-1/8"]],
        IDENTITY,
        shifts=(0, 0),
        source=ESTIMATING,
    )


ROWS = (
    Row(
        135,
        "dimsim",
        "DIMSIM of types 1 and 3, and IRKS",
        methods={
            "dimsim2-type1": lambda: dimsim(
                "dimsim2-type1",
                [[0, 0], [2, 0]],
                [["5/4", "1/4"], ["3/4", "-1/4"]],
                [["1/2", "1/2"]] * 2,
            ),
            "dimsim2-type3": lambda: dimsim(
                "dimsim2-type3",
                [[0, 0], [0, 0]],
                [["-3/8", "-3/8"], ["-7/8", "9/8"]],
                [["-3/4", "7/4"]] * 2,
            ),
            "irks1": irks1,
        },
    ),
    Row(
        136,
        "glee",
        "General linear methods that estimate their global error",
        methods={
            "glee-be1": lambda: error_estimating(
                "glee-be1",
                "1/2",
                [[1, 0, 0], [0, "1/2", 0], [0, "1/2", "1/2"]],
                [[1, 0], [1, "1/2"], [1, "1/2"]],
                [[1, 0, 0], [-2, 1, 1]],
            ),
            "glee23": lambda: error_estimating(
                "glee23",
                0,
                [[0, 0, 0], [1, 0, 0], ["1/4", "1/4", 0]],
                [[1, 0], [1, 10], [1, -1]],
                [["1/12", "1/12", "5/6"], ["1/12", "1/12", "-1/6"]],
            ),
            "glee24": glee24,
            "glee-exrk2a": glee_exrk2a,
            "glee-rk32g1": glee_rk32g1,
        },
    ),
)
