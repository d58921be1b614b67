"""Two-step methods of several stages: two-step Runge-Kutta and peer methods."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from flint import fmpq, fmpq_mat

from stabcheck.integrators.catalogue.multistep import whole
from stabcheck.integrators.memory.general_linear import GeneralLinearMethod
from stabcheck.integrators.registry import Row

TWO_STEP = (
    "Jackiewicz, Tracogna, SIAM J. Numer. Anal. 32 (1995) 1390-1427, "
    "doi:10.1137/0732064"
)

Rows = Sequence[Sequence[int | str]]


def two_step_runge_kutta(
    name: str,
    d: Sequence[str | int],
    theta: str | int,
    A: Rows,
    b: Sequence[str | int],
    old_A: Rows,
    old_b: Sequence[str | int],
) -> GeneralLinearMethod:
    r"""$Y_j = d_jy_{n-1} + (1 - d_j)y_n + h\sum(\hat a_{jk}f(Y_k^{old}) +
    a_{jk}f(Y_k))$, and the step with $\theta, \hat b, b$ alike.

    The values handed on are $y_n$, $y_{n-1}$ and the old slopes.
    """
    s = len(d)
    back = [Fraction(x) for x in (*d, theta)]
    U = [[1 - back[j], back[j], *old_A[j]] for j in range(s)]
    unit = [[int(i == j) for j in range(s)] for i in range(s)]
    nothing = [0] * s
    return GeneralLinearMethod(
        name,
        A,
        U,
        [list(b), nothing, *unit],
        [[1 - back[s], back[s], *old_b], [1, 0, *nothing], *[[0, 0, *nothing]] * s],
        shifts=(0, -1, *[None] * s),
        source=TWO_STEP,
    )


def tsrk3() -> GeneralLinearMethod:
    """The explicit method of one stage with abscissa 1, order 3."""
    return two_step_runge_kutta("tsrk3", [1], "1/5", [[0]], ["2/5"], [[2]], ["4/5"])


def tsrk4() -> GeneralLinearMethod:
    """The diagonally implicit method of two stages, order 4."""
    return two_step_runge_kutta(
        "tsrk4",
        ["-113/88", "-103/88"],
        "-4483/8011",
        [[1, 0], [0, 1]],
        ["-44709/32044", "48803/96132"],
        [["1435/352", "-479/352"], ["1917/352", "-217/352"]],
        ["180991/96132", "-17777/32044"],
    )


def peer(stages: int) -> GeneralLinearMethod:
    r"""The explicit parallel peer method with $c_i = (i - 1)/(s - 1)$, order $s$.

    All old weight is on the last stage, so that the other roots at $z = 0$ vanish; the
    weights of the old slopes are those that the conditions of order $s$ leave.
    """
    s = whole("peer", stages, 2, 8)
    c = [Fraction(i, s - 1) for i in range(s)]
    rows, right = [], []
    for q in range(1, s + 1):
        scale = factorial(q - 1)
        rows.append([_flint((x - 1) ** (q - 1) / scale) for x in c])
        # The last old stage is at shift 0.
        right.append([_flint(x**q / factorial(q)) for x in c])
    A = fmpq_mat(rows).solve(fmpq_mat(right)).transpose().tolist()
    last = [[0] * (s - 1) + [1] for _ in range(s)]
    unit = [[int(i == j) for j in range(s)] for i in range(s)]
    stage_rows = [[*last[i], *A[i]] for i in range(s)]
    return GeneralLinearMethod(
        f"peer:{s}",
        [[0] * s] * s,
        stage_rows,
        [*[[0] * s] * s, *unit],
        [*stage_rows, *[[0] * (2 * s)] * s],
        shifts=(*(x - 1 for x in c), *[None] * s),
        source="Schmitt, Weiner, Jebens, Appl. Numer. Math. 59 (2009) 769-782, "
        "doi:10.1016/j.apnum.2008.03.013",
    )


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


ROWS = (
    Row(
        77,
        "tsrk",
        "Two-step Runge-Kutta methods",
        methods={"tsrk3": tsrk3, "tsrk4": tsrk4},
    ),
    Row(
        137,
        "peer",
        "Explicit two-step peer methods",
        families={"peer": peer},
        listed=tuple(f"peer:{s}" for s in range(2, 7)),
    ),
)
