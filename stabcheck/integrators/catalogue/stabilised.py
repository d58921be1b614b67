r"""Stabilised explicit methods: long real intervals by orthogonal polynomials.

VSH: Verwer, Sommeijer, Hundsdorfer, J. Comput. Phys. 201 (2004) 61-79,
doi:10.1016/j.jcp.2004.05.002.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.published_recurrences import (
    eserk4,
    eserk5,
    rock2,
    rock4,
    serk2,
)
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.stabilised import StabilisedMethod
from stabcheck.integrators.runge_kutta.stage_program import Program, Reading

CHEBYSHEV = "Chebyshev polynomials; Verwer, Sommeijer, Hundsdorfer, J. Comput. Phys. "
CHEBYSHEV += "201 (2004) 61-79, doi:10.1016/j.jcp.2004.05.002"
LEGENDRE = "Legendre polynomials; Meyer, Balsara, Aslam, J. Comput. Phys. 257 (2014) "
LEGENDRE += "594-626, doi:10.1016/j.jcp.2013.08.021"
GEGENBAUER = "Gegenbauer polynomials; Skaras, Saxton, Meyer, Aslam, J. Comput. Phys. "
GEGENBAUER += "425 (2021) 109879, doi:10.1016/j.jcp.2020.109879"


def rkc1(s: int, damping: Fraction | int = 0) -> StabilisedMethod:
    r"""Chebyshev, first order: $R = T_s(w_0 + w_1z)/T_s(w_0)$, $w_0 = 1 +
    \varepsilon/s^2$ (VSH, section 2).

    Without damping the real interval is $2s^2$, the longest of all.
    """
    _check_stages("rkc1", s, 1)
    w0, values = _chebyshev(s, damping)
    T, slope, _ = values[s]
    weights = [1 / value for value, _, _ in values]
    program = _orthogonal(_twice, _one, weights, w0, T / slope)
    return StabilisedMethod(_member("rkc1", s, damping), program, CHEBYSHEV, stages=s)


def rkc2(s: int, damping: Fraction | int = 0) -> StabilisedMethod:
    r"""Chebyshev, second order: $R = a_s + b_sT_s(w_0 + w_1z)$ with $b_s =
    T_s''/(T_s')^2$, $w_1 = T_s'/T_s''$ at $w_0 = 1 + \varepsilon/s^2$ (VSH, section 2).

    Usual damping: $\varepsilon = 2/13$.
    """
    _check_stages("rkc2", s, 2)
    w0, values = _chebyshev(s, damping)
    _, slope, curvature = values[s]
    weights = [bend / rise**2 for _, rise, bend in values[2:]]
    weights = [weights[0], 1 / w0, *weights]
    program = _orthogonal(_twice, _one, weights, w0, slope / curvature)
    return StabilisedMethod(_member("rkc2", s, damping), program, CHEBYSHEV, stages=s)


def rkl1(s: int) -> StabilisedMethod:
    r"""Legendre, first order: $R = P_s(1 + 2z/(s^2 + s))$."""
    _check_stages("rkl1", s, 1)
    weights = [fmpq(1)] * (s + 1)
    w1 = fmpq(2, s * s + s)
    program = _orthogonal(_legendre_growth, _legendre_decay, weights, fmpq(1), w1)
    return StabilisedMethod(f"rkl1:{s}", program, LEGENDRE, stages=s)


def rkl2(s: int) -> StabilisedMethod:
    r"""Legendre, second order: $R = 1 - b_s + b_sP_s(1 + 4z/(s^2 + s - 2))$."""
    _check_stages("rkl2", s, 2)
    weights = [fmpq(j * j + j - 2, 2 * j * (j + 1)) for j in range(2, s + 1)]
    weights = [fmpq(1, 3), fmpq(1, 3), *weights]
    w1 = fmpq(4, s * s + s - 2)
    program = _orthogonal(_legendre_growth, _legendre_decay, weights, fmpq(1), w1)
    return StabilisedMethod(f"rkl2:{s}", program, LEGENDRE, stages=s)


def rkg1(s: int) -> StabilisedMethod:
    r"""Gegenbauer with parameter 3/2, first order: $w_1 = 4/(s(s + 3))$."""
    _check_stages("rkg1", s, 1)
    weights = [fmpq(2, (j + 1) * (j + 2)) for j in range(s + 1)]
    w1 = fmpq(4, s * (s + 3))
    program = _orthogonal(_gegenbauer_growth, _gegenbauer_decay, weights, fmpq(1), w1)
    return StabilisedMethod(f"rkg1:{s}", program, GEGENBAUER, stages=s)


def rkg2(s: int) -> StabilisedMethod:
    r"""Gegenbauer with parameter 3/2, second order: $w_1 = 6/((s + 4)(s - 1))$."""
    _check_stages("rkg2", s, 2)
    weights = [
        fmpq(4 * (j - 1) * (j + 4), 3 * j * (j + 1) * (j + 2) * (j + 3))
        for j in range(2, s + 1)
    ]
    weights = [fmpq(1), fmpq(1, 3), *weights]
    w1 = fmpq(6, (s + 4) * (s - 1))
    program = _orthogonal(_gegenbauer_growth, _gegenbauer_decay, weights, fmpq(1), w1)
    return StabilisedMethod(f"rkg2:{s}", program, GEGENBAUER, stages=s)


def _orthogonal(
    growth: Callable[[int], fmpq],
    decay: Callable[[int], fmpq],
    weights: Sequence[fmpq],
    w0: fmpq,
    w1: fmpq,
) -> Program:
    r"""Stages $Y_j = 1 - b_jp_j(w_0) + b_jp_j(w_0 + w_1z)$ by a three-term recurrence.

    $p_0 = 1$, $p_j = g_jxp_{j-1} - d_jp_{j-2}$ (VSH, eq. (2.3)).

    **Arguments:** `growth`, `decay`, $g_j$ and $d_j$ by number; `weights`, $b_0, \dots,
    b_s$.
    """
    at_w0 = [fmpq(1), growth(1) * w0]
    for j in range(2, len(weights)):
        at_w0.append(growth(j) * w0 * at_w0[-1] - decay(j) * at_w0[-2])

    def program(reading: Reading) -> fmpq_poly:
        initial = reading.initial
        first_slope = reading.slope(initial)
        older = initial
        value = initial + growth(1) * weights[1] * w1 * first_slope
        for j in range(2, len(weights)):
            step = growth(j) * weights[j] / weights[j - 1]
            mu, nu = step * w0, -decay(j) * weights[j] / weights[j - 2]
            lag = 1 - weights[j - 1] * at_w0[j - 1]
            slope = reading.slope(value) - lag * first_slope
            older, value = (
                value,
                (1 - mu - nu) * initial + mu * value + nu * older + step * w1 * slope,
            )
        return value

    return program


def _twice(j: int) -> fmpq:
    return fmpq(1 if j == 1 else 2)


def _one(_: int) -> fmpq:
    return fmpq(1)


def _legendre_growth(j: int) -> fmpq:
    return fmpq(2 * j - 1, j)


def _legendre_decay(j: int) -> fmpq:
    return fmpq(j - 1, j)


def _gegenbauer_growth(j: int) -> fmpq:
    return fmpq(2 * j + 1, j)


def _gegenbauer_decay(j: int) -> fmpq:
    return fmpq(j + 1, j)


def _chebyshev(
    s: int, damping: Fraction | int
) -> tuple[fmpq, list[tuple[fmpq, fmpq, fmpq]]]:
    r"""$w_0$, and $T_j, T_j', T_j''$ there for $j \le s$."""
    epsilon = Fraction(damping)
    w0 = 1 + fmpq(epsilon.numerator, epsilon.denominator) / s**2
    values = [(fmpq(1), fmpq(0), fmpq(0)), (w0, fmpq(1), fmpq(0))]
    for _ in range(2, s + 1):
        (T, rise, bend), (older, older_rise, older_bend) = values[-1], values[-2]
        values.append(
            (
                2 * w0 * T - older,
                2 * T + 2 * w0 * rise - older_rise,
                4 * rise + 2 * w0 * bend - older_bend,
            )
        )
    return w0, values


def _member(family: str, s: int, damping: Fraction | int) -> str:
    return f"{family}:{s},{damping}" if damping else f"{family}:{s}"


def _check_stages(family: str, s: int, fewest: int) -> None:
    if not isinstance(s, int) or s < fewest:
        raise InvalidInput(
            f"asked for {family}:{s}; give a whole number of at least {fewest} stages"
        )


ROWS = (
    Row(
        78,
        "rkc1",
        "Runge-Kutta-Chebyshev of order 1, damped or not",
        families={"rkc1": rkc1},
        listed=("rkc1:5", "rkc1:10", "rkc1:10,1/20"),
        aliases={
            f"RKC1({s}) damped eps=0.05": f"rkc1:{s},1/20" for s in (2, 5, 10, 20)
        },
    ),
    Row(
        79,
        "rkc2",
        "Runge-Kutta-Chebyshev of order 2, damped or not",
        families={"rkc2": rkc2},
        listed=("rkc2:5", "rkc2:10", "rkc2:10,2/13"),
        aliases={
            f"RKC2({s}) damped eps=2/13 (Sommeijer-Verwer)": f"rkc2:{s},2/13"
            for s in (2, 5, 10, 20)
        },
    ),
    Row(
        80,
        "rkl1",
        "Runge-Kutta-Legendre of order 1",
        families={"rkl1": rkl1},
        listed=("rkl1:3", "rkl1:9"),
    ),
    Row(
        81,
        "rkl2",
        "Runge-Kutta-Legendre of order 2",
        families={"rkl2": rkl2},
        listed=("rkl2:3", "rkl2:9"),
    ),
    Row(
        82,
        "rkg",
        "Runge-Kutta-Gegenbauer of orders 1 and 2",
        families={"rkg1": rkg1, "rkg2": rkg2},
        listed=("rkg1:5", "rkg2:5"),
    ),
    Row(
        83,
        "rock2",
        "ROCK2, orthogonal Chebyshev of order 2",
        families={"rock2": rock2},
        listed=("rock2:5", "rock2:10"),
    ),
    Row(
        84,
        "rock4",
        "ROCK4, orthogonal Chebyshev of order 4",
        families={"rock4": rock4},
        listed=("rock4:5", "rock4:10"),
    ),
    Row(
        85,
        "serk",
        "SERK2 and extrapolated stabilised methods of orders 4 and 5",
        families={"serk2": serk2, "eserk4": eserk4, "eserk5": eserk5},
        listed=("serk2:10", "eserk4:4", "eserk5:4"),
    ),
)
