r"""Singly diagonally implicit methods with an explicit first stage, ESDIRK."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stabcheck.integrators.algebra.number_field import NumberField, square_root
from stabcheck.integrators.catalogue.sections import diagonally_implicit, printed
from stabcheck.integrators.catalogue.singly_diagonal import lower
from stabcheck.integrators.registry import Row

KVAERNO = "Kværnø, BIT 44 (2004) 489-502, doi:10.1023/B:BITN.0000046811.70614.38"
KENNEDY = (
    "Kennedy, Carpenter, Diagonally implicit Runge-Kutta methods for ordinary "
    "differential equations: a review, NASA/TM-2016-219173"
)


def kvaerno3() -> Any:
    r"""Four stages, the first explicit, $6\gamma^3 - 18\gamma^2 + 9\gamma - 1 = 0$."""
    g = NumberField((-1, 9, -18, 6), "0.43587").generator
    a32 = (1 - 2 * g) / (4 * g)
    last = [
        (6 * g - 1) / (12 * g),
        -1 / ((24 * g - 12) * g),
        (-6 * g**2 + 6 * g - 1) / (6 * g - 3),
    ]
    rows = [[0], [g, g], [1 - g - a32, a32, g], [*last, g]]
    return lower("kvaerno3", rows, None, KVAERNO)


def kvaerno4() -> Any:
    r"""Five stages, $24\gamma^4 - 96\gamma^3 + 72\gamma^2 - 16\gamma + 1 = 0$."""
    g = NumberField((1, -16, 72, -96, 24), "0.5728160625").generator
    u, v, w = 12 * g**2 - 6 * g + 1, 3 * g - 1, 12 * g**2 - 9 * g + 2
    third = [
        g * (144 * g**4 - 180 * g**3 + 81 * g**2 - 15 * g + 1) / u**2,
        g * (-36 * g**3 + 39 * g**2 - 15 * g + 2) / u**2,
    ]
    fourth = [
        (-144 * g**5 + 396 * g**4 - 330 * g**3 + 117 * g**2 - 18 * g + 1)
        / (12 * g**2 * w),
        (72 * g**4 - 126 * g**3 + 69 * g**2 - 15 * g + 1) / (12 * g**2 * v),
        (-6 * g**2 + 6 * g - 1) * u**2 / (12 * g**2 * w * v),
    ]
    fifth = [
        (288 * g**4 - 312 * g**3 + 120 * g**2 - 18 * g + 1) / (48 * g**2 * w),
        (24 * g**2 - 12 * g + 1) / (48 * g**2 * v),
        -(u**3) / (48 * g**2 * v * w * (6 * g**2 - 6 * g + 1)),
        (-24 * g**3 + 36 * g**2 - 12 * g + 1) / (24 * g**2 - 24 * g + 4),
    ]
    rows = [[0], [g, g], [*third, g], [*fourth, g], [*fifth, g]]
    return lower("kvaerno4", rows, None, KVAERNO)


def esdirk325() -> Any:
    r"""Five stages of order 3 and stage order 2, $\gamma = 9/40$."""
    g, r = Fraction(9, 40), square_root(2)
    third = 9 * (1 + r) / 80
    fourth = (22 + 15 * r) / (80 * (1 + r))
    fifth = (2398 + 1205 * r) / (2835 * (4 + 3 * r))
    sixth = -2374 * (1 + 2 * r) / (2835 * (5 + 3 * r))
    rows = [
        [0],
        [g, g],
        [third, third, g],
        [fourth, fourth, -7 / (40 * (1 + r)), g],
        [fifth, fifth, sixth, Fraction(5827, 7560), g],
    ]
    return lower("esdirk325l2sa", rows, None, KENNEDY)


ROWS = (
    Row(
        108,
        "kvaerno345",
        "ESDIRK of Kværnø of order 3, 4 and 5",
        methods={
            "kvaerno3": kvaerno3,
            "kvaerno4": kvaerno4,
            **printed(diagonally_implicit, "kvaerno5"),
        },
    ),
    Row(
        109,
        "esdirk-kc",
        "ESDIRK of Kennedy and Carpenter of order 3 to 6",
        methods={
            "esdirk325l2sa": esdirk325,
            **printed(
                diagonally_implicit,
                "esdirk436l2sa2",
                "esdirk437l2sa",
                "esdirk547l2sa2",
                "esdirk54i8l2sa",
                "esdirk659l2sa",
            ),
        },
    ),
)
