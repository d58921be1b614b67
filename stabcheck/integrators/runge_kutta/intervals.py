r"""Stability on the axes and in the left half-plane, decided by algebra.

Conventions: intervals are closed; a tangency $|R| = 1$ does not end one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient, algebraic
from stabcheck.integrators.algebra.polynomials import MIRRORED, SQUARE, exact_polynomial
from stabcheck.integrators.algebra.roots import first_failure, is_nonnegative
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def real_stability_interval(R: StabilityFunction) -> Algebraic | Infinity:
    r"""The largest $\alpha$ with $|R| \le 1$ on $[-\alpha, 0]$."""
    P, Q = (exact_polynomial(c)(MIRRORED) for c in (R.P, R.Q))
    # Without a common factor, so that a root of one is none of the other.
    return min(first_failure(Q - P), first_failure(Q + P))


def imaginary_stability_interval(R: StabilityFunction) -> Algebraic | Infinity:
    r"""The largest $\beta$ with $|R| \le 1$ on $i[-\beta, \beta]$."""
    return first_failure(exact_polynomial(R.E_polynomial)(SQUARE))


def is_A_stable(R: StabilityFunction) -> bool:
    r"""Whether $|R| \le 1$ for all $\Re z \le 0$.

    The $E$-polynomial is nonnegative and every pole has $\Re z > 0$; both conditions
    are needed (HW IV.3, eq. (3.7)).
    """
    if not is_nonnegative(exact_polynomial(R.E_polynomial)):
        return False
    return is_hurwitz([(-1) ** k * c for k, c in enumerate(R.Q)])


def is_L_stable(R: StabilityFunction) -> bool:
    r"""A-stable with $R(\infty) = 0$ (HW IV.3, Definition 3.7)."""
    return len(R.P) < len(R.Q) and is_A_stable(R)


def is_I_stable(R: StabilityFunction) -> bool:
    r"""Whether $|R| \le 1$ on the imaginary axis."""
    return is_nonnegative(exact_polynomial(R.E_polynomial))


def linear_order(R: StabilityFunction) -> int:
    r"""The largest $p$ with $e^z - R(z) = O(z^{p+1})$; -1 if $R(0) \ne 1$."""
    order = -1
    while _taylor_defect(R, order + 1) == 0:
        order += 1
    return order


def error_constant(R: StabilityFunction) -> Algebraic:
    r"""$C$ in $e^z - R(z) = Cz^{p+1} + O(z^{p+2})$ (HW IV.3, eq. (3.5))."""
    return algebraic(_taylor_defect(R, linear_order(R) + 1))


def _taylor_defect(R: StabilityFunction, power: int) -> Coefficient:
    """The coefficient of $z^k$ in $e^zQ - P$; that of $e^z - R$ if it is the first."""
    series = sum(
        (q / factorial(power - j) for j, q in enumerate(R.Q[: power + 1])),
        start=Fraction(0),
    )
    return series - (R.P[power] if power < len(R.P) else 0)


def is_hurwitz(coefficients: Sequence[Coefficient]) -> bool:
    """Whether all roots have negative real part, by Routh's table.

    **Arguments:** `coefficients`, rationals with the constant term first, the last one
    nonzero.
    """
    descending = [c / coefficients[-1] for c in reversed(coefficients)]
    upper, lower = descending[::2], descending[1::2]
    while lower:
        if lower[0] <= 0:
            return False
        padded = lower + [Fraction(0)] * (len(upper) - len(lower))
        ratio = upper[0] / lower[0]
        following = [u - ratio * v for u, v in zip(upper[1:], padded[1:], strict=True)]
        upper, lower = lower, following
    return True
