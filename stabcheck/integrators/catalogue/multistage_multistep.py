"""Multistep methods in several stages, of two fields, or with second derivatives.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from stabcheck.integrators.catalogue.multistep import (
    adams_bashforth,
    adams_moulton,
    backward_difference,
    whole,
)
from stabcheck.integrators.memory import difference_formulas, second_derivative
from stabcheck.integrators.memory.extended_differences import ExtendedDifferences
from stabcheck.integrators.memory.imex_multistep import ImexMultistep
from stabcheck.integrators.memory.predictor_corrector import PredictorCorrector
from stabcheck.integrators.registry import Row

HALF = Fraction(1, 2)
ARW = (
    "Ascher, Ruuth, Wetton, SIAM J. Numer. Anal. 32 (1995) 797-823, doi:10.1137/0732037"
)


def adams_pece(order: int) -> PredictorCorrector:
    """Adams-Bashforth and Adams-Moulton of one order, PECE."""
    return _adams("abm-pece", order, evaluates_last=True)


def adams_pec(order: int) -> PredictorCorrector:
    """The same pair with the slope of the prediction kept, PEC."""
    return _adams("abm-pec", order, evaluates_last=False)


def shampine_gordon(order: int) -> PredictorCorrector:
    """PECE with a corrector of one order more: local extrapolation."""
    k = whole("shampine-gordon", order, 1, 11)
    return PredictorCorrector(
        f"shampine-gordon:{k}",
        adams_bashforth(k),
        adams_moulton(k),
        source="Shampine, Gordon, Computer Solution of Ordinary Differential Equations "
        "(1975); HNW III.1",
    )


def _adams(family: str, order: int, *, evaluates_last: bool) -> PredictorCorrector:
    k = whole(family, order, 1, 12)
    return PredictorCorrector(
        f"{family}:{k}",
        adams_bashforth(k),
        adams_moulton(k - 1) if k > 1 else backward_difference(1),
        evaluates_last=evaluates_last,
        source="HNW III.1; Lambert, Computational Methods in Ordinary Differential "
        "Equations (1973), section 3.11",
    )


def enright(steps: int) -> second_derivative.SecondDerivativeMultistep:
    """The second-derivative method of so many steps, of two orders more."""
    return second_derivative.enright(whole("enright", steps, 1, 9))


def extended_differences(steps: int) -> ExtendedDifferences:
    """Cash's extended BDF of so many steps, of one order more."""
    k = whole("extended-bdf", steps, 1, 8)
    return ExtendedDifferences(
        f"extended-bdf:{k}",
        k,
        modified=False,
        source="Cash, Numer. Math. 34 (1980) 235-246, doi:10.1007/BF01396701; HW V.3",
    )


def modified_differences(steps: int) -> ExtendedDifferences:
    """The modified extended BDF of so many steps, of one order more."""
    k = whole("mebdf", steps, 1, 8)
    return ExtendedDifferences(
        f"mebdf:{k}",
        k,
        modified=True,
        source="Cash, Comput. Math. Appl. 9 (1983) 645-657, "
        "doi:10.1016/0898-1221(83)90122-0; HW V.3",
    )


def semi_implicit_difference(steps: int) -> ImexMultistep:
    """BDF with the explicit field extrapolated."""
    k = whole("sbdf", steps, 1, 6)
    alpha, implicit = difference_formulas.backward_difference(k)
    explicit = difference_formulas.extrapolation(k)
    return ImexMultistep(f"sbdf:{k}", alpha, explicit, implicit, f"{ARW}, section 3")


def two_step(gamma: Fraction | int, c: Fraction | int) -> ImexMultistep:
    """The two-step family of second order in two parameters."""
    g, c = Fraction(gamma), Fraction(c)
    return ImexMultistep(
        f"arw2:{g},{c}",
        [g - HALF, -2 * g, g + HALF],
        [-g, g + 1, 0],
        [c / 2, 1 - g - c, g + c / 2],
        f"{ARW}, section 3.2",
    )


ROWS = (
    Row(
        123,
        "imex-multistep",
        "SBDF, CNAB, MCNAB, CNLF: multistep methods for a sum of two fields",
        methods={
            "cnab2": lambda: replace(two_step(HALF, 0), name="cnab2"),
            "mcnab": lambda: replace(two_step(HALF, HALF**3), name="mcnab"),
            "cnlf": lambda: replace(two_step(0, 1), name="cnlf"),
        },
        families={
            "sbdf": semi_implicit_difference,
            "arw2": two_step,
        },
        listed=tuple(f"sbdf:{k}" for k in range(1, 6)),
        aliases={"cnab": "cnab2"},
    ),
    Row(
        126,
        "abm",
        "Adams-Bashforth-Moulton predictor-corrector pairs, PECE and PEC",
        families={
            "abm-pece": adams_pece,
            "abm-pec": adams_pec,
            "shampine-gordon": shampine_gordon,
        },
        listed=(
            *(f"abm-pece:{k}" for k in range(1, 9)),
            *(f"abm-pec:{k}" for k in range(1, 5)),
            *(f"shampine-gordon:{k}" for k in range(1, 6)),
        ),
    ),
    Row(
        130,
        "mebdf",
        "Extended backward differences of Cash, EBDF and MEBDF",
        families={
            "extended-bdf": extended_differences,
            "mebdf": modified_differences,
        },
        listed=(
            *(f"extended-bdf:{k}" for k in range(1, 8)),
            *(f"mebdf:{k}" for k in range(1, 8)),
        ),
    ),
    Row(
        133,
        "enright",
        "Second-derivative multistep methods of Enright",
        families={"enright": enright},
        listed=tuple(f"enright:{k}" for k in range(1, 8)),
    ),
)
