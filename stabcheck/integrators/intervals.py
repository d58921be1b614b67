r"""Stability on the axes and in the left half-plane, decided by algebra.

Conventions: intervals are closed; a tangency $|R| = 1$ does not end one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq_poly

from stabcheck.integrators.algebraic import Algebraic, Infinity
from stabcheck.integrators.roots import first_failure, is_nonnegative, polynomial
from stabcheck.integrators.stability_function import StabilityFunction


def real_stability_interval(R: StabilityFunction) -> Algebraic | Infinity:
    r"""The largest $\alpha$ with $|R| \le 1$ on $[-\alpha, 0]$."""
    mirrored = fmpq_poly([0, -1])
    P, Q = polynomial(R.P)(mirrored), polynomial(R.Q)(mirrored)
    return first_failure(Q * Q - P * P)


def imaginary_stability_interval(R: StabilityFunction) -> Algebraic | Infinity:
    r"""The largest $\beta$ with $|R| \le 1$ on $i[-\beta, \beta]$."""
    square = fmpq_poly([0, 0, 1])
    return first_failure(polynomial(R.E_polynomial)(square))


def is_A_stable(R: StabilityFunction) -> bool:
    r"""Whether $|R| \le 1$ for all $\Re z \le 0$.

    The $E$-polynomial is nonnegative and every pole has $\Re z > 0$; both conditions
    are needed (HW IV.3, eq. (3.7)).
    """
    if not is_nonnegative(polynomial(R.E_polynomial)):
        return False
    return is_hurwitz([(-1) ** k * c for k, c in enumerate(R.Q)])


def is_L_stable(R: StabilityFunction) -> bool:
    r"""A-stable with $R(\infty) = 0$ (HW IV.3, Definition 3.7)."""
    return len(R.P) < len(R.Q) and is_A_stable(R)


def is_hurwitz(coefficients: Sequence[Fraction]) -> bool:
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
