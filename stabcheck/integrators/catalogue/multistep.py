"""Linear multistep methods.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.memory import difference_formulas
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.registry import Row

KAPPAS = ("-37/200", "-1/9", "-823/10000", "-83/2000", "0")
"""The decimals -0.1850, -1/9, -0.0823, -0.0415, 0 define the methods of ode15s."""


def whole(family: str, steps: int, least: int, most: int) -> int:
    """A number of steps in the range of a family.

    **Raises:** `InvalidInput` outside it.
    """
    if not isinstance(steps, int) or not least <= steps <= most:
        raise InvalidInput(
            f"asked for {family}:{steps}; give a whole number of steps from {least} to "
            f"{most}"
        )
    return steps


def adams_bashforth(steps: int) -> LinearMultistep:
    """The explicit Adams method of so many steps, of the same order."""
    alpha, beta = difference_formulas.adams_bashforth(whole("ab", steps, 1, 12))
    return LinearMultistep(f"ab:{steps}", alpha, beta, "HNW III.1")


def adams_moulton(steps: int) -> LinearMultistep:
    """The implicit Adams method of so many steps, of one order more."""
    alpha, beta = difference_formulas.adams_moulton(whole("am", steps, 1, 12))
    return LinearMultistep(f"am:{steps}", alpha, beta, "HNW III.1")


def nystrom(steps: int) -> LinearMultistep:
    """The explicit method over two steps, order the number of steps (2 for 2)."""
    alpha, beta = difference_formulas.nystrom(whole("nystrom", steps, 2, 12))
    return LinearMultistep(f"nystrom:{steps}", alpha, beta, "HNW III.1")


def milne_simpson(steps: int) -> LinearMultistep:
    """The implicit method over two steps; Simpson's rule for 2 and 3."""
    alpha, beta = difference_formulas.milne_simpson(
        whole("milne-simpson", steps, 2, 12)
    )
    return LinearMultistep(f"milne-simpson:{steps}", alpha, beta, "HNW III.1")


def backward_difference(steps: int) -> LinearMultistep:
    """The backward differentiation formula, zero-stable to 6 steps."""
    alpha, beta = difference_formulas.backward_difference(whole("bdf", steps, 1, 12))
    return LinearMultistep(f"bdf:{steps}", alpha, beta, "HNW III.1")


def numerical_difference(order: int) -> LinearMultistep:
    r"""BDF minus $\kappa\gamma_k\nabla^{k+1}y$, $\gamma_k = \sum_{j\le k}1/j$."""
    k = whole("ndf", order, 1, 5)
    gamma = sum((Fraction(1, j) for j in range(1, k + 1)), start=Fraction(0))
    weights = [Fraction(0), *(Fraction(1, m) for m in range(1, k + 1))]
    weights.append(-Fraction(KAPPAS[k - 1]) * gamma)
    return LinearMultistep(
        f"ndf:{k}",
        difference_formulas.of_differences(weights, k + 1),
        [0] * (k + 1) + [1],
        "Shampine, Reichelt, SIAM J. Sci. Comput. 18 (1997) 1-22, "
        "doi:10.1137/S1064827594276424, section 2.1",
    )


def extrapolated_difference(steps: int) -> LinearMultistep:
    r"""BDF with $f_{n+k}$ extrapolated from the $k$ older values: explicit."""
    k = whole("ebdf", steps, 1, 12)
    alpha, _ = difference_formulas.backward_difference(k)
    return LinearMultistep(
        f"ebdf:{k}",
        alpha,
        difference_formulas.extrapolation(k),
        "Ruuth, Hundsdorfer, J. Comput. Phys. 209 (2005) 226-248, "
        "doi:10.1016/j.jcp.2005.02.029: eBDF",
    )


