r"""Methods published in decimals: what holds up to rounding, and what rests on it.

Exact arithmetic on rounded coefficients is exactly wrong: the rounded order conditions
fail by $10^{-16}$, and with them the first coefficients of the stability function,
which decide the imaginary interval.  The digits are therefore kept, the residual of the
order conditions is measured, and the stability polynomial gets the coefficients $1/k!$
that the order demands.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.coefficient import Coefficient, algebraic
from stabcheck.integrators.algebra.resolvent import Matrix
from stabcheck.integrators.runge_kutta.intervals import linear_order
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction

BITS = 512
"""The accuracy of elementary weights: 150 digits, more than anybody published."""


def projected(
    R: StabilityFunction, order: int, *, decays: bool = False
) -> StabilityFunction:
    r"""The function with $e^z - R = O(z^{p+1})$ exactly, and the other digits kept.

    The first $p + 1$ coefficients of $P$ become those of $e^zQ$; for a polynomial they
    are $1/k!$.  With `decays`, $R(\infty) = 0$ is published too, and the coefficients
    of $P$ that $Q$ does not exceed in degree are dropped.
    """
    if decays:
        if order >= len(R.Q) - 1:
            raise InvalidInput(
                f"asked for R(infinity) = 0 with order {order} of a denominator of "
                f"degree {len(R.Q) - 1}; decimals cannot have both, give exact "
                "coefficients"
            )
        R = StabilityFunction(R.P[: len(R.Q) - 1], R.Q)
    if linear_order(R) >= order:
        return R
    exponential = [
        sum(
            (q / factorial(k - j) for j, q in enumerate(R.Q[: k + 1])),
            start=Fraction(0),
        )
        for k in range(order + 1)
    ]
    return StabilityFunction((*exponential, *R.P[order + 1 :]), R.Q)


def abscissa_residual(A: Matrix, c: Sequence[Coefficient]) -> Algebraic:
    r"""$\max_i |c_i - \sum_j a_{ij}|$."""
    return algebraic(
        max(abs(x - sum(row, start=Fraction(0))) for row, x in zip(A, c, strict=True))
    )