def strong_stability_2(steps: int) -> LinearMultistep:
    r"""The optimal explicit SSP method of second order, $C = (k - 2)/(k - 1)$."""
    k = whole("esspms2", steps, 3, 60)
    old = Fraction(1, (k - 1) ** 2)
    return LinearMultistep(
        f"esspms2:{k}",
        [-old, *[0] * (k - 2), old - 1, 1],
        [0] * (k - 1) + [Fraction(k, k - 1), 0],
        "Gottlieb, Ketcheson, Shu, Strong Stability Preserving Runge-Kutta and "
        "Multistep Time Discretizations (2011), section 8.2.1",
    )


def strong_stability_3(steps: int) -> LinearMultistep:
    r"""The SSP method of third order in $y_{n+k-1}, y_n$ and their slopes.

    Its four coefficients are those that the conditions of third order leave.
    """
    k = whole("esspms3", steps, 4, 6)
    # Hermite extrapolation from the nodes 0 and k - 1 to k.
    m, s = k - 1, Fraction(k, k - 1)
    oldest = 1 - s * s * (3 - 2 * s)
    return LinearMultistep(
        f"esspms3:{k}",
        [-oldest, *[0] * (k - 2), oldest - 1, 1],
        [m * s * (s - 1) ** 2, *[0] * (k - 2), m * s * s * (s - 1), 0],
        "Shu, SIAM J. Sci. Stat. Comput. 9 (1988) 1073-1084, doi:10.1137/0909073",
    )


def dahlquist_liniger_nevanlinna(parameter: Fraction | int) -> LinearMultistep:
    r"""The two-step family of second order, A-contractive for $0 < \delta \le 1$."""
    d = Fraction(parameter)
    return LinearMultistep(
        f"dln:{d}",
        [(d - 1) / 2, -d, (d + 1) / 2],
        [(2 - d * d - d) / 4, d * d / 2, (2 - d * d + d) / 4],
        "Dahlquist, Liniger, Nevanlinna, SIAM J. Numer. Anal. 20 (1983) 1071-1081, "
        "doi:10.1137/0720076",
    )


def _row(
    number: int,
    key: str,
    title: str,
    family: str,
    make: Callable,
    listed: range,
    aliases: dict[str, str] | None = None,
) -> Row:
    names = tuple(f"{family}:{k}" for k in listed)
    return Row(
        number,
        key,
        title,
        families={family: make},
        listed=names,
        aliases=aliases or {},
    )


ROWS = (
    Row(
        76,
        "ssp-multistep",
        "Explicit SSP multistep methods of second and third order",
        families={"esspms2": strong_stability_2, "esspms3": strong_stability_3},
        listed=(
            *(f"esspms2:{k}" for k in range(3, 7)),
            *(f"esspms3:{k}" for k in range(4, 7)),
        ),
    ),
    _row(124, "ab", "Adams-Bashforth", "ab", adams_bashforth, range(1, 13)),
    _row(
        125,
        "am",
        "Adams-Moulton",
        "am",
        adams_moulton,
        range(1, 9),
        {f"AM{k}-step": f"am:{k}" for k in range(1, 9)},
    ),
    _row(127, "bdf", "Backward differences", "bdf", backward_difference, range(1, 8)),
    _row(
        128,
        "ndf",
        "Numerical differences of ode15s",
        "ndf",
        numerical_difference,
        range(1, 6),
    ),
    _row(
        129,
        "ebdf",
        "Extrapolated backward differences",
        "ebdf",
        extrapolated_difference,
        range(1, 8),
    ),
    _row(131, "nystrom", "Nystrom, explicit", "nystrom", nystrom, range(2, 7)),
    _row(
        132,
        "milne-simpson",
        "Milne-Simpson",
        "milne-simpson",
        milne_simpson,
        range(2, 6),
        {f"MilneSimpson{k}": f"milne-simpson:{k}" for k in range(2, 6)},
    ),
    Row(
        134,
        "dln",
        "A-contractive two-step methods of Dahlquist, Liniger and Nevanlinna",
        families={"dln": dahlquist_liniger_nevanlinna},
        listed=("dln:1/2", "dln:2/3", "dln:1"),
    ),
)
